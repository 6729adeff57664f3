"""Bluetooth's bytes, both ways: literal vectors, and decoders that answer anything with a value or PacketError."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.errors import PacketError
from coach.model import BatteryReading, HeartRateReading, HostTime, Packet, PodReading
from sensors.codecs import decode
from sensors.gatt.battery import BatteryLevel
from sensors.gatt.heart_rate import HeartRateMeasurement
from sensors.gatt.rsc import RscMeasurement, SensorLocation

STAMP = "00 9c ff 6f 9a 45 52 08"  # 599618230000000000 ns, little endian: 37 minutes after an H10's clock begins
FRAME = f"02 {STAMP} 01 01 00 fe ff 18 fc 00 80 ff 7f 00 00"
DELTAS = f"{STAMP} 81 f1 ff 14 00 f0 03 06 01 7b 0f 08"

VECTORS = {
    "rsc": ["07 00 03 5a 64 00 e8 03 00 00", "04 00 00 00", "f8 00 03 5a", "00 ff ff ff"],
    "heart-rate": ["16 3c 11 04", "00 48", "01 2c 01", "0e 48 10 27", "1f 48 00 10 27 00 04 00 08"],
    "battery": ["00", "57", "64"],
    "pmd": [FRAME, f"02 {DELTAS}"],
    "pmd-scaled": [f"f3 ff 7f 39 02 {STAMP} 80 71 07 f0 6a 9e 8d 0a 01 be 5c be 3a", f"00 00 80 3f 02 {DELTAS}"],
}
SOME_VECTOR = st.sampled_from([(codec, bytes.fromhex(text)) for codec, texts in VECTORS.items() for text in texts])


def packet(codec: str, payload: bytes | str) -> Packet:
    raw = bytes.fromhex(payload) if isinstance(payload, str) else payload
    return Packet(at=HostTime(1.5), sensor="ble:C0:FF:EE:00:00:01", codec=codec, payload=raw)


def value_or_packet_error(codec: str, payload: bytes) -> None:
    with suppress(PacketError):
        decode(packet(codec, payload))


# --- running speed and cadence ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (
            "07 00 03 5a 64 00 e8 03 00 00",
            PodReading(
                at=HostTime(1.5), speed_mps=3.0, raw_per_min=90, stride_length_m=1.0, distance_m=100.0, running=True
            ),
        ),
        ("04 00 00 00", PodReading(at=HostTime(1.5), speed_mps=0.0, raw_per_min=0, running=True)),
        ("f8 00 03 5a", PodReading(at=HostTime(1.5), speed_mps=3.0, raw_per_min=90, running=False)),
        ("00 ff ff ff", PodReading(at=HostTime(1.5), speed_mps=255.99609375, raw_per_min=255, running=False)),
        (
            "02 00 03 b4 ff ff ff ff",
            PodReading(at=HostTime(1.5), speed_mps=3.0, raw_per_min=180, distance_m=429496729.5, running=False),
        ),
    ],
)
def test_a_pods_measurement_is_read(payload: str, expected: PodReading) -> None:
    assert decode(packet("rsc", payload)) == expected


@pytest.mark.parametrize(
    ("payload", "missing"),
    [
        ("", "flags"),
        ("04", "speed"),
        ("04 00", "speed"),
        ("04 00 03", "cadence"),
        ("01 00 03 5a", "stride length"),
        ("03 00 03 5a 64", "stride length"),
        ("03 00 03 5a 64 00", "total distance"),
        ("02 00 03 5a e8 03 00", "total distance"),
    ],
)
def test_a_measurement_that_is_cut_short_names_what_is_missing(payload: str, missing: str) -> None:
    with pytest.raises(PacketError, match=f"RSC measurement ends before its {missing}"):
        decode(packet("rsc", payload))


def test_a_measurement_is_written_as_it_is_read() -> None:
    full = RscMeasurement(speed_mps=3.0, cadence_per_min=90, stride_length_m=1.0, total_distance_m=100.0, running=True)
    assert full.to_bytes() == bytes.fromhex("07 00 03 5a 64 00 e8 03 00 00")
    assert RscMeasurement(speed_mps=3.0, cadence_per_min=90).to_bytes() == bytes.fromhex("00 00 03 5a")


@given(
    speed=st.integers(0, 0xFFFF),
    cadence=st.integers(0, 0xFF),
    stride=st.none() | st.integers(0, 0xFFFF),
    distance=st.none() | st.integers(0, 0xFFFF_FFFF),
    running=st.booleans(),
)
@settings(deadline=None)
def test_every_measurement_comes_back(
    speed: int, cadence: int, stride: int | None, distance: int | None, running: bool
) -> None:
    measurement = RscMeasurement(
        speed_mps=speed / 256,
        cadence_per_min=cadence,
        stride_length_m=None if stride is None else stride / 100,
        total_distance_m=None if distance is None else distance / 10,
        running=running,
    )
    assert RscMeasurement.from_bytes(measurement.to_bytes()) == measurement


@pytest.mark.parametrize(
    "wrong",
    [
        {"cadence_per_min": 256},
        {"cadence_per_min": -1},
        {"speed_mps": 256.0},
        {"speed_mps": float("nan")},
        {"stride_length_m": 700.0},
        {"total_distance_m": -0.1},
    ],
)
def test_a_measurement_that_no_pod_can_send_cannot_be_made(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="is not within"):
        RscMeasurement(**{"speed_mps": 3.0, "cadence_per_min": 90, **wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("payload", "placement"),
    [("01", "foot"), ("02", "foot"), ("03", "waist"), ("0e", "chest"), ("00", None), ("0c", None), ("ff", None)],
)
def test_the_location_of_a_pod_is_a_place_on_the_body(payload: str, placement: str | None) -> None:
    location = SensorLocation.from_bytes(bytes.fromhex(payload))
    assert location.placement == placement
    assert location.to_bytes() == bytes.fromhex(payload)


def test_an_empty_location_is_an_error() -> None:
    with pytest.raises(PacketError, match="ends before its code"):
        SensorLocation.from_bytes(b"")


# --- heart rate and battery -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "bpm", "contact", "rr_s"),
    [
        ("16 3c 11 04", 60, True, (1041 / 1024,)),  # a real Polar H7
        ("00 48", 72, None, ()),
        ("02 48", 72, None, ()),
        ("04 48", 72, False, ()),
        ("01 2c 01", 300, None, ()),
        ("0e 48 10 27", 72, True, ()),
        ("1f 48 00 10 27 00 04 00 08", 72, True, (1.0, 2.0)),
        ("10 48", 72, None, ()),
    ],
)
def test_a_heart_rate_is_read(payload: str, bpm: int, contact: bool | None, rr_s: tuple[float, ...]) -> None:
    expected = HeartRateReading(at=HostTime(1.5), bpm=bpm, contact=contact, rr_s=rr_s)
    assert decode(packet("heart-rate", payload)) == expected


def test_a_heart_rate_fills_its_attribute_with_intervals() -> None:
    reading = decode(packet("heart-rate", bytes.fromhex("10 48") + 255 * bytes.fromhex("00 04")))
    assert isinstance(reading, HeartRateReading)
    assert reading.rr_s == 255 * (1.0,)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ("", "ends before its flags"),
        ("00", "ends before its heart rate"),
        ("01 48", "ends before its heart rate"),
        ("08 48 10", "ends before its energy expended"),
        ("10 48 11", "ends within an RR interval"),
        ("10 48 11 04 11", "ends within an RR interval"),
    ],
)
def test_a_heart_rate_that_is_cut_short_is_an_error(payload: str, message: str) -> None:
    with pytest.raises(PacketError, match=message):
        decode(packet("heart-rate", payload))


def test_a_heart_rate_is_written_as_it_is_read() -> None:
    assert HeartRateMeasurement(bpm=60, contact=True, rr_ticks=(1041,)).to_bytes() == bytes.fromhex("16 3c 11 04")
    assert HeartRateMeasurement(bpm=300, contact=False).to_bytes() == bytes.fromhex("05 2c 01")
    assert HeartRateMeasurement(bpm=72, energy_kj=10000).to_bytes() == bytes.fromhex("08 48 10 27")


@given(
    bpm=st.integers(0, 0xFFFF),
    contact=st.none() | st.booleans(),
    energy_kj=st.none() | st.integers(0, 0xFFFF),
    rr_ticks=st.lists(st.integers(0, 0xFFFF), max_size=9).map(tuple),
)
@settings(deadline=None)
def test_every_heart_rate_comes_back(
    bpm: int, contact: bool | None, energy_kj: int | None, rr_ticks: tuple[int, ...]
) -> None:
    measurement = HeartRateMeasurement(bpm=bpm, contact=contact, energy_kj=energy_kj, rr_ticks=rr_ticks)
    assert HeartRateMeasurement.from_bytes(measurement.to_bytes()) == measurement


@pytest.mark.parametrize(
    "make",
    [
        lambda: HeartRateMeasurement(bpm=65536),
        lambda: HeartRateMeasurement(bpm=60, energy_kj=-1),
        lambda: HeartRateMeasurement(bpm=60, rr_ticks=(65536,)),
        lambda: HeartRateMeasurement(bpm=60, rr_ticks=(800,) * 256),
        lambda: BatteryLevel(pct=101),
        lambda: SensorLocation(code=256),
    ],
)
def test_a_value_that_its_field_cannot_carry_cannot_be_made(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="is not within"):
        make()


@pytest.mark.parametrize(("payload", "pct"), [("00", 0), ("57", 87), ("64", 100)])
def test_a_battery_level_is_read_and_written(payload: str, pct: int) -> None:
    assert decode(packet("battery", payload)) == BatteryReading(at=HostTime(1.5), pct=pct)
    assert BatteryLevel(pct=pct).to_bytes() == bytes.fromhex(payload)


@pytest.mark.parametrize(("payload", "message"), [("", "ends before its percentage"), ("65", "101 %"), ("ff", "255 %")])
def test_a_battery_level_that_means_nothing_is_an_error(payload: str, message: str) -> None:
    with pytest.raises(PacketError, match=message):
        decode(packet("battery", payload))


# --- anything ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", VECTORS)
def test_every_vector_cut_anywhere_is_a_value_or_an_error(codec: str) -> None:
    for vector in VECTORS[codec]:
        payload = bytes.fromhex(vector)
        for end in range(len(payload) + 1):
            value_or_packet_error(codec, payload[:end])


@pytest.mark.parametrize("codec", ["rsc", "battery"])
def test_what_follows_the_known_fields_is_ignored(codec: str) -> None:
    for vector in VECTORS[codec]:
        assert decode(packet(codec, f"{vector} ab cd")) == decode(packet(codec, vector))


@given(codec=st.sampled_from(sorted(VECTORS)), payload=st.binary(max_size=600))
@settings(deadline=None, max_examples=300)
def test_any_bytes_are_a_value_or_an_error(codec: str, payload: bytes) -> None:
    value_or_packet_error(codec, payload)


@given(vector=SOME_VECTOR, at=st.integers(0, 40), new=st.integers(0, 255), extra=st.binary(max_size=8))
@settings(deadline=None, max_examples=300)
def test_mutated_vectors_are_a_value_or_an_error(vector: tuple[str, bytes], at: int, new: int, extra: bytes) -> None:
    codec, payload = vector
    mutated = bytearray(payload + extra)
    mutated[at % len(mutated)] = new
    value_or_packet_error(codec, bytes(mutated))


@given(payload=st.binary(max_size=40))
@settings(deadline=None)
def test_any_bytes_are_a_location_or_an_error(payload: bytes) -> None:
    with suppress(PacketError):
        SensorLocation.from_bytes(payload)


@pytest.mark.parametrize("codec", VECTORS)
def test_an_error_carries_the_payload(codec: str) -> None:
    with pytest.raises(PacketError) as caught:
        decode(packet(codec, bytes(513)))
    assert caught.value.payload == bytes(513)
