"""Polar's measurement data, both ways: frames as real devices sent them, settings, commands and answers."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coach.errors import PacketError
from coach.model import Frame, HostTime, Packet
from sensors.codecs import decode
from sensors.gatt import polar_deltas
from sensors.gatt.polar import AccFrame, FrameType
from sensors.gatt.polar_control import ASK_ACC_SETTINGS, STOP_ACC, Features, Offer, Response, StartAcc

STAMP = "00 9c ff 6f 9a 45 52 08"  # 599618230000000000 ns, little endian: 37 minutes after an H10's clock begins
RAW = f"02 {STAMP} 01 01 00 fe ff 18 fc 00 80 ff 7f 00 00"
REFERENCE = f"02 {STAMP} 81 f1 ff 14 00 f0 03"
DELTAS = f"{REFERENCE} 06 01 7b 0f 08"  # the SDK's own example
FACTOR = "f3 ff 7f 39"  # 2.4414e-4 as float32
START_H10 = "02 02 00 01 c8 00 01 01 10 00 02 01 08 00"
START_VERITY = "02 02 00 01 34 00 01 01 10 00 02 01 08 00 04 01 03"
OFFER_H10 = "00 04 19 00 32 00 64 00 c8 00 01 01 10 00 02 03 02 00 04 00 08 00"
OFFER_VERITY = "00 01 34 00 01 01 10 00 02 01 08 00 04 01 03"

NINE_BLOCKS = """
    c9 ff 12 00 11 00 03 09 41 fe 2b 0f 9c 0b bf 15 00 4f 00 04 1e f1 ef 00 f0 c1 23 e4 ed f4 d1 f1 f1 f5 ff 22 de 31 00
    f1 fe 21 02 1f 0e 2b 1f 00 e2 20 00 0e 02 e1 1e 20 ff f1 f1 02 c5 d0 02 e0 e1 02 03 0a 31 2e fb ba 90 2b aa 0e 23 40
    9e 03 04 14 e3 ef f3 0f 02 1f 01 e0 0f 04 9e 13 e2 d0 04 e2 22 e2 c2 0e 20 0f 20 02 fe 00 0f 1c 32 ee 03 0a 89 00 07
    08 7c 00 ce 2f e8 3a 9e 03 04 1e 01 00 11 19 4f 00 2f 12 fd 13 ff 0e 10 00 00 f1 c0 12 e4 ef 21 00 00 01 f1 ff ff 02
    10 10 2b 51 0b 4e 31 fc 2e bf 31 14 ec 0e 2f 52 ef 03 0a 06 9e 04 0e 02 a8 88 ee e0 07 9a 00 04 0a 1f 21 1e 4e 2e fe
    c6 c0 02 ef 03 01 02 ee 11 03 0a f8 13 00 00 f0 40 bf a5 e7 00 76 00"""
"""Of a real device (the SDK's BlePmdClientParsersTest): 9, 30, 10, 20, 10, 30, 10, 10 and 10 steps of 3 or 4 bits."""

ONE_BLOCK = """
    71 07 f0 6a 9e 8d 0a 38 be 5c be ba 2f 96 b3 ee 4b e5 ad fb 42 b9 eb be 4c fe ba 2f 92 bf ee 4b e4 b1 fb 12 b9 ec bd
    3c 3e bb 2f 8f d3 de 4b e3 b5 f7 d2 b8 ed bd 30 7e 7b 2f 8b e3 ce 8b e2 ba f7 a2 b8 ee bc 20 be 7b 2f 88 f3 ce cb e1
    bd ef 52 f8 ef bc 18 fe 3b 2f 84 03 bf cb e0 c2 ef 32 b8 f0 bb 04 4e bc 2e 81 13 af 0b e0 c6 ef f2 f7 f1 b9 fc 7d bc
    2e 7d 27 9f 4b df ca eb c2 f7 f2 b8 ec cd 7c 2e 7b 37 8f 4b de ce e3 92 f7 f3 b8 e0 0d fd 2d 77 4b 7f cb dd d2 df 62
    37 f5 b7 d4 4d bd 2d 74 5b 6f cb dc d7 d7 32 37 f6 b5 c8 8d 7d 2d 71 6b 4f 4b dc dc d3 f2 36 f7 b4 bc dd fd 2c 6f 7b
    3f 4b db e0 cf d2 36 f8 b2 b0 2d be 2c 6c 8f 1f cb da e3 c7 a2 76 f9"""
"""Of type 0x80 (its AccDataTest): 56 steps of 10 bits, of 2.44e-4 g each."""


def read(codec: str, payload: str) -> Frame:
    packet = Packet(at=HostTime(1.5), sensor="ble:C0:FF:EE:00:00:02", codec=codec, payload=bytes.fromhex(payload))
    frame = decode(packet)
    assert isinstance(frame, Frame)
    return frame


# --- raw frames -------------------------------------------------------------------------------------------------------


def test_a_frame_of_acceleration_is_read() -> None:
    frame = read("pmd", RAW)
    assert frame.at == 1.5
    assert frame.last_s == pytest.approx(599618230.0, abs=1e-6)
    np.testing.assert_array_equal(frame.acc_g, [[0.001, -0.002, -1.0], [-32.768, 32.767, 0.0]])


@pytest.mark.parametrize(
    ("type_", "samples", "acc_mg"),
    [
        ("00", "7f 80 ff 00 01 02", [[127, -128, -1], [0, 1, 2]]),
        ("01", "f7 ff ff ff e7 03", [[-9, -1, 999]]),  # the SDK's own example
        ("02", "18 fc ff ff f9 00 e8 03 00", [[-1000, 63999, 1000]]),
    ],
)
def test_raw_samples_are_as_wide_as_the_type_says(type_: str, samples: str, acc_mg: list[list[int]]) -> None:
    payload = f"02 {STAMP} {type_} {samples}"
    np.testing.assert_array_equal(read("pmd", payload).acc_g, np.array(acc_mg) / 1000)
    frame = AccFrame(last_ns=599618230000000000, values=np.array(acc_mg), type=FrameType(int(type_, 16)))
    assert frame.to_bytes() == bytes.fromhex(payload)


def test_the_flag_bits_of_a_measurement_type_are_ignored() -> None:
    np.testing.assert_array_equal(read("pmd", "c2" + RAW[2:]).acc_g, read("pmd", RAW).acc_g)


# --- delta frames -----------------------------------------------------------------------------------------------------


def test_deltas_are_summed_up_from_the_reference() -> None:
    np.testing.assert_array_equal(read("pmd", DELTAS).acc_g, [[-0.015, 0.02, 1.008], [-0.02, 0.017, 1.008]])


@pytest.mark.parametrize(
    ("blocks", "acc_mg"),
    [
        ("", [[-15, 20, 1008]]),
        ("06 00", [[-15, 20, 1008]]),
        ("00 02", [[-15, 20, 1008], [-15, 20, 1008], [-15, 20, 1008]]),
        ("01 01 05", [[-15, 20, 1008], [-16, 20, 1007]]),
        ("08 01 01 ff 80 00 01 08 01 7f 00 01", [[-15, 20, 1008], [-14, 19, 880], [-14, 19, 880], [113, 19, 881]]),
        ("10 01 ff 7f 00 80 00 00", [[-15, 20, 1008], [32752, -32748, 1008]]),
        ("20 01 05 00 00 00 fb ff ff ff 00 00 00 00", [[-15, 20, 1008], [-10, 15, 1008]]),
    ],
)
def test_blocks_follow_each_other_each_with_bits_of_its_own(blocks: str, acc_mg: list[list[int]]) -> None:
    np.testing.assert_array_equal(read("pmd", f"{REFERENCE} {blocks}").acc_g, np.array(acc_mg) / 1000)


def test_a_real_frame_of_several_blocks_is_read() -> None:
    values = polar_deltas.unpack(bytes.fromhex(NINE_BLOCKS))
    assert len(values) == 1 + 9 + 30 + 10 + 20 + 10 + 30 + 10 + 10 + 10
    np.testing.assert_array_equal(values[:2], [[-55, 18, 17], [-54, 18, 18]])
    assert np.abs(values).max() < 100  # it hardly moved


def test_a_factor_makes_g_of_the_values_of_a_frame() -> None:
    frame = read("pmd-scaled", f"{FACTOR} 02 {STAMP} 80 {ONE_BLOCK}")
    assert frame.acc_g.shape == (57, 3)
    expected = 2.4414e-4 * np.array([[1905, 27376, -29282], [2095, 27271, -29367]])
    np.testing.assert_allclose(frame.acc_g[:2], expected, rtol=1e-5)
    assert np.abs(frame.acc_g).max() <= 8


@pytest.mark.parametrize(
    ("payload", "acc_mg"),
    [
        (f"00 00 80 3f {DELTAS}", [[-15, 20, 1008], [-20, 17, 1008]]),
        (f"00 00 00 3f {DELTAS}", [[-7.5, 10, 504], [-10, 8.5, 504]]),
        (f"00 00 00 3f {RAW}", [[1, -2, -1000], [-32768, 32767, 0]]),
    ],
)
def test_a_factor_is_applied_to_deltas_of_mg_and_not_to_raw_samples(payload: str, acc_mg: list[list[float]]) -> None:
    np.testing.assert_allclose(read("pmd-scaled", payload).acc_g, np.array(acc_mg) / 1000)


@pytest.mark.parametrize("body", [NINE_BLOCKS, ONE_BLOCK])
def test_real_frames_come_back(body: str) -> None:
    values = polar_deltas.unpack(bytes.fromhex(body))
    np.testing.assert_array_equal(polar_deltas.unpack(polar_deltas.pack(values)), values)


def test_deltas_are_written_with_the_fewest_bits_that_hold_them() -> None:
    values = np.array([[-15, 20, 1008], [-20, 17, 1008]])
    assert polar_deltas.pack(values) == bytes.fromhex("f1 ff 14 00 f0 03 04 01 db 00")
    assert polar_deltas.pack(np.repeat(values[:1], 12, axis=0)) == bytes.fromhex("f1 ff 14 00 f0 03 00 0a 00 01")


# --- frames that are refused ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ("", "ends before its measurement"),
        ("02 00 00", "ends before its time stamp"),
        (f"02 {STAMP}", "ends before its frame type"),
        (f"00 {STAMP} 00 01 02 03", "measurement 0, not of acceleration"),
        (f"05 {STAMP} 81 f1 ff 14 00 f0 03", "measurement 5, not of acceleration"),
        (f"02 {STAMP} 03 01 02 03", "type 0x03: nobody knows this type"),
        (f"02 {STAMP} 82 f1 ff 14 00 f0 03", "type 0x82: nobody knows this type"),
        (f"02 {STAMP} 80 {ONE_BLOCK}", "type 0x80, of a stream that named no factor"),
        (f"02 {STAMP} 01", "number of samples of 0 is not within"),
        (f"02 {STAMP} 01 01 00 02 00 03", "rows of 6 bytes"),
        (f"02 {STAMP} 02 01 00 02 00 03", "rows of 9 bytes"),
        (f"02 {STAMP} 00 01 00 02 00", "rows of 3 bytes"),
        (f"02 {STAMP} 02 00 00 7f 00 00 00 00 00 00", "more than 64 g"),
        (f"02 {STAMP} 01 {'00' * 504}", "no value is that long"),
        (f"02 {STAMP} 81 f1 ff 14 00 f0", "ends before its first sample"),
        (f"{REFERENCE} 06", "ends within the head of a block"),
        (f"{REFERENCE} 06 01 7b 0f", "ends within a block"),
        (f"{REFERENCE} 06 01 7b 0f 08 06", "ends within the head of a block"),
        (f"{REFERENCE} 21 01 {'00' * 13}", "steps of 33 bits"),
        (f"{REFERENCE} ff ff {'00' * 100}", "steps of 255 bits"),
        (f"{REFERENCE} 00 ff 00 ff 00 02", "more than 512 samples"),
        (f"{REFERENCE} 20 01 ff ff ff 7f 00 00 00 00 00 00 00 00", "more than 24 bits"),
        (f"{REFERENCE} 18 01 ff ff 0f 00 00 00 00 00 00", "more than 64 g"),
    ],
)
def test_what_is_no_frame_of_acceleration_is_an_error(payload: str, message: str) -> None:
    with pytest.raises(PacketError, match=message):
        read("pmd", payload)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ("", "without its factor"),
        ("00 00 80", "without its factor"),
        (f"00 00 00 00 {DELTAS}", "a factor of 0.0"),
        (f"00 00 80 bf {DELTAS}", "a factor of -1.0"),
        (f"00 00 80 7f {DELTAS}", "a factor of inf"),
        (f"00 00 c0 7f {DELTAS}", "a factor of nan"),
        (f"00 00 80 3f 02 {STAMP} 80 {ONE_BLOCK}", "more than 64 g"),
        (f"ff ff 7f 7f {DELTAS}", "more than 64 g"),
        (FACTOR, "ends before its measurement"),
    ],
)
def test_a_factor_that_makes_no_sense_is_an_error(payload: str, message: str) -> None:
    with pytest.raises(PacketError, match=message):
        read("pmd-scaled", payload)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"last_ns": -1}, "is not within"),
        ({"last_ns": 2**64}, "is not within"),
        ({"values": np.zeros((0, 3), dtype=np.int64)}, "is not within"),
        ({"values": np.zeros((84, 3), dtype=np.int64)}, "is not within"),
        ({"values": np.zeros((513, 3), dtype=np.int64), "type": FrameType.DELTA}, "is not within"),
        ({"values": np.zeros((2, 2), dtype=np.int64)}, "rows of three"),
        ({"values": np.zeros(3, dtype=np.int64)}, "rows of three"),
        ({"values": np.zeros((1, 3))}, "rows of three"),
        ({"values": np.array([[0, 128, 0]]), "type": FrameType.RAW_8}, "more than 8 bits"),
        ({"values": np.array([[0, 0, -32769]])}, "more than 16 bits"),
        ({"values": np.array([[32768, 0, 0]]), "type": FrameType.DELTA}, "more than 16 bits"),
        ({"values": np.array([[0, 0, 0], [0, 2**23, 0]]), "type": FrameType.DELTA}, "more than 24 bits"),
    ],
)
def test_a_frame_that_no_strap_can_send_cannot_be_made(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AccFrame(**{"last_ns": 0, "values": np.zeros((1, 3), dtype=np.int64), **wrong})  # type: ignore[arg-type]


def test_deltas_that_take_more_room_than_a_notification_has_cannot_be_written() -> None:
    values = np.tile([[0, 0, 0], [2**20, 0, 0]], (60, 1))
    with pytest.raises(ValueError, match="length of the frame"):
        AccFrame(last_ns=0, values=values, type=FrameType.DELTA).to_bytes()


RANGES = {FrameType.RAW_8: 2**7, FrameType.RAW_16: 2**15, FrameType.RAW_24: 2**23}


@given(data=st.data(), type_=st.sampled_from(sorted(RANGES)), last_ns=st.integers(0, 2**64 - 1))
@settings(deadline=None)
def test_every_raw_frame_comes_back(data: st.DataObject, type_: FrameType, last_ns: int) -> None:
    sample = st.integers(-RANGES[type_], RANGES[type_] - 1)
    values = np.array(data.draw(st.lists(st.tuples(sample, sample, sample), min_size=1, max_size=55)))
    comes_back(AccFrame(last_ns=last_ns, values=values, type=type_))


@given(
    first=st.tuples(*[st.integers(-(2**15), 2**15 - 1)] * 3),
    bits=st.integers(0, 14),
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(0, 80),
    type_=st.sampled_from([FrameType.DELTA, FrameType.DELTA_OF_FACTOR]),
)
@settings(deadline=None)
def test_every_delta_frame_comes_back(
    first: tuple[int, ...], bits: int, seed: int, count: int, type_: FrameType
) -> None:
    steps = np.random.default_rng(seed).integers(-(2**bits), 2**bits, (count, 3))
    comes_back(AccFrame(last_ns=0, values=np.cumsum(np.vstack([np.array(first), steps]), axis=0), type=type_))


def comes_back(frame: AccFrame) -> None:
    again = AccFrame.from_bytes(frame.to_bytes())
    assert (again.last_ns, again.type) == (frame.last_ns, frame.type)
    np.testing.assert_array_equal(again.values, frame.values)


# --- what a strap measures and offers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "acceleration"),
    [
        ("0f 05 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00", True),  # an H10 (polar-ble-sdk #360)
        ("0f 6e 02", True),  # a Verity Sense (#291)
        ("0f 0e", True),  # an OH1 (#213)
        ("0f 01", False),
        ("0f 00", False),
    ],
)
def test_features_tell_whether_there_is_acceleration(payload: str, acceleration: bool) -> None:
    features = Features.from_bytes(bytes.fromhex(payload))
    assert features.acceleration is acceleration
    assert features.to_bytes()[:2] == bytes.fromhex(payload)[:2]


