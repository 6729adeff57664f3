"""What the proof of the coach counts as a wrong cue."""

from __future__ import annotations

import numpy as np
import pytest

from bench.interruptions import SCENARIOS, Heard, wrong_cues
from coach.model import Beat, Prompt

STEPS = SCENARIOS[0]


@pytest.fixture
def heard():
    """Hear the beats of a run of a minute at 160 spm, at some tempo from some time on."""

    def hear(tempo_spm=160.0, from_s=15.0, say=None):
        beats = [
            Beat(t_s=t_s, available_s=t_s - 0.1, index=k, foot="unknown", gain=1.0)
            for k, t_s in enumerate(np.arange(from_s, 45, 60 / tempo_spm))
        ]
        prompts = [] if say is None else [Prompt(t_s=30.0, available_s=30.0, say=say)]
        return Heard(events=[*beats, *prompts], steps_s=np.arange(0, 60, 60 / 160))

    return hear


@pytest.mark.parametrize(("tempo_spm", "wrong"), [(160.0, 0), (163.5, 0), (155.0, 0), (165.0, 2)])
def test_a_beat_more_than_2_5_percent_ahead_is(heard, tempo_spm, wrong):
    assert wrong_cues(heard(tempo_spm), STEPS) == wrong


@pytest.mark.parametrize(("from_s", "wrong"), [(15.0, 0), (15.05, 0), (15.1, 1)])
def test_a_first_beat_far_from_the_feet_is(heard, from_s, wrong):
    assert wrong_cues(heard(from_s=from_s), STEPS) == wrong


def test_a_beat_that_begins_as_the_runner_stops_is_judged_by_the_silence_only(heard):
    stopped = heard(from_s=15.1)
    stopped.steps_s = stopped.steps_s[stopped.steps_s < 15]
    assert not stopped.runs_on(15.1)
    assert stopped.first_beats == stopped.beats[:1]
    assert wrong_cues(stopped, STEPS) == 0


@pytest.mark.parametrize(
    ("say", "wrong"), [(None, 0), ("below", 0), ("above", 1), ("on_target", 1), ("sensor_lost", 0)]
)
def test_words_that_are_not_true_are(heard, say, wrong):
    assert wrong_cues(heard(say=say), STEPS) == wrong
