//! `/api/v1/status/{organization}`: what programs read without a token.

use crate::support::{Answer, Browser, TestServer, both_engines};
use candor::{
    domain::time::Time,
    server::{clock, local_time},
};
use reqwest::Method;
use serde_json::{Value, json};

both_engines!(
    the_whole_page_says_what_the_page_says,
    uptime_has_a_numerator_and_a_denominator,
    a_service_is_told_day_by_day,
    incidents_are_told_with_their_updates,
    maintenance_is_told_by_how_far_it_has_come,
    the_timeline_goes_by_month,
    a_change_is_there_for_the_next_request,
    any_site_may_read_and_nobody_may_write,
    what_is_not_there_is_a_problem,
    nobody_is_named_and_nothing_private_told,
    a_former_slug_leads_there,
);

const DAY: i64 = 86_400;
const HOME: &str = "/api/v1/status/northwind";

async fn read(browser: &Browser, path: &str) -> Value {
    let answer = browser.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json", "{path}");
    answer.json()
}

/// Keys of an object, sorted.
fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn names(all: &Value, key: &str) -> Vec<String> {
    all.as_array().unwrap().iter().map(|one| one[key].as_str().unwrap().to_owned()).collect()
}

async fn report(browser: &Browser, input: Value) -> String {
    let made = browser.rpc("report_incident", json!({ "organization": "northwind", "input": input })).await.right();
    made.as_str().unwrap().to_owned()
}

async fn post(browser: &Browser, id: &str, input: Value) {
    let arguments = json!({ "organization": "northwind", "id": id, "input": input });
    browser.rpc("post_incident_update", arguments).await.right();
}

async fn schedule(browser: &Browser, title: &str, services: &[&str], days: i64) -> String {
    let local =
        |time: &str| clock::now().plus_seconds(days * DAY).utc().format(&format!("%Y-%m-%dT{time}")).to_string();
    let input = json!({
        "title": title, "body": "It will be *slow*.", "services": services,
        "starts_at": local("10:00"), "ends_at": local("12:30"),
    });
    let arguments = json!({ "organization": "northwind", "input": input });
    browser.rpc("schedule_maintenance", arguments).await.right().as_str().unwrap().to_owned()
}

