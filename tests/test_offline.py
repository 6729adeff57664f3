"""Virtual time: the demo is a function of its seed, a runner hears beats before running past them, a file is a run."""

from __future__ import annotations

import sys
import time
from itertools import pairwise

import numpy as np
import pytest

from coach.clock import HostClock, ManualClock
from coach.formats.events import line
from coach.formats.recording import Recording
from coach.model import Beat, Control, Decision, Packet, Prompt, SensorState, Summary
from coach.offline import Loop
from coach.pipeline import Pipeline
from sensors import rows
from sensors.codecs import decode
from sensors.replay import RecordingSource
from sensors.simulated import SimulatedRunner


class Watched(SimulatedRunner):
    """A simulated runner that notes how far it had run when each beat came."""

    def __init__(self, config) -> None:
        super().__init__(config)
        self.heard = []
        self.made_s = -1.0

    def take(self):
        item = super().take()
        if isinstance(item, Packet):
            self.made_s = rows.decode(item).device_s[-1]
        return item

    def play(self, beat) -> None:
        super().play(beat)
        self.heard.append((beat, self.made_s))


class Kept:
    """A sink that keeps what it is handed."""

    def __init__(self) -> None:
        self.items = []
        self.events = []

    def take(self, item, events) -> None:
        self.events += events
        if item is not None:
            self.items.append(item)

    def close(self) -> None:
        """Nothing to let go."""

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def lines(self):
        return [line(event) for event in self.events]


@pytest.fixture(scope="module")
def demo(configured):
    """Coach a simulated runner in virtual time."""

    def run(until_s, *changes):
        config = configured(*changes)
        runner = Watched(config.simulation)
        kept = Kept()
        Loop(Pipeline(config, decode), listeners=[runner], sinks=[kept]).follow(runner, until_s)
        return kept, runner

    return run


@pytest.fixture(scope="module")
def whole(demo):
    """The demo as shipped: all of it happens within two minutes."""
    return demo(120.0)


@pytest.fixture(scope="module")
def text(recorded):
    """The rows of a recording: t, three axes, arrival."""
    table, _ = recorded("stand 1, run 16 @ 165", 17.0, "frame_s=0.05")
    return "".join(f"{t:.3f},{x:.4f},{y:.4f},{z:.4f},{arrival:.3f}\n" for arrival, t, x, y, z in table)


class TestDemo:
    def test_the_same_seed_gives_the_same_bytes(self, demo):
        one, other = (demo(30.0, "simulation.seed=7")[0] for _ in range(2))
        assert one.lines == other.lines
        assert one.lines != demo(30.0, "simulation.seed=8")[0].lines

    def test_the_runner_is_met_led_into_the_band_and_left_alone(self, whole):
        kept, runner = whole
        modes = [decision.mode for decision in kept.of(Decision)]
        story = [mode for before, mode in pairwise([None, *modes]) if mode != before]
        assert story[:5] == ["silent", "match", "lead", "fade", "silent"]
        begun = [decision.reason for decision in kept.of(Decision) if decision.mode == "match"]
        assert all(reason.endswith("about to leave 170-190 again") for reason in begun[1:])
        alone_s = [step.t_s for step in runner.true_steps if 79 < step.t_s < 109]
        assert 170 <= 60 * (len(alone_s) - 1) / (alone_s[-1] - alone_s[0]) <= 190
        assert not [beat for beat in kept.of(Beat) if 80 < beat.t_s < 109]

    def test_the_first_beats_are_on_the_runners_own_footfalls(self, whole):
        kept, runner = whole
        steps_s = np.array([step.t_s for step in runner.true_steps])
        late_s = [beat.t_s - steps_s[np.abs(steps_s - beat.t_s).argmin()] for beat in kept.of(Beat)[:8]]
        assert np.abs(late_s).max() < 0.1  # 40 ms of it is the way by radio, which nobody can know
        assert np.std(late_s) < 0.03

    @pytest.mark.parametrize("cadence_spm", [150, 198])
    def test_from_further_away_and_from_above_too(self, demo, cadence_spm):
        kept, runner = demo(150.0, f"simulation.cadence_spm={cadence_spm}")
        before, after = (
            np.mean(60 / np.diff([step.t_s for step in runner.true_steps if start_s < step.t_s < start_s + 20]))
            for start_s in (5, 125)
        )
        assert before == pytest.approx(cadence_spm, abs=3)
        nearer_spm = after - before if cadence_spm < 170 else before - after
        assert nearer_spm > 5
        assert kept.of(Beat)

    @pytest.mark.parametrize("placement", ["foot", "wrist"])
    @pytest.mark.parametrize("seed", [1, 2])
    def test_a_runner_who_does_not_follow_is_never_led_further_than_2_5_percent(self, demo, placement, seed):
        kept, runner = demo(
            90.0,
            "simulation.follows=not",
            "simulation.cadence_spm=160",
            f"simulation.placement={placement}",
            f"simulation.seed={seed}",
        )
        steps_s = np.array([step.t_s for step in runner.true_steps])
        beats_s = np.array([beat.t_s for beat in kept.of(Beat) if beat.t_s < steps_s[-1]])
        assert len(beats_s) > 150
        count = np.interp(beats_s, steps_s, np.arange(len(steps_s)))
        ahead = 32 / (count[32:] - count[:-32])  # beats for each step, over 32 beats
        assert ahead.max() < 1.025 + 0.01  # and what the runner's own pace wanders in that time
        assert "fade" not in {decision.mode for decision in kept.of(Decision)}

    def test_a_beat_is_heard_before_the_runner_runs_past_it(self, demo):
        kept, runner = demo(40.0, "simulation.frame_s=1.0")
        assert [beat for beat, _ in runner.heard] == kept.of(Beat | Prompt)
        assert len(runner.heard) > 50
        assert all(made_s < beat.t_s for beat, made_s in runner.heard)

    def test_what_was_taken_gives_the_same_lines_again(self, whole, fold):
        """A kept run replays: the inputs alone, in their order, without the runner."""
        kept, _ = whole
        assert [line(event) for event in fold(kept.items)] == kept.lines


