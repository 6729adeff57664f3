"""Recordings in CSV: what is read, what is refused and where, and that chunks do not matter."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coach.errors import RecordingError
from coach.formats.recording import Recording, RecordingWriter
from coach.model import FloatArray

DATA = Path(__file__).parents[1].parent / "shared" / "data"
GOOD = "t_s,ax_g,ay_g,az_g\n0.00,0.1,-0.2,1.0\n0.01,0.2,-0.3,0.9\n0.02,0.3,-0.4,0.8\n"
GOOD_ROWS = [[0.0, 0.0, 0.1, -0.2, 1.0], [0.01, 0.01, 0.2, -0.3, 0.9], [0.02, 0.02, 0.3, -0.4, 0.8]]


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "run.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path, *, chunk: int = 4096, lenient: bool = False) -> FloatArray:
    with Recording(path, lenient=lenient) as recording:
        return np.concatenate([np.empty((0, 5)), *recording.chunks(chunk)])


# --- what is read -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(GOOD, id="plain"),
        pytest.param(GOOD.replace("t_s,ax_g,ay_g,az_g", "t,ax,ay,az"), id="short names"),
        pytest.param(GOOD.replace("t_s,ax_g", " T_s , Ax_g"), id="names with blanks and capitals"),
        pytest.param("\ufeff" + GOOD, id="byte-order mark"),
        pytest.param(GOOD.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(GOOD + "\n  \n\r\n", id="empty lines at the end"),
        pytest.param(GOOD.replace("\n0.02", "\n\n0.02"), id="empty line in the middle"),
        pytest.param(GOOD.rstrip(), id="no line break at the end"),
        pytest.param(GOOD.replace("0.01,0.2,", '"0.01"," 0.2 ",'), id="quoted cells"),
        pytest.param(GOOD.replace("0.2,-0.3", "2e-1, -.3"), id="other forms of numbers"),
        pytest.param(
            "note,az_g,ay_g,ax_g,hr,t_s\n"
            "läuft,1.0,-0.2,0.1,,0.00\n"
            '"a, b",0.9,-0.3,0.2,nan,0.01\n'
            "1_0,0.8,-0.4,0.3,x,0.02\n",
            id="other columns and another order",
        ),
    ],
)
def test_rows_are_arrival_time_and_three_axes(tmp_path: Path, content: str) -> None:
    path = write(tmp_path, content)
    assert read(path).tolist() == GOOD_ROWS
    with Recording(path) as recording:
        assert recording.unit == "g"
        assert not recording.has_arrival


def test_metres_per_second_squared_become_g(tmp_path: Path) -> None:
    path = write(tmp_path, "t_s,ax_ms2,ay_ms2,az_ms2\n0.5,9.80665,-19.6133,0\n")
    assert read(path).tolist() == [[0.5, 0.5, 1.0, -2.0, 0.0]]
    with Recording(path) as recording:
        assert recording.unit == "ms2"


def test_arrival_is_read_where_it_is_given_and_may_lie_on_another_axis(tmp_path: Path) -> None:
    path = write(tmp_path, "t_s,ax_g,ay_g,az_g,arrival_s\n100.00,1,0,0,0.25\n100.01,2,0,0,0.25\n100.02,3,0,0,0.30\n")
    assert read(path)[:, :2].tolist() == [[0.25, 100.0], [0.25, 100.01], [0.3, 100.02]]
    with Recording(path) as recording:
        assert recording.has_arrival


def test_irregular_rates_and_missing_rows_are_fine(tmp_path: Path) -> None:
    path = write(tmp_path, "t,ax,ay,az\n-1.5,0,0,1\n0.01,0,0,1\n7,0,0,1\n7.000001,0,0,1\n")
    assert read(path)[:, 1].tolist() == [-1.5, 0.01, 7.0, 7.000001]


def test_a_header_alone_is_a_recording_of_no_rows(tmp_path: Path) -> None:
    assert len(read(write(tmp_path, "t_s,ax_g,ay_g,az_g\n"))) == 0


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared recordings (../shared/data) are not there")
def test_a_real_recording_is_read_as_numpy_reads_it() -> None:
    path = DATA / "fuzzy_run_shoe" / "matt.csv"
    rows = read(path)
    expected = np.loadtxt(path, delimiter=",", skiprows=1)
    assert rows[:, 1:].tolist() == expected.tolist()
    assert rows[:, 0].tolist() == expected[:, 0].tolist()


# --- what is refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "line", "column", "message"),
    [
        pytest.param("", None, None, "the file is empty", id="empty file"),
        pytest.param("\n0,0,0,1\n", None, None, "the first line is empty", id="empty first line"),
        pytest.param("0.00,0.1,0.2,1.0\n", 1, None, "has no header", id="no header"),
        pytest.param("t_s,ax_g,az_g\n", 1, None, "no column ay_g; there is t_s, ax_g, az_g", id="missing axis"),
        pytest.param("ax_ms2,ay_ms2,az_ms2\n", 1, None, "no column t_s; there is", id="missing time"),
        pytest.param("t_s;ax_g;ay_g\n", 1, None, "there is t_s;ax_g;ay_g", id="semicolons"),
        pytest.param("t_s,ax_g,ay_g,ax_g,az_g\n", 1, "ax_g", "is there twice", id="column twice"),
        pytest.param(b"\x00\x01\x02\x03" * 100, None, None, "not a text file", id="binary"),
        pytest.param(GOOD.encode("utf-16"), None, None, "not a text file", id="UTF-16"),
        pytest.param(b"\x1f\x8b\x08\xff\xfe\n", 1, None, "not UTF-8", id="not UTF-8"),
        pytest.param("x" * 70000, None, None, "not a text file", id="endless first line"),
        pytest.param('t_s,"ax_g,ay_g,az_g\n', 1, None, "not CSV", id="open quote in the header"),
        pytest.param(GOOD + "0.03,abc,0,1\n", 5, "ax_g", "'abc' is not a number", id="text"),
        pytest.param(GOOD + "0.03,1,,1\n", 5, "ay_g", "the cell is empty", id="empty cell"),
        pytest.param(GOOD + "0.03,1,0,nan\n", 5, "az_g", "nan is not a finite number", id="nan"),
        pytest.param(GOOD + "inf,1,0,1\n", 5, "t_s", "inf is not a finite number", id="inf"),
        pytest.param(GOOD + "0.03,1e999,0,1\n", 5, "ax_g", "1e999 is not a finite number", id="overflow"),
        pytest.param(GOOD + "0.03,1_0,0,1\n", 5, "ax_g", "'1_0' is not a number", id="underscore"),
        pytest.param(GOOD + "0.03,٣,0,1\n", 5, "ax_g", "'٣' is not a number", id="digits of another script"),
        pytest.param(GOOD + '0.03,"0,98",0,1\n', 5, "ax_g", "'0,98' is not a number", id="decimal comma"),
        pytest.param(GOOD + "0.03,1,0\n", 5, None, "3 cells, the header has 4", id="too few cells"),
        pytest.param(GOOD + "0.03,1,0,1,\n", 5, None, "5 cells, the header has 4", id="too many cells"),
        pytest.param(GOOD + '0.03,"1,0,1\n', 5, None, "not CSV", id="open quote"),
        pytest.param(GOOD + "0.01,1,0,1\n", 5, "t_s", "time goes from 0.02 to 0.01 s", id="time goes back"),
        pytest.param(GOOD + "0.02,1,0,1\n", 5, "t_s", "time goes from 0.02 to 0.02 s", id="time stands still"),
        pytest.param(
            "t,ax,ay,az,arrival_s\n0,0,0,1,0.5\n\n1,0,0,1,0.4\n",
            4,
            "arrival_s",
            "arrival goes back from 0.5 to 0.4 s",
            id="arrival goes back",
        ),
        pytest.param(GOOD.encode() + b"0.03,1,\xff,1\n", 5, None, "not UTF-8", id="not UTF-8 in a row"),
    ],
)
def test_an_error_names_its_place_and_what_to_do(
    tmp_path: Path, content: str | bytes, line: int | None, column: str | None, message: str
) -> None:
    with pytest.raises(RecordingError) as caught:
        read(write(tmp_path, content))
    assert message in caught.value.message
    assert (caught.value.line, caught.value.column) == (line, column)
    assert caught.value.hint


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"none\.csv: there is no such file"):
        Recording(tmp_path / "none.csv")
    with pytest.raises(RecordingError, match=r"is a folder|may not be read"):
        Recording(tmp_path)


def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    path.chmod(0)
    try:
        path.open().close()
    except PermissionError:
        with pytest.raises(RecordingError, match="may not be read"):
            Recording(path)
    else:
        pytest.skip("this user may read every file (root, or a system without permissions)")


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_rows_before_a_bad_one_are_handed_over_first(tmp_path: Path, chunk: int) -> None:
    rows: list[list[float]] = []
    with Recording(write(tmp_path, GOOD + "0.03,x,0,1\n0.04,1,0,1\n")) as recording:
        chunks = recording.chunks(chunk)
        with pytest.raises(RecordingError, match="line 5, column ax_g"):
            rows.extend(row for table in chunks for row in table.tolist())
    assert rows == GOOD_ROWS


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
def test_lenient_leaves_bad_rows_out_and_counts_them(tmp_path: Path, chunk: int) -> None:
    bad = b"0.011,x,0,1\n0.005,1,0,1\n0.012,1\n0.013,1,\xff,1\n,,,\n0.014,inf,0,1\n"
    first, second, last = GOOD.encode().rsplit(b"\n", 2)
    with Recording(write(tmp_path, first + b"\n" + bad + second + b"\n" + last), lenient=True) as recording:
        rows = [row for table in recording.chunks(chunk) for row in table.tolist()]
    assert rows == GOOD_ROWS
    assert recording.skipped == 6
    assert len(recording.skipped_places) == 5
    assert recording.skipped_places[0] == "line 4, column ax_g: 'x' is not a number"


# --- chunks and cuts --------------------------------------------------------------------------------------------

LINES = st.lists(
    st.sampled_from(["{t:.3f},0.5,-1.25,{t:.1f}", '"{t:.3f}",1,2,3', "{t:.3f},x,2,3", "", "0,0,0,0", "{t:.3f},1,2,ä"]),
    max_size=30,
).map(lambda forms: [form.format(t=number / 100) for number, form in enumerate(forms)])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, chunk=st.integers(1, 40), seed=st.integers(0, 2**16))
def test_neither_chunks_nor_what_follows_change_the_rows(
    tmp_path: Path, lines: list[str], chunk: int, seed: int
) -> None:
    def text(count: int) -> str:
        return "\n".join(["t,ax,ay,az", *lines[:count]]) + "\n"

    whole = read(write(tmp_path, text(len(lines))), chunk=1, lenient=True).tolist()
    assert read(write(tmp_path, text(len(lines))), chunk=chunk, lenient=True).tolist() == whole
    cut = read(write(tmp_path, text(random.Random(seed).randint(0, len(lines)))), chunk=chunk, lenient=True).tolist()
    assert cut == whole[: len(cut)]


def test_reading_does_not_run_ahead_of_its_chunk(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD + "rubbish\n")
    with Recording(path) as recording:
        assert len(next(recording.chunks(3))) == 3


# --- writing ----------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_back_to_its_decimals(tmp_path: Path) -> None:
    rows = np.array([[0.1, 0.0123456789, 1.0, -0.123456, 2.5], [0.2, 0.02, 0.0, 0.0, 1.0]])
    path = tmp_path / "run.csv"
    with RecordingWriter(path, arrival=True) as writer:
        writer.write(rows[:1])
        writer.write(rows[1:])
        writer.write(rows[:0])
    assert path.read_bytes() == (
        b"t_s,ax_g,ay_g,az_g,arrival_s\n"
        b"0.012346,1.00000,-0.12346,2.50000,0.100000\n"
        b"0.020000,0.00000,0.00000,1.00000,0.200000\n"
    )
    assert read(path).tolist() == [[0.1, 0.012346, 1.0, -0.12346, 2.5], [0.2, 0.02, 0.0, 0.0, 1.0]]


def test_arrival_is_left_out_where_it_is_not_wanted(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    with RecordingWriter(path, arrival=False) as writer:
        writer.write(np.array([[9.0, 0.5, 1.0, 2.0, 3.0]]))
    assert path.read_bytes() == b"t_s,ax_g,ay_g,az_g\n0.500000,1.00000,2.00000,3.00000\n"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be written"):
        RecordingWriter(tmp_path / "none" / "run.csv", arrival=True)
