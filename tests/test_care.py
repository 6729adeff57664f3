"""What follows from a note, and how it is said."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

import pytest

from coach.care import (
    NAMED_FLAGS,
    NEW_PAINS,
    RED_FLAGS,
    SEE_A_DOCTOR,
    STEP_BACK,
    NewPain,
    Note,
    RedFlag,
    advice,
    said,
    said_of_run,
    standing_red_flag,
)

PLAIN = Note(at=datetime(2026, 3, 29, 5, 40, tzinfo=UTC))
FLAG = replace(PLAIN, red_flag="leg")
CLEARED = replace(PLAIN, cleared=True)
PAIN = replace(PLAIN, back_pain=10, new_pain=("hip",))


@pytest.mark.parametrize(
    ("notes", "standing"),
    [
        ([], None),
        ([PAIN], None),
        ([PAIN, FLAG, PAIN], FLAG),
        ([CLEARED, FLAG], None),
        ([PAIN, CLEARED, PAIN, FLAG], None),
        ([replace(FLAG, red_flag="standing"), CLEARED, FLAG], replace(FLAG, red_flag="standing")),
    ],
)
def test_a_red_flag_stands_until_a_later_note_clears_it(notes: list[Note], standing: Note | None) -> None:
    assert standing_red_flag(notes) == standing


def test_what_follows_from_a_note() -> None:
    assert advice(replace(PLAIN, back_pain=10, text="it hurts")) == []
    assert advice(CLEARED) == []
    assert advice(PAIN) == [STEP_BACK]
    assert advice(FLAG) == [SEE_A_DOCTOR]
    assert advice(replace(FLAG, new_pain=("calf",))) == [SEE_A_DOCTOR, STEP_BACK]


def test_every_pain_has_words() -> None:
    assert tuple(RED_FLAGS) == get_args(RedFlag) == (*NAMED_FLAGS, "unsaid")
    assert tuple(NEW_PAINS) == get_args(NewPain)


def test_nothing_that_is_said_claims_to_treat_or_to_explain() -> None:
    for text in (SEE_A_DOCTOR, STEP_BACK, *RED_FLAGS.values()):
        assert not re.search(r"cure|heal|treat|prevent|because|caus|injur", text, re.IGNORECASE)


def test_a_note_says_something_or_is_empty() -> None:
    assert PLAIN.is_empty
    assert replace(PLAIN, when="after", run=3).is_empty
    assert not any(
        note.is_empty for note in (FLAG, CLEARED, replace(PLAIN, back_pain=0), replace(PLAIN, text="slept badly"))
    )


def test_a_note_in_words() -> None:
    assert said(replace(PLAIN, back_pain=0, when="before")) == "back pain 0"
    assert said(replace(PAIN, new_pain=("achilles", "calf"), text="hills")) == (
        'back pain 10; new pain: Achilles, calf; "hills"'
    )
    assert said(FLAG) == "red flag: pain shooting down a leg"
    assert said(CLEARED) == "a doctor has looked at it"


def test_the_notes_of_a_run_in_one_line() -> None:
    before = replace(PLAIN, when="before", back_pain=3, text="stiff")
    after = replace(PLAIN, when="after", back_pain=1, new_pain=("calf",))
    assert said_of_run([after, before]) == 'back pain 3 -> 1; "stiff"; new pain: calf'
    assert said_of_run([before]) == 'back pain 3 before; "stiff"'
    assert said_of_run([after]) == "back pain 1 after; new pain: calf"
    assert said_of_run([replace(PLAIN, back_pain=2), before]) == 'back pain 3 before; back pain 2; "stiff"'
    assert said_of_run([replace(after, back_pain=0, new_pain=()), after, replace(before, text="")]) == (
        "back pain 3 -> 0; new pain: calf"
    )
