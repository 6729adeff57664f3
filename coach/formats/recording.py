"""Recordings in CSV: acceleration with a stamp for every sample, read as a stream and written by the simulator.

The first line names the columns, in any order: a time (`t_s` or `t`, seconds), three axes (`ax_g,ay_g,az_g`, or
`ax,ay,az`, in g; or `ax_ms2,ay_ms2,az_ms2` in m/s²), and optionally `arrival_s`, the host time at which the row
arrived; without it a row arrives at its own time. Other columns are ignored. Time must rise from row to row (two
samples cannot share a stamp), arrival must not fall; the two may lie on different axes, so neither bounds the other.
Rates may vary and rows may be missing. Empty lines, a byte-order mark, CRLF and quoted cells are tolerated; a quoted
cell with a line break in it is not.

Theory of operation: lines are read by the chunk. A chunk of plain good rows, which is nearly every chunk, is turned
into numbers at once (the quick way). Any other is read row by row (the careful way), which understands quotes and
knows the place of an error. Both ways give the same numbers; neither looks past its chunk. Rows before a bad one
are handed over before the error is raised. So the rows that a reader gets depend neither on the size of the
chunks nor on what follows in the file.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, TextIO

import numpy as np

from coach.errors import RecordingError
from coach.model import FloatArray

MS2_PER_G = 9.80665  # standard gravity, CGPM 1901
CHUNK_ROWS = 4096
PLACES_KEPT = 5

_TIMES = ("t_s", "t")
_AXES = (("ax_g", "ay_g", "az_g"), ("ax_ms2", "ay_ms2", "az_ms2"), ("ax", "ay", "az"))
_LONGEST_HEADER = 1 << 16
_NEEDED = "the first line needs t_s and ax_g,ay_g,az_g or ax_ms2,ay_ms2,az_ms2, separated by commas"
_MEND = "mend the row, or leave bad rows out with --lenient"
_UTF8 = "save it as CSV in UTF-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Which cells of a row matter: arrival, time, three axes, by place and by name."""

    width: int
    places: tuple[int, ...]
    names: tuple[str, ...]
    unit: Literal["g", "ms2"]
    has_arrival: bool


class Recording:
    """A recording, opened: its header is read and checked, its rows are still to come.

    Parameters
    ----------
    path : the CSV file.
    lenient : leave bad rows out and count them, instead of raising.

    Raises
    ------
    RecordingError
        When the file cannot be opened, is empty or no text, or its header lacks a column.
    """

    def __init__(self, path: Path, *, lenient: bool = False) -> None:
        self.path = path
        self.skipped = 0
        self.skipped_places: list[str] = []
        self._lenient = lenient
        self._file = _open(path)
        self._line = 1  # the last line that was read
        self._arrival = self._t = -math.inf  # of the last good row
        try:
            self._layout = _layout(path, _header(path, self._file))
        except BaseException:
            self._file.close()
            raise

    @property
    def unit(self) -> Literal["g", "ms2"]:
        """The unit of acceleration in the file; rows are always in g."""
        return self._layout.unit

    @property
    def has_arrival(self) -> bool:
        return self._layout.has_arrival

    def chunks(self, rows: int = CHUNK_ROWS) -> Iterator[FloatArray]:
        """Read on, up to `rows` lines at a time.

        Yields
        ------
        Shape (n, 5), n > 0: arrival (host time), time (device time), both in seconds, and three axes in g.

        Raises
        ------
        RecordingError
            At the first bad row, after all rows before it, with its line and column; not when lenient.
        """
        while lines := self._read(rows):
            first = self._line + 1
            self._line += len(lines)
            error = None
            table = self._quick(lines)
            if table is None:
                table, error = self._careful(lines, first)
            if len(table):
                self._arrival, self._t = table[-1, :2].tolist()
                yield self._in_g(table)
            if error is not None:
                raise error.in_file(self.path)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _read(self, count: int) -> list[bytes]:
        try:
            return list(islice(self._file, count))
        except OSError as error:
            raise RecordingError(f"{self.path}: cannot be read on: {error.strerror}", line=self._line + 1) from error

    def _quick(self, lines: list[bytes]) -> FloatArray | None:
        """Turn good rows into numbers; None when any of them needs a closer look."""
        width = self._layout.width
        text = b"".join(lines)
        # float() would take digits of other scripts and 1_000, which are text to us.
        if b'"' in text or b"_" in text or not text.isascii() or any(line.count(b",") != width - 1 for line in lines):
            return None
        cells = text.replace(b"\n", b",").split(b",")
        end = len(lines) * width
        table = np.empty((len(lines), 5))
        try:
            for column, place in enumerate(self._layout.places):
                table[:, column] = np.fromiter(map(float, cells[place:end:width]), np.float64, len(lines))
        except ValueError:
            return None
        return table if self._is_good(table) else None

    def _is_good(self, table: FloatArray) -> bool:
        arrival, t = table[:, 0], table[:, 1]
        rising = t[0] > self._t and arrival[0] >= self._arrival and (t[1:] > t[:-1]).all()
        return bool(rising and (arrival[1:] >= arrival[:-1]).all() and np.isfinite(table).all())

    def _careful(self, lines: list[bytes], first: int) -> tuple[FloatArray, RecordingError | None]:
        """Read row by row, up to the first bad one, which comes back as an error."""
        rows: list[list[float]] = []
        for number, line in enumerate(lines, first):
            if not line.strip():
                continue
            try:
                row = self._row(line, number)
            except RecordingError as error:
                if not self._lenient:
                    return _table(rows), error
                self._skip(error)
            else:
                self._arrival, self._t = row[:2]
                rows.append(row)
        return _table(rows), None

    def _row(self, line: bytes, number: int) -> list[float]:
        cells = _cells(line, number)
        if len(cells) != self._layout.width:
            raise RecordingError(f"{len(cells)} cells, the header has {self._layout.width}", line=number, hint=_MEND)
        names = self._layout.names
        row = [_number(cells[place], number, name) for place, name in zip(self._layout.places, names, strict=True)]
        if row[1] <= self._t:
            raise RecordingError(f"time goes from {self._t} to {row[1]} s", line=number, column=names[1], hint=_MEND)
        if row[0] < self._arrival:
            message = f"arrival goes back from {self._arrival} to {row[0]} s"
            raise RecordingError(message, line=number, column=names[0], hint=_MEND)
        return row

    def _skip(self, error: RecordingError) -> None:
        self.skipped += 1
        if len(self.skipped_places) < PLACES_KEPT:
            self.skipped_places.append(error.message)

    def _in_g(self, table: FloatArray) -> FloatArray:
        if self.unit == "ms2":
            table[:, 2:] /= MS2_PER_G
        return table


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise RecordingError(f"{path}: there is no such file", hint="check the path") from None
    except IsADirectoryError:
        raise RecordingError(f"{path}: is a folder", hint="name a CSV file in it") from None
    except PermissionError:
        raise RecordingError(f"{path}: may not be read", hint="check its permissions") from None
    except OSError as error:
        raise RecordingError(f"{path}: cannot be opened: {error.strerror}") from error


