"""What a run asks of pain, and what keeps it from being coached."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import click

from coach.care import (
    NAMED_FLAGS,
    NEW_PAINS,
    RED_FLAGS,
    SEE_A_DOCTOR,
    WORST_PAIN,
    Note,
    advice,
    said,
    standing_red_flag,
)
from coach.errors import StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from coach.care import NewPain, RedFlag
    from coach.config import Config, Layer
    from coach.store.book import Store

ORIGIN = "red flag"
"""What the settings of a run that is not coached are said to come from."""

Answer = TypeVar("Answer")
Name = TypeVar("Name", bound=str)
Say = Callable[[str], None]


def check_can_ask(*, keeps: bool) -> None:
    """Refuse questions that nobody can answer, or whose answers would go with no run.

    Raises
    ------
    UsageError
        Then.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError(
            "--pain asks questions, and there is no terminal to answer them",
            hint="note it before and after: coach note --before --pain 2, and coach note --pain 2",
        )
    if not keeps:
        raise UsageError(
            "--pain keeps its answers with the run, and this run is not kept", hint="leave one of both out"
        )


def ask_before(store: Store | None, say: Say, runner: str = "") -> bool:
    """Ask a runner before a run; tell whether it may begin. What was answered is kept, however the questions end.

    The answers wait in the store until a run of the same day begins: a sensor that is not found loses none.
    """
    note = Note(at=datetime.now(UTC), runner=runner, when="before")
    try:
        note = replace(note, back_pain=_ask("Back pain now, 0-10 (Enter skips)", _pain))
        flags = f"{RED_FLAGS['leg'].capitalize()}, {RED_FLAGS['numbness']}, or {RED_FLAGS['standing']}? [y/N]"
        if _ask(flags, _yes):
            note = replace(note, red_flag="unsaid")  # which is what stays when somebody leaves now
            say(SEE_A_DOCTOR)
            note = replace(note, red_flag=_ask("Which one: leg, numbness or standing (Enter skips)", _red_flag))
    finally:
        _keep(store, note, say)
    return note.red_flag is None


def ask_after(store: Store | None, run: int, say: Say, runner: str = "") -> None:
    """Ask a runner after a run that has been kept. What was answered is kept, however the questions end."""
    _forget_typed()
    note = Note(at=datetime.now(UTC), runner=runner, run=run, when="after")
    try:
        note = replace(note, back_pain=_ask("Back pain now, 0-10 (Enter skips)", _pain))
        note = replace(note, new_pain=_ask("New pain? calf, Achilles, hip (Enter: none)", _new_pains))
    finally:
        if _keep(store, note, say):
            say(f"Kept with run {run}: {said(note)}.")
        for line in advice(note):
            say(line)


def uncoached(config: Config, store: Store | None, say: Say) -> list[Layer]:
    """Give what turns coaching off, and say why, while a red flag is up that no doctor has looked at; else nothing.

    A plan, too, would coach: it waits.

    Notes that cannot be read are told of, and stop nothing.

    Parameters
    ----------
    store : the open one; None for a run that is not kept, which is coached no more than another.
    """
    from coach.config import Layer

    flag = _red_flag_up(config, store, say)
    if flag is None:
        return []
    assert flag.red_flag is not None
    say(
        f"Coaching is off: on {flag.at.astimezone():%Y-%m-%d} you noted {RED_FLAGS[flag.red_flag]}. See a doctor; "
        "once one has looked at it: coach note --cleared"
    )
    return [Layer(ORIGIN, {"coaching": {"mode": "off", "plan": ""}})]


def _red_flag_up(config: Config, store: Store | None, say: Say) -> Note | None:
    from coach.store.book import Store, store_path

    try:
        if store is not None:
            return standing_red_flag(store.notes(config.runner.name))
        path = store_path(config.store.path)
        if not path.exists():
            return None
        with Store.open(path) as opened:
            return standing_red_flag(opened.notes(config.runner.name))
    except StoreError as error:
        say(f"your notes cannot be read: {error}")
        return None


def midnight() -> datetime:
    """Give the beginning of today: notes that were made before a run since then go with it."""
    return datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)


def _keep(store: Store | None, note: Note, say: Say) -> bool:
    """Keep a note that says something; tell whether it is kept."""
    if store is None or note.is_empty:
        return False
    try:
        store.note(note)
    except StoreError as error:
        say(f"the note is not kept: {error}")
        return False
    return True


# --- questions ----------------------------------------------------------------------------------------------------


def _ask(question: str, read: Callable[[str], Answer]) -> Answer:
    """Ask until the answer can be read; on stderr, because stdout is data.

    Raises
    ------
    click.Abort
        When the terminal has been closed.
    """
    while True:
        click.echo(f"{question}: ", nl=False, err=True)
        try:
            line = sys.stdin.readline()
            if not line:
                raise click.Abort
            return read(line.strip().lower())
        except UnicodeDecodeError:
            click.echo("That could not be read.", err=True)
        except ValueError as error:
            click.echo(str(error), err=True)


def _pain(answer: str) -> int | None:
    if not answer:
        return None
    if not (answer.isascii() and answer.isdecimal() and int(answer) <= WORST_PAIN):
        raise ValueError(f"A whole number from 0 (none) to {WORST_PAIN} (the worst), please.")
    return int(answer)


def _yes(answer: str) -> bool:
    if answer not in ("", "n", "no", "y", "yes"):
        raise ValueError("y or n, please.")
    return answer.startswith("y")


def _red_flag(answer: str) -> RedFlag:
    found = _named(answer, NAMED_FLAGS)
    if len(found) > 1:
        raise ValueError("One of them, please.")
    return found[0] if found else "unsaid"


def _new_pains(answer: str) -> tuple[NewPain, ...]:
    return () if answer in ("n", "no", "none") else _named(answer, NEW_PAINS)


def _named(answer: str, names: Iterable[Name]) -> tuple[Name, ...]:
    """Read names, or how they begin, between spaces or commas."""
    known = list(names)
    words = answer.replace(",", " ").split()
    found = [name for word in words for name in known if name.startswith(word)]
    if len(found) != len(words):
        raise ValueError(f"{', '.join(known)}, or how they begin, please.")
    return tuple(dict.fromkeys(found))


def _forget_typed() -> None:
    """Drop keys that were pressed while the run was being closed: they are no answers."""
    try:
        import termios
    except ImportError:  # Windows
        return
    with suppress(termios.error):  # the terminal is gone
        termios.tcflush(sys.stdin, termios.TCIFLUSH)