async fn update_window(browser: &Browser, id: &str, status: &str) {
    let arguments = json!({ "organization": "northwind", "id": id, "input": { "status": status, "body": "" } });
    browser.rpc("update_maintenance", arguments).await.right();
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

fn time(value: &Value) -> Time {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}

/// Makes the services as old as if they had been added so many days ago.
async fn make_older(server: &TestServer, days: i64) {
    let micros = days * DAY * 1_000_000;
    for table in ["status_claims", "status_history"] {
        server.execute(&format!("update {table} set started_at = started_at - {micros}")).await;
    }
    server.execute(&format!("update services set created_at = created_at - {micros}")).await;
}

async fn the_whole_page_says_what_the_page_says(server: TestServer) {
    let owner = server.owner("northwind").await;
    owner.create_service("northwind", "Website", "").await;
    let core = owner.create_group("northwind", "Core").await;
    let api = owner.create_service("northwind", "API", &core).await;
    owner.create_service("northwind", "Docs", "").await;
    owner.set_status("northwind", &[&api], "partial_outage").await;
    let says = json!([{ "service_id": api, "status": "major_outage" }]);
    let incident = report(&owner, json!({ "title": "Down", "body": "We **look**.", "services": says })).await;
    let window = schedule(&owner, "Upgrade", &[&api], 3).await;
    let page = read(&server.browser(), HOME).await;
    assert_eq!(
        keys(&page),
        [
            "description",
            "groups",
            "incidents",
            "indicator",
            "made_at",
            "maintenance",
            "organization",
            "services",
            "version"
        ]
    );
    let organization = &page["organization"];
    assert_eq!(
        keys(organization),
        ["description", "id", "name", "page", "slug", "support_url", "time_zone"],
        "{organization}"
    );
    assert_eq!(organization["id"], server.organization_id("northwind").await.as_str());
    assert_eq!(organization["page"], format!("{}/status/northwind", server.url));
    assert_eq!(organization["time_zone"], "Europe/Vienna");
    assert_eq!((&page["indicator"], &page["description"]), (&json!("major"), &json!("Partial System Outage")));
    assert_eq!(names(&page["services"], "name"), ["Website", "API", "Docs"], "in the order of the page");
    assert_eq!(names(&page["services"], "status"), ["operational", "major_outage", "operational"]);
    assert_eq!(page["services"][1]["group_id"], core);
    assert!(page["services"][0]["group_id"].is_null());
    assert_eq!(page["services"][1]["page"], format!("{}/status/northwind/services/{api}", server.url));
    assert_eq!((&page["groups"][0]["id"], &page["groups"][0]["status"]), (&json!(core), &json!("major_outage")));
    assert_eq!(names(&page["incidents"], "id"), [incident]);
    assert_eq!(page["incidents"][0]["updates"][0]["body"], "We **look**.");
    assert_eq!(names(&page["maintenance"], "id"), [window]);
    let version = server.texts("select cast(version as text) from organizations").await;
    assert_eq!(page["version"].as_i64(), version[0].parse().ok());
    assert!((clock::now() - time(&page["made_at"])).abs() < 60.0, "{}", page["made_at"]);
    // The same services stand under their own address.
    let services = read(&server.browser(), &format!("{HOME}/services")).await;
    assert_eq!(keys(&services), ["groups", "made_at", "services", "version"]);
    assert_eq!(names(&services["services"], "id"), names(&page["services"], "id"));
}

/// By hand: an hour of a major outage and twelve hours of a partial one, which weigh 0.3 each, are 4.6 hours.
async fn uptime_has_a_numerator_and_a_denominator(server: TestServer) {
    let owner = server.owner("northwind").await;
    let core = owner.create_group("northwind", "Core").await;
    let empty = owner.create_group("northwind", "Empty").await;
    let api = owner.create_service("northwind", "API", &core).await;
    make_older(&server, 200).await;
    for (title, status, days, from, to) in
        [("Short", "major_outage", 3, "12:00", "13:00"), ("Long", "partial_outage", 10, "05:00", "17:00")]
    {
        let says = json!([{ "service_id": api, "status": status }]);
        let (from, to) = (days_ago(days, from), days_ago(days, to));
        let input = json!({ "title": title, "body": "x", "services": says, "started_at": from, "resolved_at": to });
        report(&owner, input).await;
    }
    let page = read(&server.browser(), HOME).await;
    let uptime = &page["services"][0]["uptime"];
    let number = |key: &str| uptime[key].as_f64().unwrap_or_else(|| panic!("{key}: {uptime}"));
    assert_eq!(number("percent"), 99.78, "{uptime}");
    assert_eq!((number("major_outage_seconds"), number("partial_outage_seconds")), (3_600.0, 43_200.0));
    assert_eq!((number("degraded_performance_seconds"), number("under_maintenance_seconds")), (0.0, 0.0));
    let down = number("observed_seconds") - number("up_seconds");
    assert!((down - 4.6 * 3_600.0).abs() < 1e-3, "{uptime}");
    assert!((2_135.0 * 3_600.0..=2_161.0 * 3_600.0).contains(&number("observed_seconds")), "{uptime}");
    assert!(uptime["since"].is_null(), "it is older: {uptime}");
    let group = |id: &str| page["groups"].as_array().unwrap().iter().find(|group| group["id"] == id).unwrap().clone();
    assert_eq!(group(&core)["uptime"]["percent"], 99.78, "of a group");
    assert!(group(&empty)["uptime"].is_null(), "no data is no uptime");
    // What is young says since when.
    let young = owner.create_service("northwind", "Young", "").await;
    let service = read(&server.browser(), &format!("{HOME}/services/{young}")).await;
    assert!(service["service"]["uptime"]["since"].is_string(), "{service}");
    assert_eq!(service["service"]["uptime"]["percent"], 100.0);
}

async fn a_service_is_told_day_by_day(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    make_older(&server, 20).await;
    let says = json!([{ "service_id": api, "status": "partial_outage" }]);
    let (from, to) = (days_ago(3, "12:00"), days_ago(3, "13:00"));
    let input = json!({ "title": "Short", "body": "x", "services": says, "started_at": from, "resolved_at": to });
    report(&owner, input).await;
    let path = format!("{HOME}/services/{api}");
    let told = read(&server.browser(), &path).await;
    assert_eq!(keys(&told), ["days", "made_at", "service", "version"]);
    let days = told["days"].as_array().unwrap();
    assert_eq!(days.len(), 90);
    assert_eq!(keys(&days[0]), ["date", "downtime_seconds", "observed_seconds", "percent", "status"]);
    let zone = local_time::zone("Europe/Vienna");
    assert_eq!(days[89]["date"], local_time::date(zone, time(&told["made_at"])).to_string(), "the last is today");
    assert!(days[0]["status"].is_null() && days[0]["percent"].is_null(), "before it was there: {}", days[0]);
    assert_eq!(days[0]["observed_seconds"], 0.0);
    let date = local_time::date(zone, moment(3, "12:00")).to_string();
    let day = days.iter().find(|day| day["date"] == *date).unwrap();
    assert_eq!(day["status"], "partial_outage", "{day}");
    assert_eq!(day["downtime_seconds"].as_f64(), Some(1_080.0), "0.3 of an hour: {day}");
    let observed = day["observed_seconds"].as_f64().unwrap();
    assert!([23.0, 24.0, 25.0].contains(&(observed / 3_600.0)), "{day}");
    assert_eq!(days.iter().filter(|day| day["status"] == "partial_outage").count(), 1);
    // The figure of all is the sum of the days.
    let sum: f64 = days.iter().map(|day| day["observed_seconds"].as_f64().unwrap()).sum();
    assert!((sum - told["service"]["uptime"]["observed_seconds"].as_f64().unwrap()).abs() < 1e-3);
    // What has just begun is there at once.
    owner.set_status("northwind", &[&api], "major_outage").await;
    let told = read(&server.browser(), &path).await;
    assert_eq!(
        (&told["service"]["status"], &told["days"][89]["status"]),
        (&json!("major_outage"), &json!("major_outage"))
    );
}

async fn incidents_are_told_with_their_updates(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let says = |status: &str| json!([{ "service_id": api, "status": status }]);
    let body = "We **look**. <script>alert(1)</script>";
    let first = report(&owner, json!({ "title": "First", "body": body, "services": says("partial_outage") })).await;
    post(&owner, &first, json!({ "status": "resolved", "body": "Up." })).await;
    let second = report(&owner, json!({ "title": "Second", "body": "x" })).await;
    let list = read(&server.browser(), &format!("{HOME}/incidents")).await;
    assert_eq!(names(&list["incidents"], "id"), [second.clone(), first.clone()], "latest first, over or not");
    let path = format!("{HOME}/incidents/{first}");
    let told = read(&server.browser(), &path).await;
    let incident = &told["incident"];
    assert_eq!(*incident, list["incidents"][1]);
    assert_eq!(
        keys(incident),
        [
            "id",
            "impact",
            "page",
            "postmortem",
            "resolved_at",
            "services",
            "started_at",
            "status",
            "title",
            "updated_at",
            "updates"
        ]
    );
    let row = |column: &str| format!("select cast({column} as text) from incidents where id = '{first}'");
    for column in ["started_at", "resolved_at", "updated_at"] {
        let micros = server.texts(&row(column)).await;
        assert_eq!(time(&incident[column]).micros().to_string(), micros[0], "{column}");
    }
    assert_eq!((&incident["status"], &incident["impact"]), (&json!("resolved"), &json!("major")));
    assert_eq!(incident["services"], json!([{ "service_id": api, "name": "API", "status": "partial_outage" }]));
    assert_eq!(names(&incident["updates"], "status"), ["resolved", "investigating"], "newest first");
    let update = &incident["updates"][1];
    assert_eq!(keys(update), ["at", "body", "html", "id", "services", "status"], "nobody is named");
    assert_eq!(update["body"], body, "as it was written");
    let html = update["html"].as_str().unwrap();
    assert!(html.contains("<strong>look</strong>") && !html.contains("<script"), "{html}");
    assert_eq!(update["services"][0]["status"], "partial_outage");
    // A postmortem is there once it is published.
    for published in [false, true] {
        let arguments =
            json!({ "organization": "northwind", "id": first, "body": "We *learned*.", "published": published });
        owner.rpc("save_postmortem", arguments).await.right();
        let postmortem = read(&server.browser(), &path).await["incident"]["postmortem"].clone();
        assert_eq!(postmortem.is_object(), published, "{postmortem}");
        if published {
            assert_eq!(keys(&postmortem), ["body", "html", "published_at"]);
            assert!(postmortem["html"].as_str().unwrap().contains("<em>learned</em>"), "{postmortem}");
        }
    }
}

async fn maintenance_is_told_by_how_far_it_has_come(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let mut windows = Vec::new();
    for (title, days) in [("Soon", 2), ("Later", 40), ("Now", 3), ("Over", 4), ("Never", 5)] {
        windows.push(schedule(&owner, title, &[&api], days).await);
    }
    update_window(&owner, &windows[2], "in_progress").await;
    update_window(&owner, &windows[3], "in_progress").await;
    update_window(&owner, &windows[3], "completed").await;
    update_window(&owner, &windows[4], "cancelled").await;
    let list = read(&server.browser(), &format!("{HOME}/maintenance")).await;
    assert_eq!(keys(&list), ["in_progress", "made_at", "past", "upcoming", "version"]);
    assert_eq!(names(&list["upcoming"], "title"), ["Soon", "Later"], "earliest first");
    assert_eq!(names(&list["in_progress"], "title"), ["Now"]);
    assert_eq!(names(&list["past"], "title"), ["Never", "Over"], "latest first");
    let told = read(&server.browser(), &format!("{HOME}/maintenance/{}", windows[3])).await;
    let window = &told["maintenance"];
    assert_eq!(*window, list["past"][1]);
    assert_eq!(
        keys(window),
        [
            "completed_at",
            "ends_at",
            "id",
            "page",
            "services",
            "started_at",
            "starts_at",
            "status",
            "title",
            "updated_at",
            "updates"
        ]
    );
    for column in ["starts_at", "ends_at", "started_at", "completed_at"] {
        let micros = format!("select cast({column} as text) from maintenances where id = '{}'", windows[3]);
        assert_eq!(time(&window[column]).micros().to_string(), server.texts(&micros).await[0], "{column}");
    }
    assert_eq!(window["services"], json!([{ "service_id": api, "name": "API" }]));
    let first = window["updates"].as_array().unwrap().last().unwrap();
    assert_eq!(keys(first), ["at", "body", "html", "id", "status"], "nobody is named");
    assert!(first["html"].as_str().unwrap().contains("<em>slow</em>"), "{first}");
    let page = read(&server.browser(), HOME).await;
    assert_eq!(names(&page["maintenance"], "title"), ["Soon", "Now", "Later"]);
    assert_eq!(
        (&page["indicator"], &page["services"][0]["status"]),
        (&json!("maintenance"), &json!("under_maintenance"))
    );
}

async fn the_timeline_goes_by_month(server: TestServer) {
    let owner = server.owner("northwind").await;
    let started = days_ago(150, "12:00");
    let input =
        json!({ "title": "Long ago", "body": "x", "started_at": started, "resolved_at": days_ago(150, "13:00") });
    report(&owner, input).await;
    report(&owner, json!({ "title": "Just now", "body": "x" })).await;
    let visitor = server.browser();
    let now = read(&visitor, &format!("{HOME}/timeline")).await;
    assert_eq!(keys(&now), ["days", "earlier", "later", "made_at", "month", "version"]);
    assert_eq!(keys(&now["days"][0]), ["date", "incidents", "maintenance"]);
    assert_eq!(names(&now["days"][0]["incidents"], "title"), ["Just now"]);
    assert!(now["later"].is_null() && now["earlier"].is_string(), "{now}");
    // Following the months backwards reads everything once.
    let (mut month, mut titles, mut read_months) = (now["month"].as_str().map(str::to_owned), Vec::new(), 0);
    while let Some(asked) = month {
        let told = read(&visitor, &format!("{HOME}/timeline?month={asked}")).await;
        assert_eq!(told["month"], *asked);
        for day in told["days"].as_array().unwrap() {
            assert!(day["date"].as_str().unwrap().starts_with(&asked), "{day}");
            titles.extend(names(&day["incidents"], "title"));
        }
        month = told["earlier"].as_str().map(str::to_owned);
        read_months += 1;
        assert!(read_months <= 8, "it ends");
    }
    assert_eq!(titles, ["Just now", "Long ago"]);
    let then = read(&visitor, &format!("{HOME}/timeline?month={}", &started[..7])).await;
    assert_eq!(then["days"][0]["date"], started[..10]);
    assert!(then["earlier"].is_null() && then["later"].is_string(), "{then}");
    for nonsense in
        ["month=2026-13", "month=x", "month=", "month=9999-01", "month=1999-12", "month=a&month=b", "month=%FF"]
    {
        let answer = visitor.get(&format!("{HOME}/timeline?{nonsense}")).await;
        assert_eq!((answer.status, answer.header("content-type")), (404, "application/problem+json"), "{nonsense}");
    }
}

async fn a_change_is_there_for_the_next_request(server: TestServer) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    let incident = report(&owner, json!({ "title": "Down", "body": "x" })).await;
    let window = schedule(&owner, "Upgrade", &[&api], 3).await;
    let visitor = server.browser();
    let below = [
        String::new(),
        "/services".to_owned(),
        format!("/services/{api}"),
        "/incidents".to_owned(),
        format!("/incidents/{incident}"),
        "/maintenance".to_owned(),
        format!("/maintenance/{window}"),
        "/timeline".to_owned(),
    ];
    for path in below.map(|below| format!("{HOME}{below}")) {
        let first = visitor.get(&path).await;
        let etag = first.header("etag").to_owned();
        assert!(first.status == 200 && !etag.is_empty(), "{path}: {}", first.text());
        assert_eq!(first.header("cache-control"), "no-cache", "{path}");
        assert!(first.header("set-cookie").is_empty(), "{path}");
        assert_eq!(visitor.get(&path).await.body, first.body, "made once: {path}");
        let again = visitor.get_with(&path, &[("if-none-match", &etag)]).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        let head = visitor.send(visitor.request(Method::HEAD, &path)).await;
        assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, etag.as_str()), "{path}");
        let small = visitor.get_with(&path, &[("accept-encoding", "br")]).await;
        let mut decoded = Vec::new();
        brotli::BrotliDecompress(&mut small.body.as_slice(), &mut decoded).unwrap();
        assert_eq!((small.header("content-encoding"), &decoded), ("br", &first.body), "{path}");
        let version = first.json()["version"].as_i64().unwrap();
        post(&owner, &incident, json!({ "body": format!("News of {path}") })).await;
        let later = visitor.get_with(&path, &[("if-none-match", &etag)]).await;
        assert_eq!((later.status, later.json()["version"].as_i64()), (200, Some(version + 1)), "{path}");
    }
    assert!(visitor.get(HOME).await.text().contains("News of"), "the update is told");
}

