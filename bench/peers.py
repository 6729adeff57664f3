"""What else there is: three recipes as tutorials have them, and packages of the index, on the same samples.

Each recipe looks at the last `WINDOW_S`, every `HOP_S`, at the norm of the acceleration; the packages are called as
their documentation says, in the same windows where they are not made for streams. All are given the rate by the
stamps rather than a nominal one, and none is asked while the sensor lies still, which is more than most would do for
themselves.

The packages come with the extra `bench`; `PEERS` holds what is installed, by name, and the report says what is not.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

import numpy as np
from scipy.signal import butter, correlate, find_peaks, sosfiltfilt, welch

from bench.scoring import Readings
from coach.model import FloatArray, Samples

WINDOW_S = 8.0
SHORTEST_S = 4.0
HOP_S = 0.5
STILL_G = 0.1
"""A norm that varies less (standard deviation) is a sensor at rest."""

GAIT_HZ = (1.0, 4.0)
"""Steps of walking and running, in one band."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Window:
    """The samples that an estimate is made from; `norm_g` is their length, without its mean."""

    t_s: FloatArray
    acc_g: FloatArray
    norm_g: FloatArray
    rate_hz: float


Estimate = Callable[[Window], float | None]
"""Steps a minute, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A detector of somebody else; `package` is what has to be importable."""

    name: str
    package: str
    detect: Callable[[Samples], Readings]

    @property
    def installed(self) -> bool:
        """Whether it can be run."""
        return find_spec(self.package) is not None


def sliding(estimate: Estimate) -> Callable[[Samples], Readings]:
    """Make a detector of an estimate from a window."""

    def detect(samples: Samples) -> Readings:
        stops_s = np.arange(samples.device_s[0] + SHORTEST_S, samples.device_s[-1], HOP_S)
        stops = np.searchsorted(samples.device_s, stops_s)
        starts = np.searchsorted(samples.device_s, stops_s - WINDOW_S)
        found = [_estimated(estimate, samples, slice(*limits)) for limits in zip(starts, stops, strict=True)]
        return Readings(at_s=samples.at_s[stops - 1], spm=np.array(found, dtype=np.float64))

    return detect


def _estimated(estimate: Estimate, samples: Samples, part: slice) -> float:
    t_s, acc_g = samples.device_s[part], samples.acc_g[part]
    norm_g = np.linalg.norm(acc_g, axis=1)
    if norm_g.std() < STILL_G:
        return math.nan
    rate_hz = (len(t_s) - 1) / (t_s[-1] - t_s[0])
    found = estimate(Window(t_s=t_s, acc_g=acc_g, norm_g=norm_g - norm_g.mean(), rate_hz=rate_hz))
    return math.nan if found is None else found


# --- recipes ------------------------------------------------------------------------------------------------------


def by_peaks(window: Window) -> float | None:
    """Low-pass, find the peaks that stand out, at least a quarter of a second apart, and count them."""
    sos = butter(4, 5.0, fs=window.rate_hz, output="sos")
    smooth_g = sosfiltfilt(sos, window.norm_g)
    peaks, _ = find_peaks(smooth_g, height=0.5 * smooth_g.std(), distance=max(round(0.25 * window.rate_hz), 1))
    return 60 * (len(peaks) - 1) * window.rate_hz / (peaks[-1] - peaks[0]) if len(peaks) > 2 else None


def by_spectrum(window: Window) -> float | None:
    """Take the highest peak of Welch's spectrum in the band of gait."""
    n = len(window.norm_g)
    frequency_hz, power = welch(window.norm_g, window.rate_hz, nperseg=n // 2, nfft=8 * n)
    inside = (frequency_hz >= GAIT_HZ[0]) & (frequency_hz <= GAIT_HZ[1])
    return 60 * float(frequency_hz[inside][power[inside].argmax()])


def by_autocorrelation(window: Window) -> float | None:
    """Take the highest peak of the autocorrelation at the lags of gait, if it is high enough."""
    n = len(window.norm_g)
    similarity = correlate(window.norm_g, window.norm_g, method="fft")[n - 1 :]
    similarity /= similarity[0]
    first, last = round(window.rate_hz / GAIT_HZ[1]), round(window.rate_hz / GAIT_HZ[0])
    peaks, found = find_peaks(similarity[first : last + 1], height=0.3)
    return 60 * window.rate_hz / (first + peaks[found["peak_heights"].argmax()]) if len(peaks) else None


# --- packages: none of them is typed ------------------------------------------------------------------------------


def by_skdh(window: Window) -> float | None:
    """Find contacts as scikit-digital-health does on the lower back: wavelets on the antero-posterior axis."""
    substeps = import_module("skdh.gait.substeps")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            prepared = substeps.PreprocessGaitBout().predict(
                time=window.t_s, accel=window.acc_g.copy(), fs=window.rate_hz
            )
            events = substeps.ApCwtGaitEvents().predict(
                time=window.t_s, accel=window.acc_g, fs=window.rate_hz, **prepared
            )
        except (ValueError, IndexError):
            return None  # its way to say that this is no gait
    contacts = events["initial_contacts"]
    spread = contacts[-1] - contacts[0] if len(contacts) > 2 else 0
    return 60 * (len(contacts) - 1) * window.rate_hz / float(spread) if spread > 0 else None


def by_sensormotion(window: Window) -> float | None:
    """Follow the tutorial of sensormotion: band-pass, its peaks, its cadence."""
    package = import_module("sensormotion")
    b, a = package.signal.build_filter((0.5, 5.0), window.rate_hz, "bandpass", 2)
    smooth_g = package.signal.filter_signal(b, a, window.norm_g)
    times_s, _ = package.peak.find_peaks(
        window.t_s, smooth_g, min_val=0.5, min_dist=max(round(0.25 * window.rate_hz), 1)
    )
    return float(package.gait.cadence(window.t_s, times_s, time_units="s")) if len(times_s) > 2 else None


RECIPES = (
    Peer(name="scipy find_peaks", package="scipy", detect=sliding(by_peaks)),
    Peer(name="scipy Welch peak", package="scipy", detect=sliding(by_spectrum)),
    Peer(name="scipy autocorrelation", package="scipy", detect=sliding(by_autocorrelation)),
)
PACKAGES = (
    Peer(name="scikit-digital-health", package="skdh", detect=sliding(by_skdh)),
    Peer(name="sensormotion", package="sensormotion", detect=sliding(by_sensormotion)),
)
PEERS = {peer.name: peer for peer in (*RECIPES, *PACKAGES) if peer.installed}
