"""Where a phone is, or where this machine listens for one: a host and a port."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import Self

from coach.errors import UsageError

_LABEL = r"[A-Za-z0-9-]{1,63}"
_HOST = rf"\[[0-9A-Fa-f:.]{{2,45}}\]|{_LABEL}(?:\.{_LABEL}){{0,7}}"
_FORM = re.compile(rf"(?:(?:http|ws)://)?(?P<host>{_HOST})?(?::(?P<port>[0-9]{{1,5}}))?/?")
_ELSEWHERE = ("192.0.2.1", 9)  # of documentation: nothing is sent there, the system only says by which way it would go


@dataclass(frozen=True, slots=True)
class Address:
    """A host, "" for all addresses of this machine, and a port, None for the usual one."""

    host: str
    port: int | None

    @classmethod
    def parse(cls, text: str, *, listening: bool = False) -> Self:
        """Read HOST[:PORT], as the apps show it too: http://192.168.0.42:8080/.

        Parameters
        ----------
        listening : this machine waits there; the host may be left out; port 0 of a host is any that is free.

        Raises
        ------
        UsageError
            When it is not of that form.
        """
        if not text.strip() and not listening:
            raise UsageError("where the phone is must be told", hint="--address 192.168.0.42:8080, as its app shows it")
        form = _FORM.fullmatch(text.strip())
        host = (form["host"] or "") if form else ""
        port = int(form["port"]) if form and form["port"] else None
        lowest = 0 if listening and host else 1
        if form is None or not (host or listening) or not (port is None or lowest <= port <= 65535):
            wanted = "[HOST]:PORT" if listening else "HOST[:PORT]"
            raise UsageError(f"{text[:80]!r} is not {wanted}", hint="as in 192.168.0.42:8080")
        return cls(host, port)

    def __str__(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"


def own_address() -> str:
    """Tell an address by which others in the network reach this machine; its name where there is no network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()