async fn any_site_may_read_and_nobody_may_write(server: TestServer) {
    server.owner("northwind").await;
    let visitor = server.browser();
    let elsewhere = [("origin", "https://elsewhere.example"), ("sec-fetch-site", "cross-site")];
    for path in [HOME.to_owned(), format!("{HOME}/incidents/nothing")] {
        let answer = visitor.get_with(&path, &elsewhere).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert!(answer.header("access-control-allow-credentials").is_empty(), "{path}");
    }
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let answer = visitor.send(visitor.request(method.clone(), HOME)).await;
        assert_eq!((answer.status, answer.header("content-type")), (405, "application/problem+json"), "{method}");
    }
}

fn problem(answer: &Answer, what: &str) {
    assert_eq!((answer.status, answer.header("content-type")), (404, "application/problem+json"), "{what}");
    assert_eq!(answer.header("access-control-allow-origin"), "*", "{what}");
    assert_eq!(answer.json()["status"], 404, "{what}");
}

async fn what_is_not_there_is_a_problem(server: TestServer) {
    let (north, _south) = (server.owner("northwind").await, server.owner("southwind").await);
    let api = north.create_service("northwind", "API", "").await;
    let incident = report(&north, json!({ "title": "Down", "body": "x" })).await;
    let window = schedule(&north, "Upgrade", &[&api], 3).await;
    let visitor = server.browser();
    for below in [format!("services/{api}"), format!("incidents/{incident}"), format!("maintenance/{window}")] {
        assert_eq!(visitor.get(&format!("{HOME}/{below}")).await.status, 200, "{below}");
        problem(&visitor.get(&format!("/api/v1/status/southwind/{below}")).await, "another's");
    }
    for path in ["nowhere", "northwind/services/x", "northwind/incidents/aaaaaaaaaaaa"] {
        problem(&visitor.get(&format!("/api/v1/status/{path}")).await, path);
    }
    // What is no text is no address.
    for path in ["%FF", "%00", "northwind/services/%FF"] {
        let answer = visitor.get(&format!("/api/v1/status/{path}")).await;
        assert!([400, 404].contains(&answer.status), "{path}: {}", answer.status);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{path}");
    }
    north.rpc("delete_service", json!({ "organization": "northwind", "id": api })).await.right();
    problem(&visitor.get(&format!("{HOME}/services/{api}")).await, "deleted");
}

