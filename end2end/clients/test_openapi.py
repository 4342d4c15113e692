"""PyPI's schemathesis on the whole document: no answer with 5xx, none outside the schema.

Bounded by time. What it found is in its output; each failure comes with a curl command."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from conftest import FUZZED, ids

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# Seconds that a run may take; fuzzing goes on until they are over.
EACH_OPERATION = 120
STATEFUL = 60
ANONYMOUS = 60
METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


@pytest.fixture(scope="module")
def document(candor):
    return candor.get(f"{candor.url}/api/openapi.json").json()


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def resolved(document, one):
    """What is named elsewhere in the document."""
    for part in one.get("$ref", "").split("/")[1:]:
        document = document[part]
    return document if "$ref" in one else one


def test_the_document_is_of_openapi_3_1(document):
    assert document["openapi"].startswith("3.1")
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names) and len(names) > 50
    for path, method, operation in operations(document):
        assert operation.get("summary"), f"{method} {path}"
        told = operation.get("parameters", []) + document["paths"][path].get("parameters", [])
        names = {one["name"] for one in (resolved(document, one) for one in told)}
        assert set(re.findall(r"{(\w+)}", path)) <= names, f"{method} {path}"


def known(candor, document, headers):
    """Ids that are there, by the path below which they are: what a list tells."""
    found = {}
    for path in document["paths"]:
        below = re.match(r"(/api/v1/(?:organizations|status)/{organization}/[a-z-]+)/{(\w+)}", path)
        if below and "get" in document["paths"].get(below[1], {}):
            address = candor.url + below[1].replace("{organization}", FUZZED)
            found[(path, below[2])] = ids(requests.get(address, headers=headers, timeout=30).text)
    return found


def settings(document, known) -> str:
    """schemathesis.toml: one organization, and mostly ids that are there."""
    lines = ["[parameters]", f"organization = {json.dumps(FUZZED)}"]
    dictionaries, bound = ["[dictionaries]"], []
    for number, ((path, name), values) in enumerate(known.items()):
        if values:
            dictionaries.append(f"known{number} = {{ values = {json.dumps(values[:20])} }}")
            bound += [
                "[[operations]]",
                f"include-path = {json.dumps(path)}",
                f'parameters = {{ "path.{name}" = {{ dictionary = "known{number}", probability = 0.8 }} }}',
            ]
    for path, method, operation in operations(document):
        # The socket, and what would leave nothing to work on.
        last = (method, path) == ("delete", "/api/v1/organizations/{organization}")
        if last or path.endswith(("/leave", "/live")):
            name = json.dumps(operation["operationId"])
            bound += ["[[operations]]", f"include-operation-id = {name}", "enabled = false"]
    return "\n".join([*lines, *(dictionaries if len(dictionaries) > 1 else []), *bound]) + "\n"


def run(candor, document, folder, seconds, phases, headers, more=()):
    (folder / "schemathesis.toml").write_text(settings(document, known(candor, document, headers)))
    command = [
        Path(sys.executable).parent / "schemathesis",
        "--config-file",
        "schemathesis.toml",
        "run",
        f"{candor.url}/api/openapi.json",
        f"--checks={CHECKS}",
        f"--phases={phases}",
        f"--max-time={seconds}",
        "--max-examples=20",
        "--max-failures=20",
        "--continue-on-failure",
        "--request-timeout=20",
        "--seed=1",
        "--workers=2",
        "--suppress-health-check=all",
        "--warnings=off",
        "--generation-database=none",
        "--no-color",
    ]
    command += more
    command += [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds * 2 + 60)
    if "AST constructor recursion depth mismatch" in done.stdout:
        # Threads of Python 3.11 that parse source at the same time: https://github.com/python/cpython/issues/106905
        command[command.index("--workers=2")] = "--workers=1"
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds * 2 + 60)
    assert done.returncode == 0, f"{done.stdout[-20000:]}\n{done.stderr[-5000:]}"
    # pytest shows it when something fails after all, or with -s.
    print(done.stdout[-2000:])


RUNS = {"each": (EACH_OPERATION, "examples,coverage,fuzzing"), "stateful": (STATEFUL, "stateful")}


@pytest.mark.parametrize(("seconds", "phases"), RUNS.values(), ids=RUNS.keys())
def test_with_the_token_of_an_organization(candor, document, token, tmp_path, seconds, phases):
    headers = {"Authorization": f"Bearer {token(FUZZED, 'owner')}", "X-Forwarded-For": "192.0.2.10"}
    assert requests.get(f"{candor.url}/api/v1/me", headers=headers, timeout=30).status_code == 200
    # Whoever asks too fast is told when to ask again.
    run(candor, document, tmp_path, seconds, phases, headers, ["--rate-limit=auto"])
    assert candor.get(f"{candor.url}/health").json()["status"] == "ok"


def test_without_a_token(candor, document, tmp_path):
    run(candor, document, tmp_path, ANONYMOUS, "examples,coverage,fuzzing", {"X-Forwarded-For": "192.0.2.20"})
    for number, (path, method, operation) in enumerate(operations(document)):
        if not operation.get("security", document.get("security")) or path.endswith("/live"):
            continue
        if {} in operation.get("security", []):
            continue
        address = candor.url + re.sub(r"{\w+}", "aaaaaaaaaaaa", path.replace("{organization}", FUZZED))
        # Each from an address of its own: strangers are limited.
        headers = {"X-Forwarded-For": f"198.51.{100 + number // 250}.{number % 250}"}
        refused = requests.request(method, address, headers=headers, timeout=30)
        assert refused.status_code == 401, f"{method} {path}: {refused.status_code}"
        assert refused.headers["content-type"] == "application/problem+json", f"{method} {path}"
