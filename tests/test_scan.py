"""`coach scan` on terminals of any width: what it stars, what it lets the runner copy, and what it says to do next."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from coach.cli import status
from coach.cli.scan import Ours, listing
from coach.cli.wearing import REMEMBERED
from coach.store.book import Store, store_path
from sensors.ble_scan import Found

MAC, UUID = "C0:FF:EE:00:00:01", "0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0"
Scan = Callable[..., tuple[set[str], str]]
STRAP_UUID = "00112233-4455-6677-8899-AABBCCDDEEFF"


def found(address: str = MAC, name: str = "Foot Pod", *speaks: str, rssi_dbm: int = -50) -> Found:
    return Found(address=address, name=name, rssi_dbm=rssi_dbm, speaks=speaks, fits="rsc" in speaks or "pmd" in speaks)


POD = found(MAC, "Foot Pod", "rsc")
STRAP = found("C0:FF:EE:00:00:02", "Polar H10 12345678", "heart-rate", "pmd", rssi_dbm=-60)
BULB = found("C0:FF:EE:00:00:03", "", rssi_dbm=-40)


# --- on a screen ------------------------------------------------------------------------------------------------------


def drawn(columns: int, *near: Found, ours: Ours | None = None) -> list[str]:
    console = Console(width=columns, color_system=None)
    with console.capture() as captured:
        console.print(listing(near, ours or Ours(), console))
    return captured.get().splitlines()


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_an_address_of_macos_is_whole_and_on_one_line_at_any_width(columns: int) -> None:
    strap = found(STRAP_UUID, "Polar H10 12345678 of somebody's friend", "heart-rate", "battery", "pmd")
    lines = drawn(columns, found(UUID, "Foot Pod", "rsc"), strap, ours=Ours(address=UUID))
    text = "\n".join(lines)
    assert all(len(line) <= columns for line in lines)
    for one in (UUID, STRAP_UUID):
        assert sum(one in line for line in lines) == 1
    assert "…" not in text
    for word in ("Foot Pod", "rsc", "-50", "Polar H10 12345678", "heart-rate", "battery", "pmd"):
        assert word in text
    assert [line[0] for line in lines if "Foot Pod" in line or "Polar H10" in line] == [" ", "*"]


def test_where_there_is_room_each_device_has_one_line_the_strongest_sensor_first() -> None:
    head, *lines = drawn(80, STRAP, BULB, POD, ours=Ours(also=STRAP.address))
    assert head.split() == ["name", "speaks", "dBm", "address"]
    assert [line.split() for line in lines] == [
        ["Foot", "Pod", "rsc", "-50", POD.address],
        ["*", "Polar", "H10", "12345678", "heart-rate,", "pmd", "-60", STRAP.address],
        ["(no", "name)", "–", "-40", BULB.address],
    ]


# --- what is ours, and what to do next --------------------------------------------------------------------------------


@pytest.fixture
def air(home: Path, monkeypatch: pytest.MonkeyPatch) -> list[Found]:
    near = [POD, STRAP, BULB]

    async def scan(seconds: float, *, heard: object) -> list[Found]:
        return near

    monkeypatch.setattr("sensors.ble_scan.scan", scan)
    return near


@pytest.fixture
def scanned(air: list[Found], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Scan:
    def scan(**sensor: str) -> tuple[set[str], str]:
        """Scan with these settings of the sensor; give the addresses with a star, and the last line of advice."""
        for key, value in sensor.items():
            monkeypatch.setenv(f"COACH_SENSOR_{key.upper()}", value)
        assert status(["scan", "--json"]) == 0
        told = {one["address"]: one["ours"] for one in json.loads(capsys.readouterr().out)}
        assert status(["scan"]) == 0
        plain = capsys.readouterr()
        starred = {line.split()[1] for line in plain.out.splitlines() if line.startswith("*")}
        assert starred == {address for address, is_ours in told.items() if is_ours}
        return starred, plain.err.splitlines()[-1]

    return scan


def test_the_remembered_sensor_has_a_star_and_needs_no_address(scanned: Scan) -> None:
    with Store.open(store_path("")) as store:
        store.remember(REMEMBERED, MAC.lower())
    assert scanned() == ({MAC}, "Run with:  coach run")


def test_a_sensor_that_is_not_known_yet_is_run_with_by_its_address(scanned: Scan) -> None:
    assert scanned() == (set(), f"Run with:  coach run --address {MAC}")


def test_the_second_sensor_has_a_star_and_is_not_the_one_to_run_with(scanned: Scan) -> None:
    assert scanned(also=MAC.lower()) == ({MAC}, f"Run with:  coach run --address {STRAP.address}")
    assert scanned(address=STRAP.address) == ({MAC, STRAP.address}, "Run with:  coach run")


def test_where_the_second_sensor_is_all_there_is_the_first_is_asked_for(air: list[Found], scanned: Scan) -> None:
    del air[1:]
    assert scanned(also=MAC) == ({MAC}, "Only your second sensor is here; wake the first.")


def test_a_sensor_that_is_searched_for_by_name_has_a_star_whatever_is_remembered(scanned: Scan) -> None:
    with Store.open(store_path("")) as store:
        store.remember(REMEMBERED, STRAP.address)
    assert scanned(match_name=" foot  POD") == ({MAC}, "Run with:  coach run")


def test_an_address_goes_before_a_name(scanned: Scan) -> None:
    assert scanned(match_name="Foot Pod", address=STRAP.address) == ({STRAP.address}, "Run with:  coach run")


def test_the_address_of_a_phone_in_the_network_is_nobodys_on_the_air(scanned: Scan) -> None:
    assert scanned(kind="phyphox", address="192.168.0.42") == (set(), f"Run with:  coach run --address {MAC}")


def test_nobody_is_told_of_in_one_line(air: list[Found], scanned: Scan) -> None:
    air.clear()
    assert scanned()[1].startswith("No sensor found.")
