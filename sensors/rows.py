"""Our own wire format for acceleration with a stamp for every sample: recordings and the simulated runner use it.

`rows` holds little-endian float64 rows `device_s, ax_g, ay_g, az_g`; all of them arrived at the packet's `at`.
`timed-rows` puts the host time at which each row arrived in front, non-decreasing; the packet's `at` is the last of
them. Batching is then a matter of speed only: one packet of a thousand timed rows says what a thousand packets say.
"""

from __future__ import annotations

import numpy as np

from coach.errors import PacketError
from coach.model import FloatArray, Packet, Samples

LARGEST = 1e12
"""No stamp is later, in seconds, and no acceleration larger, in g: what calculates with them must not overflow."""


def encode(rows: FloatArray) -> bytes:
    """Encode rows, shape (n, 4) for `rows` or (n, 5) for `timed-rows`."""
    return rows.astype("<f8", copy=False).tobytes()


def decode(packet: Packet) -> Samples:
    """Decode either format.

    Raises
    ------
    PacketError
        When the payload is empty, not a whole number of rows, without sense, or arriving out of order.
    """
    columns = 5 if packet.codec == "timed-rows" else 4
    if not packet.payload or len(packet.payload) % (8 * columns):
        raise PacketError(f"{packet.codec} come in rows of {8 * columns} bytes", packet.payload)
    rows = np.frombuffer(packet.payload, dtype="<f8").reshape(-1, columns)
    if not (np.abs(rows) <= LARGEST).all():
        raise PacketError(f"a value is no number, or larger than {LARGEST:g}", packet.payload)
    if columns == 4:
        return Samples(at_s=np.full(len(rows), packet.at), device_s=rows[:, 0], acc_g=rows[:, 1:])
    if rows[-1, 0] > packet.at or (np.diff(rows[:, 0]) < 0).any():
        raise PacketError("arrivals run backwards, or past that of their packet", packet.payload)
    return Samples(at_s=rows[:, 0], device_s=rows[:, 1], acc_g=rows[:, 2:])
