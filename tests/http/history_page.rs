//! What visitors read of incidents, maintenance and uptime: on `/status/{organization}`, below it,
//! and in the directory.

use crate::support::{Answer, Browser, TestServer, banner, both_engines};
use candor::{
    domain::time::Time,
    server::{clock, local_time},
};
use serde_json::{Value, json};

both_engines!(
    an_open_incident_stands_above_the_services,
    a_resolved_incident_moves_to_the_timeline,
    open_pages_hear_of_an_incident_in_parts,
    an_incident_without_services_counts_for_the_banner,
    an_incident_has_a_permanent_page,
    what_belongs_to_others_is_not_there,
    a_draft_of_a_postmortem_is_for_nobody,
    the_history_goes_by_month,
    the_history_reaches_back_to_the_first_window,
    uptime_is_what_the_formula_says,
    a_young_service_has_no_data_from_before,
    a_service_has_a_page_of_its_own,
    maintenance_is_announced,
    pages_below_are_cached_as_the_page_is,
    four_hundred_services_stay_light,
    the_directory_shows_incidents_of_who_is_listed,
);

const DAY: i64 = 86_400;

async fn page(browser: &Browser, path: &str) -> Answer {
    let answer = browser.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer
}

/// The element of this id, up to its end tag.
fn element(html: &str, id: &str, end: &str) -> String {
    let from = html.find(&format!(" id=\"{id}\"")).unwrap_or_else(|| panic!("no #{id}: {html}"));
    html[from..].split(end).next().unwrap().to_owned()
}

/// Whether nothing follows the start tag.
fn is_empty(element: &str) -> bool {
    element.matches('>').count() == 1
}

async fn report(browser: &Browser, organization: &str, input: Value) -> String {
    let made = browser.rpc("report_incident", json!({ "organization": organization, "input": input })).await.right();
    made.as_str().unwrap().to_owned()
}

async fn post(browser: &Browser, id: &str, input: Value) {
    let arguments = json!({ "organization": "northwind", "id": id, "input": input });
    browser.rpc("post_incident_update", arguments).await.right();
}

fn says(service: &str, status: &str) -> Value {
    json!([{ "service_id": service, "status": status }])
}

/// So many days ago at this time of day in UTC.
fn moment(days: i64, time: &str) -> Time {
    let text = clock::now().plus_seconds(-days * DAY).utc().format(&format!("%Y-%m-%dT{time}:00Z")).to_string();
    serde_json::from_value(json!(text)).unwrap()
}

/// The same as it is typed in Vienna, where these organizations are.
fn days_ago(days: i64, time: &str) -> String {
    local_time::format_input(local_time::zone("Europe/Vienna"), moment(days, time))
}

/// Makes the services as old as if they had been added so many days ago.
async fn make_older(server: &TestServer, days: i64) {
    let micros = days * DAY * 1_000_000;
    for table in ["status_claims", "status_history"] {
        server.execute(&format!("update {table} set started_at = started_at - {micros}")).await;
    }
    server.execute(&format!("update services set created_at = created_at - {micros}")).await;
}

async fn an_open_incident_stands_above_the_services(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "Payments API", "").await;
    let body = "We **look**. <script>alert(1)</script> [bad](javascript:alert(1)) [good](https://example.com/x)";
    let title = "Errors <b>on</b> payments";
    let id =
        report(&owner, "northwind", json!({ "title": title, "body": body, "services": says(&api, "partial_outage") }))
            .await;
    post(&owner, &id, json!({ "status": "identified", "body": "A replica fails." })).await;
    let html = page(&server.browser(), "/status/northwind").await.text();
    let open = element(&html, "incidents", "</section>");
    assert!(open.contains("Errors &lt;b&gt;on&lt;/b&gt; payments") && open.contains("Payments API"), "{open}");
    assert!(open.contains(&format!("href=\"/status/northwind/incidents/{id}\"")), "{open}");
    let (newer, older) = (open.find("A replica fails."), open.find("<strong>look</strong>"));
    assert!(newer.is_some() && newer < older, "newest first: {open}");
    assert!(open.contains("Identified") && open.contains("Investigating"), "{open}");
    assert!(open.contains("Payments API: Partial outage"), "what it says of services: {open}");
    assert!(open.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "shown as the text that it is: {open}");
    assert!(!html.contains("<script>") && !html.contains("javascript:"), "{html}");
    assert!(open.contains("href=\"https://example.com/x\"") && open.contains("nofollow"), "{open}");
    assert_eq!(banner(&html), ("major".to_owned(), "Partial System Outage".to_owned()), "its only service");
    let past = element(&html, "timeline", "</section>");
    assert!(past.contains("Ongoing since") && !past.contains("A replica fails."), "told once: {past}");
}