async fn nobody_is_named_and_nothing_private_told(server: TestServer) {
    let owner = server.owner("northwind").await;
    let team = owner.create_team("northwind", "Secret team").await;
    let input = json!({ "name": "API", "description": "", "group_id": "", "team_id": team });
    let api = owner.rpc("create_service", json!({ "organization": "northwind", "input": input })).await.right();
    let api = api.as_str().unwrap();
    let says = json!([{ "service_id": api, "status": "partial_outage" }]);
    let incident = report(&owner, json!({ "title": "Down", "body": "x", "services": says })).await;
    let draft =
        json!({ "organization": "northwind", "id": incident, "body": "A draft of Contoso.", "published": false });
    owner.rpc("save_postmortem", draft).await.right();
    let window = schedule(&owner, "Upgrade", &[api], 3).await;
    let user = owner.user_id().await;
    for below in [
        String::new(),
        "/services".to_owned(),
        format!("/services/{api}"),
        "/incidents".to_owned(),
        format!("/incidents/{incident}"),
        "/maintenance".to_owned(),
        format!("/maintenance/{window}"),
        "/timeline".to_owned(),
    ] {
        let text = server.browser().get(&format!("{HOME}{below}")).await.text();
        for private in
            ["owner-northwind", "@example.com", "Secret team", "Contoso", &team, &user, "team_id", "own_status"]
        {
            assert!(!text.contains(private), "{below} tells {private}: {text}");
        }
    }
}

async fn a_former_slug_leads_there(server: TestServer) {
    let owner = server.owner("northwind").await;
    let mut settings = owner.rpc("read_settings", json!({ "organization": "northwind" })).await.right();
    settings["slug"] = json!("southwind");
    owner.rpc("update_organization", json!({ "organization": "northwind", "input": settings })).await.right();
    let answer = server.browser().get(&format!("{HOME}/services")).await;
    assert_eq!((answer.status, answer.location()), (308, "/api/v1/status/southwind/services"));
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(read(&server.browser(), "/api/v1/status/southwind").await["organization"]["slug"], "southwind");
}