@pytest.mark.parametrize(("payload", "message"), [("", "before its mark"), ("0f", "before its"), ("f0 01", "not the")])
def test_what_are_no_features_is_an_error(payload: str, message: str) -> None:
    with pytest.raises(PacketError, match=message):
        Features.from_bytes(bytes.fromhex(payload))


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (OFFER_H10, Offer(rates_hz=(25, 50, 100, 200), resolutions_bits=(16,), ranges_g=(2, 4, 8))),
        (OFFER_VERITY, Offer(rates_hz=(52,), resolutions_bits=(16,), ranges_g=(8,), channels=(3,))),
    ],
)
def test_an_offer_is_read_and_written(parameters: str, expected: Offer) -> None:
    assert Offer.from_bytes(bytes.fromhex(parameters)) == expected
    assert expected.to_bytes() == bytes.fromhex(parameters)


def test_settings_that_are_not_known_end_an_offer() -> None:
    assert Offer.from_bytes(bytes.fromhex("00 01 32 00 06 01 ff ff ff")) == Offer(rates_hz=(50,))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ("", "number of rates of 0"),
        ("00", "before its count"),
        ("00 02 32 00", "before its value"),
        ("00 01 00 00", "setting of 0"),
        ("00 01 32 00 04 01 00", "number of channels of 0"),
        ("01 01 10 00", "number of rates of 0"),
    ],
)
def test_an_offer_of_nothing_is_an_error(parameters: str, message: str) -> None:
    with pytest.raises(PacketError, match=message):
        Offer.from_bytes(bytes.fromhex(parameters))


