"""Following the feet through signals whose contacts are known: sensor foot, other foot, misses and landmarks."""

from itertools import pairwise

import numpy as np
import pytest

from coach.dsp.tracker import Tracker

STRIDE = 72.0
FIRST = 100.0
KEPT = 400


class Feet:
    """A run of a fixed stride: a swing that repeats itself, and a knock for each contact that the sensor feels.

    Parameters
    ----------
    both_feet : whether it feels both. late : by how many samples each of its knocks is off; 0 for those not named.
    """

    def __init__(self, *, both_feet=False, late=(), n=1600, first=FIRST, stride=STRIDE):
        k = np.arange(n)
        turns = (k - first) / stride
        once = 0.0 if both_feet else 1.0
        self.motion = np.stack(
            [
                once * np.sin(2 * np.pi * turns) + np.sin(4 * np.pi * turns),
                0.7 * np.cos(4 * np.pi * turns + 1),
                once * 0.5 * np.cos(2 * np.pi * turns + 2) + 0.3 * np.sin(8 * np.pi * turns),
            ],
            axis=1,
        )
        self.period = stride / 2 if both_feet else stride
        lag = 2.8 if both_feet else 1.8  # samples from a contact to the middle of its jolt
        knocks = np.arange(first, n, self.period) + lag
        knocks[: len(late)] += late
        self.acc_g = np.tile([0.0, 0.0, 1.0], (n, 1))
        self.acc_g[:, 2] += sum(4 * np.exp(-0.5 * ((k - knock) / 1.5) ** 2) for knock in knocks)

    def upto(self, newest):
        """Give what the engine keeps: motion and acceleration of the last four seconds."""
        kept = slice(max(newest + 1 - KEPT, 0), newest + 1)
        return np.ascontiguousarray(self.motion[kept]), self.acc_g[kept], newest

    def off(self, at):
        """Give how far a contact of a foot that the sensor feels is from the nearest true one."""
        return (at - FIRST + self.period / 2) % self.period - self.period / 2


def begun(feet, newest=400, *, both_feet=False, stride=STRIDE):
    tracker = Tracker(both_feet=both_feet)
    return tracker, tracker.begin(*feet.upto(newest), stride)


def followed(feet, tracker, n, stride=STRIDE):
    """Let the tracker take `n` steps, each as soon as it is due."""
    return [tracker.step(*feet.upto(int(np.ceil(tracker.due(stride)))), stride) for _ in range(n)]


class TestBegin:
    def test_a_foot_finds_its_own_contacts_and_puts_the_others_half_way(self):
        feet = Feet()
        _, contacts = begun(feet)
        assert all(contact.own != after.own for contact, after in pairwise(contacts))
        own = [feet.off(contact.at) for contact in contacts if contact.own]
        between = [feet.off(contact.at - STRIDE / 2) for contact in contacts if not contact.own]
        assert own == pytest.approx([0] * len(own), abs=0.3)
        assert between == pytest.approx([0] * len(between), abs=0.3)

    def test_a_trunk_finds_both(self):
        feet = Feet(both_feet=True)
        _, contacts = begun(feet, both_feet=True)
        assert all(contact.own for contact in contacts)
        assert [feet.off(contact.at) for contact in contacts] == pytest.approx([0] * len(contacts), abs=0.3)

    @pytest.mark.parametrize("both_feet", [False, True])
    def test_they_come_oldest_first_a_step_apart_with_the_strides_between_them(self, both_feet):
        _, contacts = begun(Feet(both_feet=both_feet), both_feet=both_feet)
        assert np.diff([contact.at for contact in contacts]) == pytest.approx([36] * (len(contacts) - 1), abs=0.3)
        assert [contact.stride for contact in contacts[:2]] == [None, None]
        assert [contact.stride for contact in contacts[2:]] == pytest.approx([72] * (len(contacts) - 2), abs=0.1)

    @pytest.mark.parametrize("newest", range(400, 436, 5))
    def test_the_newest_is_the_last_that_could_be_measured(self, newest):
        """Eleven samples after it, or as many as its jolt needs; the oldest as far back as a stride can be compared."""
        _, contacts = begun(Feet(both_feet=True), newest, both_feet=True)
        assert 10 <= newest - contacts[-1].at < 36 + 13
        assert contacts[0].at < newest - KEPT + 1 + 36 + 72 + 12

    def test_it_goes_back_to_the_start_of_the_run_and_no_further(self):
        """Stillness until sample 200: the first contact is at 244, and one before it may be the swing's own."""
        feet = Feet()
        feet.motion[:200] *= 0.02
        feet.acc_g[:200] = [0.0, 0.0, 1.0]
        _, contacts = begun(feet, 500)
        assert 200 - 15 < contacts[0].at < 260

    def test_without_enough_signal_for_a_stride_there_is_none(self):
        assert begun(Feet(first=20.0), 75)[1] == []
        assert begun(Feet(first=20.0), 160)[1] != []

    def test_a_rhythm_that_is_none_gives_no_strides(self):
        feet = Feet()
        feet.motion = np.random.default_rng(3).standard_normal(feet.motion.shape)
        assert {contact.stride for contact in begun(feet)[1]} == {None}


