"""What the apps send: literal vectors, both ways, and decoders that answer anything with a Series or PacketError."""

from __future__ import annotations

import json
import random
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.config import Config
from coach.errors import PacketError
from coach.model import HostTime, Packet, SensorState, Series
from coach.pipeline import Pipeline
from sensors.codecs import decode
from sensors.phone.wire import phyphox, sensor_logger, sensor_server

G = 9.80665
LOGGER = (
    '{"messageId":0,"sessionId":"s","deviceId":"d","payload":['
    '{"name":"accelerometer","time":1698501144401773000,"values":{"x":0.1,"y":-0.2,"z":9.6}},'
    '{"name":"location","time":1698501145514000000,"values":{"latitude":51.5}},'
    '{"name":"accelerometer","time":1698501144411773000,"values":{"x":0,"y":19.6133,"z":0}}]}'
)
SERVER = '{"accuracy":2,"timestamp":3925657519043709,"values":[0.31892395,-0.97802734,10.049896]}'
PHYPHOX = (
    '{"buffer":{\n"acc_time":{"size":0,"updateMode":"partial", "buffer":[1.231E1,1.232E1,1.233E1]},\n'
    '"accX":{"size":0,"updateMode":"partial", "buffer":[9.80665E0,null,0E0]},\n'
    '"accY":{"size":0,"updateMode":"partial", "buffer":[0E0,1E0,-1.96133E1]},\n'
    '"accZ":{"size":0,"updateMode":"partial", "buffer":[0E0,1E0,0E0]}\n},\n'
    '"status":{\n"session":"a1b2c3", "measuring":true, "timedRun":false, "countDown":0\n}\n}\n'
)
VECTORS = {"sensor-logger": LOGGER, "sensor-server": SERVER, "phyphox": PHYPHOX}


def packet(codec: str, payload: str | bytes) -> Packet:
    raw = payload.encode() if isinstance(payload, str) else payload
    return Packet(at=HostTime(1.5), sensor="phone", codec=codec, payload=raw)


def read(codec: str, payload: str | bytes) -> Series:
    series = decode(packet(codec, payload))
    assert isinstance(series, Series)
    return series


def assert_same(one: Series, other: Series) -> None:
    assert one.device_s.tobytes() == other.device_s.tobytes()
    assert one.acc_g.tobytes() == other.acc_g.tobytes()


# --- vectors ----------------------------------------------------------------------------------------------------------


def test_sensor_logger_is_read() -> None:
    series = read("sensor-logger", LOGGER)
    assert series.at == 1.5
    assert series.acc_g == pytest.approx(np.array([[0.1 / G, -0.2 / G, 9.6 / G], [0, 2, 0]]))
    assert series.device_s == pytest.approx([1698501144.401773, 1698501144.411773], abs=2.4e-7)


def test_sensor_server_is_read() -> None:
    series = read("sensor-server", SERVER)
    assert series.acc_g[0] * G == pytest.approx([0.31892395, -0.97802734, 10.049896])
    assert series.device_s == pytest.approx([3925657.519043709], abs=1e-9)


def test_phyphox_is_read_without_the_row_that_has_a_null() -> None:
    series = read("phyphox", PHYPHOX)
    assert series.device_s == pytest.approx([12.31, 12.33])
    assert series.acc_g == pytest.approx(np.array([[1, 0, 0], [0, -2, 0]]))


def test_stamps_since_1970_keep_what_lies_beyond_a_floats_53_bits() -> None:
    first_ns = 1_698_501_144_401_773_001
    times_ns = [first_ns + i * 4_999_999 for i in range(400)]
    payload = sensor_logger.encode(0, "s", "d", times_ns, np.zeros((400, 3)))
    since_s = read("sensor-logger", payload).device_s - first_ns / 1_000_000_000
    assert since_s == pytest.approx(np.arange(400) * 0.004999999, abs=2.4e-7)


