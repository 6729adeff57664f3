"""What an error of the Bluetooth stack means, when it is final, and how long to wait after it."""

from __future__ import annotations

import itertools
from random import Random

import pytest
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)

from sensors import ble_faults
from sensors.backoff import backoff_s
from sensors.ble_faults import Stage, explain, is_final, is_forgotten


def test_backoff_doubles_to_half_a_minute_and_can_be_repeated() -> None:
    waits = list(itertools.islice(backoff_s(Random(1)), 9))
    for wait, nominal in zip(waits, [0.5, 1, 2, 4, 8, 16, 30, 30, 30], strict=True):
        assert 0.8 * nominal <= wait <= 1.2 * nominal
    assert waits == list(itertools.islice(backoff_s(Random(1)), 9))
    assert waits != list(itertools.islice(backoff_s(Random(2)), 9))


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.NO_BLUETOOTH), "no_adapter"),
        (BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.NO_BLE_CENTRAL_ROLE), "no_adapter"),
        (BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.POWERED_OFF), "powered_off"),
        (BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.DENIED_BY_USER), "not_allowed"),
        (BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.DENIED_BY_SYSTEM), "not_allowed"),
        (BleakBluetoothNotAvailableError("", BleakBluetoothNotAvailableReason.UNKNOWN), "other"),
        (BleakDBusError("org.freedesktop.DBus.Error.Spawn.ServiceNotFound", []), "no_adapter"),
        (BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", []), "not_allowed"),
        (BleakDBusError("org.bluez.Error.NotReady", []), "powered_off"),
        (BleakDBusError("org.bluez.Error.Failed", ["Page Timeout"]), "lost"),
        (BleakGATTProtocolError(0x05), "refused"),
        (BleakGATTProtocolError(0x0E), "lost"),
        (PermissionError(), "not_allowed"),
        (TimeoutError(), "lost"),
        (BleakError("Not connected"), "lost"),
    ],
)
def test_every_error_of_the_stack_has_its_fault(error: Exception, fault: str) -> None:
    problem = explain(error)
    assert problem.fault == fault
    assert problem.__cause__ is error
    assert problem.message
    assert bool(problem.hint) == (fault in ("no_adapter", "powered_off", "not_allowed", "refused"))


@pytest.mark.parametrize(
    ("error", "forgotten"),
    [
        (BleakDeviceNotFoundError("C0:FF:EE:00:00:02", "It may have been removed when scanning stopped."), True),
        (BleakError("device 'dev_C0_FF_EE_00_00_02' not found"), True),
        (BleakDBusError("org.bluez.Error.Failed", ["Page Timeout"]), False),
        (BleakError("Not connected"), False),
        (TimeoutError(), False),
    ],
)
def test_a_device_that_the_system_has_forgotten_is_told_from_one_out_of_reach(
    error: Exception, forgotten: bool
) -> None:
    assert is_forgotten(error) == forgotten


def test_every_reason_of_bleak_is_known() -> None:
    for reason in BleakBluetoothNotAvailableReason:
        explain(BleakBluetoothNotAvailableError("", reason))


def test_what_is_final_depends_on_how_far_the_sensor_had_come() -> None:
    final = {stage: {fault for fault in ble_faults._FINAL_UP_TO if is_final(fault, stage)} for stage in Stage}
    assert final[Stage.LINKED] == {"no_service", "not_allowed"}
    assert final[Stage.FOUND] == {"no_service", "not_allowed", "refused"}
    assert final[Stage.SEARCHING] > final[Stage.FOUND]
    assert not any(is_final("lost", stage) for stage in Stage)
