"""PyPI's websockets: what programs are told, and the example of docs/LIVE.md as it stands there."""

import json
import queue
import re
import subprocess
import sys
import threading
import time

import pytest
import requests
from conftest import LIVE, ROOT
from websockets.sync.client import connect

TIMEOUT = 20


@pytest.fixture(scope="module")
def set_status(candor, token):
    """Sets the status of a service by REST."""
    headers = {"Authorization": f"Bearer {token(LIVE, 'admin')}"}
    services = candor.get(f"{candor.url}/api/v1/status/{LIVE}/services").json()["services"]
    service = next(one for one in services if one["name"] == "Web application")

    def change(status: str) -> dict:
        address = f"{candor.url}/api/v1/organizations/{LIVE}/services/{service['id']}"
        answer = requests.patch(address, json={"status": status}, headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return service

    return change


def receive(socket, kind):
    """The next message of this kind."""
    until = time.monotonic() + TIMEOUT
    while time.monotonic() < until:
        message = json.loads(socket.recv(timeout=TIMEOUT))
        if message["type"] == kind:
            return message
        assert message["type"] != "error", message
    raise TimeoutError(kind)


def test_a_change_is_told(candor, set_status):
    set_status("operational")
    with connect(f"ws://{candor.host}/api/v1/live") as socket:
        assert json.loads(socket.recv(timeout=TIMEOUT))["type"] == "connected"
        socket.send(json.dumps({"type": "subscribe", "organizations": [LIVE, "page-0"]}))
        subscribed = {(one := receive(socket, "subscribed"))["organization"]: one for _ in range(2)}
        assert subscribed.keys() == {LIVE, "page-0"}
        service = set_status("major_outage")
        event = receive(socket, "service_update")
        assert event["organization"] == LIVE and event["service"]["id"] == service["id"]
        assert (event["old_status"], event["new_status"]) == ("operational", "major_outage")
        assert event["version"] > subscribed[LIVE]["version"]
        socket.send(json.dumps({"type": "unsubscribe", "organizations": [LIVE]}))
        receive(socket, "unsubscribed")
    missed = set_status("operational")
    with connect(f"ws://{candor.host}/api/v1/live") as socket:
        ask = {"type": "subscribe", "organizations": [LIVE], "since": {LIVE: event["version"]}}
        socket.send(json.dumps(ask))
        assert receive(socket, "subscribed")["resumed"] is True
        event = receive(socket, "service_update")
        assert (event["service"]["id"], event["new_status"]) == (missed["id"], "operational")


def examples() -> list[str]:
    """The examples in Python, if the guide is there."""
    guide = ROOT / "docs/LIVE.md"
    text = guide.read_text() if guide.exists() else ""
    return [code for code in re.findall(r"```python\n(.*?)```", text, re.S) if "websockets" in code]


def test_the_example_of_the_guide_works(candor, set_status, tmp_path):
    found = examples()
    assert found, "docs/LIVE.md has an example in Python with websockets"
    set_status("operational")
    # Only where it connects to is otherwise.
    code, replaced = re.subn(r"wss?://[^/\"'\s]+", f"ws://{candor.host}", found[0])
    assert replaced, found[0]
    (tmp_path / "example.py").write_text(code)
    program = subprocess.Popen(
        [sys.executable, "-u", "example.py"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: queue.Queue = queue.Queue()
    reader = threading.Thread(target=lambda: [lines.put(line) for line in program.stdout], daemon=True)
    reader.start()
    said = []

    def until(words: str, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                said.append(lines.get(timeout=0.2))
            except queue.Empty:
                continue
            if words in said[-1]:
                return True
        return False

    try:
        # It may print what it subscribed to, or only events: changes are made until one is printed.
        until("subscribed", 3)
        for attempt in range(10):
            set_status("major_outage" if attempt % 2 == 0 else "operational")
            if until("service_update", 2) or "service_update" in "".join(said):
                break
        else:
            pytest.fail(f"the example printed no event: {''.join(said)}")
    finally:
        program.kill()
        program.wait()
        set_status("operational")