class TestStep:
    @pytest.mark.parametrize("both_feet", [False, True])
    def test_each_contact_is_found_where_it_is_and_its_stride(self, both_feet):
        feet = Feet(both_feet=both_feet)
        tracker, _ = begun(feet, both_feet=both_feet)
        contacts = followed(feet, tracker, 30)
        assert [contact.stride for contact in contacts] == pytest.approx([72] * 30, abs=0.1)
        own = [feet.off(contact.at) for contact in contacts if contact.own]
        assert own == pytest.approx([0] * len(own), abs=0.3)
        assert len(own) == (30 if both_feet else 15)
        assert np.diff([contact.at for contact in contacts]) == pytest.approx([36] * 29, abs=0.3)
        assert tracker.misses == 0
        assert all(contact.felt for contact in contacts)

    def test_it_is_due_eleven_samples_after_it_is_expected(self):
        tracker, contacts = begun(Feet())
        assert tracker.due(72.0) == pytest.approx(contacts[-2].at + 72 + 11)
        assert tracker.due(65.0) == pytest.approx(contacts[-2].at + 65 + 11)

    @pytest.mark.parametrize("ratio", [0.92, 1.08])
    def test_it_needs_no_exact_expectation(self, ratio):
        feet = Feet()
        tracker, _ = begun(feet)
        (contact,) = followed(feet, tracker, 1, STRIDE * ratio)
        assert contact.stride == pytest.approx(72, abs=0.1)

    def test_a_faster_pace_shows_in_the_next_stride(self):
        slow, fast = Feet(), Feet(first=FIRST + 4 * STRIDE, stride=66.0)
        change = int(FIRST + 4 * STRIDE)
        slow.motion[change:], slow.acc_g[change:] = fast.motion[change:], fast.acc_g[change:]
        tracker, _ = begun(slow, change)
        found = [contact.stride for contact in followed(slow, tracker, 6)]
        assert found[-3:] == pytest.approx([66] * 3, abs=0.5)


class TestMisses:
    def disturbed(self, share, seed=4):
        """Replace the share of the motion's power by noise, from sample 400 on."""
        feet = Feet()
        size = np.sqrt((feet.motion**2).mean())
        noise = size * np.random.default_rng(seed).standard_normal(feet.motion.shape)
        feet.motion[400:] = np.sqrt(1 - share) * feet.motion[400:] + np.sqrt(share) * noise[400:]
        return feet

    @pytest.mark.parametrize(("share", "fewest", "most"), [(0.25, 0, 1), (0.65, 14, 20)])
    def test_strides_that_are_half_noise_are_not_compared(self, share, fewest, most):
        feet = self.disturbed(share)
        tracker, _ = begun(feet)
        missed = sum(contact.stride is None for contact in followed(feet, tracker, 24)[4:])
        assert fewest <= missed <= most

    @pytest.mark.parametrize(("size", "is_stride"), [(0.45, False), (0.6, True), (1.7, True), (2.25, False)])
    def test_a_fifth_of_the_energy_is_no_stride_nor_is_five_times_as_much(self, size, is_stride):
        feet = Feet()
        feet.motion[420:] *= size
        tracker, contacts = begun(feet, 415)
        later = followed(feet, tracker, 3)
        whole = next(contact for contact in later if contact.at > 420 + 36 - 11)
        assert (whole.stride is not None) is is_stride
        assert contacts[-1].at < 420

    def test_in_silence_it_coasts_and_counts(self):
        """What is only expected is a step all the same if the run goes on; whether it does, the engine tells."""
        feet = Feet()
        feet.motion[460:] = 0.0
        feet.acc_g[460:] = [0.0, 0.0, 1.0]
        tracker, _ = begun(feet)
        coasting = followed(feet, tracker, 12)[-6:]
        assert {(contact.stride, contact.felt) for contact in coasting} == {(None, False)}
        assert np.diff([contact.at for contact in coasting]) == pytest.approx([36] * 5, abs=0.5)
        assert tracker.misses >= 6

    def test_after_a_short_disturbance_it_goes_on_as_before(self):
        feet = Feet()
        feet.motion[480:530] = np.random.default_rng(1).standard_normal((50, 3))
        tracker, _ = begun(feet)
        contacts = followed(feet, tracker, 20)
        assert any(contact.stride is None for contact in contacts[:8])
        assert tracker.misses == 0
        assert [contact.stride for contact in contacts[-8:]] == pytest.approx([72] * 8, abs=0.2)
        own = [feet.off(contact.at) for contact in contacts if contact.own]
        assert own == pytest.approx([0] * len(own), abs=1.0)

    def test_a_stride_after_a_missed_one_is_compared_with_the_one_before_that(self):
        """One step's half stride is spoilt: so is the comparison of the same foot's next step with it."""
        feet = Feet()
        tracker, _ = begun(feet)
        spoilt = int(tracker.due(STRIDE))
        feet.motion[spoilt - 36 : spoilt] *= -1
        contacts = followed(feet, tracker, 3)
        assert (contacts[0].stride, contacts[0].felt) == (None, contacts[0].own)
        assert contacts[2].stride == pytest.approx(72, abs=0.1)
        assert tracker.misses == 0

    def test_a_jolt_tells_of_a_contact_that_the_stride_did_not(self):
        feet = Feet(late=[0] * 5 + [5.0])
        tracker, _ = begun(feet, 440)
        feet.motion[441:] = 0.0
        found = followed(feet, tracker, 4)
        jolted = next(contact for contact in found if contact.own)
        assert jolted.stride is None
        assert jolted.felt
        assert jolted.at == pytest.approx(100 + 5 * 72 + 5, abs=0.1)


