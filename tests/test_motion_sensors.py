"""Bytes of the Bluetooth motion sensors, both ways: literal vectors, and decoders that are total."""

from __future__ import annotations

import struct
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.errors import PacketError
from coach.model import Frame, HostTime, Packet
from sensors.codecs import decode
from sensors.gatt import microbit, movesense, thingy, witmotion

MOVESENSE = "02 63 40 e2 01 00" + "00 00 00 00 0a e8 1c c1 0a e8 1c 41" + "0a e8 9c c1 00 00 00 00 00 00 80 3f"
MICROBIT = "18 fc 00 00 e8 03"
THINGY = "00 04 00 fc 01 00 40 01 80 fd 05 00 64 00 38 ff 2c 01"
WIT = "55 61 00 08 00 00 00 f8" + "01 00 02 00 03 00 ff 7f 00 80 55 61"
CLASSIC = "55 51 00 08 01 00 00 80 c4 09 fc"

VECTORS = {"movesense": [MOVESENSE], "microbit": [MICROBIT], "thingy": [THINGY], "witmotion": [WIT, CLASSIC]}
EVERY_VECTOR = [(codec, bytes.fromhex(text)) for codec, texts in VECTORS.items() for text in texts]

INT16 = st.integers(-0x8000, 0x7FFF)
AXES = st.tuples(INT16, INT16, INT16)


def packet(codec: str, payload: bytes | str) -> Packet:
    raw = bytes.fromhex(payload) if isinstance(payload, str) else payload
    return Packet(at=HostTime(1.5), sensor="ble:C0:FF:EE:00:00:11", codec=codec, payload=raw)


def frame_of(codec: str, payload: bytes | str) -> Frame:
    frame = decode(packet(codec, payload))
    assert isinstance(frame, Frame)
    assert frame.at == 1.5
    return frame


# --- vectors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "payload", "acc_g"),
    [
        ("microbit", MICROBIT, [[-1.0, 0.0, 1.0]]),
        ("microbit", "ff 7f 00 80 01 00", [[32.767, -32.768, 0.001]]),
        ("thingy", THINGY, [[1.0, -1.0, 1 / 1024]]),
        ("witmotion", "55 61 00 08 00 00 00 00" + 12 * " 00", [[1.0, 0.0, 0.0]]),
        ("witmotion", WIT, [[1.0, 0.0, -1.0]]),
        ("witmotion", CLASSIC, [[1.0, 1 / 2048, -16.0]]),
        ("witmotion", WIT + CLASSIC + WIT, [[1.0, 0.0, -1.0], [1.0, 1 / 2048, -16.0], [1.0, 0.0, -1.0]]),
    ],
)
def test_samples_that_nobody_stamped_are_read(codec: str, payload: str, acc_g: list[list[float]]) -> None:
    frame = frame_of(codec, payload)
    assert not frame.stamped
    np.testing.assert_allclose(frame.acc_g, acc_g, atol=1e-12)


def test_a_movesense_stamps_its_first_sample() -> None:
    frame = frame_of("movesense", MOVESENSE)
    assert (frame.first_s, frame.last_s) == (123.456, None)
    np.testing.assert_allclose(frame.acc_g, [[0.0, -1.0, 1.0], [-2.0, 0.0, 0.1019716]], atol=1e-6)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (movesense.Subscribe(reference=99, path="/Meas/Acc/52"), "01 63 2f 4d 65 61 73 2f 41 63 63 2f 35 32"),
        (movesense.Response(reference=99, status=200), "01 63 c8 00"),
        (microbit.Period(ms=20), "14 00"),
        (microbit.Acceleration(x_mg=-1000, y_mg=0, z_mg=1000), MICROBIT),
        (
            thingy.Configuration(
                pedometer_ms=1000, temperature_ms=2000, compass_ms=500, motion_hz=100, wake_on_motion=1
            ),
            "e8 03 d0 07 f4 01 64 00 01",
        ),
        (
            thingy.RawMotion(acceleration=(1024, -1024, 1), rotation=(320, -640, 5), compass=(100, -200, 300)),
            THINGY,
        ),
        (
            witmotion.Motion(acceleration=(2048, 0, -2048), rotation=(1, 2, 3), angle=(32767, -32768, 0x6155)),
            WIT,
        ),
        (witmotion.Acceleration(acceleration=(2048, 1, -32768), temperature=2500), CLASSIC),
        (witmotion.UNLOCK, "ff aa 69 88 b5"),
        (witmotion.RETURN_50_HZ, "ff aa 03 08 00"),
    ],
)
def test_what_is_written_is_what_the_device_takes_or_sends(written: Any, expected: str) -> None:
    assert written.to_bytes() == bytes.fromhex(expected)
    assert type(written).from_bytes(bytes.fromhex(expected)) == written


