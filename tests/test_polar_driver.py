"""What Polar's driver says to a strap, answer by answer, without a radio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from coach.errors import PacketError, SensorError
from sensors.drivers import polar
from sensors.drivers.peer import About

CONTROL_POINT = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
DATA = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
H10 = bytes.fromhex("0f 05")
ASK, STOP = bytes.fromhex("01 02"), bytes.fromhex("03 02")
START = bytes.fromhex("02 02 00 01 c8 00 01 01 10 00 02 01 08 00")
START_VERITY = bytes.fromhex("02 02 00 01 34 00 01 01 10 00 02 01 08 00 04 01 03")
OFFER_VERITY = "f0 01 02 00 00 00 01 34 00 01 01 10 00 02 01 08 00 04 01 03"
STARTED, STOPPED = "f0 02 02 00 00", "f0 03 02 00"


class Strap:
    """A linked strap that answers each command with what is listed for it, in turn; then it says nothing."""

    def __init__(self, *answers: str, name: str = "Polar H10 12345678", features: bytes | None = H10) -> None:
        self.address, self.name = "C0:FF:EE:00:00:02", name
        self.said: list[str | bytes] = []
        self.sent: list[tuple[str, bytes]] = []
        self._answers = list(answers)
        self._features = features
        self.takers: dict[str, Callable[[bytes], None]] = {}

    def offers(self, characteristic: str) -> bool:
        return characteristic in (CONTROL_POINT, DATA)

    async def read(self, characteristic: str) -> bytes:
        if self._features is None:
            raise OSError("not permitted")
        return self._features

    async def write(self, characteristic: str, value: bytes) -> None:
        self.said.append(value)
        if self._answers and (answer := self._answers.pop(0)):
            self.takers[CONTROL_POINT](bytes.fromhex(answer))

    async def subscribe(self, characteristic: str, take: Callable[[bytes], None]) -> None:
        self.said.append(characteristic)
        self.takers[characteristic] = take

    def send(self, codec: str, payload: bytes) -> None:
        self.sent.append((codec, payload))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polar, "ANSWER_S", 0.01)


def stream(strap: Strap, rate_hz: int = 200) -> About:
    """Stream one frame; give what the strap told of itself."""

    async def run() -> About:
        async with polar.DRIVER.stream(strap, rate_hz) as about:
            strap.takers[DATA](b"frame")
            return about

    return asyncio.run(run())


def commands(strap: Strap) -> list[bytes]:
    return [said for said in strap.said if isinstance(said, bytes)]


def test_it_subscribes_before_it_speaks_and_stops_in_the_end() -> None:
    strap = Strap(OFFER_VERITY, STARTED, STOPPED, name="Polar Sense 1C1021AB")
    assert stream(strap) == About(rate_hz=52, placement="upper_arm")
    assert strap.said == [CONTROL_POINT, DATA, ASK, START_VERITY, STOP]
    assert strap.sent == [("pmd", b"frame")]


@pytest.mark.parametrize(
    "offer",
    [
        "",  # no answer
        "f0 01 02 03 00",  # not supported
        "f0 01 02 00",  # of nothing
        "f0 01 02 00 00 00 04 19 00",  # cut short
        "f0 01 02 00 00 00 01 00 00",  # of 0 Hz
        "0f 05",  # no answer, but the features
        "f0 01 00 00 00 00 01 82 00",  # of an ECG
    ],
)
def test_without_an_offer_that_makes_sense_a_strap_is_told_what_an_h10_takes(offer: str) -> None:
    strap = Strap(offer, STARTED, STOPPED)
    assert stream(strap) == About(rate_hz=200, placement="chest")
    assert commands(strap) == [ASK, START, STOP]


@pytest.mark.parametrize("features", [None, b"", b"\xf0\x05", b"\x0f"])
def test_a_strap_that_does_not_tell_what_it_measures_may_try(features: bytes | None) -> None:
    assert stream(Strap("", STARTED, features=features)).rate_hz == 200


def test_a_strap_without_acceleration_is_left_alone() -> None:
    strap = Strap(name="Polar H9 12345678", features=b"\x0f\x01")
    with pytest.raises(SensorError, match="Polar H9 12345678 sends no acceleration") as caught:
        stream(strap)
    assert caught.value.fault == "no_service"
    assert "H10" in caught.value.hint
    assert strap.said == []


def test_the_factor_of_a_stream_goes_with_every_frame() -> None:
    strap = Strap(OFFER_VERITY, "f0 02 02 00 00 05 01 f3 ff 7f 39", STOPPED, name="Polar Sense 1C1021AB")
    stream(strap)
    assert strap.sent == [("pmd-scaled", b"\xf3\xff\x7f\x39frame")]


def test_a_factor_that_is_cut_short_is_none() -> None:
    strap = Strap(OFFER_VERITY, "f0 02 02 00 00 05 01 f3 ff", STOPPED)
    stream(strap)
    assert strap.sent == [("pmd", b"frame")]


def test_a_stream_that_runs_already_is_stopped_and_started() -> None:
    strap = Strap("", "f0 02 02 06", STOPPED, STARTED, STOPPED)
    stream(strap)
    assert commands(strap) == [ASK, START, STOP, START, STOP]


@pytest.mark.parametrize(
    ("status", "verdict", "hint"),
    [
        ("08", "invalid rate", "sensor.rate_hz"),
        ("0d", "device in charger", "off the charger"),
        ("03", "not supported", "this model cannot"),
        ("0c", "invalid state", "switch it off and on"),
        ("63", "status 99", "switch it off and on"),
    ],
)
def test_a_refusal_says_why_and_what_to_do_and_the_stream_is_stopped(status: str, verdict: str, hint: str) -> None:
    strap = Strap("", f"f0 02 02 {status} 00", STOPPED)
    with pytest.raises(SensorError, match=f"at 200 Hz: {verdict}") as caught:
        stream(strap)
    assert caught.value.fault == "refused"
    assert hint in caught.value.hint
    assert commands(strap) == [ASK, START, STOP]


def test_a_start_that_is_not_answered_is_stopped() -> None:
    strap = Strap("", "")
    with pytest.raises(TimeoutError):
        stream(strap)
    assert commands(strap) == [ASK, START, STOP]


def test_an_error_while_the_stream_runs_stops_it() -> None:
    strap = Strap("", STARTED, STOPPED)

    async def run() -> None:
        async with polar.DRIVER.stream(strap, 200):
            raise PacketError("of somebody else", b"")

    with pytest.raises(PacketError):
        asyncio.run(run())
    assert commands(strap) == [ASK, START, STOP]


@pytest.mark.parametrize(
    ("name", "offer", "placement"),
    [
        ("Polar H10 12345678", OFFER_VERITY, "chest"),
        ("Polar Sense 1C1021AB", "", "upper_arm"),
        ("Polar OH1 55667788", "", "upper_arm"),
        ("", "", "chest"),
        ("Polar 360 0000", OFFER_VERITY, None),
    ],
)
def test_where_a_strap_is_worn_follows_from_its_name_or_its_channels(
    name: str, offer: str, placement: str | None
) -> None:
    assert stream(Strap(offer, STARTED, STOPPED, name=name)).placement == placement
