"""The output that comes back, driven by hand: outputs that open and break as they are told, on a clock of our own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audio.outputs.lasting import LastingOutput
from coach.clock import ManualClock
from coach.errors import AudioError
from coach.model import Beat, Cue, OutputReport, Prompt
from coach.ports import Report


class Card:
    """What an output plays on: it may be there or not, and outlives the outputs."""

    def __init__(self, name: str, *, streams: bool = True, there: bool = True) -> None:
        self.name = name
        self.streams = streams
        self.there = there
        self.outputs: list[FakeOutput] = []
        self.on_open: Callable[[], None] = lambda: None

    @property
    def heard(self) -> list[Cue]:
        return [cue for output in self.outputs for cue in output.heard]

    def lose(self, reason: str = "it is gone") -> None:
        self.there = False
        self.outputs[-1].say("lost", reason)


class FakeOutput:
    """An output, opened once, as the real ones."""

    def __init__(self, card: Card, clock: ManualClock) -> None:
        self.name, self.streams = card.name, card.streams
        self.heard: list[Cue] = []
        self.closed = 0
        self.stalls = False
        self._card = card
        self._clock = clock
        self._report: Report = lambda report: None
        card.outputs.append(self)

    def open(self, report: Report) -> None:
        self._card.on_open()
        if not self._card.there:
            raise AudioError(f"there is no {self.name}")
        self._report = report
        self.say("open")

    def play(self, cue: Cue) -> None:
        self.heard.append(cue)

    def look(self) -> None:
        if self.stalls:
            self.say("lost", "the sound has stopped")

    def close(self) -> None:
        self.closed += 1
        self.say("closed", "beats too late to be heard: 1" if self.stalls else "")

    def say(self, state: str, reason: str = "") -> None:
        self._report(
            OutputReport(
                at=self._clock.now(),
                output=self.name,
                state=state,  # type: ignore[arg-type]
                latency_s=0.2,
                reason=reason,
            )
        )


class Stage:
    """Cards, the lasting output on them, and what it reported."""

    def __init__(self, *cards: Card, first: int = 1, silent: bool = False) -> None:
        self.clock = ManualClock(100.0)
        self.reports: list[OutputReport] = []
        wav = Card("wav", streams=False)
        makers = {card.name: lambda card=card: FakeOutput(card, self.clock) for card in (*cards, wav)}
        names = [card.name for card in cards]
        self.output = LastingOutput(
            "auto", makers, first=[*names[:first], *(["wav"] if silent else [])], again=names, clock=self.clock
        )
        self.index = 0

    def open(self) -> Stage:
        self.output.open(self.reports.append)
        return self

    def run(self, length_s: float) -> None:
        """Let time pass, a beat every half second and a look after each."""
        for _ in range(round(length_s / 0.5)):
            now = self.clock.now()
            self.output.play(Beat(t_s=now + 0.3, available_s=now, index=self.index, foot="left"))
            self.index += 1
            self.clock.set(now + 0.5)
            self.output.look()

    @property
    def said(self) -> list[tuple[str, str, str]]:
        return [(report.output, report.state, report.reason) for report in self.reports]

    def opened_at_s(self) -> list[float]:
        return [report.at for report in self.reports if report.state == "open"]


def indices(cues: list[Cue]) -> list[int]:
    return [cue.index for cue in cues if isinstance(cue, Beat)]


def test_what_is_lost_is_opened_again_after_a_second_and_beats_go_on() -> None:
    card = Card("device")
    stage = Stage(card).open()
    stage.run(2.0)
    card.lose()
    card.there = True
    stage.run(3.0)
    assert stage.said == [
        ("device", "open", ""),
        ("device", "lost", "it is gone"),
        ("device", "open", "plays again; beats while there was no sound: 2"),
    ]
    assert stage.opened_at_s() == [100.0, 103.0]
    assert [indices(output.heard) for output in card.outputs] == [[0, 1, 2, 3], [6, 7, 8, 9]]
    assert [output.closed for output in card.outputs] == [1, 0]


def test_beats_already_committed_when_it_is_lost_are_counted_too() -> None:
    card = Card("device")
    stage = Stage(card).open()
    for t_s in (99.9, 100.1, 100.4):
        stage.output.play(Beat(t_s=t_s, available_s=99.5, index=0, foot="left"))
    card.lose()
    stage.output.play(Prompt(t_s=100.9, available_s=100.0, say="fine"))
    stage.output.close()
    assert stage.said[-1] == ("device", "closed", "beats while there was no sound: 2")


def test_the_waits_grow_to_ten_seconds_and_a_refusal_is_told_once() -> None:
    card = Card("device")
    stage = Stage(card).open()
    tried_s: list[float] = []
    card.on_open = lambda: tried_s.append(stage.clock.now() - 100)
    card.lose()
    stage.run(40.0)
    assert tried_s == [1.0, 3.0, 7.0, 15.0, 25.0, 35.0]
    assert stage.said[1:] == [("device", "lost", "it is gone"), ("device", "lost", "there is no device")]


def test_waits_are_short_again_only_after_it_has_played_for_a_while() -> None:
    card = Card("device")
    stage = Stage(card).open()
    tried_s: list[float] = []
    card.on_open = lambda: tried_s.append(stage.clock.now())
    for steady_s, wait_s in ((5.0, 1.0), (5.0, 2.0), (5.0, 4.0), (40.0, 1.0)):
        stage.run(steady_s)
        lost_s = stage.clock.now()
        card.lose()
        card.there = True
        stage.run(wait_s)
        assert tried_s[-1] == lost_s + wait_s
        assert stage.reports[-1].state == "open"


def test_another_takes_over_when_the_same_does_not_come_back() -> None:
    device, pipe = Card("device"), Card("pipe")
    stage = Stage(device, pipe).open()
    device.lose()
    stage.run(10.0)
    assert stage.said[-1][:2] == ("pipe", "open")
    assert stage.said[-1][2].startswith("there is no device; plays instead of device; beats while there was no sound: ")
    assert stage.opened_at_s() == [100.0, 107.0]
    assert stage.output.name == "pipe"
    assert pipe.heard


def test_what_crashed_gives_way_to_the_next_at_once() -> None:
    crashing, pipe = Card("simpleaudio", streams=False), Card("pipe")
    stage = Stage(crashing, pipe).open()
    stage.run(1.0)
    crashing.outputs[-1].say("lost", "simpleaudio crashed (SIGSEGV)")
    stage.run(1.0)
    assert stage.said[1:] == [
        ("simpleaudio", "lost", "simpleaudio crashed (SIGSEGV)"),
        ("pipe", "open", "plays instead of simpleaudio; beats while there was no sound: 1"),
    ]
    assert len(crashing.outputs) == 1


def test_what_crashed_is_tried_again_where_nothing_else_plays() -> None:
    crashing, pipe = Card("simpleaudio", streams=False), Card("pipe", there=False)
    stage = Stage(crashing, pipe).open()
    crashing.outputs[-1].say("lost", "simpleaudio crashed (SIGSEGV)")
    stage.run(1.0)
    assert stage.said[-1][:2] == ("simpleaudio", "open")


def test_a_silent_stand_in_is_never_chosen_in_mid_run() -> None:
    device = Card("device")
    stage = Stage(device, silent=True).open()
    device.lose()
    stage.run(60.0)
    assert {report.output for report in stage.reports} == {"device"}


def test_a_stream_does_not_outlive_a_sleep_of_the_machine() -> None:
    card = Card("device")
    stage = Stage(card).open()
    stage.run(2.0)
    stage.clock.set(stage.clock.now() + 3600)
    stage.output.look()
    stage.run(2.0)
    assert [entry[1:] for entry in stage.said[1:]] == [
        ("lost", "this computer slept"),
        ("open", "plays again; beats while there was no sound: 2"),
    ]


def test_what_is_no_stream_goes_on_through_a_sleep() -> None:
    """A WAV file that were opened again would lose what it held."""
    wav = Card("wav", streams=False)
    stage = Stage(wav).open()
    stage.clock.set(stage.clock.now() + 3600)
    stage.run(2.0)
    assert len(stage.reports) == 1


def test_a_long_opening_is_no_sleep() -> None:
    card = Card("device")
    stage = Stage(card).open()
    card.lose()
    card.there = True
    card.on_open = lambda: stage.clock.set(stage.clock.now() + 9.0)
    stage.run(5.0)
    assert [report.state for report in stage.reports] == ["open", "lost", "open"]


def test_a_stall_that_only_a_look_notices_is_lost_and_what_it_missed_is_told() -> None:
    card = Card("device")
    stage = Stage(card).open()
    card.outputs[-1].stalls = True
    stage.run(0.5)
    stage.run(1.0)
    assert [entry[1:] for entry in stage.said[1:]] == [
        ("lost", "the sound has stopped"),
        ("open", "plays again; beats too late to be heard: 1; beats while there was no sound: 2"),
    ]


def test_news_of_an_output_that_plays_on_is_passed_on() -> None:
    card = Card("device")
    stage = Stage(card).open()
    card.outputs[-1].say("open", "the sound was interrupted, and plays again")
    assert stage.said[1:] == [("device", "open", "the sound was interrupted, and plays again")]


def test_the_first_that_opens_begins_and_says_why_it_is_not_a_better_one() -> None:
    device, pipe = Card("device", there=False), Card("pipe")
    stage = Stage(device, pipe, first=2).open()
    assert stage.said == [("pipe", "open", "there is no device")]


def test_silence_says_that_it_is_silence() -> None:
    stage = Stage(Card("device", there=False), silent=True).open()
    assert stage.said == [("wav", "open", "no sound: there is no device")]


def test_a_named_output_that_does_not_open_is_an_error() -> None:
    stage = Stage(Card("device", there=False), Card("pipe"))
    with pytest.raises(AudioError, match=r"there is no device \(`coach doctor` says what can play here\)"):
        stage.open()
    stage.output.close()
    assert stage.reports == []


def test_an_output_that_opens_after_the_end_is_closed_without_a_word() -> None:
    card = Card("device")
    stage = Stage(card).open()
    card.lose()
    card.there = True
    card.on_open = stage.output.close
    stage.run(2.0)
    assert [report.state for report in stage.reports] == ["open", "lost", "closed"]
    assert [output.closed for output in card.outputs] == [1, 1]
    stage.run(30.0)
    assert len(card.outputs) == 2


def test_no_further_output_is_tried_once_the_run_has_ended() -> None:
    """Each may take seconds to refuse, and the end would wait for all of them."""
    crashing, device, pipe = Card("simpleaudio", streams=False), Card("device", there=False), Card("pipe")
    stage = Stage(crashing, device, pipe).open()
    device.on_open = stage.output.close
    crashing.outputs[-1].say("lost", "simpleaudio crashed (SIGSEGV)")
    stage.output.look()
    assert (len(device.outputs), len(pipe.outputs)) == (1, 0)
    assert [report.state for report in stage.reports] == ["open", "lost", "closed"]
