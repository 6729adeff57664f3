"""Who was led in slides back: when the beat begins again, and for how long it stays."""

from __future__ import annotations

import pytest

from coach.coaching.pace import Pace
from coach.coaching.relapse import ALONE_S, LONGEST, SHARE, SOON_S, Relapses
from coach.coaching.target import Band

BAND_170 = Band(170.0, 190.0)
DEEP_SPM = 8.0


def slides(relapses, spm, at_s, band=BAND_170, led_in_spm=DEEP_SPM):
    return relapses.slides(Pace(spm, spm, spm, at_s, band.side(spm)), band, led_in_spm, at_s)


@pytest.fixture
def led_in():
    """Give a runner who was led in, and was last heard at 0 s."""
    relapses = Relapses()
    relapses.silent(0.0, led_in=True)
    return relapses


class TestSliding:
    def test_who_never_was_led_in_is_left_alone(self):
        relapses = Relapses()
        relapses.silent(0.0, led_in=False)
        assert not any(slides(relapses, spm, 100.0 - spm / 10) for spm in (180.0, 175.0, 171.0, 170.1))

    @pytest.mark.parametrize(("from_spm", "to_spm"), [(174.0, 171.0), (186.0, 189.0)])
    def test_who_comes_near_the_edge_again_does(self, led_in, from_spm, to_spm):
        assert not slides(led_in, from_spm, ALONE_S)
        assert slides(led_in, to_spm, ALONE_S + 20)

    def test_who_stays_near_the_edge_does_not(self, led_in):
        assert not any(slides(led_in, 171.0, ALONE_S + k) for k in range(300))

    def test_nor_who_is_well_inside(self, led_in):
        assert not any(slides(led_in, 180.0 - k / 50, ALONE_S + k) for k in range(300))

    def test_there_is_silence_for_half_a_minute_at_least(self, led_in):
        assert not any(slides(led_in, 174.0 - k / 10, float(k)) for k in range(30))

    def test_outside_it_is_no_slide(self, led_in):
        assert not slides(led_in, 174.0, ALONE_S)
        assert not slides(led_in, 169.0, ALONE_S + 20)

    def test_half_of_where_the_runner_is_led_to_is_left_alone(self, led_in):
        narrow = Band(174.0, 178.0)
        assert not slides(led_in, 176.0, ALONE_S, narrow, 2.0)
        assert not slides(led_in, 175.1, ALONE_S + 20, narrow, 2.0)
        assert slides(led_in, 174.9, ALONE_S + 40, narrow, 2.0)


class TestLearning:
    def test_who_was_out_all_the_same_is_met_earlier(self, led_in):
        led_in.begun(200.0, outside=True)
        led_in.silent(230.0, led_in=True)
        assert not slides(led_in, 175.0, 230 + ALONE_S)
        assert slides(led_in, 172.4, 250 + ALONE_S)

    def test_and_later_again_after_a_long_silence(self, led_in):
        led_in.begun(SOON_S + 1, outside=False)
        led_in.silent(300.0, led_in=True)
        assert not slides(led_in, 175.0, 300 + ALONE_S)
        assert not slides(led_in, 171.5, 320 + ALONE_S)
        assert slides(led_in, 170.5, 340 + ALONE_S)

    def test_who_slides_soon_is_accompanied_longer_but_no_more_than_twice_as_long(self, led_in):
        found = []
        for k in range(4):
            led_in.begun(100.0 * k + 50, outside=True)
            led_in.silent(100.0 * (k + 1), led_in=True)
            found.append(led_in.patience)
        assert found == [1.5, LONGEST, LONGEST, LONGEST]

    def test_the_first_time_it_is_as_the_settings_say(self):
        relapses = Relapses()
        relapses.begun(10.0, outside=True)
        assert relapses.patience == 1.0


class TestShare:
    """Silence is what is practised: most of the time in the band has to be silent."""

    def test_who_was_accompanied_for_long_is_left_alone_until_silence_has_made_up_for_it(self, led_in):
        led_in.inside(60.0, sounds=True)
        assert not slides(led_in, 174.0, ALONE_S)
        assert not slides(led_in, 171.0, ALONE_S + 20)
        led_in.inside(200.0, sounds=False)
        assert slides(led_in, 171.0, ALONE_S + 220)

    def test_nor_is_such_a_runner_accompanied_for_longer(self, led_in):
        led_in.begun(60.0, outside=True)
        assert led_in.patience > 1
        led_in.inside(60.0, sounds=True)
        assert led_in.patience == 1
        led_in.inside(200.0, sounds=False)
        assert led_in.patience > 1

    def test_the_way_into_the_band_does_not_count(self):
        relapses = Relapses()
        relapses.inside(600.0, sounds=True)
        relapses.silent(0.0, led_in=True)
        assert not slides(relapses, 174.0, ALONE_S)
        assert slides(relapses, 171.0, ALONE_S + 20)

    def test_whatever_the_runner_does_a_slide_is_met_within_the_share(self, led_in):
        """Met at each slide for 40 s, of a day of slides, the beat comes to the share and no further."""
        inside_s = sounding_s = 0.0
        for k in range(1000):
            now_s = 100.0 * k
            led_in.silent(now_s, led_in=True)
            slides(led_in, 174.0, now_s + ALONE_S)
            sounds_s = 40.0 if slides(led_in, 171.0, now_s + ALONE_S + 20) else 0.0
            led_in.inside(100.0 - sounds_s, sounds=False)
            led_in.inside(sounds_s, sounds=True)
            inside_s, sounding_s = inside_s + 100, sounding_s + sounds_s
        assert sounding_s / inside_s == pytest.approx(SHARE, abs=0.01)