def _header(path: Path, file: BinaryIO) -> list[str]:
    """Read the names of the columns, bare and in small letters."""
    try:
        first = file.readline(_LONGEST_HEADER)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read: {error.strerror}") from error
    if not first.strip():
        raise RecordingError(f"{path}: the {'first line' if first else 'file'} is empty", hint=_NEEDED)
    if b"\0" in first or len(first) == _LONGEST_HEADER:
        raise RecordingError(f"{path}: is not a text file in UTF-8", hint=_UTF8)
    names = [name.strip().lower() for name in _cells(first.removeprefix(b"\xef\xbb\xbf"), 1)]
    if all(_is_number(name) for name in names):
        raise RecordingError(f"{path}: has no header, only numbers", line=1, hint=_NEEDED)
    return names


def _layout(path: Path, names: list[str]) -> _Layout:
    time = next((name for name in _TIMES if name in names), _TIMES[0])
    axes = max(_AXES, key=lambda axes: sum(name in names for name in axes))
    missing = [name for name in (time, *axes) if name not in names]
    if missing:
        there = ", ".join(names)
        message = f"{path}: no column {', '.join(missing)}; there is {there[:200]}{'…' if len(there) > 200 else ''}"
        raise RecordingError(message, line=1, hint=_NEEDED)
    arrival = "arrival_s" if "arrival_s" in names else time
    used = (arrival, time, *axes)
    for name in used:
        if names.count(name) > 1:
            raise RecordingError(f"{path}: the column is there twice", line=1, column=name, hint="rename one of them")
    return _Layout(
        width=len(names),
        places=tuple(names.index(name) for name in used),
        names=used,
        unit="ms2" if axes[0] == "ax_ms2" else "g",
        has_arrival=arrival == "arrival_s",
    )


def _cells(line: bytes, number: int) -> list[str]:
    try:
        text = line.decode().rstrip("\n").replace("\r", " ")  # a space, as it is to float() in the quick way
        return next(csv.reader([text], strict=True))
    except UnicodeDecodeError:
        raise RecordingError("the line is not UTF-8 text", line=number, hint=_UTF8) from None
    except csv.Error as error:
        raise RecordingError(f"the line is not CSV: {error}", line=number, hint=_MEND) from None


def _number(cell: str, line: int, column: str) -> float:
    text = cell.strip()
    if not text:
        raise RecordingError("the cell is empty", line=line, column=column, hint=_MEND)
    if not _is_number(text):
        raise RecordingError(f"{text[:40]!r} is not a number", line=line, column=column, hint=_MEND)
    value = float(text)
    if not math.isfinite(value):
        raise RecordingError(f"{text[:40]} is not a finite number", line=line, column=column, hint=_MEND)
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii() and "_" not in text


def _table(rows: Sequence[Sequence[float]]) -> FloatArray:
    return np.array(rows, dtype=np.float64).reshape(-1, 5)


class RecordingWriter:
    """Writes a recording; rows are as `Recording.chunks` gives them.

    Parameters
    ----------
    path : the file, which is made anew.
    arrival : write the column `arrival_s` too.

    Raises
    ------
    RecordingError
        From here, `write` and `close`, when the file cannot be written.
    """

    def __init__(self, path: Path, *, arrival: bool) -> None:
        self.path = path
        self._columns = [1, 2, 3, 4, 0] if arrival else [1, 2, 3, 4]
        self._row = "%.6f,%.5f,%.5f,%.5f" + (",%.6f" if arrival else "") + "\n"
        try:
            self._file: TextIO = path.open("w", encoding="ascii", newline="\n")
            self._file.write("t_s,ax_g,ay_g,az_g" + (",arrival_s" if arrival else "") + "\n")
        except OSError as error:
            raise self._failed(error) from error

    def write(self, rows: FloatArray) -> None:
        """Write rows, shape (n, 5): arrival, time, three axes; seconds and g."""
        try:
            self._file.write(self._row * len(rows) % tuple(rows[:, self._columns].ravel().tolist()))
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        try:
            self._file.close()
        except OSError as error:
            raise self._failed(error) from error

    def __enter__(self) -> RecordingWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _failed(self, error: OSError) -> RecordingError:
        hint = "check the folder, its permissions and the space left"
        return RecordingError(f"{self.path}: cannot be written: {error.strerror}", hint=hint)