VERITY_SDK = Offer(
    rates_hz=(26, 52, 104, 208, 416), resolutions_bits=(16,), ranges_g=(2, 4, 8, 16), channels=(3,)
)  # its SDK mode (bleakheart #11)


@pytest.mark.parametrize(
    ("offer", "rate_hz", "chosen"),
    [
        (bytes.fromhex(OFFER_H10), 200, StartAcc(rate_hz=200)),
        (bytes.fromhex(OFFER_H10), 25, StartAcc(rate_hz=25)),
        (bytes.fromhex(OFFER_H10), 30, StartAcc(rate_hz=50)),
        (bytes.fromhex(OFFER_VERITY), 200, StartAcc(rate_hz=52, channels=3)),
        (bytes.fromhex(OFFER_VERITY), 25, StartAcc(rate_hz=52, channels=3)),
        (VERITY_SDK.to_bytes(), 200, StartAcc(rate_hz=208, channels=3)),
        (VERITY_SDK.to_bytes(), 50, StartAcc(rate_hz=52, channels=3)),
        (Offer(rates_hz=(10, 20)).to_bytes(), 200, StartAcc(rate_hz=20)),
        (
            Offer(rates_hz=(50,), resolutions_bits=(8, 14), ranges_g=(2, 4), channels=(1,)).to_bytes(),
            200,
            StartAcc(rate_hz=50, resolution_bits=14, range_g=4, channels=1),
        ),
        (Offer(rates_hz=(50,), ranges_g=(16,)).to_bytes(), 50, StartAcc(rate_hz=50, range_g=16)),
    ],
)
def test_of_what_is_offered_the_nearest_is_chosen(offer: bytes, rate_hz: int, chosen: StartAcc) -> None:
    assert Offer.from_bytes(offer).choose(rate_hz) == chosen