@pytest.mark.parametrize(
    ("names", "first_mps2"),
    [
        (("accelerometer",), 0.0),
        (("totalacceleration",), 0.0),
        (("totalacceleration", "accelerometer"), 1.0),
        (("accelerometer", "totalacceleration", "accelerometeruncalibrated"), 0.0),
        (("accelerometeruncalibrated", "accelerometer"), 1.0),
    ],
)
def test_of_several_accelerations_one_is_taken_by_its_name(names: tuple[str, ...], first_mps2: float) -> None:
    entries = [{"name": name, "time": 5, "values": {"x": i, "y": 0, "z": 0}} for i, name in enumerate(names)]
    message = {"messageId": 0, "sessionId": "s", "deviceId": "d", "payload": entries}
    series = read("sensor-logger", json.dumps(message))
    assert series.acc_g == pytest.approx(np.array([[first_mps2 / G, 0, 0]]))


def test_the_envelope_of_sensor_logger_is_read() -> None:
    message = sensor_logger.Message.from_bytes(LOGGER.encode())
    assert (message.number, message.session, message.device, len(message.accelerations)) == (0, "s", "d", 2)


def test_what_is_kept_of_a_message_is_its_acceleration_and_nothing_else() -> None:
    kept = sensor_logger.Message.from_bytes(LOGGER.encode()).kept()
    assert kept == (
        b'{"payload":[{"name":"accelerometer","time":1698501144401773000,"values":{"x":0.1,"y":-0.2,"z":9.6}},'
        b'{"name":"accelerometer","time":1698501144411773000,"values":{"x":0,"y":19.6133,"z":0}}]}'
    )
    assert_same(read("sensor-logger", kept), read("sensor-logger", LOGGER))


@pytest.mark.parametrize(
    "entry",
    [
        '{"name":"accelerometer","time":"at 51.5 N","values":{"x":0,"y":0,"z":0}}',
        '{"name":"accelerometer","time":5,"values":{"x":"51.5 N","y":{"latitude":51.5},"z":[51.5]}}',
        '{"name":"accelerometer","time":5,"values":"51.5 N","latitude":51.5}',
        '{"name":"accelerometer","time":5,"values":{"x":0,"y":0,"latitude":51.5}}',
    ],
)
def test_what_cannot_be_read_is_kept_without_what_is_no_number_of_an_acceleration(entry: str) -> None:
    message = f'{{"messageId":0,"sessionId":"s","deviceId":"d","payload":[{entry}]}}'
    kept = sensor_logger.Message.from_bytes(message.encode()).kept()
    assert b"51.5" not in kept
    with pytest.raises(PacketError):
        read("sensor-logger", kept)


def test_the_buffers_of_phyphox_are_found_by_its_config() -> None:
    with_g = {"source": "accelerometer", "outputs": [{"x": "accX"}, {"y": "accY"}, {"z": "accZ"}, {"t": "acc_time"}]}
    without = {"source": "linear_acceleration", "outputs": [{key: f"lin{key}"} for key in "xyz"] + [{"t": "lin_time"}]}
    other = {"source": "gyroscope", "outputs": [{"x": "gyrX"}, {"abs": "gyr"}]}
    names = {"t": "acc_time", "x": "accX", "y": "accY", "z": "accZ"}
    for inputs in ([other, with_g], [without, with_g], [with_g, {"source": "bluetooth"}]):
        assert phyphox.Buffers.from_config(json.dumps({"inputs": inputs}).encode()) == phyphox.Buffers(**names)
    assert phyphox.Buffers.from_config(json.dumps({"inputs": [without]}).encode()).t == "lin_time"


@pytest.mark.parametrize(
    "config",
    [
        "{}",
        "[]",
        '{"inputs":[]}',
        '{"inputs":[7]}',
        '{"inputs":[{"source":"accelerometer"}]}',
        '{"inputs":[{"source":"accelerometer","outputs":[{"x":"a"},{"y":"b"},{"z":"c"},{"t":"d"}]}]}',
        '{"inputs":[{"source":"accelerometer","outputs":[{"x":7}]}]}',
        '{"inputs":[{"source":"accelerometer","outputs":[{"x":"x"},{"y":"y"},{"z":"z"}]}]}',
        "<html>",
    ],
)
def test_a_config_without_acceleration_that_can_be_read_is_refused(config: str) -> None:
    with pytest.raises(PacketError):
        phyphox.Buffers.from_config(config.encode())


