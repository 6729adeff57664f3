"""SensorServer's messages, each of one sample (github.com/umer0586/SensorServer).

    {"accuracy": 2, "timestamp": 3925657519043709, "values": [0.3, -0.9, 10.0]}

`timestamp` is Android's `SensorEvent.timestamp`, nanoseconds since the phone was started; `values` are m/s² with
gravity, in the phone's own axes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from coach.model import Packet, Series
from sensors.phone.wire.strict import as_acceleration, as_list, as_seconds, in_g, read_object, refusing

MOST_BYTES = 1 << 16


def decode(packet: Packet) -> Series:
    """Decode a packet of codec `sensor-server`.

    Raises
    ------
    PacketError
        When it is not a sample of acceleration.
    """
    with refusing(packet.payload):
        message = read_object(packet.payload, MOST_BYTES)
        time_s = as_seconds(message.get("timestamp"), "timestamp")
        values = as_list(message.get("values"), "values")
        if len(values) != 3:
            raise ValueError(f"{len(values)} values are not the three axes of acceleration")
        return Series(at=packet.at, device_s=np.array([time_s]), acc_g=in_g([as_acceleration(values)]))


def encode(time_ns: int, acc_mps2: Sequence[float]) -> bytes:
    """Write a message as the app does."""
    return json.dumps({"accuracy": 3, "timestamp": time_ns, "values": list(acc_mps2)}).encode()