async fn a_resolved_incident_moves_to_the_timeline(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let id = report(
        &owner,
        "northwind",
        json!({ "title": "Slow", "body": "We look.", "services": says(&api, "degraded_performance") }),
    )
    .await;
    post(&owner, &id, json!({ "status": "resolved", "body": "All is well again." })).await;
    let html = page(&server.browser(), "/status/northwind").await.text();
    assert!(is_empty(&element(&html, "incidents", "</section>")), "{html}");
    let past = element(&html, "timeline", "</section>");
    for words in ["Slow", "Resolved", "All is well again.", "Investigating", "We look.", "No incidents from"] {
        assert!(past.contains(words), "{words}: {past}");
    }
    assert!(past.contains("href=\"/status/northwind/history\""), "{past}");
    assert_eq!(banner(&html).0, "none");
    // One that began long ago and was over lately is there; one that was over long ago is not.
    let input = |title: &str, from: i64, to: i64| json!({ "title": title, "body": "", "started_at": days_ago(from, "12:00"), "resolved_at": days_ago(to, "12:00") });
    report(&owner, "northwind", input("Long", 40, 3)).await;
    report(&owner, "northwind", input("Old", 40, 30)).await;
    let past = element(&page(&server.browser(), "/status/northwind").await.text(), "timeline", "</section>");
    assert!(past.contains("Long") && !past.contains("Old"), "{past}");
    // Deleted, it was never there.
    owner.rpc("delete_incident", json!({ "organization": "northwind", "id": id })).await.right();
    let html = page(&server.browser(), "/status/northwind").await.text();
    assert!(!html.contains("Slow"), "{html}");
}

async fn open_pages_hear_of_an_incident_in_parts(server: TestServer) {
    let owner = server.owner("northwind").await;
    let (core, data) = (owner.create_group("northwind", "Core").await, owner.create_group("northwind", "Data").await);
    let api = owner.create_service("northwind", "API", &core).await;
    owner.create_service("northwind", "Search", &data).await;
    // Of a service that is a second old every figure changes from one moment to the next.
    for table in ["status_claims", "status_history"] {
        server.execute(&format!("update {table} set started_at = started_at - 2592000000000")).await;
    }
    let visitor = server.browser();
    let html = page(&visitor, "/status/northwind").await.text();
    let version = html.split("data-version=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let mut socket = visitor.socket(&format!("/status/northwind/live?version={version}")).await.unwrap();
    let id =
        report(&owner, "northwind", json!({ "title": "Down", "body": "x", "services": says(&api, "major_outage") }))
            .await;
    let told = socket.next().await;
    let regions = told["regions"].as_object().unwrap_or_else(|| panic!("not in parts: {told}"));
    assert!(!regions.contains_key(&format!("g-{data}")), "what did not change is not sent: {:?}", regions.keys());
    for id in ["banner", "incidents", "timeline", "facts", &format!("g-{core}")] {
        assert!(regions.contains_key(id), "{id}: {:?}", regions.keys());
    }
    // A message changes the incident, and at most the moment in the banner.
    post(&owner, &id, json!({ "body": "We are at it." })).await;
    let told = socket.next().await;
    let changed: Vec<&String> = told["regions"].as_object().unwrap().keys().collect();
    assert!(changed.iter().all(|id| ["banner", "incidents"].contains(&id.as_str())), "{told}");
    assert!(told["regions"]["incidents"].as_str().unwrap().contains("We are at it."));
}

/// An open incident that is not yet monitored counts when all services are well ("Status rules").
async fn an_incident_without_services_counts_for_the_banner(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "API", "").await;
    let id = report(&owner, "northwind", json!({ "title": "Odd", "body": "x", "impact": "critical" })).await;
    let words = async || banner(&page(&server.browser(), "/status/northwind").await.text());
    assert_eq!(words().await, ("critical".to_owned(), "Major System Outage".to_owned()));
    post(&owner, &id, json!({ "status": "monitoring", "body": "Mended." })).await;
    assert_eq!(words().await, ("none".to_owned(), "All Systems Operational".to_owned()));
}