class TestEnd:
    def test_at_its_time_the_run_is_stopped_and_summed_up(self, demo):
        kept, _ = demo(20.0)
        assert kept.items[-1] == Control(at=20.0, action="stop")
        assert all(item.at <= 20.0 for item in kept.items)
        assert [type(event) for event in kept.events].count(Summary) == 1
        assert isinstance(kept.events[-1], Summary)
        assert kept.events[-1].t_s == 20.0
        assert kept.of(Beat)
        assert max(event.available_s for event in kept.events) <= 20.0

    def test_a_source_that_ends_earlier_is_waited_for(self, config, tmp_path):
        kept = replayed(written(tmp_path, "0,0,0,1\n0.01,0,0,1\n"), config, until_s=60.0)
        assert (kept.events[-1].type, kept.events[-1].t_s) == ("summary", 60.0)

    def test_without_a_time_it_ends_with_the_last_input(self, config, tmp_path):
        kept = replayed(written(tmp_path, "".join(f"{k / 100},0,0,1\n" for k in range(300))), config)
        assert (kept.events[-1].type, kept.events[-1].t_s) == ("summary", 2.99)

    def test_a_source_without_inputs_gives_a_summary(self, config, tmp_path):
        assert [event.type for event in replayed(written(tmp_path, ""), config).events] == ["summary"]


class TestFiles:
    """A recording on disk: what is in the file, and nothing about how it is read, makes the lines."""

    @pytest.mark.parametrize("batch_rows", [1, 7])
    @pytest.mark.parametrize("arrival", [True, False])
    def test_batches_change_nothing(self, config, tmp_path, text, batch_rows, arrival):
        path = written(tmp_path, text, arrival=arrival)
        lines = replayed(path, config).lines
        assert any('"type":"beat"' in text for text in lines)
        assert replayed(path, config, batch_rows=batch_rows).lines == lines

    @pytest.mark.parametrize("left", [0.003, 0.2, 0.55, 0.77, 0.901])
    @pytest.mark.parametrize("arrival", [True, False])
    def test_a_file_that_was_cut_gives_the_lines_up_to_there(self, config, tmp_path, text, left, arrival):
        whole = replayed(written(tmp_path, text, arrival=arrival), config)
        kept_rows = text.splitlines(keepends=True)[: 5 * round(left * 340)]
        cut = replayed(written(tmp_path, "".join(kept_rows), arrival=arrival), config)
        now = float(kept_rows[-1].split(",")[4 if arrival else 0])
        assert cut.lines[:-1] == [line(event) for event in whole.events[:-1] if event.available_s <= now]
        assert (cut.events[-1].type, cut.events[-1].available_s) == ("summary", now)

    def test_the_first_input_is_the_sensor_the_rest_are_its_rows(self, config, tmp_path, text):
        kept = replayed(written(tmp_path, text), config)
        assert isinstance(kept.items[0], SensorState)
        assert {type(item) for item in kept.items[1:]} == {Packet}


class TestClocks:
    def test_a_manual_clock_never_goes_back(self):
        clock = ManualClock(3.0)
        clock.set(3.0)
        clock.set(4.5)
        with pytest.raises(ValueError, match="cannot go back"):
            clock.set(4.4)
        assert clock.now() == 4.5

    @pytest.mark.skipif(sys.platform != "linux", reason="the clock that counts on during sleep has this name on Linux")
    def test_host_time_counts_the_sleep_too_and_starts_at_zero(self, monkeypatch):
        now = {time.CLOCK_BOOTTIME: 5000.0, time.CLOCK_MONOTONIC: 100.0}
        monkeypatch.setattr("coach.clock.time.clock_gettime", lambda which: now[which])
        clock = HostClock()
        assert clock.now() == 0.0
        now.update({time.CLOCK_BOOTTIME: 5630.0, time.CLOCK_MONOTONIC: 130.0})  # the lid was closed for ten wholes
        assert clock.now() == 630.0


def written(folder, text, *, arrival=False):
    """Write a recording; `text` has rows of t, three axes and, where there is a column for it, arrival."""
    path = folder / "run.csv"
    lines = text.splitlines()
    if arrival:
        path.write_text("\n".join(["t_s,ax_g,ay_g,az_g,arrival_s", *lines]) + "\n")
    else:
        path.write_text(
            "\n".join(["t_s,ax_g,ay_g,az_g", *(row.rsplit(",", row.count(",") - 3)[0] for row in lines)]) + "\n"
        )
    return path


def replayed(path, config, *, batch_rows=512, until_s=None):
    with Recording(path) as recording:
        source = RecordingSource(recording, batch_rows=batch_rows)
        kept = Kept()
        Loop(Pipeline(config, decode), sinks=[kept]).follow(source, until_s)
    return kept