# --- commands and answers ---------------------------------------------------------------------------------------------


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
    assert bytes.fromhex("01 02") == ASK_ACC_SETTINGS
    assert bytes.fromhex("03 02") == STOP_ACC


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ("", "ends before its operation"),
        ("03 02", "not a command that starts acceleration"),
        ("02 00 00 01 82 00", "not a command that starts acceleration"),
        ("02 02", "without rate"),
        ("02 02 09 01 00 00", "without rate"),
        ("02 02 00 01 c8 00", "without resolution"),
        ("02 02 00 01 c8", "ends before its value"),
        ("02 02 00", "ends before its count"),
        ("02 02 00 02 c8 00 64 00", "each setting one value"),
        ("02 02 00 00", "each setting one value"),
        ("02 02 00 01 00 00 01 01 10 00 02 01 08 00", "rate .* of 0 is not within"),
    ],
)
def test_a_start_command_that_makes_no_sense_is_an_error(payload: str, message: str) -> None:
    with pytest.raises(PacketError, match=message):
        StartAcc.from_bytes(bytes.fromhex(payload))


@pytest.mark.parametrize(
    ("payload", "expected", "verdict", "factor"),
    [
        ("f0 02 02 00 00", Response(operation=2, measurement=2, status=0), "ok", None),
        ("f0 02 02 06", Response(operation=2, measurement=2, status=6), "already in state", None),
        ("f0 02 02 08 00", Response(operation=2, measurement=2, status=8), "invalid rate", None),
        ("f0 03 02 63 00", Response(operation=3, measurement=2, status=99), "status 99", None),
        (
            "f0 02 02 00 01 05 01 f3 ff 7f 39",
            Response(operation=2, measurement=2, status=0, more=True, parameters=bytes.fromhex("05 01 f3 ff 7f 39")),
            "ok",
            bytes.fromhex(FACTOR),
        ),
    ],
)
def test_an_answer_of_the_control_point_is_read(
    payload: str, expected: Response, verdict: str, factor: bytes | None
) -> None:
    response = Response.from_bytes(bytes.fromhex(payload))
    assert response == expected
    assert response.verdict == verdict
    assert response.factor == factor


