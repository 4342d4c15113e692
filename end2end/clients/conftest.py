"""A real server for programs that nobody here wrote: its own SQLite file, filled by `candor demo` and by
`candor import` from fixtures and from captures of real status pages."""

import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("CANDOR_BINARY", ROOT / "target/debug/candor"))
FIXTURES = ROOT / "tests/fixtures/statuspage"
OWNER = "ana@northwind.example"
DEMO = "northwind"
# What /docs and docs/LIVE.md call the organization of their examples.
LIVE = "acme"
# One that may be changed at will.
FUZZED = "fuzzed"
START_TIMEOUT = 30


def captured() -> list[Path]:
    """Summaries of real status pages, where there are any."""
    folder = os.environ.get("CANDOR_CAPTURES")
    return sorted(Path(folder).glob("statuspage/*/summary*.json")) if folder else []


class Page:
    """An organization and the file that it was imported from."""

    def __init__(self, slug: str, file: Path | None):
        self.slug = slug
        self.file = file

    def __repr__(self) -> str:
        return f"{self.file.parent.name}/{self.file.stem}" if self.file else self.slug

    @property
    def document(self) -> dict:
        """What the file says."""
        return json.loads(self.file.read_text())


IMPORTED = [Page("page-0", FIXTURES / "summary.json")]
IMPORTED += [Page(f"page-{number}", file) for number, file in enumerate(captured(), 1)]
PAGES = [Page(DEMO, None), *IMPORTED]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`imported`: each organization that was imported. `page`: each that there is."""
    for name, pages in (("imported", IMPORTED), ("page", PAGES)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, pages, ids=repr)


class Candor:
    """`candor serve` on a port of its own."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="candor-clients-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}"
        self.log = self.folder / "log"
        self.process: subprocess.Popen | None = None

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "DATABASE_URL": f"sqlite:{self.folder / 'candor.db'}",
            "CANDOR_ADDR": self.host,
            "CANDOR_URL": self.url,
            "CANDOR_ENV": "production",
            # Each program says that it has an address of its own, so that limits per address hold for each.
            "CANDOR_TRUSTED_PROXIES": "127.0.0.1",
            # What fuzzes sends as much as it can.
            "CANDOR_API_REQUESTS_PER_MINUTE": "60000",
        }

    def command(self, *words: str) -> str:
        """Runs a command of the operator on the same database."""
        done = subprocess.run(
            [BINARY, *words], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=180
        )
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self) -> None:
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [BINARY, "serve"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        until = time.monotonic() + START_TIMEOUT
        while True:
            try:
                if requests.get(f"{self.url}/health", timeout=5).ok:
                    return
            except requests.ConnectionError:
                pass
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the server did not start:\n{self.log.read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def status(self, page: Page | str, below: str = "") -> str:
        """An address of a public page."""
        return f"{self.url}/status/{page if isinstance(page, str) else page.slug}{below}"

    def get(self, address: str, **more) -> requests.Response:
        """What has to be there for everybody, also for pages of other sites."""
        answer = requests.get(address, timeout=30, **more)
        assert answer.status_code == 200, f"{address}: {answer.status_code} {answer.text[:500]}"
        return answer

    def v2(self, page: Page, resource: str) -> dict:
        """A resource of the API that is compatible with Statuspage."""
        answer = self.get(self.status(page, f"/api/v2/{resource}"))
        assert answer.headers["access-control-allow-origin"] == "*", resource
        return answer.json()

    def public(self, page: Page, below: str = "") -> dict:
        """A resource of the public reading of our own API."""
        return self.get(f"{self.url}/api/v1/status/{page.slug}{below}").json()


@pytest.fixture(scope="session")
def candor():
    """The server, filled."""
    if not BINARY.exists():
        pytest.fail(f"There is no server at {BINARY}. Build one (cargo leptos build), or name it in CANDOR_BINARY.")
    server = Candor()
    try:
        server.command("demo")
        for page in IMPORTED:
            server.command("import", "statuspage", str(page.file), "--organization", page.slug)
        for slug in (LIVE, FUZZED):
            files = [str(FIXTURES / name) for name in ("summary.json", "incidents.json")]
            server.command("import", "statuspage", *files, "--organization", slug)
            server.command("users", "make-owner", OWNER, "--organization", slug, "--unverified")
        server.start()
        yield server
        if server.process.poll() is not None:
            pytest.fail(f"the server ended by itself:\n{server.log.read_text()[-5000:]}")
    finally:
        server.stop()


@pytest.fixture(scope="session")
def owner(candor):
    """The demo's owner, signed in as in a browser."""
    password = json.loads(candor.command("users", "reset-password", OWNER, "--json"))["password"]
    browser = requests.Session()
    browser.headers.update({"Origin": candor.url, "Sec-Fetch-Site": "same-origin"})
    fields = {"email": OWNER, "password": password}
    answer = browser.post(f"{candor.url}/sign-in", data=fields, allow_redirects=False, timeout=30)
    assert answer.status_code == 303, answer.text
    return browser


@pytest.fixture(scope="session")
def token(candor, owner):
    """Makes a token of an organization."""

    def make(organization: str, role: str) -> str:
        wanted = {"organization": organization, "input": {"name": f"clients, {role}", "role": role, "days": "30"}}
        made = owner.post(f"{candor.url}/rpc/create_token", json=wanted, timeout=30)
        assert made.status_code == 200, made.text
        return made.json()["token"]

    return make


ID = re.compile(r'"id": ?"([a-z0-9]{12})"')


def ids(text: str) -> list[str]:
    """Every id in a JSON text."""
    return sorted(set(ID.findall(text)))