def test_the_last_value_of_a_buffer_is_read() -> None:
    assert phyphox.last_time_s(phyphox.encode({"acc_time": [12.5]}), "acc_time") == 12.5
    assert phyphox.last_time_s(phyphox.encode({"acc_time": [None]}), "acc_time") == 0
    assert phyphox.last_time_s(phyphox.encode({"acc_time": []}), "acc_time") == 0
    with pytest.raises(PacketError):
        phyphox.last_time_s(b"{}", "acc_time")


def test_buffers_of_unequal_length_are_read_as_far_as_all_go() -> None:
    columns = {"acc_time": [1.0, 1.1, 1.2], "accX": [0.0, 0.0], "accY": [0.0] * 3, "accZ": [0.0] * 3}
    assert read("phyphox", phyphox.encode(columns)).device_s == pytest.approx([1.0, 1.1])


# --- both ways --------------------------------------------------------------------------------------------------------

NUMBERS = st.floats(-2000, 2000)
ROWS = st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=20)


@given(ROWS, st.integers(0, 2**62), st.integers(0, 2**53), st.text(), st.sampled_from(sensor_logger.ACCELERATIONS))
def test_every_message_of_sensor_logger_comes_back(
    rows: list[tuple[float, ...]], time_ns: int, number: int, text: str, name: str
) -> None:
    payload = sensor_logger.encode(number, text, text, [time_ns] * len(rows), np.array(rows), name=name)
    message = sensor_logger.Message.from_bytes(payload)
    assert (message.number, message.session, message.device) == (number, text, text)
    series = read("sensor-logger", payload)
    assert series.acc_g == pytest.approx(np.array(rows) / G)
    assert series.device_s == pytest.approx(np.full(len(rows), time_ns / 10**9))
    assert_same(read("sensor-logger", message.kept()), series)


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS), st.integers(0, 2**62))
def test_every_sample_of_sensor_server_comes_back(row: tuple[float, ...], time_ns: int) -> None:
    series = read("sensor-server", sensor_server.encode(time_ns, row))
    assert series.acc_g[0] == pytest.approx(np.array(row) / G)
    assert series.device_s[0] == time_ns / 10**9


@given(ROWS, st.floats(0, 1e5), st.text(), st.booleans())
def test_every_answer_of_phyphox_comes_back(
    rows: list[tuple[float, ...]], first_s: float, session: str, whole: bool
) -> None:
    times_s = first_s + 0.01 * np.arange(len(rows))
    columns = dict(zip(("accX", "accY", "accZ"), np.array(rows).T.tolist(), strict=True))
    payload = phyphox.encode({"acc_time": times_s.tolist(), **columns}, session=session, whole=whole)
    answer = phyphox.Answer.from_bytes(payload)
    assert (answer.session, answer.whole) == (session, whole)
    assert answer.times_s == pytest.approx(times_s, rel=1e-7)
    assert answer.acc_g == pytest.approx(np.array(rows) / G, rel=1e-7)


# --- hostile input ----------------------------------------------------------------------------------------------------

DEEP = "[" * 100_000
NO_NUMBERS = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "true",
    "null",
    '"1"',
    "[1]",
    "{}",
    "2001",
    "9" * 400,
    "9" * 5000,
]


@pytest.mark.parametrize("wrong", [n for n in NO_NUMBERS if n != "null"])
def test_what_is_no_number_in_phyphox_is_refused(wrong: str) -> None:
    with pytest.raises(PacketError):
        decode(packet("phyphox", PHYPHOX.replace("-1.96133E1", wrong)))


@pytest.mark.parametrize("wrong", NO_NUMBERS)
@pytest.mark.parametrize(("codec", "right"), [("sensor-logger", "9.6"), ("sensor-server", "10.049896")])
def test_what_is_no_number_is_refused(codec: str, right: str, wrong: str) -> None:
    with pytest.raises(PacketError):
        decode(packet(codec, VECTORS[codec].replace(right, wrong)))


