"""What was recorded, as sources: a recording in CSV, and a run that was kept.

A recording enters as packets of `timed-rows`, each as late as its last row; how many rows share a packet is a matter
of speed only. Before the first one comes the news that the sensor is connected, as live; after the last one comes
nothing, because a file that ends may be a file that was cut. A kept run is handed over as it was taken, the runner's
keys and the reports of the sound output included.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from coach.formats.recording import Recording
from coach.model import HostTime, Input, Packet, Placement, SensorState
from coach.ports import SensorInput
from coach.store import KeptRun
from sensors import rows

BATCH_ROWS = 512

T = TypeVar("T", bound=Input)


class _Series(Generic[T]):
    """Inputs in a row, as a source. Each is fetched when it is asked for, so those before an error are handed over."""

    def __init__(self, source_id: str, inputs: Iterator[T]) -> None:
        self.id = source_id
        self._inputs = inputs
        self._next: T | None = None

    def next_at(self) -> HostTime | None:
        """Give the host time of the next input, or None when there is no more."""
        if self._next is None:
            self._next = next(self._inputs, None)
        return None if self._next is None else self._next.at

    def take(self) -> T:
        """Hand over the next input.

        Raises
        ------
        EOFError
            When there is no more, which `next_at` would have said.
        """
        self.next_at()
        if self._next is None:
            raise EOFError(f"{self.id} has no more inputs")
        item, self._next = self._next, None
        return item


class RecordingSource(_Series[SensorInput]):
    """A recording as a source; `RecordingError` comes out of `next_at`, once all rows before it are out.

    Parameters
    ----------
    recording : opened, none of it read yet.
    batch_rows : rows in one packet.
    placement : where the sensor was worn, if the runner tells.
    """

    def __init__(
        self, recording: Recording, *, batch_rows: int = BATCH_ROWS, placement: Placement | None = None
    ) -> None:
        super().__init__("recording", _packets(recording, batch_rows, placement))


class KeptSource(_Series[Input]):
    """A kept run as a source of every input it took, in their order."""

    def __init__(self, run: KeptRun) -> None:
        super().__init__(f"run {run.info.id}", run.inputs())


def _packets(recording: Recording, batch_rows: int, placement: Placement | None) -> Iterator[SensorInput]:
    connected = False
    for table in recording.chunks(batch_rows):
        if not connected:
            yield SensorState(
                at=HostTime(float(table[0, 0])), sensor="recording", state="connected", placement=placement
            )
            connected = True
        yield Packet(
            at=HostTime(float(table[-1, 0])), sensor="recording", codec="timed-rows", payload=rows.encode(table)
        )
