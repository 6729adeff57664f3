"""Emulated arm bands of Polar: the Verity Sense, and the OH1 with the firmware of its first years.

Delta frames are written by our own encoder; frames of real devices hold it, and the decoder, to the wire (test_polar).
"""

from __future__ import annotations

import struct
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sensors.gatt.polar import AccFrame, FrameType

from .devices import PolarH10


class VeritySense(PolarH10):
    """An arm band that sends delta frames, 1.1 s apart."""

    ADDRESS, NAME = "C0:FF:EE:00:00:03", "Polar Sense 1C1021AB"
    RATE_HZ = 52
    FRAME_SAMPLES = 58
    FEATURES = 0x6E  # polar-ble-sdk #291
    BORN_NS = 536_544_000_000_000_000  # 2017-01-01
    OFFERS: ClassVar = {0: (52,), 1: (16,), 2: (8,), 4: (3,)}

    def _written(self, last_ns: int, acc_mg: NDArray[np.int16]) -> bytes:
        return AccFrame(last_ns=last_ns, values=acc_mg.astype(np.int64), type=FrameType.DELTA).to_bytes()


class EarlyVeritySense(VeritySense):
    """One with early firmware, which sends units of its own and says at the start how many g they are."""

    ADDRESS, NAME = "C0:FF:EE:00:00:04", "Polar Sense 1C1021AC"
    FACTOR_G = 2.44e-4
    START_PARAMETERS = bytes([0x05, 0x01]) + struct.pack("<f", FACTOR_G)

    def _written(self, last_ns: int, acc_mg: NDArray[np.int16]) -> bytes:
        values = np.clip(np.rint(acc_mg / (1000 * self.FACTOR_G)), -32768, 32767).astype(np.int64)
        return AccFrame(last_ns=last_ns, values=values, type=FrameType.DELTA_OF_FACTOR).to_bytes()


class PolarOH1(PolarH10):
    """An arm band that sends raw frames of 36 samples (polar-ble-sdk #317) and knows no channels."""

    ADDRESS, NAME = "C0:FF:EE:00:00:05", "Polar OH1 55667788"
    RATE_HZ = 50
    FEATURES = 0x0E  # polar-ble-sdk #213
    OFFERS: ClassVar = {0: (50,), 1: (16,), 2: (8,)}