@pytest.mark.parametrize("wrong", ["NaN", "1.5", "true", "null", '"1698501144401773000"', "-1", "9" * 30, "9" * 5000])
@pytest.mark.parametrize(
    ("codec", "right"), [("sensor-logger", "1698501144401773000"), ("sensor-server", "3925657519043709")]
)
def test_what_is_no_stamp_is_refused(codec: str, right: str, wrong: str) -> None:
    with pytest.raises(PacketError):
        decode(packet(codec, VECTORS[codec].replace(right, wrong)))


@pytest.mark.parametrize("codec", VECTORS)
@pytest.mark.parametrize(
    "payload", ["", "{}", "[]", "7", "null", '"text"', DEEP, f'{{"buffer":{DEEP}', "<html></html>", '{"payload":7}']
)
def test_what_is_another_thing_is_refused(codec: str, payload: str) -> None:
    with pytest.raises(PacketError):
        decode(packet(codec, payload))


@pytest.mark.parametrize("codec", VECTORS)
def test_other_encodings_are_refused(codec: str) -> None:
    for raw in (VECTORS[codec].encode("utf-16"), b"\xff" + VECTORS[codec].encode(), b"\xef\xbb\xbf{}"):
        with pytest.raises(PacketError):
            decode(packet(codec, raw))


@pytest.mark.parametrize(
    ("codec", "most"), [("sensor-logger", 1 << 20), ("phyphox", 1 << 20), ("sensor-server", 1 << 16)]
)
def test_what_is_too_long_is_refused(codec: str, most: int) -> None:
    raw = VECTORS[codec].encode()
    assert len(read(codec, raw + b" " * (most - len(raw))).device_s) > 0
    with pytest.raises(PacketError, match="more than"):
        decode(packet(codec, raw + b" " * (most - len(raw) + 1)))


def test_too_many_samples_are_refused() -> None:
    entry = '{"name":"accelerometer","time":1,"values":{"x":1,"y":1,"z":1}}'
    many = '{"messageId":0,"sessionId":"","deviceId":"","payload":[' + ",".join([entry] * 8193) + "]}"
    with pytest.raises(PacketError, match="8193 samples"):
        decode(packet("sensor-logger", many))
    columns = {name: [1.0] * 8193 for name in ("acc_time", "accX", "accY", "accZ")}
    with pytest.raises(PacketError, match="8192 samples"):
        decode(packet("phyphox", phyphox.encode(columns)))


def test_a_message_without_acceleration_is_one_without_a_series() -> None:
    message = '{"messageId":3,"sessionId":"s","deviceId":"d","payload":[{"name":"battery","time":1,"values":{}}]}'
    assert sensor_logger.Message.from_bytes(message.encode()).accelerations == ()
    with pytest.raises(PacketError, match="0 samples"):
        decode(packet("sensor-logger", message))


def mangled(raw: bytes, chance: random.Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed))
        match chance.randrange(4):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                del changed[at : at + chance.randint(1, 30)]
            case 2:
                changed[at:at] = chance.choice([b"9" * 20, b"-", b"null", b"[", b"{", b'"', b"1e308", b"0"])
            case _:
                changed[at:at] = changed[chance.randrange(len(changed)) :][:40]
        changed = changed or bytearray(b" ")
    return bytes(changed)


@pytest.mark.parametrize("codec", VECTORS)
@pytest.mark.parametrize("seed", range(4))
def test_mangled_messages_end_in_a_series_or_an_error_and_the_fold_bears_them(
    codec: str, seed: int, config: Config
) -> None:
    chance = random.Random(seed)
    pipeline = Pipeline(config, decode)
    pipeline.push(SensorState(at=HostTime(0.0), sensor="phone", state="connected"))
    for i in range(250):
        raw = mangled(VECTORS[codec].encode(), chance)
        with suppress(PacketError):
            assert np.isfinite(read(codec, raw).acc_g).all()
        pipeline.push(Packet(at=HostTime(0.1 * i), sensor="phone", codec=codec, payload=raw))


KEYS = "messageId sessionId deviceId payload name time values x y z timestamp buffer status session acc_time accX accY"
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS.split()), inner, max_size=4),
)


@given(st.binary(max_size=200) | ANYTHING.map(lambda value: json.dumps(value).encode()))
def test_decoders_are_total(payload: bytes) -> None:
    for codec in VECTORS:
        with suppress(PacketError):
            read(codec, payload)
