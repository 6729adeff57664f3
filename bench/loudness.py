"""How loud two short sounds are beside each other, by the equal-loudness contours of ISO 226:2003.

The ear adds up what comes within a tenth of a second or more, so that of sounds as short as a click the energy counts.
Each frequency of it is weighted by what a tone there needs to be as loud as one of 1 kHz. The contours are of steady
tones in a free field, and headphones have a colour of their own: this tells a difference of some dB, not tenths.
A-weighting (IEC 61672-1) is the second opinion; it follows an older contour, of 40 phon, and has no dip at 1.5 kHz.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from coach.model import FloatArray

# ISO 226:2003, table 1: frequency, exponent, transfer at 1 kHz, threshold of hearing
HZ, EXPONENT, TRANSFER_DB, THRESHOLD_DB = np.array(
    [
        (20, 0.532, -31.6, 78.5),
        (25, 0.506, -27.2, 68.7),
        (31.5, 0.480, -23.0, 59.5),
        (40, 0.455, -19.1, 51.1),
        (50, 0.432, -15.9, 44.0),
        (63, 0.409, -13.0, 37.5),
        (80, 0.387, -10.3, 31.5),
        (100, 0.367, -8.1, 26.5),
        (125, 0.349, -6.2, 22.1),
        (160, 0.330, -4.5, 17.9),
        (200, 0.315, -3.1, 14.4),
        (250, 0.301, -2.0, 11.4),
        (315, 0.288, -1.1, 8.6),
        (400, 0.276, -0.4, 6.2),
        (500, 0.267, 0.0, 4.4),
        (630, 0.259, 0.3, 3.0),
        (800, 0.253, 0.5, 2.2),
        (1000, 0.250, 0.0, 2.4),
        (1250, 0.246, -2.7, 3.5),
        (1600, 0.244, -4.1, 1.7),
        (2000, 0.243, -1.0, -1.3),
        (2500, 0.243, 1.7, -4.2),
        (3150, 0.243, 2.5, -6.0),
        (4000, 0.242, 1.2, -5.4),
        (5000, 0.242, -2.1, -1.5),
        (6300, 0.245, -7.1, 6.0),
        (8000, 0.254, -11.2, 12.6),
        (10000, 0.271, -10.7, 13.9),
        (12500, 0.301, -3.1, 12.3),
    ]
).T
SPECTRUM_FRAMES = 1 << 15


def contour_db(phon: float) -> FloatArray:
    """Give the sound pressure level, dB, at each of `HZ` of tones of one loudness, 20 to 90 phon (formula 1)."""
    threshold = (0.4 * 10 ** ((THRESHOLD_DB + TRANSFER_DB) / 10 - 9)) ** EXPONENT
    level: FloatArray = 10 / EXPONENT * np.log10(4.47e-3 * (10 ** (0.025 * phon) - 1.15) + threshold) - TRANSFER_DB + 94
    return level


def loudness_db(sound: NDArray[np.float32], rate_hz: int, phon: float) -> float:
    """Give the energy of a short sound weighted by a contour, dB; of use beside that of another sound."""
    weight_db = phon - contour_db(phon)
    return _weighted_db(sound, rate_hz, lambda hz: np.interp(np.log(np.maximum(hz, HZ[0])), np.log(HZ), weight_db))


def a_weighted_db(sound: NDArray[np.float32], rate_hz: int) -> float:
    """Give the energy of a short sound, A-weighted, dB; of use beside that of another sound."""
    return _weighted_db(sound, rate_hz, _a_weight_db)


def _weighted_db(sound: NDArray[np.float32], rate_hz: int, weight_db: Callable[[FloatArray], FloatArray]) -> float:
    power = np.abs(np.fft.rfft(sound, SPECTRUM_FRAMES)) ** 2
    hz = np.fft.rfftfreq(SPECTRUM_FRAMES, 1 / rate_hz)
    return float(10 * np.log10(np.sum(power * 10 ** (weight_db(hz) / 10))))


def _a_weight_db(hz: FloatArray) -> FloatArray:
    squared = np.maximum(hz, HZ[0]) ** 2
    transfer = 12194**2 * squared**2 / (squared + 20.6**2) / (squared + 12194**2)
    transfer /= np.sqrt((squared + 107.7**2) * (squared + 737.9**2))
    return 2.0 + 20 * np.log10(transfer)
