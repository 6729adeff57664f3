"""Messages put right by their numbers, and addresses."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coach.errors import UsageError
from sensors.phone import address
from sensors.phone.address import Address, own_address
from sensors.phone.order import InOrder


def pushed(order: InOrder[int], numbers: list[int], session: str = "s", now_s: float = 0.0) -> list[int]:
    return [message for number in numbers for message in order.push(session, number, number, now_s)]


def test_messages_in_order_go_through_at_once() -> None:
    order: InOrder[int] = InOrder()
    assert [order.push("s", i, i, 0.0) for i in range(5)] == [[0], [1], [2], [3], [4]]
    assert order.waiting_since_s is None


def test_a_session_begins_with_whatever_comes_first() -> None:
    assert pushed(InOrder(), [7, 8, 6, 9]) == [7, 8, 9]


def test_what_was_overtaken_is_waited_for() -> None:
    order: InOrder[int] = InOrder()
    assert order.push("s", 0, 0, 1.0) == [0]
    assert order.push("s", 2, 2, 2.0) == []
    assert order.push("s", 3, 3, 2.5) == []
    assert order.waiting_since_s == 2.0
    assert order.push("s", 1, 1, 3.0) == [1, 2, 3]
    assert (order.waiting_since_s, order.lost) == (None, 0)


def test_a_second_gap_is_waited_at_from_when_the_first_was_filled() -> None:
    order: InOrder[int] = InOrder()
    pushed(order, [0])
    pushed(order, [2], now_s=1.0)
    pushed(order, [4], now_s=2.0)
    assert order.push("s", 1, 1, 2.5) == [1, 2]
    assert order.waiting_since_s == 2.5


def test_what_is_missing_when_eight_wait_is_lost() -> None:
    order: InOrder[int] = InOrder()
    assert pushed(order, [0, 3, 4, 5, 6, 7, 8, 9]) == [0]
    assert order.push("s", 10, 10, 0.0) == [3, 4, 5, 6, 7, 8, 9, 10]
    assert order.lost == 2
    assert pushed(order, [1, 2, 11]) == [11]


def test_what_is_given_up_is_counted() -> None:
    order: InOrder[int] = InOrder()
    pushed(order, [0, 2, 3, 5])
    assert order.give_up(2.0) == [2, 3]
    assert (order.lost, order.waiting_since_s) == (1, 2.0)
    assert order.give_up(4.0) == [5]
    assert (order.lost, order.waiting_since_s) == (2, None)
    assert order.give_up(4.0) == []


def test_what_comes_twice_goes_through_once() -> None:
    assert pushed(InOrder(), [0, 0, 2, 2, 1, 1, 3]) == [0, 1, 2, 3]


@pytest.mark.parametrize("stray", [2**53, 1003, 2**31])
def test_a_number_out_of_all_order_costs_no_other_message(stray: int) -> None:
    order: InOrder[int] = InOrder()
    assert pushed(order, [0, 1, stray, 2, 3, 4]) == [0, 1, stray, 2, 3, 4]
    assert (order.jumps, order.lost, order.waiting_since_s) == (2, 0, None)
    assert pushed(InOrder(), [stray, 0, 1]) == [stray, 0, 1]


def test_numbers_that_begin_again_in_a_session_are_followed_and_what_waits_goes_first() -> None:
    order: InOrder[int] = InOrder()
    assert pushed(order, [2000, 2002, 0, 1, 3, 2]) == [2000, 2002, 0, 1, 2, 3]
    assert (order.jumps, order.lost) == (1, 0)


def test_a_thousand_that_are_missing_are_no_jump() -> None:
    order: InOrder[int] = InOrder()
    assert pushed(order, [0, 1001]) == [0]
    assert order.give_up(2.0) == [1001]
    assert pushed(order, [2]) == []
    assert (order.jumps, order.lost) == (0, 1000)


def test_a_new_session_begins_anew_and_the_old_one_stays_over() -> None:
    order: InOrder[int] = InOrder()
    pushed(order, [4, 6])
    assert order.push("t", 0, 100, 0.0) == [6, 100]
    assert pushed(order, [5, 7]) == []
    assert order.push("t", 1, 101, 0.0) == [101]
    assert order.waiting_since_s is None


@given(st.permutations(range(1, 8)))
def test_any_order_of_a_few_is_put_right(numbers: list[int]) -> None:
    assert pushed(InOrder(), [0, *numbers]) == list(range(8))


@given(st.lists(st.tuples(st.sampled_from("st"), st.integers(0, 40)), max_size=60))
def test_whatever_comes_numbers_go_up_in_each_session(pushes: list[tuple[str, int]]) -> None:
    order: InOrder[tuple[str, int]] = InOrder()
    out = [message for push in pushes for message in order.push(*push, push, 0.0)]
    for session in "st":
        numbers = [number for name, number in out if name == session]
        assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("192.168.0.42", "192.168.0.42", None),
        ("192.168.0.42:8080", "192.168.0.42", 8080),
        (" http://192.168.0.42:8080/ ", "192.168.0.42", 8080),
        ("ws://pixel-7.local:1", "pixel-7.local", 1),
        ("[fd00::2]:65535", "[fd00::2]", 65535),
    ],
)
def test_an_address_is_read_as_the_apps_show_it(text: str, host: str, port: int | None) -> None:
    assert Address.parse(text) == Address(host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":8080",
        "a b",
        "host:0",
        "host:65536",
        "host:",
        "host:x",
        "https://host",
        "host/path",
        "a@b",
        "a\x1b[2J",
        "x" * 64,
        "..",
        "u:p@host:1",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        Address.parse(text)


def test_a_phone_without_an_address_is_asked_for_it() -> None:
    with pytest.raises(UsageError, match=r"--address 192\.168"):
        Address.parse(" ")


@pytest.mark.parametrize(
    ("text", "host", "port"), [("", "", None), (":8001", "", 8001), ("127.0.0.1:0", "127.0.0.1", 0)]
)
def test_where_to_listen_may_be_left_out(text: str, host: str, port: int | None) -> None:
    assert Address.parse(text, listening=True) == Address(host, port)


def test_this_machine_has_an_address_or_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_address()
    monkeypatch.setattr(address, "_ELSEWHERE", ("255.255.255.255", 9))  # as where there is no way out
    assert own_address() == socket.gethostname()
