"""Text from outside, made fit for a terminal."""

from __future__ import annotations

import unicodedata

MAX_CHARS = 40


def printable(text: str | None) -> str:
    """Make a name from the air fit to be printed: no control or formatting characters, one line, not long."""
    kept = "".join(c for c in text or "" if c.isspace() or not unicodedata.category(c).startswith("C"))
    return " ".join(kept.split())[:MAX_CHARS]
