"""`coach run --sensor sensor-logger` as a program, with a phone that pushes to it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from coach.config import load
from coach.model import Packet
from coach.store.book import Store
from sensors.codecs import decode
from sensors.simulated import SimulatedRunner

COACH = Path(sys.executable).with_name("coach")
RUN_S = 12
WHERE = {"latitude": 51.4779, "longitude": -0.0015}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def messages(seconds: float) -> list[bytes]:
    """What Sensor Logger pushes of a runner at 170 steps a minute: a message a second, with where the runner is."""
    settings = ["placement=upper_arm", "stand_s=0", "step_cv_pct=0.5", "follows=not", "cadence_spm=170", "frame_s=1"]
    runner = SimulatedRunner(load(settings=[f"simulation.{one}" for one in settings], environ={}).config.simulation)
    pushed = []
    while (at := runner.next_at()) is not None and at < seconds:
        item = runner.take()
        if isinstance(item, Packet):
            reading = decode(item)
            rows = zip(reading.device_s.tolist(), (reading.acc_g * 9.80665).tolist(), strict=True)
            payload = [
                {
                    "name": "accelerometer",
                    "time": 1_700_000_000_000_000_000 + int(t * 1e9),
                    "values": dict(zip("xyz", a, strict=True)),
                }
                for t, a in rows
            ]
            payload.append({"name": "location", "time": payload[0]["time"], "values": WHERE})
            body = {"messageId": len(pushed), "sessionId": "s", "deviceId": "d", "payload": payload}
            pushed.append(json.dumps(body).encode())
    return pushed


def push(url: str, body: bytes, until_s: float) -> None:
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body), timeout=5) as answer:
                assert answer.status == 200
                return
        except urllib.error.URLError:
            assert time.monotonic() < until_s, "nobody listens"
            time.sleep(0.1)


def assert_kept_without_location(home: Path, environment: dict[str, str], said: str) -> None:
    """See to it that what is on the disk says the same again, and not where the runner was."""
    command = [COACH, "replay", "last", "--events", "-"]
    homes = {"XDG_CONFIG_HOME": str(home), "XDG_DATA_HOME": str(home)}
    again = subprocess.run(
        command, env={**environment, **homes}, capture_output=True, text=True, timeout=60, check=False
    )
    assert again.stdout == said
    (path,) = home.rglob("*.sqlite")
    with Store.open(path) as store:
        payloads = [item.payload for item in store.run("last").inputs() if isinstance(item, Packet)]
    assert payloads
    assert not any(word in payload for payload in payloads for word in (b"location", b"latitude", b"51.4779"))


def test_a_phone_that_pushes_is_coached_as_a_program(tmp_path: Path) -> None:
    port = free_port()
    command = [COACH, "run", "--sensor", "sensor-logger", "--address", f"127.0.0.1:{port}", "--headless"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COACH_")}
    with subprocess.Popen(
        [*command, "--duration", str(RUN_S), "--output", "null", "--events", "-"],
        env={**environment, "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for body in messages(RUN_S - 3):
            push(f"http://127.0.0.1:{port}/", body, time.monotonic() + 20)
            time.sleep(0.6)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    events = [json.loads(line) for line in out.splitlines()]
    spm = [event["spm"] for event in events if event["type"] == "cadence" and event["status"] == "locked"]
    assert spm, err
    assert all(abs(one - 170) < 6 for one in spm)
    assert events[0]["source"] == {"kind": "sensor-logger", "address": f"127.0.0.1:{port}"}
    assert_kept_without_location(tmp_path, environment, out)


def test_a_kind_that_nobody_knows_lists_those_that_are(tmp_path: Path) -> None:
    ended = subprocess.run(
        [COACH, "run", "--sensor", "telephone", "--headless", "--output", "null", "--no-keep"],
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert "'telephone' is not a kind of sensor" in ended.stderr
    assert "phyphox" in ended.stderr
