"""A check in a process of its own, which may hang, abort or write where it likes.

The child finds modules exactly where its parent does. It writes its findings as JSON in its last line of output.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
from importlib import import_module

from coach.doctor.finding import Area, Finding

CHILD_S = 8.0  # the start of Python and imports on a slow Pi, and the five seconds that a check may wait
_CODE = "from coach.doctor.child import main; main()"


def in_child(area: Area, check: str, *, limit_s: float = CHILD_S) -> list[Finding]:
    """Run `module:function`, which gives findings, in a new process.

    A process that hangs or dies is a finding in `area`.
    """
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-P", "-c", _CODE, check]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=limit_s,
            env=environ,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [_bad(area, f"no answer within {limit_s:g} s", f"restart the {area} service of this machine, or reboot")]
    except OSError as error:
        return [_bad(area, f"cannot be checked: {error}", "run the doctor with an installed Python")]
    if done.returncode:
        return [_died(area, done)]
    return [Finding(**finding) for finding in json.loads(done.stdout.splitlines()[-1])]


def _died(area: Area, done: subprocess.CompletedProcess[str]) -> Finding:
    how = signal.Signals(-done.returncode).name if done.returncode < 0 else f"exit code {done.returncode}"
    text = ": ".join([f"the check died ({how})", *done.stderr.strip().splitlines()[-1:]])
    if area == "bluetooth" and sys.platform == "darwin":  # macOS aborts who may not use Bluetooth
        return _bad(area, text, "allow your terminal in System Settings > Privacy & Security > Bluetooth")
    return _bad(area, text, "report this, with the text of this line")


def _bad(area: Area, text: str, todo: str) -> Finding:
    return Finding(area=area, ok="bad", text=text, todo=todo)


def main() -> None:
    """Run the check named on the command line."""
    module, _, function = sys.argv[1].partition(":")
    findings: list[Finding] = getattr(import_module(module), function)()
    sys.stdout.write("\n" + json.dumps([dataclasses.asdict(finding) for finding in findings]) + "\n")
