"""ALSA's complaints, kept off the screen.

Where there is no sound card, or a server dies, the library prints dozens of lines from C, over whatever view is on the
screen. What went wrong is told in one line by the output that could not open; these say no more to a runner.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

_Handler = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p)


def _ignore(file: Any, line: Any, function: Any, code: Any, text: Any) -> None:
    """Take a complaint, and say nothing."""


_handler = _Handler(_ignore)  # the library keeps no reference of its own


@cache
def silence_alsa() -> None:
    """Let ALSA print nothing in this process from now on; where there is no ALSA there is nothing to do."""
    if sys.platform == "linux":
        try:
            ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_handler)
        except (OSError, AttributeError):
            return
