"""PyPI's statuspage-prometheus-exporter: one run over every page."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from conftest import PAGES
from prometheus_client.parser import text_string_to_metric_families


@pytest.fixture(scope="module")
def metrics(candor, tmp_path_factory):
    """The samples of each service, by metric."""
    folder = tmp_path_factory.mktemp("exporter")
    services = {
        page.slug: {"url": candor.status(page, "/api/v2/summary.json"), "name": page.slug} for page in PAGES
    }
    (folder / "services.json").write_text(json.dumps(services))
    program = Path(sys.executable).parent / "statuspage-prometheus-exporter"
    done = subprocess.run(
        [program],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "RUN_MODE": "once",
            "SERVICES_JSON_PATH": str(folder / "services.json"),
            "METRICS_TEXTFILE_PATH": str(folder / "metrics.prom"),
        },
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = defaultdict(lambda: defaultdict(list))
    for family in text_string_to_metric_families((folder / "metrics.prom").read_text()):
        for sample in family.samples:
            found[sample.labels.get("service_name")][sample.name].append(sample)
    return found


def by(samples, label):
    return {sample.labels[label]: sample.value for sample in samples}


def test_every_page_is_read(metrics, page):
    of_page = metrics[page.slug]
    assert [sample.value for sample in of_page["statuspage_probe_check"]] == [1]
    assert len(of_page["statuspage_service_status"]) == 1


def test_components_are_as_they_were_imported(metrics, imported):
    # The exporter knows components by name only: of several, the last in the list counts.
    components = imported.document["components"]
    names = [one["name"].strip() for one in components]
    expected = {
        one["name"].strip(): 1.0 if one["status"] == "operational" else 0.0
        for one in components
        if names.count(one["name"].strip()) == 1
    }
    found = by(metrics[imported.slug]["statuspage_component_status"], "component_name")
    assert {name: value for name, value in found.items() if name in expected} == expected
    assert found.keys() == set(names)


def test_incidents_and_maintenance_are_those_of_the_page(candor, metrics, page):
    summary = candor.v2(page, "summary.json")
    for metric, label, listed in (
        ("statuspage_incident_info", "incident_id", "incidents"),
        ("statuspage_maintenance_info", "maintenance_id", "scheduled_maintenances"),
    ):
        active = by(metrics[page.slug][metric], label)
        told = {id for id, value in active.items() if value == 1}
        assert told == {one["id"] for one in summary[listed]}, metric
