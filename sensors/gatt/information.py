"""Device Information Service (0x180A): strings that a device says of itself, and anybody may claim."""

from __future__ import annotations

from coach.text import printable
from sensors.gatt.fields import Fields

SERVICE = "0000180a-0000-1000-8000-00805f9b34fb"
MANUFACTURER = "00002a29-0000-1000-8000-00805f9b34fb"
MODEL = "00002a24-0000-1000-8000-00805f9b34fb"
FIRMWARE = "00002a26-0000-1000-8000-00805f9b34fb"


def text(payload: bytes) -> str:
    """Read a string, fit to be printed; what is no UTF-8 in it is left out, and so is what follows a NUL.

    Raises
    ------
    PacketError
        For a value longer than an attribute can be.
    """
    value = Fields("device information", payload).rest().split(b"\0", 1)[0]
    return printable(value.decode("utf-8", "ignore"))
