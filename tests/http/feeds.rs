//! `/status/{organization}/feed.atom`, `feed.rss`, `feed.json`: incidents and maintenance for readers of feeds.

use crate::support::{Answer, Browser, Element, TestServer, both_engines};
use candor::server::{clock, maintenance::scheduler};
use chrono::{DateTime, TimeZone};
use serde_json::{Value, json};

both_engines!(
    an_atom_feed_has_what_it_needs,
    an_rss_feed_has_what_it_needs,
    a_json_feed_has_what_it_needs,
    a_feed_of_nothing_is_a_feed,
    dates_are_those_of_the_database,
    an_entry_stays_the_same_one,
    each_update_can_be_an_entry,
    a_service_has_a_feed_of_its_own,
    names_are_text_whatever_they_hold,
    the_latest_fifty_newest_first,
    readers_of_other_sites_are_welcome,
    what_is_no_feed_is_told_to_programs,
);

const ATOM: &str = "/status/northwind/feed.atom";
const RSS: &str = "/status/northwind/feed.rss";
const JSON: &str = "/status/northwind/feed.json";

async fn call(browser: &Browser, function: &str, mut arguments: Value) -> Value {
    arguments["organization"] = json!("northwind");
    browser.rpc(function, arguments).await.right()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn report(browser: &Browser, input: Value) -> String {
    text(&call(browser, "report_incident", json!({ "input": input })).await)
}

async fn update(browser: &Browser, id: &str, input: Value) {
    call(browser, "post_incident_update", json!({ "id": id, "input": input })).await;
}

/// So many minutes from now, as it is typed in Vienna, where these organizations are.
fn local(minutes: i64) -> String {
    let at = clock::now().plus_seconds(minutes * 60).utc();
    chrono_tz::Europe::Vienna.from_utc_datetime(&at.naive_utc()).format("%Y-%m-%dT%H:%M").to_string()
}

fn window(service: &str, from: i64, to: i64) -> Value {
    json!({ "title": "Database upgrade", "body": "Reads *only*.", "starts_at": local(from), "ends_at": local(to), "services": [service] })
}

async fn schedule(browser: &Browser, input: Value) -> String {
    text(&call(browser, "schedule_maintenance", json!({ "input": input })).await)
}

async fn get(server: &TestServer, path: &str) -> Answer {
    let answer = server.browser().get_with(path, &[]).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer
}

async fn xml(server: &TestServer, path: &str) -> Element {
    Element::read(&get(server, path).await.text())
}

async fn items(server: &TestServer, path: &str) -> Vec<Value> {
    get(server, path).await.json()["items"].as_array().unwrap().clone()
}

/// An organization with an incident in two updates, of which the latest is later, and a maintenance.
async fn world(server: &TestServer) -> (Browser, String, String, String) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let window = schedule(&owner, window(&api, 600, 660)).await;
    let said = json!([{ "service_id": api, "status": "partial_outage" }]);
    let incident = report(&owner, json!({ "title": "Payments fail", "body": "We *look*.", "services": said })).await;
    update(&owner, &incident, json!({ "status": "identified", "body": "A full disk." })).await;
    (owner, api, incident, window)
}

fn seconds(rfc3339: &str) -> i64 {
    DateTime::parse_from_rfc3339(rfc3339).unwrap_or_else(|error| panic!("{rfc3339}: {error}")).timestamp()
}

