"""The characters that a picture is drawn with, and the big figures made of them."""

from __future__ import annotations

from dataclasses import dataclass, fields

# Three by five dots, the smallest size at which every figure is told apart from a treadmill.
_FONT = {
    "0": "### # # # # # # ###",
    "1": " #  ##   #   #  ###",
    "2": "###   # ### #   ###",
    "3": "###   # ###   # ###",
    "4": "# # # # ###   #   #",
    "5": "### #   ###   # ###",
    "6": "### #   ### # # ###",
    "7": "###   #   #   #   #",
    "8": "### # # ### # # ###",
    "9": "### # # ###   # ###",
    "-": "        ###        ",
    " ": "                   ",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """The characters that a frame is drawn with; `ramp` goes from empty to full."""

    ramp: str
    full: str
    thin: str
    thick: str
    edge: str
    you: str
    beat: str
    left: str
    right: str
    dash: str
    dot: str
    ellipsis: str

    def fit_for(self, encoding: str) -> bool:
        """Tell whether all of them can be written in an encoding."""
        try:
            "".join(getattr(self, each.name) for each in fields(self)).encode(encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return True


UNICODE = Glyphs(
    ramp=" ▁▂▃▄▅▆▇█",
    full="█",
    thin="─",
    thick="━",
    edge="┃",
    you="●",
    beat="○",
    left="◀",
    right="▶",
    dash="–",
    dot="·",
    ellipsis="…",
)
ASCII = Glyphs(
    ramp=" .:|#",
    full="#",
    thin="-",
    thick="=",
    edge="|",
    you="@",
    beat="o",
    left="<",
    right=">",
    dash="-",
    dot="|",
    ellipsis="~",
)


def glyphs_for(encoding: str | None) -> Glyphs:
    """Choose the characters for a stream's encoding."""
    return UNICODE if encoding and UNICODE.fit_for(encoding) else ASCII


def figures(text: str, size: int, full: str) -> list[str]:
    """Draw digits, "-" and spaces as rows of dots, each dot two cells wide and one high, times `size`."""
    rows: list[str] = []
    for top in range(0, 5 * 4, 4):
        dots = " ".join(_FONT[figure][top : top + 3] for figure in text)
        row = "".join((full if dot == "#" else " ") * 2 * size for dot in dots)
        rows.extend([row] * size)
    return rows
