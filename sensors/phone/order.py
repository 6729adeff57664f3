"""Messages that carry a number and come out of order, put right."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_WAITING = 8
WAIT_S = 2.0
"""So many messages wait for a missing one, and so long; then it is lost."""

FARTHEST = 1000
"""A number that is further off than this is not of the same count. An app that sends ten messages a second reaches it
after 100 s: nothing overtakes, is sent again or is waited for by so much, and after a silence that long there is
nothing to put right."""

REMEMBERED = 8
"""Of so many sessions that are over, messages that come late are known."""


class InOrder(Generic[T]):
    """Hands messages on in the order of their numbers, session by session.

    A session begins with the first message of it that comes, whatever its number: apps do not say with which they
    begin. A new session ends the one before; what waits of that is handed on. A message that comes twice, or later
    than one waits for it, is left out. A number further than `FARTHEST` from the one that is due, either way, begins
    the session anew in the same way: one wild number would otherwise make all that come after it too late.

    Latency: none while messages come in order, `WAIT_S` at most when one is missing. Failure modes: at the beginning
    of a session a message that was overtaken is lost; a wild number that is less far off costs what it skips.

    Attributes
    ----------
    lost : messages that did not come in time. jumps : how often a session began anew.
    waiting_since_s : since when one is missing, None while none is.
    """

    def __init__(self) -> None:
        self.lost = self.jumps = 0
        self.waiting_since_s: float | None = None
        self._session: str | None = None
        self._over: deque[str] = deque(maxlen=REMEMBERED)
        self._next = 0
        self._waiting: dict[int, T] = {}

    def push(self, session: str, number: int, message: T, now_s: float) -> list[T]:
        """Take a message that comes at `now_s`; give those that it is the turn of."""
        if session in self._over:
            return []
        ready = [] if self._is_of_this_count(session, number) else self._begin(session, number)
        if number < self._next or number in self._waiting:
            return ready
        self._waiting[number] = message
        ready += self._in_turn(now_s)
        if len(self._waiting) >= MOST_WAITING:
            ready += self.give_up(now_s)
        return ready

    def give_up(self, now_s: float) -> list[T]:
        """Wait no longer for what is missing; give what comes after it."""
        if not self._waiting:
            return []
        first = min(self._waiting)
        self.lost += first - self._next
        self._next = first
        return self._in_turn(now_s)

    def _is_of_this_count(self, session: str, number: int) -> bool:
        return session == self._session and abs(number - self._next) <= FARTHEST

    def _begin(self, session: str, number: int) -> list[T]:
        rest = [self._waiting[waiting] for waiting in sorted(self._waiting)]
        if session == self._session:
            self.jumps += 1
        elif self._session is not None:
            self._over.append(self._session)
        self._session, self._next = session, number
        self._waiting.clear()
        return rest

    def _in_turn(self, now_s: float) -> list[T]:
        """Give what waits without a gap; a gap after it is waited at from now on."""
        ready = []
        while self._next in self._waiting:
            ready.append(self._waiting.pop(self._next))
            self._next += 1
        if not self._waiting:
            self.waiting_since_s = None
        elif ready or self.waiting_since_s is None:
            self.waiting_since_s = now_s
        return ready
