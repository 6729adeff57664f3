"""A private D-Bus daemon: it takes the place of the system bus, without root, network or configuration."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MISSING = "dbus-daemon is missing: apt-get install dbus-daemon"

_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>custom</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


def is_available() -> bool:
    """Tell whether this machine has a dbus-daemon."""
    return shutil.which("dbus-daemon") is not None


@contextmanager
def private_bus() -> Iterator[str]:
    """Run a daemon; give its address, for DBUS_SYSTEM_BUS_ADDRESS."""
    with tempfile.TemporaryDirectory(prefix="radio-") as folder:  # pytest's own are too deep for a socket's path
        config = Path(folder) / "bus.conf"
        config.write_text(_CONFIG.format(socket=Path(folder) / "socket"), encoding="utf-8")
        command = ["dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile", "--print-address"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as daemon:
            assert daemon.stdout is not None
            try:
                address = daemon.stdout.readline().strip()
                assert address, f"{' '.join(command)} did not start"
                yield address
            finally:
                daemon.terminate()
