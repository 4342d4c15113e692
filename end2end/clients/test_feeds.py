"""PyPI's feedparser on Atom and RSS; JSON Feed by hand."""

import calendar
from datetime import UTC, datetime
from urllib.parse import urlparse

import feedparser
import pytest
import requests
from conftest import DEMO

KINDS = {"feed.atom": ("atom10", "application/atom+xml"), "feed.rss": ("rss20", "application/rss+xml")}


def seconds(text: str) -> int:
    """A moment of an API, in seconds."""
    return int(datetime.fromisoformat(text).timestamp())


def moment(parsed) -> int:
    return calendar.timegm(parsed)


def read(candor, page, file, query=""):
    answer = candor.get(candor.status(page, f"/{file}{query}"))
    assert answer.headers["access-control-allow-origin"] == "*"
    version, kind = KINDS[file]
    assert answer.headers["content-type"].startswith(kind)
    feed = feedparser.parse(answer.content, response_headers={"content-type": answer.headers["content-type"]})
    assert feed.bozo == 0 and feed.version == version, feed.get("bozo_exception")
    return feed


def about(link: str) -> tuple[str, str]:
    """What an entry is about: incidents or maintenance, and the id."""
    return tuple(urlparse(link).path.split("/")[-2:])


@pytest.mark.parametrize("file", KINDS)
@pytest.mark.parametrize("query", ["", "?updates=each"])
def test_required_elements_are_there(candor, page, file, query):
    feed = read(candor, page, file, query)
    name = candor.public(page)["organization"]["name"]
    assert name in feed.feed.title and feed.feed.link == candor.status(page)
    # RSS requires a description, Atom an id and when it changed.
    assert feed.feed.subtitle
    if file == "feed.atom":
        assert feed.feed.id.startswith("urn:uuid:") and feed.feed.updated_parsed and feed.feed.author
        assert {"self", "alternate"} <= {link.rel for link in feed.feed.links}
    ids = [entry.id for entry in feed.entries]
    assert len(set(ids)) == len(ids) <= 50, "every id once"
    for entry in feed.entries:
        assert entry.title and entry.link.startswith(candor.status(page)) and entry.published_parsed
        assert about(entry.link)[0] in ("incidents", "maintenance")
        assert entry.get("content") or entry.summary is not None
    if page.slug == DEMO:
        assert feed.entries, "the demo has a past"


@pytest.mark.parametrize("file", KINDS)
def test_dates_are_those_of_the_incidents(candor, page, file):
    incidents = {one["id"]: one for one in candor.v2(page, "incidents.json")["incidents"]}
    ours = {one["id"]: one for one in candor.public(page, "/incidents")["incidents"]}
    told = 0
    for entry in read(candor, page, file).entries:
        kind, id = about(entry.link)
        if kind != "incidents" or id not in incidents:
            continue
        told += 1
        incident = incidents[id]
        assert entry.title == incident["name"]
        last = max(seconds(update["display_at"]) for update in incident["incident_updates"])
        postmortem = ours[id].get("postmortem")
        last = max(last, seconds(postmortem["published_at"])) if postmortem else last
        if file == "feed.atom":
            assert moment(entry.published_parsed) == seconds(ours[id]["started_at"]), incident["name"]
            assert moment(entry.updated_parsed) == last, incident["name"]
        else:
            # RSS knows one date: readers put an item on top when there is news of it.
            assert moment(entry.published_parsed) == last, incident["name"]
    assert told or not incidents


@pytest.mark.parametrize("file", KINDS)
def test_every_update_is_an_entry_where_that_is_wanted(candor, page, file):
    incidents = candor.v2(page, "incidents.json")["incidents"]
    said = {
        (one["id"], seconds(update["display_at"])) for one in incidents for update in one["incident_updates"]
    }
    feed = read(candor, page, file, "?updates=each")
    entries = [(about(entry.link), moment(entry.published_parsed), entry.title) for entry in feed.entries]
    known = {one["id"] for one in incidents}
    for (kind, id), at, title in entries:
        if kind == "incidents" and id in known and not title.startswith("Postmortem: "):
            assert (id, at) in said, title
    moments = [at for _, at, _ in entries]
    assert moments == sorted(moments, reverse=True), "newest first"


@pytest.mark.parametrize("file", KINDS)
def test_a_service_has_feeds_of_its_own(candor, page, file):
    whole = read(candor, page, file)
    ids = {entry.id for entry in whole.entries}
    services = candor.public(page)["services"]
    incidents = {one["id"]: one for one in candor.public(page, "/incidents")["incidents"]}
    for service in services[:5]:
        feed = read(candor, page, file, f"?service={service['id']}")
        assert service["name"] in feed.feed.title
        assert feed.feed.link == candor.status(page, f"/services/{service['id']}")
        for entry in feed.entries:
            kind, id = about(entry.link)
            if kind == "incidents" and id in incidents:
                assert service["id"] in [affected["service_id"] for affected in incidents[id]["services"]]
        if len(whole.entries) < 50:
            assert {entry.id for entry in feed.entries} <= ids, "an entry has one id in all feeds"


def test_json_feeds(candor, page):
    answer = candor.get(candor.status(page, "/feed.json"))
    assert answer.headers["content-type"].startswith("application/feed+json")
    feed = answer.json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"] and feed["home_page_url"] == candor.status(page)
    assert feed["feed_url"] == candor.status(page, "/feed.json")
    atom = {entry.id: entry for entry in read(candor, page, "feed.atom").entries}
    assert [item["id"] for item in feed["items"]] == list(atom)
    for item in feed["items"]:
        assert item["url"].startswith(candor.status(page)) and item["title"] and "content_html" in item
        published, modified = (datetime.fromisoformat(item[name]) for name in ("date_published", "date_modified"))
        assert published.tzinfo and published <= modified
        assert int(published.astimezone(UTC).timestamp()) == moment(atom[item["id"]].published_parsed)
        assert int(modified.astimezone(UTC).timestamp()) == moment(atom[item["id"]].updated_parsed)


@pytest.mark.parametrize("address", ["{}?service=aaaaaaaaaaaa", "{}?service=nothing", "{}?updates=some"])
@pytest.mark.parametrize("file", ["feed.atom", "feed.rss", "feed.json"])
def test_what_is_not_there_is_not_found(candor, file, address):
    assert requests.get(candor.status(DEMO, f"/{address.format(file)}"), timeout=30).status_code == 404
