"""Lines of home-made sensors: literal vectors, any cut of the stream, and bytes of every kind."""

from __future__ import annotations

import random
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.dsp.timebase import Timebase
from coach.errors import PacketError
from coach.model import Frame, HostTime, Packet, Series
from sensors.codecs import decode
from sensors.gatt.lines import Line, LineAssembler, LineStream

NOTIFICATION_MAX = 512
BANGLE_APP = Path(__file__).parents[1] / "docs" / "sensors" / "bangle-cadence.js"


def read(payload: bytes, codec: str = "lines", at: float = 1.5) -> Series | Frame:
    reading = decode(Packet(at=HostTime(at), sensor="ble:x", codec=codec, payload=payload))
    assert isinstance(reading, Series | Frame)
    return reading


def refusal(payload: bytes, codec: str = "lines") -> str:
    with pytest.raises(PacketError) as caught:
        read(payload, codec)
    assert caught.value.payload is not None
    return caught.value.message


def cut(stream: bytes, *at: int) -> list[bytes]:
    """Cut a stream in pieces, none of them longer than a notification can be."""
    pieces = [
        stream[start:end] for start, end in pairwise((0, *sorted({min(i, len(stream)) for i in at}), len(stream)))
    ]
    return [piece[i : i + NOTIFICATION_MAX] for piece in pieces for i in range(0, len(piece), NOTIFICATION_MAX)]


def heard(notifications: list[bytes]) -> tuple[list[tuple[float, ...]], list[bytes]]:
    """Give the samples of a link (time, where there is one, and axes), and the payloads that were refused."""
    stream, samples, refused = LineStream(), [], []
    for value in notifications:
        for codec, payload in stream.push(value):
            try:
                reading = read(payload, codec)
            except PacketError as error:
                refused.append(error.payload)
                continue
            times = (
                reading.device_s.reshape(-1, 1) if isinstance(reading, Series) else np.empty((len(reading.acc_g), 0))
            )
            samples += [tuple(row) for row in np.hstack([times, reading.acc_g]).tolist()]
    return samples, refused


# --- what a line says -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "t_s", "acc_g"),
    [
        (b"12.340,0.1,-0.2,0.98\n", [12.34], [[0.1, -0.2, 0.98]]),
        (b"12340,0.1,-0.2,0.98\n", [12.34], [[0.1, -0.2, 0.98]]),
        (b"0,0,0,1\n10,0,0,1\n", [0.0, 0.01], [[0, 0, 1], [0, 0, 1]]),
        (b"0,0,0,1\r\n10,0,0,1\r\n", [0.0, 0.01], [[0, 0, 1], [0, 0, 1]]),
        (b" 7. , +.5,\t1e-2, -1E+0 \n", [7.0], [[0.5, 0.01, -1.0]]),
        (b"4294967295,0,0,1\n", [4294967.295], [[0, 0, 1]]),
        (b"5,0,0,1\n5,0,0,2", [0.005, 0.005], [[0, 0, 1], [0, 0, 2]]),
    ],
)
def test_lines_with_a_time_are_a_series(payload: bytes, t_s: list[float], acc_g: list[list[float]]) -> None:
    reading = read(payload)
    assert isinstance(reading, Series)
    assert reading.at == 1.5
    np.testing.assert_allclose(reading.device_s, t_s, rtol=1e-12)
    np.testing.assert_allclose(reading.acc_g, acc_g)


def test_lines_without_a_time_are_a_frame_without_a_stamp() -> None:
    reading = read(b"0.1,-0.2,0.98\n\n# battery 80 %\n>\n0,0,200\n")
    assert isinstance(reading, Frame)
    assert not reading.stamped
    np.testing.assert_allclose(reading.acc_g, [[0.1, -0.2, 0.98], [0, 0, 200]])


