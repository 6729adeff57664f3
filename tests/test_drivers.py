"""Drivers: what an advertisement tells, which of them a device gets, what plugs in, and what its failure means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from importlib.metadata import EntryPoint

import numpy as np
import pytest

from coach import plugins as plugins_module
from coach.errors import PacketError, SensorError
from coach.model import Frame, Packet
from sensors import codecs, drivers
from sensors.ble_scan import scan
from sensors.drivers import bears_cadence, kinds, streaming
from sensors.drivers.peer import About, Driver
from sensors.gatt import information

RSC = "00001814-0000-1000-8000-00805f9b34fb"
HEART_RATE = "0000180d-0000-1000-8000-00805f9b34fb"
MINE = "12345678-0000-1000-8000-000000000000"


class FakePeer:
    """A linked device that takes whatever it is told."""

    def __init__(self, name: str = "thing") -> None:
        self.address, self.name = "C0:FF:EE:00:00:09", name
        self.sent: list[tuple[str, bytes]] = []

    def offers(self, characteristic: str) -> bool:
        return True

    async def read(self, characteristic: str) -> bytes:
        return b"\x02"

    async def write(self, characteristic: str, value: bytes) -> None:
        pass

    async def subscribe(self, characteristic: str, take) -> None:
        take(b"\x00" * 4)

    def send(self, codec: str, payload: bytes) -> None:
        self.sent.append((codec, payload))


@asynccontextmanager
async def stream(peer, rate_hz: int) -> AsyncIterator[About]:
    peer.send("mine", bytes([rate_hz]))
    yield About(rate_hz=rate_hz, model="mine")


DRIVER = Driver(kind="mine", service=MINE, carries="acceleration", codecs=frozenset({"mine"}), stream=stream)


def decode(packet: Packet) -> Frame:
    if not packet.payload:
        raise PacketError("nothing in it", packet.payload)
    return Frame(at=packet.at, acc_g=np.array([[0.0, 0.0, 1.0]]))


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[EntryPoint]]:
    """Give a list of entry points that are installed."""
    found: list[EntryPoint] = []
    monkeypatch.setattr(
        plugins_module, "entry_points", lambda *, group: [entry for entry in found if entry.group == group]
    )
    for cached in (drivers.known, codecs._decoder):
        cached.cache_clear()
    yield found
    for cached in (drivers.known, codecs._decoder):
        cached.cache_clear()


def start(services: set[str], *, companion: bool = False, name: str = "thing"):
    async def run():
        peer = FakePeer(name)
        async with streaming(peer, services, 50, companion=companion) as (about, vital):
            return about, vital, peer.sent

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("services", "name", "speaks", "fits"),
    [
        ([RSC], "pod", ("rsc",), True),
        ([HEART_RATE], "strap", ("heart-rate",), False),
        ([HEART_RATE], "Polar H10 1234", ("heart-rate", "pmd"), True),
        ([], "phone", (), False),
        (["0000180f-0000-1000-8000-00805f9b34fb"], "mouse", (), False),
    ],
)
def test_an_advertisement_tells_what_a_device_speaks(services, name, speaks, fits):
    assert kinds(services, name) == speaks
    assert bears_cadence(speaks) is fits


def test_heart_rate_alone_is_good_for_a_companion_only():
    with pytest.raises(SensorError, match="cadence or acceleration") as caught:
        start({HEART_RATE})
    assert caught.value.fault == "no_service"
    _, vital, sent = start({HEART_RATE}, companion=True)
    assert vital == {"heart-rate"}
    assert sent == [("heart-rate", bytes(4))]


@pytest.mark.parametrize("name", ["Polar H10 1234", "Polar Sense 1C1021AB", "Polar OH1 55667788"])
def test_an_old_strap_is_sent_to_its_update(name):
    with pytest.raises(SensorError, match="update the strap"):
        start({HEART_RATE}, name=name)


def test_heart_rate_is_not_vital_beside_cadence():
    _, vital, sent = start({RSC, HEART_RATE})
    assert vital == {"rsc"}
    assert {codec for codec, _ in sent} == {"rsc", "heart-rate"}


def test_a_driver_plugs_in_by_its_entry_point(installed):
    installed.append(EntryPoint("mine", "test_drivers:DRIVER", drivers.GROUP))
    assert kinds([MINE], "") == ("mine",)
    about, vital, sent = start({MINE})
    assert (about.rate_hz, about.model, vital, sent) == (50, "mine", {"mine"}, [("mine", b"2")])


def test_a_decoder_plugs_in_by_its_entry_point(installed):
    packet = Packet(at=1.0, sensor="x", codec="mine", payload=b"1")
    with pytest.raises(PacketError, match="nobody knows"):
        codecs.decode(packet)
    codecs._decoder.cache_clear()
    installed.append(EntryPoint("mine", "test_drivers:decode", codecs.GROUP))
    assert isinstance(codecs.decode(packet), Frame)


@pytest.mark.parametrize("target", ["no_such_module:DRIVER", "test_drivers:nothing", "test_drivers:RSC"])
def test_a_plug_in_that_does_not_work_is_named(installed, target):
    installed.append(EntryPoint("broken", target, drivers.GROUP))
    with pytest.raises(SensorError, match="the plug-in 'broken'"):
        kinds([], "")


OTHER = Driver(kind="other", service=HEART_RATE, carries="acceleration", codecs=frozenset({"other"}), stream=stream)


def test_of_two_accelerations_the_first_is_taken(installed):
    installed.append(EntryPoint("mine", "test_drivers:DRIVER", drivers.GROUP))
    installed.append(EntryPoint("other", "test_drivers:OTHER", drivers.GROUP))
    _, vital, sent = start({MINE, HEART_RATE})
    assert vital == {"mine"}
    assert {codec for codec, _ in sent} == {"mine", "heart-rate"}


@asynccontextmanager
async def useless_stream(peer, rate_hz: int) -> AsyncIterator[About]:
    raise SensorError("this model sends no acceleration", fault="no_service")
    yield About()


USELESS = Driver(
    kind="useless", service=MINE, carries="acceleration", codecs=frozenset({"mine"}), stream=useless_stream
)


def test_a_service_that_is_good_for_nothing_leaves_the_others_alone(installed):
    installed.append(EntryPoint("useless", "test_drivers:USELESS", drivers.GROUP))
    _, vital, _ = start({MINE, HEART_RATE}, companion=True)
    assert vital == {"heart-rate"}
    _, vital, _ = start({MINE, RSC})
    assert vital == {"rsc"}
    with pytest.raises(SensorError, match="this model sends no acceleration"):
        start({MINE, HEART_RATE})


@asynccontextmanager
async def stumbling_stream(peer, rate_hz: int) -> AsyncIterator[About]:
    raise KeyError("oops")
    yield About()


STUMBLING = Driver(
    kind="stumbling", service=MINE, carries="acceleration", codecs=frozenset({"mine"}), stream=stumbling_stream
)


def stumble(packet: Packet) -> Frame:
    raise KeyError("oops")


def test_a_driver_that_stumbles_is_named(installed):
    installed.append(EntryPoint("stumbling", "test_drivers:STUMBLING", drivers.GROUP))
    with pytest.raises(SensorError, match="the driver 'stumbling' failed"):
        start({MINE})


def test_what_a_decoder_of_somebody_else_stumbles_over_is_a_bad_packet(installed):
    installed.append(EntryPoint("mine", "test_drivers:stumble", codecs.GROUP))
    with pytest.raises(PacketError, match="the plug-in for 'mine' failed"):
        codecs.decode(Packet(at=1.0, sensor="x", codec="mine", payload=b"1"))


def test_a_scan_names_a_plug_in_that_does_not_work(installed):
    installed.append(EntryPoint("broken", "no_such_module:DRIVER", drivers.GROUP))
    with pytest.raises(SensorError, match="the plug-in 'broken'"):
        asyncio.run(scan(0.01))


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (b"Polar Electro Oy\x00\x00", "Polar Electro Oy"),
        (b"H10\x1b[2J", "H10[2J"),
        (b"\xff\xfeModel\n7", "Model 7"),
        (b"", ""),
    ],
)
def test_device_information_is_text_fit_to_be_printed(payload, text):
    assert information.text(payload) == text


def test_device_information_of_more_than_an_attribute_is_refused():
    with pytest.raises(PacketError):
        information.text(bytes(513))
