"""Sensor Logger's messages, by HTTP push or MQTT (github.com/tszheichoi/awesome-sensor-logger, PUSHING.md, UNITS.md).

    {"messageId": 0, "sessionId": "…", "deviceId": "…", "payload": [
        {"name": "accelerometer", "time": 1698501144401773000, "values": {"x": 0.1, "y": -0.2, "z": 9.6}}, …]}

`time` is nanoseconds since 1970. A message carries everything that the phone records, in an order of the app's.

Which acceleration. `accelerometer` is in m/s² on iOS and Android, without gravity; the app records it whenever it
records acceleration at all, so it is what is taken. An Android phone that cannot take gravity out has
`totalacceleration` alone (that name is that of its file; the documents do not say it for messages): taken where a
message has no `accelerometer`. `accelerometeruncalibrated` is never taken: it comes beside the other, in g on iOS and
in m/s² on Android, and which of the two it is no message tells.

What is kept. A message may also hold where the runner is, and says whose phone it is. `Message.kept` is what becomes a
packet, and so all that a kept run holds: the numbers of the acceleration that is taken. `decode` reads it, and
whole messages alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from coach.model import FloatArray, Packet, Series
from sensors.phone.wire.strict import (
    MOST_SAMPLES,
    as_acceleration,
    as_count,
    as_list,
    as_object,
    as_seconds,
    as_text,
    in_g,
    read_object,
    refusing,
)

MOST_BYTES = 1 << 20
ACCELERATIONS = ("accelerometer", "totalacceleration")
"""By preference."""

_MOST_MESSAGES = 2**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message: whose it is, its place in the recording, and its entries of one kind of acceleration, unread.

    Parameters
    ----------
    number : `messageId`, which goes up by one. session : `sessionId`, of one recording. device : `deviceId`.
    """

    number: int
    session: str
    device: str
    accelerations: tuple[dict[str, object], ...]

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read a message.

        Raises
        ------
        PacketError
            For what is none. Entries of other sensors are not looked at.
        """
        with refusing(payload):
            message = read_object(payload, MOST_BYTES)
            return cls(
                number=as_count(message.get("messageId"), "messageId", _MOST_MESSAGES),
                session=as_text(message.get("sessionId"), "sessionId"),
                device=as_text(message.get("deviceId"), "deviceId"),
                accelerations=_accelerations(message),
            )

    def kept(self) -> bytes:
        """Write what `decode` uses of it; what should be a number and is none is left out, and `decode` refuses it."""
        payload = [
            {"name": entry["name"], **_numbers(entry, ["time"]), "values": _numbers(entry.get("values"), "xyz")}
            for entry in self.accelerations
        ]
        return json.dumps({"payload": payload}, separators=(",", ":")).encode()


def _numbers(entry: object, names: Iterable[str]) -> dict[str, int | float]:
    if not isinstance(entry, Mapping):
        return {}
    return {name: entry[name] for name in names if isinstance(entry.get(name), int | float)}


def _accelerations(message: dict[str, object]) -> tuple[dict[str, object], ...]:
    objects = [as_object(entry, "an entry") for entry in as_list(message.get("payload"), "payload")]
    for name in ACCELERATIONS:
        if found := tuple(entry for entry in objects if entry.get("name") == name):
            return found
    return ()


def decode(packet: Packet) -> Series:
    """Decode a packet of codec `sensor-logger`.

    Raises
    ------
    PacketError
        When there is no acceleration in it, or more than `MOST_SAMPLES`, or something that is none.
    """
    with refusing(packet.payload):
        entries = _accelerations(read_object(packet.payload, MOST_BYTES))
        if not 0 < len(entries) <= MOST_SAMPLES:
            raise ValueError(f"{len(entries)} samples are not 1 to {MOST_SAMPLES}")
        times_s = [as_seconds(entry.get("time"), "time") for entry in entries]
        values = [as_object(entry.get("values"), "values") for entry in entries]
        acc_g = in_g([as_acceleration([value.get(axis) for axis in "xyz"]) for value in values])
    return Series(at=packet.at, device_s=np.array(times_s), acc_g=acc_g)


def encode(
    number: int,
    session: str,
    device: str,
    times_ns: Sequence[int],
    acc_mps2: FloatArray,
    *,
    name: str = ACCELERATIONS[0],
) -> bytes:
    """Write a message as the app does; acc_mps2 has the shape (n, 3)."""
    payload = [
        {"name": name, "time": time_ns, "values": dict(zip("xyz", values, strict=True))}
        for time_ns, values in zip(times_ns, acc_mps2.tolist(), strict=True)
    ]
    message = {"messageId": number, "sessionId": session, "deviceId": device, "payload": payload}
    return json.dumps(message).encode()