async fn an_atom_feed_has_what_it_needs(server: TestServer) {
    let (_, _, incident, window) = world(&server).await;
    let answer = get(&server, ATOM).await;
    assert_eq!(answer.header("content-type"), "application/atom+xml; charset=utf-8");
    let feed = Element::read(&answer.text());
    assert_eq!((feed.name.as_str(), feed.attribute("xmlns")), ("feed", "http://www.w3.org/2005/Atom"));
    let link = |element: &Element, rel: &str| {
        let links = element.all("link");
        links.iter().find(|link| link.attribute("rel") == rel).map(|link| link.attribute("href").to_owned())
    };
    assert_eq!(link(&feed, "self"), Some(format!("{}{ATOM}", server.url)));
    assert_eq!(link(&feed, "alternate"), Some(format!("{}/status/northwind", server.url)));
    assert!(feed.one("id").text.starts_with("urn:uuid:") && feed.one("title").text == "northwind status");
    assert_eq!(feed.one("author").one("name").text, "northwind");
    let entries = feed.all("entry");
    assert_eq!(entries.len(), 2, "one for each");
    assert_eq!(feed.one("updated").text, entries[0].one("updated").text, "that of the latest");
    for (entry, title, page, category) in [
        (entries[0], "Payments fail", format!("incidents/{incident}"), "Incident"),
        (entries[1], "Database upgrade", format!("maintenance/{window}"), "Maintenance"),
    ] {
        assert_eq!(entry.one("title").text, title);
        assert_eq!(link(entry, "alternate"), Some(format!("{}/status/northwind/{page}", server.url)));
        assert!(entry.one("id").text.starts_with("urn:uuid:") && entry.one("id").text.len() == 45);
        assert_eq!(entry.one("author").one("name").text, "northwind");
        assert!(seconds(&entry.one("published").text) <= seconds(&entry.one("updated").text));
        let terms: Vec<&str> = entry.all("category").iter().map(|category| category.attribute("term")).collect();
        assert!(terms.contains(&category) && terms.contains(&"API"), "{terms:?}");
        assert_eq!(entry.one("content").attribute("type"), "html");
    }
    let html = &entries[0].one("content").text;
    let places: Vec<_> = ["Identified", "A full disk.", "Investigating", "<em>look</em>", "API: Partial outage"]
        .iter()
        .map(|part| html.find(part).unwrap_or_else(|| panic!("{part}: {html}")))
        .collect();
    assert!(places.is_sorted(), "newest first: {html}");
    assert!(entries[1].one("content").text.contains("Reads <em>only</em>."));
}

async fn an_rss_feed_has_what_it_needs(server: TestServer) {
    let (_, _, incident, _) = world(&server).await;
    let answer = get(&server, RSS).await;
    assert_eq!(answer.header("content-type"), "application/rss+xml; charset=utf-8");
    let rss = Element::read(&answer.text());
    assert_eq!((rss.name.as_str(), rss.attribute("version")), ("rss", "2.0"));
    let channel = rss.one("channel");
    assert_eq!(channel.one("title").text, "northwind status");
    assert_eq!(channel.one("link").text, format!("{}/status/northwind", server.url));
    assert!(!channel.one("description").text.is_empty());
    let own = channel.one("atom:link");
    assert_eq!((own.attribute("rel"), own.attribute("href")), ("self", format!("{}{RSS}", server.url).as_str()));
    let date = |element: &Element| DateTime::parse_from_rfc2822(&element.text).expect("a date").timestamp();
    let items = channel.all("item");
    assert_eq!(date(channel.one("lastBuildDate")), date(items[0].one("pubDate")));
    let first = items[0];
    assert_eq!(first.one("title").text, "Payments fail");
    assert_eq!(first.one("link").text, format!("{}/status/northwind/incidents/{incident}", server.url));
    assert_eq!(first.one("guid").attribute("isPermaLink"), "false");
    assert!(first.one("description").text.contains("A full disk."));
    assert!(first.all("category").iter().any(|category| category.text == "Identified"));
    // The same ids in every format.
    let atom = xml(&server, ATOM).await;
    let ids: Vec<&str> = atom.all("entry").iter().map(|entry| entry.one("id").text.as_str()).collect();
    let guids: Vec<&str> = items.iter().map(|item| item.one("guid").text.as_str()).collect();
    assert_eq!(ids, guids);
}

async fn a_json_feed_has_what_it_needs(server: TestServer) {
    let (_, _, incident, _) = world(&server).await;
    let answer = get(&server, JSON).await;
    assert_eq!(answer.header("content-type"), "application/feed+json");
    let feed = answer.json();
    assert_eq!(feed["version"], "https://jsonfeed.org/version/1.1");
    assert_eq!(feed["title"], "northwind status");
    assert_eq!(feed["home_page_url"], format!("{}/status/northwind", server.url));
    assert_eq!(feed["feed_url"], format!("{}{JSON}", server.url));
    let item = &feed["items"][0];
    assert_eq!(item["title"], "Payments fail");
    assert_eq!(item["url"], format!("{}/status/northwind/incidents/{incident}", server.url));
    assert_eq!(item["authors"][0]["name"], "northwind");
    assert!(text(&item["content_html"]).contains("A full disk.") && text(&item["id"]).starts_with("urn:uuid:"));
    assert!(seconds(&text(&item["date_published"])) <= seconds(&text(&item["date_modified"])));
    assert_eq!(item["tags"][0], "Incident");
}