def test_lines_of_the_other_codec_are_in_metres_per_second_squared() -> None:
    np.testing.assert_allclose(read(b"0,9.80665,-19.6133\n", "lines-ms2").acc_g, [[0, 1, -2]])
    assert read(b"0,0,1961\n", "lines-ms2").acc_g[0, 2] < 200


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"hello", "'hello' is no sample"),
        (b"Uncaught ReferenceError: x", "'Uncaught ReferenceError: x' is no sample"),
        (b"0,0,nan", "'0,0,nan' is no sample"),
        (b"inf,0,0", "'inf,0,0' is no sample"),
        (b"1_0,0,0", "'1_0,0,0' is no sample"),
        (b"0x1,0,0", "'0x1,0,0' is no sample"),
        (b"0,0,", "'0,0,' is no sample"),
        (b"0 0 1", "'0 0 1' is no sample"),
        ("٣,0,0".encode(), "is no sample"),
        (b"\x1b[2J1,2,3", "'[2J1,2,3' is no sample"),
        (b"0.5", "'0.5' is not three numbers"),
        (b"0,1", "'0,1' is not three numbers"),
        (b"1,0,0,1,0", "'1,0,0,1,0' is not three numbers"),
        (b"0,0,200.1", "a magnitude"),
        (b"150,150,0", "a magnitude"),
        (b"0,0,1e999", "a magnitude"),
        (b"-1,0,0,1", "a time"),
        (b"1e14,0,0,1", "a time"),
        (b"0,0,0." + 1020 * b"1", "is no sample"),
    ],
)
def test_a_line_that_is_no_sample_refuses_its_payload_and_is_named(line: bytes, why: str) -> None:
    assert why in refusal(b"0,0,1\n" + line + b"\n0,0,1\n")


@pytest.mark.parametrize("payload", [b"", b"\n", b"# 1,2,3\n", b">0,0,1\n", b"\r\n \t\n"])
def test_a_payload_without_a_sample_is_refused(payload: bytes) -> None:
    assert "lines without a sample" in refusal(payload)


@pytest.mark.parametrize("payload", [b"5,0,0,1\n4,0,0,1\n", b"5,0,0,1\n0,0,1\n", b"0,0,1\n5,0,0,1\n"])
def test_a_payload_of_two_clocks_is_refused(payload: bytes) -> None:
    assert "more than one clock" in refusal(payload)


def test_a_payload_that_is_longer_than_a_notification_can_end_is_refused() -> None:
    assert "no notification" in refusal(600 * b"0,0,1\n")


axis = st.floats(-100, 100)


@given(acc_g=st.tuples(axis, axis, axis), t_s=st.none() | st.floats(0, 5e6), unit=st.sampled_from([1.0, 9.80665]))
def test_every_line_comes_back(acc_g: tuple[float, float, float], t_s: float | None, unit: float) -> None:
    line = Line(acc_g=acc_g, t_s=t_s).to_bytes(unit=unit)
    back = Line.from_bytes(line.removesuffix(b"\n"), unit=unit)
    np.testing.assert_allclose(back.acc_g, acc_g, atol=1e-4)
    assert (back.t_s is None) == (t_s is None)
    assert back.t_s == pytest.approx(t_s, abs=1e-3)


# --- lines out of notifications ---------------------------------------------------------------------------------------


def test_lines_are_put_together_and_given_once() -> None:
    assembler = LineAssembler()
    assert [assembler.push(value) for value in (b"one\r", b"\ntw", b"o\n\nthree\nfo", b"", b"ur\n")] == [
        [],
        [b"one"],
        [b"two", b"", b"three"],
        [],
        [b"four"],
    ]


def test_a_line_that_is_too_long_comes_cut_and_the_next_one_is_whole() -> None:
    for size in (1, 20, 512):
        assembler, lines = LineAssembler(), []
        stream = 3000 * b"x" + b"\nnext\n"
        for start in range(0, len(stream), size):
            lines += assembler.push(stream[start : start + size])
        assert lines == [1025 * b"x", b"next"]
        assert assembler.dropped_bytes == 3000 - 1025


