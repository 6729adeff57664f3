"""Spoiled payloads through a decoder, and what comes of them through the fold, in sessions that can be repeated."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import get_args

from coach.config import Config
from coach.errors import PacketError
from coach.formats.events import line
from coach.model import Frame, HostTime, Packet, Reading, Samples, SensorState, Series
from coach.pipeline import Pipeline
from sensors.codecs import decode

from .corpus import CORPUS, START_S, STREAMS
from .mutations import spoiled

SESSION_PAYLOADS = 250
FEW_SAMPLES = 512
"""So many samples may come of a payload however short it is: compression has no other bound."""

STEPS_S = (0.0, 1e-4, 0.01, 0.1, 0.1, 0.18, 0.18, 0.2, 1.0, 7.0, 4000.0)
RATES_HZ = (None, 1e-9, 0.1, 1.0, 26.0, 52.0, 200.0, 200.0, 5000.0, 1e12)
READINGS = get_args(Reading)


class BrokenError(AssertionError):
    """A decoder or the fold did what it must not; says with which payload, and how to see it again."""


@dataclass(slots=True)
class Tally:
    """What came of the payloads of a codec."""

    payloads: int = 0
    readings: int = 0
    most_samples: int = 0
    folded: int = 0
    events: int = 0

    def __str__(self) -> str:
        refused = self.payloads - self.readings
        given = f"{self.readings} readings of up to {self.most_samples} samples, {refused} refused"
        return f"{self.payloads} payloads: {given}; {self.folded} folded to {self.events} events"


class Fuzzer:
    """Makes payloads of a codec, decodes them, and folds those of every so many-th session.

    Parameters
    ----------
    seed : the same gives the same payloads.
    fold_every : 1 folds all sessions; folding takes ten times as long as decoding.
    """

    def __init__(self, codec: str, config: Config, *, seed: int, fold_every: int = 1) -> None:
        self.tally = Tally()
        self._codec = codec
        self._config = config
        self._seed = seed
        self._fold_every = fold_every

    def run(self, count: int, *, first_session: int = 0) -> Iterator[Tally]:
        """Make so many payloads at least; give the tally after every session.

        Raises
        ------
        BrokenError
            With the first payload that was not taken as it must.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            number = first_session
            while self.tally.payloads < count:
                self._session(number)
                number += 1
                yield self.tally

    def _session(self, number: int) -> None:
        chance = f"{self._seed} {self._codec} {number}"
        fold = _Fold(self._config, Random(f"{chance} links")) if number % self._fold_every == 0 else None
        for at_s, payload in _payloads(self._codec, Random(chance)):
            packet = Packet(at=HostTime(at_s), sensor="fuzz", codec=self._codec, payload=payload)
            try:
                self._take(packet, fold)
            except Exception as error:
                again = f"--codec {self._codec} --seed {self._seed} --session {number} --fold-every 1"
                text = f"{error!r}\n  payload {packet.payload.hex()}\n  again: python -m tests.fuzz {again}"
                raise BrokenError(text) from error

    def _take(self, packet: Packet, fold: _Fold | None) -> None:
        self.tally.payloads += 1
        reading = _decoded(packet)
        if reading is not None:
            self.tally.readings += 1
            self.tally.most_samples = max(self.tally.most_samples, _samples(reading))
        if fold is not None and fold.may_take(reading):
            self.tally.folded += 1
            self.tally.events += fold.take(packet)


class _Fold:
    """The fold, with a sensor in it that links now and then, at any rate."""

    def __init__(self, config: Config, rng: Random) -> None:
        self._pipeline = Pipeline(config, decode)
        self._rng = rng
        self._now_s = START_S
        self._change_link("connected")

    def may_take(self, reading: Reading | None) -> bool:
        """Rows that arrived before others are no sensor's: a caller who gives them is told so by a ValueError."""
        return not isinstance(reading, Samples) or float(reading.at_s[0]) >= self._now_s

    def take(self, packet: Packet) -> int:
        if self._rng.random() < 0.02:
            self._change_link(self._rng.choice(("connected", "connected", "reconnecting")))
        events = self._pipeline.push(packet)
        self._now_s = packet.at
        for event in events:
            line(event)
        return len(events)

    def _change_link(self, state: str) -> None:
        rate_hz = self._rng.choice(RATES_HZ)
        self._pipeline.push(SensorState(at=HostTime(self._now_s), sensor="fuzz", state=state, rate_hz=rate_hz))


def _payloads(codec: str, rng: Random) -> Iterator[tuple[float, bytes]]:
    """Give payloads and their arrivals: a stream in which a share is spoiled, or spoiled ones of the corpus only."""
    pool = CORPUS.get(codec, ())
    stream = STREAMS.get(codec)
    share = rng.choice((0.02, 0.2, 1.0)) if stream else 1.0
    at_s, usual_s = START_S, rng.choice(STEPS_S)
    for number in range(SESSION_PAYLOADS):
        at_s += usual_s if rng.random() < 0.9 else rng.choice(STEPS_S)
        whole = stream(number, at_s) if stream else b""
        if rng.random() < share:
            yield at_s, spoiled(rng, (whole, *pool) if stream else pool)
        else:
            yield at_s, whole


def _decoded(packet: Packet) -> Reading | None:
    """Give what a decoder makes of a packet; None where it refuses it."""
    try:
        reading = decode(packet)
    except PacketError:
        return None
    assert isinstance(reading, READINGS), f"{reading!r} is no reading"
    allowed = max(FEW_SAMPLES, len(packet.payload))
    assert _samples(reading) <= allowed, f"{_samples(reading)} samples of {len(packet.payload)} bytes"
    return reading


def _samples(reading: Reading) -> int:
    return len(reading.acc_g) if isinstance(reading, Samples | Series | Frame) else 0