async fn a_feed_of_nothing_is_a_feed(server: TestServer) {
    server.owner("northwind").await;
    let feed = xml(&server, ATOM).await;
    assert!(feed.all("entry").is_empty() && seconds(&feed.one("updated").text) > 0);
    let rss = xml(&server, RSS).await;
    assert!(rss.one("channel").all("item").is_empty());
    assert_eq!(get(&server, JSON).await.json()["items"], json!([]));
}

async fn dates_are_those_of_the_database(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let past = json!({ "title": "Past", "started_at": local(-600), "resolved_at": local(-540) });
    let past = report(&owner, past).await;
    let window = schedule(&owner, window(&api, 60, 120)).await;
    let number = async |query: String| server.texts(&query).await[0].parse::<i64>().unwrap() / 1_000_000;
    let dates = async |title: &str| {
        let feed = xml(&server, ATOM).await;
        let entry = feed.all("entry").into_iter().find(|entry| entry.one("title").text == title).unwrap().clone();
        (seconds(&entry.one("published").text), seconds(&entry.one("updated").text))
    };
    let began = number(format!("select cast(started_at as text) from incidents where id = '{past}'")).await;
    let latest = format!("select cast(max(at) as text) from incident_updates where incident_id = '{past}'");
    assert_eq!(dates("Past").await, (began, number(latest).await));
    let created = number(format!("select cast(created_at as text) from maintenances where id = '{window}'")).await;
    let latest = format!("select cast(max(at) as text) from maintenance_updates where maintenance_id = '{window}'");
    assert_eq!(dates("Database upgrade").await, (created, number(latest.clone()).await));
    scheduler::run_all_due(&server.app, clock::now().plus_seconds(61 * 60)).await.unwrap();
    let started = number(latest).await;
    assert_eq!(dates("Database upgrade").await, (created, started), "when it was due");
    let starts = number(format!("select cast(starts_at as text) from maintenances where id = '{window}'")).await;
    assert_eq!(started, starts);
}

async fn an_entry_stays_the_same_one(server: TestServer) {
    let (owner, _, incident, _) = world(&server).await;
    let before = items(&server, JSON).await;
    update(&owner, &incident, json!({ "status": "resolved", "body": "Over." })).await;
    let edit = json!({ "title": "Card payments fail", "impact": "major" });
    call(&owner, "edit_incident", json!({ "id": incident, "input": edit })).await;
    let after = items(&server, JSON).await;
    assert_eq!(after.len(), 2);
    for field in ["id", "url", "date_published"] {
        assert_eq!(before[0][field], after[0][field], "{field}");
    }
    assert_eq!(after[0]["title"], "Card payments fail");
    assert!(text(&after[0]["content_html"]).contains("Over."), "a change is seen by the next reader");
    assert!(after[0]["tags"].as_array().unwrap().contains(&json!("Resolved")));
    // The organization's address changes: what was read stays read.
    let mut settings = call(&owner, "read_settings", json!({})).await;
    settings["slug"] = json!("eastwind");
    call(&owner, "update_organization", json!({ "input": settings })).await;
    let moved = server.browser().get_with(JSON, &[]).await;
    assert_eq!((moved.status, moved.location()), (308, "/status/eastwind/feed.json"));
    let there = items(&server, "/status/eastwind/feed.json").await;
    let ids = |all: &[Value]| all.iter().map(|item| text(&item["id"])).collect::<Vec<_>>();
    assert_eq!(ids(&there), ids(&after));
    assert!(text(&there[0]["url"]).contains("/status/eastwind/incidents/"));
}

