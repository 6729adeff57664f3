"""A ring buffer whose newest rows are always one contiguous view."""

from __future__ import annotations

import numpy as np

from coach.model import FloatArray


class Ring:
    """Keeps the last `capacity` rows of a stream; memory and cost a row do not depend on its length.

    Every row is written twice, `capacity` apart, so that `last(n)` is a view and never a copy of two pieces.

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
        self._pushed = 0

    def __len__(self) -> int:
        return min(self._pushed, self.capacity)

    @property
    def pushed(self) -> int:
        """Rows taken since the last reset: the index of the next row."""
        return self._pushed

    def push(self, rows: FloatArray) -> None:
        """Append rows, shape (n, columns)."""
        kept = rows[-self.capacity :]
        start = (self._pushed + len(rows) - len(kept)) % self.capacity
        first = min(len(kept), self.capacity - start)
        for offset in (0, self.capacity):
            self._rows[start + offset : start + offset + first] = kept[:first]
            self._rows[offset : offset + len(kept) - first] = kept[first:]
        self._pushed += len(rows)

    def last(self, n: int) -> FloatArray:
        """View the newest `n` rows, oldest first; valid until the next push.

        Raises
        ------
        ValueError
            When fewer rows are held.
        """
        if n > len(self):
            raise ValueError(f"{n} rows asked for, {len(self)} held")
        end = (self._pushed - 1) % self.capacity + 1 + self.capacity if self._pushed else 0
        return self._rows[end - n : end]

    def reset(self) -> None:
        """Forget everything."""
        self._pushed = 0
