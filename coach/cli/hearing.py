"""The output that a run would use, for commands that want somebody to hear it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from coach.errors import AudioError

if TYPE_CHECKING:
    from coach.config import AudioConfig
    from coach.model import OutputReport
    from coach.ports import Clock, Output


@contextmanager
def heard(config: AudioConfig, clock: Clock) -> Iterator[tuple[Output, list[OutputReport]]]:
    """Open the output that a run would use; give it, and what it reports: one report at first, more as they come.

    Raises
    ------
    AudioError
        When none opens, or when it is one that nobody hears.
    """
    from audio.outputs import choose

    reports: list[OutputReport] = []
    with TemporaryDirectory() as folder:
        output = choose(config, clock=clock, wav_path=Path(folder) / "clicks.wav")
        output.open(reports.append)
        try:
            if output.name in ("wav", "null"):
                raise AudioError(
                    "nothing can be heard here: a run plays into a file, or not at all",
                    hint="`coach doctor` says what is missing",
                )
            yield output, reports
        finally:
            output.close()
