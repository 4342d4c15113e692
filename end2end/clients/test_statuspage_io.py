"""npm's statuspage.io: every one of its calls."""

import json
import subprocess
from pathlib import Path

HERE = Path(__file__).parent

# What each call asks for. The client takes upcoming.json for all three lists of maintenance.
RESOURCES = {
    "getSummary": "summary.json",
    "getStatus": "status.json",
    "getComponents": "components.json",
    "incidents.getAll": "incidents.json",
    "incidents.getUnresolved": "incidents/unresolved.json",
    "scheduledMaintenances.getActive": "scheduled-maintenances/upcoming.json",
    "scheduledMaintenances.getAll": "scheduled-maintenances/upcoming.json",
    "scheduledMaintenances.getUpcoming": "scheduled-maintenances/upcoming.json",
}


def calls(address: str) -> dict:
    done = subprocess.run(
        ["node", HERE / "statuspage-io.mjs", address], capture_output=True, text=True, timeout=60, cwd=HERE
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def without_moment(document: dict) -> dict:
    """What does not depend on when it was asked for."""
    page = {name: value for name, value in document["page"].items() if name != "updated_at"}
    return document | {"page": page}


def test_every_call_has_its_answer(candor, page):
    made = calls(candor.status(page))
    for call, resource in RESOURCES.items():
        assert "data" in made[call], f"{call}: {made[call]}"
        assert without_moment(made[call]["data"]) == without_moment(candor.v2(page, resource)), call
    for call in made.keys() - RESOURCES.keys():
        # Nobody subscribes by this client: its calls are refused as what is not there, or not allowed.
        assert made[call].get("status") in (404, 405), f"{call}: {made[call]}"


def test_it_says_what_our_own_api_says(candor, page):
    summary = calls(candor.status(page))["getSummary"]["data"]
    whole = candor.public(page)
    assert summary["page"]["name"] == whole["organization"]["name"]
    assert summary["page"]["time_zone"] == whole["organization"]["time_zone"]
    assert summary["status"] == {"indicator": whole["indicator"], "description": whole["description"]}
    components = {component["id"]: component for component in summary["components"]}
    assert len(components) == len(summary["components"]), "every id once"
    leaves = {id: (one["name"], one["status"]) for id, one in components.items() if not one["group"]}
    groups = {id: (one["name"], one["status"]) for id, one in components.items() if one["group"]}
    assert leaves == {service["id"]: (service["name"], service["status"]) for service in whole["services"]}
    assert groups == {group["id"]: (group["name"], group["status"]) for group in whole["groups"]}
    for service in whole["services"]:
        assert components[service["id"]]["group_id"] == service["group_id"]
    for group in groups:
        members = [id for id, one in components.items() if one["group_id"] == group]
        assert sorted(components[group]["components"]) == sorted(members)
    incidents = {one["id"]: (one["name"], one["status"], one["impact"]) for one in summary["incidents"]}
    assert incidents == {one["id"]: (one["title"], one["status"], one["impact"]) for one in whole["incidents"]}
    maintenance = {one["id"]: (one["name"], one["status"]) for one in summary["scheduled_maintenances"]}
    assert maintenance == {one["id"]: (one["title"], one["status"]) for one in whole["maintenance"]}
