"""What a person does not see: whether Bluetooth, sound, settings, packages and the run store are fit for a run.

A check never raises and never hangs. What loads a library of the system runs in a process of its own (`child`): such
libraries write to the terminal, wait for servers that do not answer, and on some systems abort the whole process.
Nothing here needs root or a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from coach.doctor.bluetooth import check_bluetooth
from coach.doctor.finding import Area, Finding, Verdict
from coach.doctor.packages import check_packages, check_python
from coach.doctor.settings import check_config, check_store
from coach.doctor.sound import check_sound
from coach.doctor.voice import check_voice

__all__ = ["Area", "Finding", "Verdict", "as_text", "run_checks"]


def run_checks(*, file: Path | None = None, settings: Sequence[str] = ()) -> list[Finding]:
    """Check everything; takes about two seconds, and half a minute where nothing answers.

    Parameters
    ----------
    file, settings : the --config file and the --set flags that a run would be given.
    """
    findings = [check_python(), *check_packages()]
    effective, found = check_config(file, settings)
    findings += found
    if effective is not None:
        findings.append(check_store(effective.config.store))
    findings += [check_bluetooth(), *check_sound()]
    return findings if effective is None else [*findings, *check_voice(effective.config.voice)]


def as_text(findings: Sequence[Finding]) -> str:
    """Write the findings as lines, each with what to do below it, without a line break at the end."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.ok:<5} {finding.area:<10} {finding.text}")
        if finding.todo:
            lines.append(f"{'':<16} to do: {finding.todo}")
    return "\n".join(lines)
