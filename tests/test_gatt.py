"""Bluetooth's bytes, both ways: literal vectors, and decoders that answer anything with a value or PacketError."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.errors import PacketError
from coach.model import BatteryReading, Frame, HeartRateReading, HostTime, Packet, PodReading
from sensors.codecs import decode
from sensors.gatt.battery import BatteryLevel
from sensors.gatt.heart_rate import HeartRateMeasurement
from sensors.gatt.polar import STOP_ACC, AccFrame, Response, StartAcc
from sensors.gatt.rsc import RscMeasurement, SensorLocation

STAMP = "00 9c ff 6f 9a 45 52 08"  # 599618230000000000 ns, little endian: 37 minutes after an H10's clock begins
FRAME = f"02 {STAMP} 01 01 00 fe ff 18 fc 00 80 ff 7f 00 00"
START_H10 = "02 02 00 01 c8 00 01 01 10 00 02 01 08 00"
START_VERITY = "02 02 00 01 34 00 01 01 10 00 02 01 08 00 04 01 03"

VECTORS = {
    "rsc": ["07 00 03 5a 64 00 e8 03 00 00", "04 00 00 00", "f8 00 03 5a", "00 ff ff ff"],
    "heart-rate": ["16 3c 11 04", "00 48", "01 2c 01", "0e 48 10 27", "1f 48 00 10 27 00 04 00 08"],
    "battery": ["00", "57", "64"],
    "pmd": [FRAME],
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
        lambda: HeartRateMeasurement(bpm=60, rr_ticks=(800,) * 254),
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


# --- Polar ------------------------------------------------------------------------------------------------------------


def test_a_frame_of_acceleration_is_read() -> None:
    frame = decode(packet("pmd", FRAME))
    assert isinstance(frame, Frame)
    assert frame.at == 1.5
    assert frame.last_s == pytest.approx(599618230.0, abs=1e-6)
    np.testing.assert_array_equal(frame.acc_g, [[0.001, -0.002, -1.0], [-32.768, 32.767, 0.0]])


def test_the_flag_bits_of_a_measurement_type_are_ignored() -> None:
    assert isinstance(decode(packet("pmd", "c2" + FRAME[2:])), Frame)


def test_a_frame_is_written_as_it_is_read() -> None:
    acc_mg = np.array([[1, -2, -1000], [-32768, 32767, 0]], dtype=np.int16)
    assert AccFrame(last_ns=599618230000000000, acc_mg=acc_mg).to_bytes() == bytes.fromhex(FRAME)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ("", "ends before its measurement"),
        ("02 00 00", "ends before its time stamp"),
        (f"02 {STAMP}", "ends before its frame type"),
        (f"00 {STAMP} 00 01 02 03", "measurement 0, not of acceleration"),
        (f"02 {STAMP} 00 01 02 03", r"frame type 0x00 \(raw\) is not supported"),
        (f"02 {STAMP} 02 01 02 03 04 05 06 07 08 09", r"frame type 0x02 \(raw\) is not supported"),
        (f"02 {STAMP} 81 f1 ff 14 00 f0 03 06 01 7b 0f 08", r"frame type 0x81 \(compressed\) is not supported"),
        (f"02 {STAMP} 01", "rows of 6 bytes"),
        (f"02 {STAMP} 01 01 00 02 00 03", "rows of 6 bytes"),
        (f"02 {STAMP} 01 {'00' * 504}", "no value is that long"),
    ],
)
def test_a_frame_that_is_not_raw_acceleration_is_an_error(payload: str, message: str) -> None:
    with pytest.raises(PacketError, match=message):
        decode(packet("pmd", payload))


@given(last_ns=st.integers(0, 2**64 - 1), values=st.lists(st.integers(-32768, 32767), min_size=3, max_size=249))
@settings(deadline=None)
def test_every_frame_comes_back(last_ns: int, values: list[int]) -> None:
    acc_mg = np.array(values[: len(values) // 3 * 3], dtype=np.int16).reshape(-1, 3)
    frame = AccFrame.from_bytes(AccFrame(last_ns=last_ns, acc_mg=acc_mg).to_bytes())
    assert frame.last_ns == last_ns
    np.testing.assert_array_equal(frame.acc_mg, acc_mg)


@pytest.mark.parametrize(
    ("last_ns", "acc_mg"),
    [
        (-1, np.zeros((1, 3), dtype=np.int16)),
        (2**64, np.zeros((1, 3), dtype=np.int16)),
        (0, np.zeros((0, 3), dtype=np.int16)),
        (0, np.zeros((84, 3), dtype=np.int16)),
        (0, np.zeros((2, 2), dtype=np.int16)),
        (0, np.zeros(3, dtype=np.int16)),
        (0, np.zeros((1, 3))),
    ],
)
def test_a_frame_that_no_strap_can_send_cannot_be_made(last_ns: int, acc_mg: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"is not within|rows of three int16"):
        AccFrame(last_ns=last_ns, acc_mg=acc_mg)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (START_H10, StartAcc(rate_hz=200, resolution_bits=16, range_g=8)),
        ("02 02 02 01 08 00 00 01 c8 00 01 01 10 00", StartAcc(rate_hz=200, resolution_bits=16, range_g=8)),
        (START_VERITY, StartAcc(rate_hz=52, resolution_bits=16, range_g=8, channels=3)),
    ],
)
def test_a_start_command_is_read(payload: str, expected: StartAcc) -> None:
    assert StartAcc.from_bytes(bytes.fromhex(payload)) == expected


def test_commands_are_written_as_real_straps_take_them() -> None:
    assert StartAcc(rate_hz=200).to_bytes() == bytes.fromhex(START_H10)
    assert StartAcc(rate_hz=52, channels=3).to_bytes() == bytes.fromhex(START_VERITY)
    assert bytes.fromhex("03 02") == STOP_ACC


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ("", "ends before its operation"),
        ("03 02", "not a command that starts acceleration"),
        ("02 00 00 01 82 00", "not a command that starts acceleration"),
        ("02 02", "without rate"),
        ("02 02 00 01 c8 00", "without resolution"),
        ("02 02 00 01 c8", "ends before its value"),
        ("02 02 00", "ends before its count"),
        ("02 02 00 02 c8 00 64 00", "each setting one value"),
        ("02 02 09 01 00 00", "nobody knows the PMD setting 9"),
        ("02 02 00 01 00 00 01 01 10 00 02 01 08 00", "rate .* of 0 is not within"),
    ],
)
def test_a_start_command_that_makes_no_sense_is_an_error(payload: str, message: str) -> None:
    with pytest.raises(PacketError, match=message):
        StartAcc.from_bytes(bytes.fromhex(payload))


@pytest.mark.parametrize(
    ("payload", "expected", "verdict"),
    [
        ("f0 02 02 00 00", Response(operation=2, measurement=2, status=0), "ok"),
        ("f0 02 02 06", Response(operation=2, measurement=2, status=6), "already in state"),
        ("f0 02 02 08 00", Response(operation=2, measurement=2, status=8), "invalid rate"),
        ("f0 03 02 63 00", Response(operation=3, measurement=2, status=99), "status 99"),
        (
            "f0 02 02 00 01 05 01 f3 ff 7f 39",
            Response(operation=2, measurement=2, status=0, more=True, parameters=bytes.fromhex("05 01 f3 ff 7f 39")),
            "ok",
        ),
    ],
)
def test_an_answer_of_the_control_point_is_read(payload: str, expected: Response, verdict: str) -> None:
    response = Response.from_bytes(bytes.fromhex(payload))
    assert response == expected
    assert response.verdict == verdict


@pytest.mark.parametrize(
    ("payload", "message"),
    [("", "ends before its mark"), ("0f 05 00 00", "not a PMD response"), ("f0 02 02", "ends before its status")],
)
def test_what_is_no_answer_is_an_error(payload: str, message: str) -> None:
    with pytest.raises(PacketError, match=message):
        Response.from_bytes(bytes.fromhex(payload))


def test_an_answer_is_written_as_it_is_read() -> None:
    assert Response(operation=2, measurement=2, status=6).to_bytes() == bytes.fromhex("f0 02 02 06 00")


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


@given(payload=st.binary(max_size=40) | st.binary(max_size=40).map(lambda tail: b"\x02\x02" + tail))
@settings(deadline=None)
def test_any_bytes_at_the_control_point_are_a_value_or_an_error(payload: bytes) -> None:
    for read in (StartAcc.from_bytes, Response.from_bytes, SensorLocation.from_bytes):
        with suppress(PacketError):
            read(payload)


@pytest.mark.parametrize("codec", VECTORS)
def test_an_error_carries_the_payload(codec: str) -> None:
    with pytest.raises(PacketError) as caught:
        decode(packet(codec, bytes(513)))
    assert caught.value.payload == bytes(513)