@pytest.mark.parametrize(("status", "consents"), [(100, True), (200, True), (399, True), (400, False), (507, False)])
def test_a_movesense_consents_as_http_does(status: int, consents: bool) -> None:
    answer = movesense.Response.from_bytes(b"\x01\x63" + status.to_bytes(2, "little"))
    assert (answer.status, answer.consents) == (status, consents)


# --- there and back ---------------------------------------------------------------------------------------------------


@given(
    reference=st.integers(0, 255),
    first_ms=st.integers(0, 2**32 - 1),
    values=st.lists(st.floats(-300, 300, width=32), min_size=3, max_size=42 * 3),
)
def test_every_movesense_frame_comes_back(reference: int, first_ms: int, values: list[float]) -> None:
    acc_ms2 = np.array(values[: len(values) // 3 * 3], dtype=np.float32).reshape(-1, 3)
    payload = movesense.AccData(reference=reference, first_ms=first_ms, acc_ms2=acc_ms2).to_bytes()
    again = movesense.AccData.from_bytes(payload)
    assert (again.reference, again.first_ms) == (reference, first_ms)
    np.testing.assert_array_equal(again.acc_ms2, acc_ms2)
    np.testing.assert_allclose(frame_of("movesense", payload).acc_g * 9.80665, acc_ms2, rtol=1e-6, atol=1e-30)


@given(reference=st.integers(1, 255), path=st.text("/MeasAc0123456789", min_size=1, max_size=40))
def test_every_subscription_comes_back(reference: int, path: str) -> None:
    command = movesense.Subscribe(reference=reference, path=path)
    assert movesense.Subscribe.from_bytes(command.to_bytes()) == command


@given(x_mg=INT16, y_mg=INT16, z_mg=INT16)
def test_every_microbit_sample_comes_back(x_mg: int, y_mg: int, z_mg: int) -> None:
    sample = microbit.Acceleration(x_mg=x_mg, y_mg=y_mg, z_mg=z_mg)
    assert microbit.Acceleration.from_bytes(sample.to_bytes()) == sample


@given(
    intervals=st.tuples(*3 * [st.integers(100, 5000)]), motion_hz=st.integers(1, 200), wake_on_motion=st.integers(0, 1)
)
def test_every_thingy_configuration_comes_back(
    intervals: tuple[int, int, int], motion_hz: int, wake_on_motion: int
) -> None:
    configuration = thingy.Configuration(
        **dict(zip(("pedometer_ms", "temperature_ms", "compass_ms"), intervals, strict=True)),
        motion_hz=motion_hz,
        wake_on_motion=wake_on_motion,
    )
    assert thingy.Configuration.from_bytes(configuration.to_bytes()) == configuration


@given(acceleration=AXES, rotation=AXES, compass=AXES)
def test_every_thingy_sample_comes_back(acceleration: Any, rotation: Any, compass: Any) -> None:
    motion = thingy.RawMotion(acceleration=acceleration, rotation=rotation, compass=compass)
    assert thingy.RawMotion.from_bytes(motion.to_bytes()) == motion


@given(acceleration=AXES, rotation=AXES, angle=AXES, temperature=INT16)
def test_every_witmotion_packet_comes_back(acceleration: Any, rotation: Any, angle: Any, temperature: int) -> None:
    motion = witmotion.Motion(acceleration=acceleration, rotation=rotation, angle=angle)
    assert witmotion.Motion.from_bytes(motion.to_bytes()) == motion
    classic = witmotion.Acceleration(acceleration=acceleration, temperature=temperature)
    assert witmotion.Acceleration.from_bytes(classic.to_bytes()) == classic


@given(register=st.integers(0, 255), value=st.integers(0, 0xFFFF))
def test_every_witmotion_command_comes_back(register: int, value: int) -> None:
    command = witmotion.Command(register=register, value=value)
    assert witmotion.Command.from_bytes(command.to_bytes()) == command


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("codec", "payload"), EVERY_VECTOR)
def test_every_truncation_is_an_error_or_fewer_samples(codec: str, payload: bytes) -> None:
    for end in range(len(payload)):
        if codec == "movesense" and end == 6 + 12:
            assert len(frame_of(codec, payload[:end]).acc_g) == 1
            continue
        with pytest.raises(PacketError):
            decode(packet(codec, payload[:end]))


@pytest.mark.parametrize(
    "read",
    [
        (movesense.Response.from_bytes, "01 63 c8 00"),
        (movesense.Subscribe.from_bytes, "01 63 2f"),
        (microbit.Period.from_bytes, "14 00"),
        (thingy.Configuration.from_bytes, "e8 03 d0 07 f4 01 64 00 01"),
        (witmotion.Command.from_bytes, "ff aa 69 88 b5"),
    ],
    ids=["response", "subscribe", "period", "configuration", "command"],
)
def test_every_truncation_of_a_command_or_an_answer_is_an_error(read: tuple[Callable[[bytes], Any], str]) -> None:
    from_bytes, whole = read
    payload = bytes.fromhex(whole)
    from_bytes(payload)
    for end in range(len(payload)):
        with pytest.raises(PacketError):
            from_bytes(payload[:end])


@pytest.mark.parametrize(
    ("codec", "payload", "message"),
    [
        ("movesense", "03 63" + 12 * " 00", "the second part of Movesense data"),
        ("movesense", "01 63 c8 00", "code 1, not data"),
        ("movesense", "02 63 40 e2 01 00", "rows of 12 bytes"),
        ("movesense", MOVESENSE + "00", "rows of 12 bytes"),
        ("movesense", "02 63 40 e2 01 00 00 00 c0 7f" + 8 * " 00", "not a number"),
        ("movesense", "02 63 40 e2 01 00 01 00 80 7f" + 8 * " 00", "not a number"),
        ("movesense", "02 63 40 e2 01 00 00 00 80 ff" + 8 * " 00", "not a number"),
        ("movesense", "02 63 40 e2 01 00 00 00 a0 43" + 8 * " 00", "more than the sensor can measure"),
        ("movesense", "02 63 40 e2 01 00 " + 43 * 12 * "00", "no value is that long"),
        ("microbit", "18 fc 00 00 e8", "ends before its z"),
        ("thingy", "00 04 00 fc 01", "ends before its acceleration z"),
        ("thingy", THINGY[:-3], "ends before its compass z"),
        ("witmotion", "", "of 0 bytes"),
        ("witmotion", 26 * WIT, "of 520 bytes"),
        ("witmotion", "55", "not a WitMotion packet"),
        ("witmotion", "56 61 00 08", "not a WitMotion packet"),
        ("witmotion", WIT + "55 61 00", "ends before its acceleration x"),
        ("witmotion", "55 71 03 00" + 16 * " 00", "not a WitMotion packet of acceleration"),
        ("witmotion", CLASSIC[:-2] + "fd", "checksum"),
    ],
)
def test_what_is_no_acceleration_is_an_error(codec: str, payload: str, message: str) -> None:
    with pytest.raises(PacketError, match=message):
        decode(packet(codec, payload))


@pytest.mark.parametrize(
    ("read", "payload", "message"),
    [
        (movesense.Response.from_bytes, "02 63 c8 00", "not a Movesense response"),
        (movesense.Subscribe.from_bytes, "02 63", "not a command that starts"),
        (movesense.Subscribe.from_bytes, "01 00 2f", "reference of 0"),
        (movesense.Subscribe.from_bytes, "01 63 ff", "not ASCII"),
        (microbit.Period.from_bytes, "00 00", "0 ms"),
        (thingy.Configuration.from_bytes, "e8 03 d0 07 f4 01 c9 00 01", "rate .* of 201"),
        (thingy.Configuration.from_bytes, "63 00 d0 07 f4 01 64 00 01", "pedometer .* of 99"),
        (thingy.Configuration.from_bytes, "e8 03 d0 07 f4 01 64 00 02", "wake on motion of 2"),
        (witmotion.Motion.from_bytes, CLASSIC, "not a WitMotion packet of motion"),
        (witmotion.Acceleration.from_bytes, WIT, "not a WitMotion packet of acceleration"),
        (witmotion.Command.from_bytes, "ff ab 00 00 00", "not a WitMotion command"),
    ],
)
def test_a_command_or_an_answer_that_makes_no_sense_is_an_error(
    read: Callable[[bytes], Any], payload: str, message: str
) -> None:
    with pytest.raises(PacketError, match=message):
        read(bytes.fromhex(payload))


SAMPLE = np.zeros((1, 3), dtype=np.float32)


@pytest.mark.parametrize(
    "make",
    [
        lambda: movesense.Subscribe(reference=0, path="/Meas/Acc/52"),
        lambda: movesense.Subscribe(reference=256, path="/Meas/Acc/52"),
        lambda: movesense.Subscribe(reference=1, path=""),
        lambda: movesense.Subscribe(reference=1, path=511 * "/"),
        lambda: movesense.Subscribe(reference=1, path="/Mäß"),
        lambda: movesense.Response(reference=99, status=65536),
        lambda: movesense.AccData(reference=99, first_ms=2**32, acc_ms2=SAMPLE),
        lambda: movesense.AccData(reference=99, first_ms=-1, acc_ms2=SAMPLE),
        lambda: movesense.AccData(reference=256, first_ms=0, acc_ms2=SAMPLE),
        lambda: movesense.AccData(reference=99, first_ms=0, acc_ms2=SAMPLE[:0]),
        lambda: movesense.AccData(reference=99, first_ms=0, acc_ms2=np.repeat(SAMPLE, 43, axis=0)),
        lambda: movesense.AccData(reference=99, first_ms=0, acc_ms2=SAMPLE.astype(np.float64)),
        lambda: movesense.AccData(reference=99, first_ms=0, acc_ms2=SAMPLE[:, :2]),
        lambda: movesense.AccData(reference=99, first_ms=0, acc_ms2=SAMPLE + np.float32("nan")),
        lambda: microbit.Period(ms=0),
        lambda: microbit.Period(ms=65536),
        lambda: microbit.Acceleration(x_mg=32768, y_mg=0, z_mg=0),
        lambda: thingy.RawMotion(acceleration=(0, 0, -32769), rotation=(0, 0, 0), compass=(0, 0, 0)),
        lambda: witmotion.Motion(acceleration=(32768, 0, 0)),
        lambda: witmotion.Acceleration(acceleration=(0, 0, 0), temperature=-32769),
        lambda: witmotion.Command(register=256, value=0),
        lambda: witmotion.Command(register=0, value=-1),
    ],
)
def test_what_no_device_can_send_or_take_cannot_be_made(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"is not within|not ASCII|rows of three float32|not a number"):
        make()


# --- cut by the radio -------------------------------------------------------------------------------------------------


def wit_stream(packets: int) -> bytes:
    """Packets of both kinds, with others between them; numbers hold what looks like heads."""
    stream = b""
    for number in range(packets):
        stream += witmotion.Motion(acceleration=(number, 0x6155, 0x5155), rotation=(0x6155, 0x5555, 0)).to_bytes()
        stream += b"\x55\x71\x03\x00" + bytes(16)
        stream += witmotion.Acceleration(acceleration=(number, 0x5155, 0x6155)).to_bytes()
        stream += bytes.fromhex("55 52 00 00 00 00 00 00 00 00 a7")
    return stream


def pushed(pieces: list[bytes]) -> list[list[float]]:
    assembler = witmotion.Assembler()
    payloads = [payload for piece in pieces if (payload := assembler.push(piece))]
    return [row for payload in payloads for row in (frame_of("witmotion", payload).acc_g * 2048).tolist()]


@pytest.mark.parametrize("size", [1, 7, 11, 19, 20, 21, 40, 62, 200, 512])
def test_packets_are_put_together_however_they_were_cut(size: int) -> None:
    stream = wit_stream(9)
    whole = [row for n in range(9) for row in ([n, 0x6155, 0x5155], [n, 0x5155, 0x6155])]
    assert pushed([stream[at : at + size] for at in range(0, len(stream), size)]) == whole


@given(cuts=st.lists(st.integers(0, 62 * 3), max_size=12).map(sorted))
def test_cuts_change_nothing(cuts: list[int]) -> None:
    stream = wit_stream(3)
    edges = [0, *cuts, len(stream)]
    assert pushed([stream[a:b] for a, b in pairwise(edges)]) == pushed([stream])


@pytest.mark.parametrize("lost", range(1, 20))
def test_after_a_loss_it_goes_on_at_the_next_head(lost: int) -> None:
    packets = [witmotion.Motion(acceleration=(number, 1, 2)).to_bytes() for number in range(6)]
    assert pushed([packets[0], packets[1][:-lost], *packets[2:]]) == [[n, 1, 2] for n in (0, 2, 3, 4, 5)]


def test_what_is_handed_on_is_never_longer_than_an_attribute() -> None:
    stream = witmotion.Motion(acceleration=(2048, 0, 0)).to_bytes() * 26
    assembler = witmotion.Assembler()
    assert assembler.push(stream[:19]) == b""
    assert assembler.push(stream[19:]) == stream[20:]


def test_an_assembler_holds_less_than_a_packet() -> None:
    chance = Random(5)
    assembler = witmotion.Assembler()
    for _ in range(2000):
        value = bytes(chance.choices((0x55, 0x61, 0x51, 0x00), k=chance.randrange(600)))
        payload = assembler.push(value)
        assert len(payload) <= 512
        assert len(assembler._held) < 20
        if payload:
            frame_of("witmotion", payload)


def movesense_data(stamp_ms: int, samples: int) -> bytes:
    return struct.pack("<BBI", 2, 99, stamp_ms) + np.full(3 * samples, 1.0, dtype="<f4").tobytes()


def test_data_in_one_piece_pass_at_once() -> None:
    assembler = movesense.Assembler()
    assert assembler.push(movesense_data(0, 8)) == movesense_data(0, 8)


@pytest.mark.parametrize("most", [20, 25, 31, 158, 197])
def test_data_in_two_parts_are_put_together(most: int) -> None:
    assembler, heard = movesense.Assembler(), []
    for stamp_ms in (0, 77):
        whole = movesense_data(stamp_ms, 16)
        heard += [assembler.push(whole[:most]), assembler.push(b"\x03\x63" + whole[most:])]
    assert heard == [b"", movesense_data(0, 16), b"", movesense_data(77, 16)]


def test_data_whose_first_part_looks_whole_are_put_together_from_the_second_on() -> None:
    assembler, heard = movesense.Assembler(), []
    for stamp_ms in (0, 77, 154):
        whole = movesense_data(stamp_ms, 16)
        heard += [assembler.push(whole[: 6 + 12 * 12]), assembler.push(b"\x03\x63" + whole[6 + 12 * 12 :])]
    assert heard == [movesense_data(0, 12), b"", b"", movesense_data(77, 16), b"", movesense_data(154, 16)]


def test_data_without_their_second_part_are_not_held_for_ever() -> None:
    assembler = movesense.Assembler()
    assert assembler.push(b"\x03\x63" + bytes(12)) == b""
    assert assembler.push(movesense_data(0, 8)) == b""
    assert assembler.push(movesense_data(77, 8)) == movesense_data(0, 8)


# --- anything ---------------------------------------------------------------------------------------------------------


def finite_frame_or_packet_error(codec: str, payload: bytes) -> None:
    with suppress(PacketError):
        frame = frame_of(codec, payload)
        assert np.isfinite(frame.acc_g).all()
        assert np.abs(frame.acc_g).max() <= 33


@pytest.mark.parametrize(("codec", "payload"), EVERY_VECTOR)
def test_random_and_mutated_payloads_are_a_frame_or_an_error(codec: str, payload: bytes) -> None:
    chance = Random(f"{codec}{len(payload)}")
    for _ in range(4000):
        mutated = bytearray(payload * chance.randrange(1, 4))
        for _ in range(chance.randrange(4)):
            mutated[chance.randrange(len(mutated))] = chance.randrange(256)
        finite_frame_or_packet_error(codec, bytes(mutated[: chance.randrange(len(mutated) + 1)]))
        finite_frame_or_packet_error(codec, payload[:2] + chance.randbytes(chance.randrange(60)))


@pytest.mark.parametrize(
    ("codec", "head", "most"),
    [("movesense", "02 63", 42), ("microbit", "", 1), ("thingy", "", 1), ("witmotion", "", 46)],
)
def test_the_longest_payload_is_little_work(codec: str, head: str, most: int) -> None:
    filled = bytes.fromhex(head) + bytes(4) if codec == "movesense" else b""
    repeated = bytes.fromhex(CLASSIC) * 46 if codec == "witmotion" else bytes(504)
    assert len(frame_of(codec, filled + repeated).acc_g) == most
    with pytest.raises(PacketError):
        decode(packet(codec, (filled + repeated).ljust(513, b"\0")))


@pytest.mark.parametrize(
    "read",
    [
        movesense.Response.from_bytes,
        movesense.Subscribe.from_bytes,
        microbit.Period.from_bytes,
        thingy.Configuration.from_bytes,
        witmotion.Command.from_bytes,
        witmotion.Motion.from_bytes,
        witmotion.Acceleration.from_bytes,
    ],
)
@given(payload=st.binary(max_size=40) | st.binary(max_size=10).map(lambda tail: b"\x01\x63" + tail))
def test_any_bytes_are_a_command_or_an_error(read: Callable[[bytes], Any], payload: bytes) -> None:
    with suppress(PacketError):
        assert read(payload).to_bytes() == payload[: len(read(payload).to_bytes())]


@given(values=st.lists(st.binary(max_size=40), max_size=20))
def test_any_notifications_leave_the_movesense_assembler_alive(values: list[bytes]) -> None:
    assembler = movesense.Assembler()
    for value in values:
        finite_frame_or_packet_error("movesense", assembler.push(value))