def test_a_factor_that_is_cut_short_is_an_error() -> None:
    with pytest.raises(PacketError, match="ends before its value"):
        _ = Response.from_bytes(bytes.fromhex("f0 02 02 00 00 05 01 f3 ff")).factor


@pytest.mark.parametrize(
    ("payload", "message"),
    [("", "ends before its mark"), ("0f 05 00 00", "not a PMD response"), ("f0 02 02", "ends before its status")],
)
def test_what_is_no_answer_is_an_error(payload: str, message: str) -> None:
    with pytest.raises(PacketError, match=message):
        Response.from_bytes(bytes.fromhex(payload))


def test_an_answer_is_written_as_it_is_read() -> None:
    assert Response(operation=2, measurement=2, status=6).to_bytes() == bytes.fromhex("f0 02 02 06 00")


@given(payload=st.binary(max_size=40), head=st.sampled_from([b"", b"\x02\x02", b"\x0f", b"\xf0\x02\x02\x00\x00"]))
@settings(deadline=None)
def test_any_bytes_at_the_control_point_are_a_value_or_an_error(payload: bytes, head: bytes) -> None:
    for read_ in (Features.from_bytes, Offer.from_bytes, StartAcc.from_bytes):
        with suppress(PacketError):
            read_(head + payload)
    with suppress(PacketError):
        _ = Response.from_bytes(head + payload).factor