def test_an_endless_line_does_not_pile_up() -> None:
    assembler = LineAssembler()
    lines = [line for _ in range(10_000) for line in assembler.push(100 * b"7")]
    assert lines == [1025 * b"7"]
    assert assembler._waiting == b""
    assert assembler.dropped_bytes == 1_000_000 - 1025


def test_the_first_line_may_have_begun_before_the_link() -> None:
    assert heard([b"34,0,0,1\n1244,0,0,1\n"]) == ([(1.244, 0, 0, 1)], [])


def test_a_header_says_the_unit_from_there_on() -> None:
    stream = b"\n0,0,1\nt_s,ax_ms2,ay_ms2,az_ms2\r\n1.0,0,0,9.80665\n# note\nT_s, AX_G, ay_g,az_g\n2.0,0,0,1\n"
    assert heard([stream]) == ([(0, 0, 1), (1, 0, 0, 1), (2, 0, 0, 1)], [])
    assert heard([b"ax_ms2,ay_ms2,az_ms2\n0,0,9.80665\n"]) == ([(0, 0, 1)], [])


def test_a_bad_line_costs_no_other_and_is_refused_by_itself() -> None:
    samples, refused = heard([b"\n1.0,0,0,1\n1.1,0,0,nan\n1.2,0,0,1\nUncaught Error\n1.3,0,0,1\n"])
    assert [sample[0] for sample in samples] == [1.0, 1.2, 1.3]
    assert refused == [b"1.1,0,0,nan", b"Uncaught Error"]


def test_a_notification_without_a_sample_is_not_handed_on() -> None:
    stream = LineStream()
    assert [
        payload for value in (b"<- Bluetooth\r\n", b">", b"\n\n# hello\n", b"0,0") for payload in stream.push(value)
    ] == []
    assert stream.push(b",1\n0,0,2\n") == [("lines", b"0,0,1\n0,0,2\n")]


def test_a_clock_that_wraps_or_starts_anew_within_a_notification_is_followed() -> None:
    """The millisecond counter of Arduino wraps after 49.7 days; the samples after it must not be lost."""
    stream, timebase, times_s = LineStream(), Timebase(), []
    stream.push(b"\n")
    for at_s, value in [
        (10.0, b"4294967275,0,0,1\n4294967285,0,0,1\n"),
        (10.03, b"4294967295,0,0,1\n9,0,0,1\n19,0,0,1\n"),
        (10.05, b"29,0,0,1\n39,0,0,1\n"),
    ]:
        for codec, payload in stream.push(value):
            times_s += timebase.push(read(payload, codec, at_s)).t_s.tolist()
    np.testing.assert_allclose(times_s, [9.99, 10.0, 10.01, 10.02, 10.03, 10.04, 10.05], atol=1e-6)


SOME_LINES = st.sampled_from(
    [
        b"12.340,0.1,-0.2,0.98\n",
        b"12.350,0.1,-0.2,0.98\r\n",
        b"12360,0,0,1\n",
        b"3,0,0,1\n",
        b"0.1,0.2,0.3\n",
        b"t_s,ax_ms2,ay_ms2,az_ms2\n",
        b"ax_g,ay_g,az_g\n",
        b"# note\n",
        b">\n",
        b"\n",
        b"nonsense\n",
        b"1,2,3,4,5\n",
        1200 * b"9" + b"\n",
        b"0.5,",
    ]
)


@given(lines=st.lists(SOME_LINES, max_size=40), at=st.lists(st.integers(0, 2000), max_size=40))
def test_any_cut_of_the_stream_gives_the_same_samples_and_the_same_refusals(lines: list[bytes], at: list[int]) -> None:
    stream = b"".join(lines)
    byte_by_byte = heard([stream[i : i + 1] for i in range(len(stream))])
    assert heard(cut(stream, *at)) == byte_by_byte
    assert heard(cut(stream, *range(0, len(stream), 20))) == byte_by_byte


