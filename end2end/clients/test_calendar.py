"""PyPI's icalendar on the maintenance of every page."""

from datetime import UTC, datetime

import icalendar
import requests
from conftest import DEMO


def events(candor, slug, query=""):
    answer = candor.get(candor.status(slug, f"/calendar.ics{query}"))
    assert answer.headers["content-type"].startswith("text/calendar")
    assert answer.headers["access-control-allow-origin"] == "*"
    for line in answer.content.split(b"\r\n"):
        assert len(line) <= 75 and b"\n" not in line
    calendar = icalendar.Calendar.from_ical(answer.content)
    assert calendar["VERSION"] == "2.0" and calendar["PRODID"]
    assert not calendar.errors
    found = {}
    for event in calendar.walk("VEVENT"):
        assert not event.errors
        for name in ("UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "SEQUENCE", "STATUS"):
            assert name in event, name
        assert event["UID"] not in found, "every UID once"
        found[str(event["UID"])] = event
    return found


def id_of(event) -> str:
    return str(event["UID"]).split("@")[0]


def whole_second(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)


def test_events_are_the_maintenance_of_the_page(candor, page):
    maintenance = {one["id"]: one for one in candor.v2(page, "scheduled-maintenances.json")["scheduled_maintenances"]}
    found = {id_of(event): event for event in events(candor, page.slug).values()}
    for id, event in found.items():
        assert event["STATUS"] in ("CONFIRMED", "CANCELLED")
        assert int(event["SEQUENCE"]) >= 0
        if id in maintenance:
            one = maintenance[id]
            assert str(event["SUMMARY"]) == one["name"]
            assert event["DTSTART"].dt == whole_second(one["scheduled_for"]), one["name"]
            assert event["DTEND"].dt == whole_second(one["scheduled_until"]), one["name"]
    # What is to come is there, however long ago it was announced.
    for one in candor.v2(page, "scheduled-maintenances/upcoming.json")["scheduled_maintenances"]:
        assert found[one["id"]]["STATUS"] == "CONFIRMED", one["name"]
    if page.slug == DEMO:
        assert found, "the demo plans ahead"


def test_a_service_has_a_calendar_of_its_own(candor, page):
    whole = events(candor, page.slug)
    for service in candor.public(page)["services"][:5]:
        mine = events(candor, page.slug, f"?service={service['id']}")
        assert mine.keys() <= whole.keys()


def test_a_calendar_of_nothing_is_not_found(candor):
    for service in ("aaaaaaaaaaaa", "nothing"):
        address = candor.status(DEMO, f"/calendar.ics?service={service}")
        assert requests.get(address, timeout=30).status_code == 404


def test_a_move_raises_the_sequence_and_a_cancellation_stays(candor, token):
    headers = {"Authorization": f"Bearer {token(DEMO, 'admin')}"}
    api = f"{candor.url}/api/v1/organizations/{DEMO}/maintenance"
    coming = candor.get(f"{candor.url}/api/v1/status/{DEMO}/maintenance").json()
    scheduled = [one for one in coming["upcoming"] if one["status"] == "scheduled"]
    assert scheduled, "the demo plans ahead"
    id = scheduled[0]["id"]
    before = next(event for event in events(candor, DEMO).values() if id_of(event) == id)

    window = {"starts_at": "2037-03-01T10:00:00Z", "ends_at": "2037-03-01T11:00:00Z"}
    moved = requests.patch(f"{api}/{id}", json=window, headers=headers, timeout=30)
    assert moved.status_code == 200, moved.text
    after = events(candor, DEMO)[str(before["UID"])]
    assert after["DTSTART"].dt == datetime(2037, 3, 1, 10, tzinfo=UTC)
    assert int(after["SEQUENCE"]) > int(before["SEQUENCE"])

    cancelled = requests.post(
        f"{api}/{id}/updates", json={"status": "cancelled", "body": "Not needed."}, headers=headers, timeout=30
    )
    assert cancelled.status_code in (200, 201), cancelled.text
    last = events(candor, DEMO)[str(before["UID"])]
    assert last["STATUS"] == "CANCELLED"
    assert int(last["SEQUENCE"]) >= int(after["SEQUENCE"])