async fn each_update_can_be_an_entry(server: TestServer) {
    let (owner, _, incident, window) = world(&server).await;
    let path = format!("{JSON}?updates=each");
    let titles = |all: &[Value]| all.iter().map(|item| text(&item["title"])).collect::<Vec<_>>();
    let first = items(&server, &path).await;
    assert_eq!(
        titles(&first),
        ["Identified: Payments fail", "Investigating: Payments fail", "Scheduled: Database upgrade"]
    );
    assert!(text(&first[0]["content_html"]).contains("A full disk."));
    assert!(!text(&first[0]["content_html"]).contains("look"), "only itself");
    call(
        &owner,
        "update_maintenance",
        json!({ "id": window, "input": { "status": "cancelled", "body": "Not needed." } }),
    )
    .await;
    update(&owner, &incident, json!({ "status": "resolved", "body": "Over." })).await;
    let postmortem = json!({ "id": incident, "body": "Disks fill.", "published": true });
    call(&owner, "save_postmortem", postmortem).await;
    let then = items(&server, &path).await;
    assert_eq!(
        titles(&then)[..3],
        ["Postmortem: Payments fail", "Resolved: Payments fail", "Cancelled: Database upgrade"]
    );
    assert_eq!(&then[3..], &first[..], "what was there is as it was");
    let ids: std::collections::BTreeSet<String> = then.iter().map(|item| text(&item["id"])).collect();
    assert_eq!(ids.len(), then.len(), "each has its own");
    assert_eq!(xml(&server, &format!("{RSS}?updates=each")).await.one("channel").all("item").len(), 6);
    // A postmortem brings its incident back to the top.
    assert!(text(&items(&server, JSON).await[0]["content_html"]).contains("Disks fill."));
    // One that is announced without a word is announced all the same.
    let api = owner.services("northwind").await["services"][0]["id"].clone();
    let silent = json!({ "title": "Silent", "starts_at": local(6_000), "ends_at": local(6_060), "services": [api] });
    schedule(&owner, silent).await;
    assert_eq!(titles(&items(&server, &path).await)[0], "Scheduled: Silent");
}

async fn a_service_has_a_feed_of_its_own(server: TestServer) {
    let (owner, api, ..) = world(&server).await;
    let website = owner.create_service("northwind", "Website", "").await;
    schedule(
        &owner,
        json!({ "title": "Of the website", "starts_at": local(60), "ends_at": local(90), "services": [website] }),
    )
    .await;
    let titles = async |query: &str| -> Vec<String> {
        items(&server, &format!("{JSON}{query}")).await.iter().map(|item| text(&item["title"])).collect()
    };
    assert_eq!(titles("").await, ["Of the website", "Payments fail", "Database upgrade"]);
    assert_eq!(titles(&format!("?service={api}")).await, ["Payments fail", "Database upgrade"]);
    assert_eq!(titles(&format!("?service={website}")).await, ["Of the website"]);
    assert_eq!(titles(&format!("?updates=each&service={website}")).await, ["Scheduled: Of the website"]);
    let feed = xml(&server, &format!("{ATOM}?service={website}")).await;
    assert_eq!(feed.one("title").text, "northwind status: Website");
    let own = feed.all("link")[0].attribute("href").to_owned();
    assert_eq!(own, format!("{}{ATOM}?service={website}", server.url));
    assert_ne!(feed.one("id").text, xml(&server, ATOM).await.one("id").text);
}