async fn an_incident_has_a_permanent_page(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let input = json!({
        "title": "Outage \"of\" everything", "body": "We look.", "services": says(&api, "major_outage"),
        "started_at": days_ago(200, "12:00"), "resolved_at": days_ago(200, "13:30"),
    });
    let id = report(&owner, "northwind", input).await;
    let path = format!("/status/northwind/incidents/{id}");
    let html = page(&server.browser(), &path).await.text();
    assert!(html.contains("<title>Outage \"of\" everything · northwind status</title>"), "{html}");
    assert!(html.contains(&format!("<link rel=\"canonical\" href=\"{}{path}\"", server.url)), "{html}");
    for words in ["Resolved", "impact: critical", "(1 h 30 min)", "We look.", "Affected services", "Major outage"] {
        assert!(html.contains(words), "{words}: {html}");
    }
    assert!(html.contains(&format!("href=\"/status/northwind/services/{api}\"")), "{html}");
    assert_eq!(html.matches("<h1").count(), 1);
    assert!(html.contains("data-whole") && html.contains("data-live=\"/status/northwind/live\""), "{html}");
    // A service that has gone keeps its name there, and leads nowhere.
    owner.rpc("delete_service", json!({ "organization": "northwind", "id": api })).await.right();
    let html = page(&server.browser(), &path).await.text();
    assert!(html.contains("API") && !html.contains(&format!("/services/{api}")), "{html}");
    // Gone, it is gone.
    owner.rpc("delete_incident", json!({ "organization": "northwind", "id": id })).await.right();
    assert_eq!(server.browser().get(&path).await.status, 404);
}

async fn what_belongs_to_others_is_not_there(server: TestServer) {
    let (north, south) = (server.owner("northwind").await, server.owner("southwind").await);
    let api = south.create_service("southwind", "API", "").await;
    let incident =
        report(&south, "southwind", json!({ "title": "Theirs", "body": "x", "services": says(&api, "major_outage") }))
            .await;
    let input = json!({ "title": "Theirs too", "services": [api], "starts_at": "2099-01-01T10:00", "ends_at": "2099-01-01T12:00" });
    let planned =
        south.rpc("schedule_maintenance", json!({ "organization": "southwind", "input": input })).await.right();
    let planned = planned.as_str().unwrap().to_owned();
    north.create_service("northwind", "Website", "").await;
    let visitor = server.browser();
    for (kind, id) in [("incidents", &incident), ("maintenance", &planned), ("services", &api)] {
        page(&visitor, &format!("/status/southwind/{kind}/{id}")).await;
        for nothing in [id.as_str(), "aaaaaaaaaaaa", "x", "%3Cscript%3E", "..%2f..%2fetc", &"x".repeat(3_000)] {
            let answer = visitor.get(&format!("/status/northwind/{kind}/{nothing}")).await;
            assert_eq!(answer.status, 404, "{kind}/{nothing}");
            assert_eq!(answer.header("cache-control"), "no-store", "{kind}/{nothing}");
            let html = answer.text();
            assert!(!html.contains("Theirs") && !html.contains("<script>"), "{html}");
        }
        assert_eq!(visitor.get(&format!("/status/nobody/{kind}/{id}")).await.status, 404);
    }
    for path in ["/status/northwind", "/status/northwind/history"] {
        assert!(!page(&visitor, path).await.text().contains("Theirs"), "{path}");
    }
    assert!(visitor.get("/status/nobody/history").await.text().contains("Status page not found"));
}