class TestLandmarks:
    """The knocks come late from the contact at 460 on, the swing does not."""

    def drawn(self, late, steps=2):
        """Give how far the sensor foot's contacts are drawn, one after the other; the last one is not settled yet."""
        feet = Feet(late=[0] * 5 + list(late))
        tracker, _ = begun(feet, 440)
        contacts = followed(feet, tracker, 2 * steps + 1)
        own = [contact.at for contact in contacts if contact.own and contact.at > 450][:steps]
        return np.array(own) - 460 - 72 * np.arange(len(own))

    @pytest.mark.parametrize("late", [2.0, -2.0])
    def test_a_contact_is_drawn_three_tenths_of_the_way(self, late):
        assert self.drawn([late] * 15)[0] == pytest.approx(0.3 * late, abs=0.1)

    def test_and_the_rest_of_it_step_by_step(self):
        assert self.drawn([2.0] * 15, 5) == pytest.approx([0.6, 1.02, 1.31, 1.52, 1.66], abs=0.12)

    @pytest.mark.parametrize("late", [6.0, -6.0])
    def test_one_that_is_far_draws_no_stronger_than_one_three_samples_off(self, late):
        assert self.drawn([late] * 15)[0] == pytest.approx(np.sign(late) * 0.9, abs=0.1)

    @pytest.mark.parametrize("late", [10.0, -10.0])
    def test_one_more_than_a_fifth_of_a_step_off_draws_not_at_all(self, late):
        assert self.drawn([late] * 15)[0] == pytest.approx(0.0, abs=0.1)

    @pytest.mark.parametrize("late", [12.0, -12.0])
    def test_some_in_a_row_that_agree_move_everything(self, late):
        """A stride was taken for another: the chain is found back."""
        assert self.drawn([late] * 15, 5)[-1] == pytest.approx(late, abs=0.3)

    def test_two_are_not_enough(self):
        assert self.drawn([12.0] * 2 + [0.0] * 13, 8) == pytest.approx([0] * 8, abs=0.3)

    def test_nor_are_any_that_disagree(self):
        assert self.drawn([12.0, -12.0] * 7, 7) == pytest.approx([0] * 7, abs=0.3)

    def test_without_jolts_the_strides_alone_carry_on(self):
        feet = Feet()
        tracker, _ = begun(feet)
        feet.acc_g[401:] = [0.0, 0.0, 1.0]
        contacts = followed(feet, tracker, 20)
        own = [feet.off(contact.at) for contact in contacts if contact.own]
        assert own == pytest.approx([0] * len(own), abs=0.5)

    def test_the_other_foot_is_held_half_way_between(self):
        """Also when the sensor's foot was drawn away, by and by."""
        feet = Feet(late=[0] * 5 + [4.0] * 15)
        tracker, _ = begun(feet, 440)
        contacts = followed(feet, tracker, 30)
        own = [contact.at for contact in contacts[-8:-1] if contact.own]
        other = [contact.at for contact in contacts[-7:-2] if not contact.own]
        half_way = [(before + after) / 2 for before, after in pairwise(own)]
        assert len(half_way) >= 2
        assert other[: len(half_way)] == pytest.approx(half_way, abs=0.3)
