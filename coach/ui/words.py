"""The state of a run in plain words, for every view that people read.

Wording: "quicker, lighter steps", never "longer"; a cadence below the band is below it, not wrong; no word on health.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import assert_never

from coach.model import DecisionMode, PlanEvent
from coach.ui.state import RunState

FRESH_S = 10.0
"""A speed or a heart rate that is older says nothing of now."""

EASY_MPS = 2.6
"""Slower than this (6:25 a kilometre) is easy for nearly everybody, and cadence is lower there."""

MODE_WORDS: Mapping[DecisionMode, str] = {
    "silent": "Silent, listening to your steps",
    "match": "Beat on your own steps",
    "lead": "Beat leads you",
    "hold": "Beat holds and waits for you",
    "steady": "Steady beat",
    "cue": "A cue",
    "fade": "Beat fades out",
    "paused": "Paused",
    "off": "Coaching is off",
}


def printable(text: str) -> str:
    """Replace what is no character to print: an escape sequence in the name of a device must not reach a terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def duration_text(seconds: float) -> str:
    """Write a length of time as m:ss, or h:mm:ss from one hour on."""
    minutes, second = divmod(int(max(seconds, 0.0)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def status_text(state: RunState) -> str:
    """Say how the cadence stands: where it lies to the band, or why there is no number."""
    match state.status:
        case None:
            return "waiting for the sensor"
        case "acquiring":
            return "finding your steps"
        case "idle":
            return "no running steps"
        case "lost":
            return "no data"
        case "locked" if is_stale(state):
            return "last known"
        case "locked":
            return band_text(state) if state.judged else "your own cadence"
        case _:
            assert_never(state.status)


def is_stale(state: RunState) -> bool:
    """Tell whether the number is an old one that a pod has not renewed."""
    return state.cadence is not None and state.cadence.stale


def band_text(state: RunState) -> str:
    """Say where the cadence lies to the band; "" without a reading."""
    if state.spm is None:
        return ""
    side = state.band.side(state.spm)
    if side == "below" and _is_easy(state):
        return "below your band, fine at an easy pace"
    return "in your band" if side == "in" else f"{side} your band"


def _is_easy(state: RunState) -> bool:
    speed = state.speed
    return speed is not None and state.elapsed_s - speed.available_s < FRESH_S and 0 < speed.mps < EASY_MPS


def doing_text(state: RunState) -> str:
    """Say what the coach is doing now."""
    if state.paused:
        return "Paused"
    if state.muted:
        return "Sound is off"
    if not state.judged:
        return "Measuring, run as you like"
    if state.mode is None:
        return "Getting ready"
    if state.mode == "lead":
        return f"{MODE_WORDS['lead']} {_direction(state)}"
    return MODE_WORDS[state.mode]


def _direction(state: RunState) -> str:
    if state.spm is None or (side := state.band.side(state.spm)) == "in":
        return "into your band"
    return "to quicker, lighter steps" if side == "below" else "to calmer steps"


def sensor_text(state: RunState) -> str:
    """Say which sensor leads, how its link stands and how full its battery is."""
    sensor = state.leading
    if sensor is None or (line := state.sensors.get(sensor)) is None:
        return sensor or "none yet"
    reason = line.reason if line.state != "connected" else ""
    battery = f"battery {line.battery_pct} %" if line.battery_pct is not None else ""
    return ", ".join(part for part in (line.name or sensor, line.state, reason, battery) if part)


def sound_text(state: RunState) -> str:
    """Say which output plays and how late it is heard, or why none does."""
    output = state.output
    if output is None:
        return "none yet"
    if output.state != "open":
        return ", ".join(part for part in (output.output, output.state, output.reason) if part)
    return f"{output.output}, latency {output.latency_s * 1000:.0f} ms" if output.latency_s else output.output


def plan_text(state: RunState, elapsed_s: float) -> str:
    """Say which step of the plan the run is in and what is left of it; "" without a plan."""
    plan = state.plan
    if plan is None:
        return ""
    if plan.state == "done":
        return "done"
    waits = " (waits for you)" if plan.state in ("waiting", "stand") else ""
    return f"{plan.name}, {plan.step} of {plan.of}: {_left_text(plan, elapsed_s)} left{waits}"


def _left_text(plan: PlanEvent, elapsed_s: float) -> str:
    if plan.unit != "s":
        return f"{plan.left:.0f} {plan.unit}"
    return duration_text(math.ceil(plan.left if plan.until_s is None else plan.until_s - elapsed_s))


def pace_text(speed_mps: float, spm: float | None) -> str:
    """Write a speed as pace and, where cadence is known too, the length of a step; "" at a standstill."""
    if speed_mps <= 0:
        return ""
    pace = f"{duration_text(1000 / speed_mps)} /km"
    return f"{pace}, step {speed_mps * 60 / spm:.2f} m" if spm else pace
