"""A ring buffer whose newest rows are always one contiguous view."""

from __future__ import annotations

import numpy as np

from coach.model import FloatArray


class Ring:
    """Keeps the last `capacity` rows of a stream; memory and cost a row do not depend on its length.

    There is room for twice as many: when that is full the newest half moves to the front, so that `last(n)` is a view.
    Where a row lies depends on its number alone, not on the batch it came in.

    Parameters
    ----------
    capacity : rows kept.
    columns : values a row.
    """

    def __init__(self, capacity: int, columns: int) -> None:
        if capacity < 1 or columns < 1:
            raise ValueError(f"a ring of {capacity} x {columns} holds nothing")
        self.capacity = capacity
        self._rows: FloatArray = np.zeros((2 * capacity, columns))
        self._end = 0

    def __len__(self) -> int:
        return min(self._end, self.capacity)

    def push(self, rows: FloatArray) -> None:
        """Append rows, shape (n, columns)."""
        while len(rows) > (room := len(self._rows) - self._end):
            self._rows[self._end :] = rows[:room]
            self._rows[: self.capacity] = self._rows[self.capacity :]
            self._end = self.capacity
            rows = rows[room:]
        end = self._end + len(rows)
        self._rows[self._end : end] = rows
        self._end = end

    def last(self, n: int) -> FloatArray:
        """View the newest `n` rows, oldest first; valid until the next push.

        Raises
        ------
        ValueError
            When fewer rows are held.
        """
        if n > len(self):
            raise ValueError(f"{n} rows asked for, {len(self)} held")
        return self._rows[self._end - n : self._end]

    def reset(self) -> None:
        """Forget everything."""
        self._end = 0
