"""Where a sensor is worn, as far as its signal tells, and what follows for its steps.

Three regions. A *foot* (or ankle, or shank) feels its own contacts and nothing of the other's. The *trunk* feels both
alike. A *limb* that swings (thigh, arm, hand) feels something of its own at a phase of its own, so that its steps can
be counted, not placed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from coach.dsp.contacts import loudness
from coach.dsp.landings import hardness
from coach.dsp.tempo import Rhythm
from coach.dsp.tracker import Contact
from coach.model import FloatArray, Placement

Region = Literal["foot", "trunk", "limb"]

SAID: dict[Region, str] = {
    "foot": "by its signal on a foot or shank: step times are contacts",
    "trunk": "by its signal on the trunk: step times are contacts",
    "limb": "by its signal on a limb: steps are counted, their phase is unknown",
}

ALIKE, ALIKE_ON_TRUNK = 0.6, 0.8
"""Left and right steps look alike to a sensor that feels both; on the trunk very much so."""

HARD, FOOT_HARDNESS = 3.0, 7.0
OTHER_FOOT = 0.04
"""Feet and shanks jolt harder than the second, or harder than the first and feel no more than so much, in energy, when
the other foot lands: a thigh feels a tenth. (A shoe jolts at push-off too, half way between.)"""

_REGIONS: dict[Placement, Region] = {
    "foot": "foot",
    "ankle": "foot",
    "shank": "foot",
    "waist": "trunk",
    "sacrum": "trunk",
    "chest": "trunk",
    "thigh": "limb",
    "upper_arm": "limb",
    "wrist": "limb",
    "hand": "limb",
}


def region_of(placement: Placement) -> Region | None:
    """Give the region of a placement; None for "unknown"."""
    return _REGIONS.get(placement)


def feels_both_feet(placement: Placement, alike: float) -> bool:
    """Tell whether a sensor feels both feet alike.

    Parameters
    ----------
    alike : correlation of its signal with itself half a stride later.
    """
    region = region_of(placement)
    return region == "trunk" or (region != "foot" and alike > ALIKE)


def infer_region(
    rhythm: Rhythm, acc_g: FloatArray, contacts: Sequence[Contact], newest: int, *, both_feet: bool
) -> Region:
    """Tell where the sensor is worn from some seconds of gait.

    Data needed: three strides, 50 Hz or more for a foot. Failure modes: a phone held still before the body seems to be
    on the trunk, a thigh that jolts very hard a foot, a foot that treads very softly or is sampled slowly a limb.

    Parameters
    ----------
    acc_g : shape (n, 3), the samples that the rhythm was found in. contacts : found in them, alternating.
    newest : grid index of the last sample.
    """
    if both_feet:
        return "trunk" if rhythm.alike > ALIKE_ON_TRUNK else "limb"
    hard = hardness(acc_g, rhythm.rms_g)
    is_foot = hard > FOOT_HARDNESS or (hard > HARD and _is_one_footed(acc_g, contacts, newest))
    return "foot" if is_foot else "limb"


def _is_one_footed(acc_g: FloatArray, contacts: Sequence[Contact], newest: int) -> bool:
    """Tell whether only every other contact is felt as a jolt."""
    offset = newest + 1 - len(acc_g)
    reach = 0.2 * (contacts[-1].at - contacts[-2].at)
    own, other = (
        loudness(acc_g, [contact.at - offset for contact in contacts if contact.own is is_own], reach)
        for is_own in (True, False)
    )
    return 0 < other < OTHER_FOOT * own