async fn names_are_text_whatever_they_hold(server: TestServer) {
    const HOSTILE: &str = "<b>&amp;\"'</b> ]]> 🚀 <script>alert(1)</script>";
    let ana = server.person("ana").await;
    let input = json!({ "name": HOSTILE, "slug": "northwind", "time_zone": "UTC", "listed": true });
    ana.rpc("create_organization", json!({ "input": input })).await.right();
    let api = ana.create_service("northwind", HOSTILE, "").await;
    let said = json!([{ "service_id": api, "status": "major_outage" }]);
    report(&ana, json!({ "title": HOSTILE, "body": HOSTILE, "services": said })).await;
    let feed = xml(&server, ATOM).await;
    assert_eq!(feed.one("title").text, format!("{HOSTILE} status"));
    let entry = feed.one("entry");
    assert_eq!(entry.one("title").text, HOSTILE);
    assert_eq!(entry.all("category").last().unwrap().attribute("term"), HOSTILE);
    let html = &entry.one("content").text;
    assert!(!html.contains("<script>") && html.contains("🚀"), "no markup of theirs: {html}");
    let rss = xml(&server, &format!("{RSS}?service={api}")).await;
    assert_eq!(rss.one("channel").one("title").text, format!("{HOSTILE} status: {HOSTILE}"));
    assert_eq!(rss.one("channel").one("item").one("title").text, HOSTILE);
    let feed = get(&server, JSON).await.json();
    assert_eq!(
        (text(&feed["items"][0]["title"]).as_str(), feed["items"][0]["tags"][3].as_str()),
        (HOSTILE, Some(HOSTILE))
    );
}

async fn the_latest_fifty_newest_first(server: TestServer) {
    // Where no hour is left out and none comes twice.
    let owner = server.person("ana").await;
    let input = json!({ "name": "northwind", "slug": "northwind", "time_zone": "UTC", "listed": true });
    owner.rpc("create_organization", json!({ "input": input })).await.right();
    let typed = |minutes: i64| clock::now().plus_seconds(minutes * 60).utc().format("%Y-%m-%dT%H:%M").to_string();
    let mut oldest = String::new();
    for number in 0..52_i64 {
        let (from, to) = (typed(-6_000 + number * 60), typed(-5_970 + number * 60));
        let id = report(&owner, json!({ "title": format!("{number}"), "started_at": from, "resolved_at": to })).await;
        if number == 0 {
            oldest = id;
        }
    }
    let titles =
        async || -> Vec<String> { items(&server, JSON).await.iter().map(|item| text(&item["title"])).collect() };
    let expected: Vec<String> = (2..52).rev().map(|number| number.to_string()).collect();
    assert_eq!(titles().await, expected);
    update(&owner, &oldest, json!({ "body": "One more word." })).await;
    let now = titles().await;
    assert_eq!((now.len(), now[0].as_str(), now[49].as_str()), (50, "0", "3"), "the latest word counts");
}

async fn readers_of_other_sites_are_welcome(server: TestServer) {
    let (owner, _, incident, _) = world(&server).await;
    let browser = server.browser();
    for path in [ATOM, RSS, JSON] {
        let first = get(&server, path).await;
        assert_eq!(first.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(first.header("cross-origin-resource-policy"), "cross-origin", "{path}");
        assert!(first.header("set-cookie").is_empty());
        let head = browser.send(browser.request(reqwest::Method::HEAD, path)).await;
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        for name in ["etag", "last-modified", "content-type", "content-length"] {
            assert_eq!(head.header(name), first.header(name), "{path}: {name}");
        }
        let etag = first.header("etag").to_owned();
        assert_eq!(browser.get_with(path, &[("if-none-match", &etag)]).await.status, 304, "{path}");
        update(&owner, &incident, json!({ "body": format!("More in {path}.") })).await;
        assert_eq!(browser.get_with(path, &[("if-none-match", &etag)]).await.status, 200, "{path}");
    }
}

async fn what_is_no_feed_is_told_to_programs(server: TestServer) {
    let (owner, api, ..) = world(&server).await;
    let other = server.owner("southwind").await;
    let theirs = other.create_service("southwind", "API", "").await;
    for path in [
        "/status/nobody/feed.atom".to_owned(),
        format!("{ATOM}?service=API"),
        format!("{ATOM}?service=aaaaaaaaaaaa"),
        format!("{RSS}?service={theirs}"),
        format!("{JSON}?updates=all"),
        format!("{ATOM}?service={api}&service={api}"),
    ] {
        let answer = server.browser().get_with(&path, &[]).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.header("content-type").starts_with("application/problem+json"), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
    }
    call(&owner, "delete_service", json!({ "id": api })).await;
    assert_eq!(server.browser().get_with(&format!("{ATOM}?service={api}"), &[]).await.status, 404);
    assert_eq!(xml(&server, ATOM).await.all("entry").len(), 2, "what was said of it stays");
}