async fn a_draft_of_a_postmortem_is_for_nobody(server: TestServer) {
    let owner = server.owner("northwind").await;
    let id = report(&owner, "northwind", json!({ "title": "Down", "body": "x" })).await;
    post(&owner, &id, json!({ "status": "resolved", "body": "Up." })).await;
    let save = async |published: bool| {
        let body = "We **learned** of Contoso. <img src=x onerror=alert(1)>";
        let arguments = json!({ "organization": "northwind", "id": id, "body": body, "published": published });
        owner.rpc("save_postmortem", arguments).await.right();
    };
    let paths = [
        "/status/northwind".to_owned(),
        format!("/status/northwind/incidents/{id}"),
        "/status/northwind/history".to_owned(),
    ];
    save(false).await;
    for path in &paths {
        assert!(!page(&server.browser(), path).await.text().contains("Contoso"), "{path}");
    }
    save(true).await;
    let html = page(&server.browser(), &paths[1]).await.text();
    assert!(html.contains("<strong>learned</strong> of Contoso") && html.contains("Published"), "{html}");
    assert!(!html.contains("<img"), "{html}");
    save(false).await;
    assert!(!page(&server.browser(), &paths[1]).await.text().contains("Contoso"), "taken back");
}

async fn the_history_goes_by_month(server: TestServer) {
    let owner = server.owner("northwind").await;
    let started = days_ago(150, "12:00");
    let input = json!({ "title": "Long ago", "body": "We looked.", "started_at": started, "resolved_at": days_ago(150, "13:00") });
    report(&owner, "northwind", input).await;
    report(&owner, "northwind", json!({ "title": "Just now", "body": "We look." })).await;
    let visitor = server.browser();
    let html = page(&visitor, "/status/northwind/history").await.text();
    assert!(html.contains("Just now") && html.contains("We look.") && !html.contains("Long ago"), "{html}");
    assert!(html.contains("No incidents or maintenance from"), "months without anything are one line: {html}");
    assert!(html.contains("rel=\"prev\"") && !html.contains("rel=\"next\""), "{html}");
    let month = &started[..7];
    let html = page(&visitor, &format!("/status/northwind/history?month={month}")).await.text();
    assert!(html.contains("Long ago") && html.contains("We looked.") && !html.contains("Just now"), "{html}");
    assert!(html.contains("rel=\"next\"") && !html.contains("rel=\"prev\""), "nothing was before: {html}");
    // One follows the links from there to the present.
    let mut seen = 0;
    let mut next = Some(format!("/status/northwind/history?month={month}"));
    while let Some(path) = next {
        let html = page(&visitor, &path).await.text();
        next = html.split("<a rel=\"next\" href=\"").nth(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        seen += 1;
        assert!(seen <= 8, "it ends");
    }
    assert!((5..=7).contains(&seen), "{seen} months");
    for nonsense in ["2026-13", "2026-1", "x", "2026", "9999-01", "1999-12", "2026-10-01", "%3Cscript%3E"] {
        let answer = visitor.get(&format!("/status/northwind/history?month={nonsense}")).await;
        assert_eq!(answer.status, 404, "{nonsense}");
    }
}

/// Windows of other programs' files may be older than every incident and every service.
async fn the_history_reaches_back_to_the_first_window(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let input = json!({ "title": "Upgrade", "services": [api], "starts_at": "2099-01-01T10:00", "ends_at": "2099-01-01T12:00" });
    owner.rpc("schedule_maintenance", json!({ "organization": "northwind", "input": input })).await.right();
    let (from, to) = (moment(150, "10:00"), moment(150, "12:00"));
    server
        .execute(&format!(
            "update maintenances set status = 'completed', starts_at = {from}, started_at = {from}, ends_at = {to}, completed_at = {to}",
            from = from.micros(),
            to = to.micros(),
        ))
        .await;
    let visitor = server.browser();
    let html = page(&visitor, "/status/northwind/history").await.text();
    assert!(html.contains("rel=\"prev\"") && !html.contains("Upgrade"), "{html}");
    let begun = days_ago(150, "10:00");
    let month = &begun[..7];
    let html = page(&visitor, &format!("/status/northwind/history?month={month}")).await.text();
    assert!(html.contains("Upgrade") && html.contains("rel=\"next\""), "{html}");
    assert!(!html.contains("rel=\"prev\""), "nothing was before: {html}");
}

/// By hand: an hour of a major outage and twelve hours of a partial one, which weigh 0.3 each, are
/// 4.6 of the 2,136 to 2,160 hours since the midnight 89 days ago.
async fn uptime_is_what_the_formula_says(server: TestServer) {
    let owner = server.owner("northwind").await;
    let core = owner.create_group("northwind", "Core").await;
    let api = owner.create_service("northwind", "API", &core).await;
    make_older(&server, 200).await;
    for (title, status, days, from, to) in
        [("Short", "major_outage", 3, "12:00", "13:00"), ("Long", "partial_outage", 10, "05:00", "17:00")]
    {
        let input = json!({
            "title": title, "body": "x", "services": says(&api, status),
            "started_at": days_ago(days, from), "resolved_at": days_ago(days, to),
        });
        report(&owner, "northwind", input).await;
    }
    let html = page(&server.browser(), "/status/northwind").await.text();
    let row = element(&html, &format!("s-{api}"), "</li>");
    assert!(row.contains("<p>99.78% uptime over 90 days</p>"), "{row}");
    assert!(html.contains("<span class=\"figure\">99.78% uptime over 90 days</span>"), "the group's: {html}");
    assert!(row.contains("aria-label=\"2 of 90 days had problems\""), "{row}");
    let days = row.split("data-d=\"").nth(1).unwrap().split('"').next().unwrap();
    let days: Vec<&str> = days.split(' ').collect();
    assert!(days.len() == 2 && days[0].ends_with("p720") && days[1].ends_with("x60"), "{days:?}");
    let facts = element(&html, "facts", "</template>");
    assert!(facts.contains("\"Short\"") && facts.contains("\"Long\""), "{facts}");
    // The page of the service says the same, and more.
    let html = page(&server.browser(), &format!("/status/northwind/services/{api}")).await.text();
    for words in
        ["99.78% uptime over 90 days", "Major outage 1 h", "Partial outage 12 h", "Short", "Long", "Uptime by month"]
    {
        assert!(html.contains(words), "{words}: {html}");
    }
    assert!(html.contains("2 of 90 days had problems"), "{html}");
}

async fn a_young_service_has_no_data_from_before(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let row = element(&page(&server.browser(), "/status/northwind").await.text(), &format!("s-{api}"), "</li>");
    assert!(row.contains("100% uptime since ") && !row.contains("90 days</p>"), "{row}");
    assert!(row.contains("<path class=\"n\" d=\"M0 .5h89\"/><path d=\"M89 .5h1\"/>"), "{row}");
    assert!(!row.contains("data-d"), "{row}");
}

async fn a_service_has_a_page_of_its_own(server: TestServer) {
    let owner = server.owner("northwind").await;
    let input = json!({ "name": "<i>API</i>", "description": "In & out" });
    let api = owner.rpc("create_service", json!({ "organization": "northwind", "input": input })).await.right();
    let api = api.as_str().unwrap();
    let path = format!("/status/northwind/services/{api}");
    let main = page(&server.browser(), "/status/northwind").await.text();
    assert!(main.contains(&format!("<a href=\"{path}\"><div class=\"name\">&lt;i&gt;API&lt;/i&gt;")), "{main}");
    let html = page(&server.browser(), &path).await.text();
    for words in ["&lt;i&gt;API&lt;/i&gt;", "In &amp; out", "Operational", "No incidents in the past twelve months"] {
        assert!(html.contains(words), "{words}: {html}");
    }
    assert!(!html.contains("Days with problems"), "{html}");
    owner.set_status("northwind", &[api], "major_outage").await;
    let html = page(&server.browser(), &path).await.text();
    assert!(html.contains("state major_outage") && html.contains("Days with problems"), "at once: {html}");
    owner.rpc("delete_service", json!({ "organization": "northwind", "id": api })).await.right();
    assert_eq!(server.browser().get(&path).await.status, 404);
}

async fn maintenance_is_announced(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let local = |days: i64, time: &str| {
        clock::now().plus_seconds(days * DAY).utc().format(&format!("%Y-%m-%dT{time}")).to_string()
    };
    let schedule = async |title: &str, days: i64| {
        let input = json!({
            "title": title, "body": "It will be *slow*.", "services": [api],
            "starts_at": local(days, "10:00"), "ends_at": local(days, "12:30"),
        });
        let made = owner.rpc("schedule_maintenance", json!({ "organization": "northwind", "input": input })).await;
        made.right().as_str().unwrap().to_owned()
    };
    let soon = schedule("Upgrade", 3).await;
    schedule("Far away", 60).await;
    let html = page(&server.browser(), "/status/northwind").await.text();
    let coming = element(&html, "maintenance", "</section>");
    for words in ["Upgrade", "Starts ", "data-relative", ", 10:00</time>", "12:30 CE", "<em>slow</em>", "API"] {
        assert!(coming.contains(words), "{words}: {coming}");
    }
    assert!(!html.contains("Far away"), "not yet: {html}");
    assert_eq!(banner(&html).0, "none", "planned work changes nothing yet");
    let path = format!("/status/northwind/maintenance/{soon}");
    assert!(coming.contains(&format!("href=\"{path}\"")), "{coming}");
    assert!(page(&server.browser(), &path).await.text().contains("Upgrade"));
    let update = async |status: &str| {
        let input = json!({ "status": status, "body": "" });
        let arguments = json!({ "organization": "northwind", "id": soon, "input": input });
        owner.rpc("update_maintenance", arguments).await.right();
        page(&server.browser(), "/status/northwind").await.text()
    };
    let html = update("in_progress").await;
    assert!(element(&html, "maintenance", "</section>").contains("In progress"), "{html}");
    assert_eq!(banner(&html).0, "maintenance");
    let html = update("completed").await;
    assert!(is_empty(&element(&html, "maintenance", "</section>")), "{html}");
    assert_eq!(banner(&html).0, "none");
    assert!(page(&server.browser(), &path).await.text().contains("Completed"));
}

async fn pages_below_are_cached_as_the_page_is(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let id = report(&owner, "northwind", json!({ "title": "Down", "body": "x" })).await;
    let visitor = server.browser();
    let paths = ["history".to_owned(), format!("incidents/{id}"), format!("services/{api}")];
    for path in paths.map(|path| format!("/status/northwind/{path}")) {
        let first = page(&visitor, &path).await;
        let etag = first.header("etag").to_owned();
        assert_eq!(first.header("cache-control"), "no-cache", "{path}");
        assert!(first.header("cdn-cache-control").contains("stale-if-error"), "{path}");
        assert!(first.header("set-cookie").is_empty(), "{path}");
        assert_eq!(page(&visitor, &path).await.body, first.body, "made once: {path}");
        let again = visitor.get_with(&path, &[("if-none-match", &etag)]).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        let small = visitor.get_with(&path, &[("accept-encoding", "br")]).await;
        let mut decoded = Vec::new();
        brotli::BrotliDecompress(&mut small.body.as_slice(), &mut decoded).unwrap();
        assert_eq!((small.header("content-encoding"), &decoded), ("br", &first.body), "{path}");
        let html = first.text();
        assert_eq!(html.matches("<script").count(), 1, "{path}: {html}");
        assert!(!html.contains(" style=") && html.matches("<style").count() == 1, "{path}: {html}");
        // A change is there for the next request.
        post(&owner, &id, json!({ "body": format!("News of {path}") })).await;
        let later = visitor.get_with(&path, &[("if-none-match", &etag)]).await;
        assert_eq!(later.status, 200, "{path}");
        // And when it cannot be read, the last good one stays.
        server.execute("alter table incident_updates rename to lost").await;
        server.execute("alter table services rename to lost_too").await;
        let versions = server.texts("select cast(version as text) from organizations").await;
        let version = versions[0].parse::<i64>().unwrap() + 1_000;
        let organization = server.organization_id("northwind").await;
        server.app.hub.publish(&organization, version, &[candor::domain::live::Topic::Services]);
        page(&visitor, &path).await;
        server.execute("alter table lost_too rename to services").await;
        server.execute("alter table lost rename to incident_updates").await;
        // The hub goes on at the version that it was told last.
        server.execute(&format!("update organizations set version = {version}")).await;
    }
}

/// "400 services × 90 `<rect>` would be over a megabyte" (architecture).
async fn four_hundred_services_stay_light(server: TestServer) {
    let owner = server.owner("northwind").await;
    for part in 0..8 {
        let names: Vec<String> = (0..50).map(|number| format!("Service {number} of part {part}")).collect();
        owner.rpc("create_services", json!({ "organization": "northwind", "names": names })).await.right();
    }
    let plain = page(&server.browser(), "/status/northwind").await;
    let html = plain.text();
    let rows = html.matches("<li id=\"s-").count();
    assert_eq!(rows, 400);
    assert!(plain.body.len() < 200_000, "{} bytes", plain.body.len());
    assert!(html.matches("<path").count() < 3 * rows, "no element for each day");
    let small = server.browser().get_with("/status/northwind", &[("accept-encoding", "br")]).await;
    assert!(small.body.len() < 20_000, "{} bytes", small.body.len());
}

async fn the_directory_shows_incidents_of_who_is_listed(server: TestServer) {
    let (north, south) = (server.owner("northwind").await, server.owner("southwind").await);
    let hidden = server.person("hidden").await;
    let input = json!({ "name": "Hidden", "slug": "hidden", "time_zone": "UTC", "listed": false });
    hidden.rpc("create_organization", json!({ "input": input })).await.right();
    let open = report(&north, "northwind", json!({ "title": "North <b>down</b>", "body": "x" })).await;
    let over = |from: i64| json!({ "title": format!("South {from}"), "body": "x", "started_at": days_ago(from, "12:00"), "resolved_at": days_ago(from, "13:00") });
    report(&south, "southwind", over(5)).await;
    report(&south, "southwind", over(30)).await;
    report(&hidden, "hidden", json!({ "title": "Secret", "body": "x" })).await;
    let visitor = server.browser();
    let html = page(&visitor, "/").await.text();
    assert!(html.contains("North &lt;b&gt;down&lt;/b&gt;") && html.contains("South 5"), "{html}");
    assert!(html.contains(&format!("href=\"/status/northwind/incidents/{open}\"")), "{html}");
    assert!(html.find("North &lt;b&gt;") < html.find("South 5"), "what goes on stands first");
    assert!(!html.contains("South 30") && !html.contains("Secret"), "{html}");
    let html = page(&visitor, "/?organization=southwind").await.text();
    assert!(html.contains("South 5") && !html.contains("North &lt;b&gt;"), "{html}");
    assert!(html.contains("\"/status/southwind\"") && !html.contains("\"/status/northwind\""), "{html}");
    for nobody in ["hidden", "nobody", "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"] {
        let html = page(&visitor, &format!("/?organization={nobody}")).await.text();
        assert!(!html.contains("Secret") && !html.contains("<script>alert"), "{nobody}: {html}");
    }
}