@given(value=st.binary(max_size=600), codec=st.sampled_from(["lines", "lines-ms2"]))
def test_a_decoder_answers_any_bytes_with_a_value_or_a_packet_error(value: bytes, codec: str) -> None:
    value_or_packet_error(value, codec)


def value_or_packet_error(value: bytes, codec: str = "lines") -> bool:
    """Decode; tell whether it gave a reading, which then is a good one."""
    try:
        reading = read(value, codec)
    except PacketError:
        return False
    assert np.isfinite(reading.acc_g).all()
    if isinstance(reading, Series):
        assert np.isfinite(reading.device_s).all()
        assert (np.diff(reading.device_s) >= 0).all()
    return True


def test_what_is_handed_on_of_a_damaged_stream_is_read_or_refused() -> None:
    seed = 20240607
    print(f"seed {seed}")  # noqa: T201
    chance, stream, outcomes = random.Random(seed), LineStream(), []
    alphabet = b"0123456789.,-+eE#>\r\n\n_ nainf\xff\x00"
    for number in range(3000):
        value = bytearray(b"".join(b"%d,0.1,-0.25,0.98\n" % (40 * number + 10 * i) for i in range(4)))
        for _ in range(chance.randrange(4)):
            value[chance.randrange(len(value))] = chance.choice(alphabet)
        outcomes += [value_or_packet_error(payload, codec) for codec, payload in stream.push(bytes(value))]
    assert outcomes.count(True) > 3000
    assert outcomes.count(False) > 1000


# --- the app for a Bangle.js ------------------------------------------------------------------------------------------

WATCH = """
const { EventEmitter } = require("node:events");
let now_s = 100, registers = {}, poll_ms = 80, measuring = 0;
global.NRF = Object.assign(new EventEmitter(), { getSecurityStatus: () => ({ connected: false }) });
global.E = Object.assign(new EventEmitter(), { showMessage() {} });
global.Bluetooth = { println: text => process.stdout.write(text + "\\r\\n") };
global.Bangle = Object.assign(new EventEmitter(), {
  accelWr: (register, value) => { registers[register] = value; },
  setPollInterval: ms => { poll_ms = ms; },
});
global.getTime = () => now_s;
global.setWatch = global.load = () => {};
global.BTN = 1;

function run(seconds) {  // as the firmware does: it counts in 4 g, and sees what is new each time that it asks
  const within_g = (registers[0x18] >> 3 & 3) == 2 ? 8 : 4;
  const rate_hz = 12.5 * 2 ** (registers[0x1b] & 7);
  for (let i = 0; i < seconds * Math.min(rate_hz, 1000 / poll_ms); i++, now_s += 1 / rate_hz)
    Bangle.emit("accel", { x: 0.25 * 4 / within_g, y: -4 * 4 / within_g, z: 1 * 4 / within_g });
}
registers = { 0x18: 0xec, 0x1b: 0x00 };
require(process.argv[1]);
run(1);                      // nobody is connected
NRF.emit("connect"); run(2);
NRF.emit("disconnect"); run(1);
process.stdout.write("# " + JSON.stringify([registers, poll_ms, Bangle.listenerCount("accel")]) + "\\n");
"""


def test_the_app_for_a_bangle_sends_lines_that_are_understood_while_connected() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed: apt-get install nodejs")
    ran = subprocess.run([node, "-e", WATCH, str(BANGLE_APP)], capture_output=True, check=True, timeout=60)
    samples, refused = heard(cut(b"\n" + ran.stdout, *range(0, len(ran.stdout), 20)))
    assert refused == []
    assert len(samples) == 100  # two seconds at 50 Hz
    np.testing.assert_allclose([sample[0] for sample in samples], np.arange(100) / 50, atol=1e-3)
    np.testing.assert_allclose([sample[1:] for sample in samples], np.tile([0.25, -4, 1], (100, 1)))
    assert ran.stdout.endswith(b'# [{"24":236,"27":0},80,0]\n')  # the watch is left as it was found
