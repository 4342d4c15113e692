//! `/status/{organization}/calendar.ics`: maintenance for calendars that subscribe.

use crate::support::{Answer, Browser, TestServer, both_engines};
use candor::server::{clock, maintenance::scheduler};
use chrono::TimeZone;
use serde_json::{Value, json};

both_engines!(
    a_calendar_has_what_it_needs,
    times_are_those_of_the_database_in_utc,
    what_is_moved_keeps_its_id_and_grows_in_sequence,
    what_is_called_off_stays_and_says_so,
    what_is_over_stays_for_ninety_days,
    a_service_has_a_calendar_of_its_own,
    texts_hold_whatever_people_write,
    calendars_of_other_sites_are_welcome,
);

const CALENDAR: &str = "/status/northwind/calendar.ics";

async fn call(browser: &Browser, function: &str, mut arguments: Value) -> Value {
    arguments["organization"] = json!("northwind");
    browser.rpc(function, arguments).await.right()
}

async fn world(server: &TestServer) -> (Browser, String) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    (owner, api)
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
    call(browser, "schedule_maintenance", json!({ "input": input })).await.as_str().unwrap().to_owned()
}

async fn get(server: &TestServer, path: &str) -> Answer {
    let answer = server.browser().get_with(path, &[]).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer
}

/// Names and values in order, unfolded.
fn properties(file: &str) -> Vec<(String, String)> {
    assert!(file.ends_with("\r\n") && !file.replace("\r\n", "").contains(['\r', '\n']), "every line ends alike");
    assert!(file.split("\r\n").all(|line| line.len() <= 75), "lines are short: {file}");
    let whole = file.replace("\r\n ", "");
    let pair = |line: &str| {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no property: {line}"));
        (name.to_owned(), value.to_owned())
    };
    whole.trim_end().split("\r\n").map(pair).collect()
}

fn value<'a>(properties: &'a [(String, String)], name: &str) -> &'a str {
    let values: Vec<&str> = properties.iter().filter(|(is, _)| is == name).map(|(_, value)| value.as_str()).collect();
    assert_eq!(values.len(), 1, "{name} once: {properties:?}");
    values[0]
}

/// The properties of the calendar itself, and of each event.
type Read = (Vec<(String, String)>, Vec<Vec<(String, String)>>);

async fn read(server: &TestServer, path: &str) -> Read {
    let (mut calendar, mut events) = (Vec::new(), Vec::new());
    let mut within = false;
    for (name, value) in properties(&get(server, path).await.text()) {
        match (name.as_str(), value.as_str()) {
            ("BEGIN", "VEVENT") => {
                within = true;
                events.push(Vec::new());
            }
            ("END", "VEVENT") => within = false,
            _ if within => events.last_mut().unwrap().push((name, value)),
            _ => calendar.push((name, value)),
        }
    }
    (calendar, events)
}

async fn only_event(server: &TestServer) -> Vec<(String, String)> {
    let (_, mut events) = read(server, CALENDAR).await;
    assert_eq!(events.len(), 1, "{events:?}");
    events.pop().unwrap()
}

fn sequence(event: &[(String, String)]) -> i64 {
    value(event, "SEQUENCE").parse().unwrap()
}

async fn a_calendar_has_what_it_needs(server: TestServer) {
    let (owner, api) = world(&server).await;
    let (calendar, events) = read(&server, CALENDAR).await;
    assert_eq!((calendar.first().unwrap().1.as_str(), calendar.last().unwrap().1.as_str()), ("VCALENDAR", "VCALENDAR"));
    assert_eq!(value(&calendar, "VERSION"), "2.0");
    assert_eq!(value(&calendar, "X-WR-CALNAME"), "northwind maintenance");
    assert_eq!(value(&calendar, "REFRESH-INTERVAL;VALUE=DURATION"), "PT15M");
    assert!(!value(&calendar, "PRODID").is_empty() && events.is_empty());
    assert_eq!(get(&server, CALENDAR).await.header("content-type"), "text/calendar; charset=utf-8");
    let id = schedule(&owner, window(&api, 60, 120)).await;
    let event = only_event(&server).await;
    assert_eq!(value(&event, "UID"), format!("{id}@candor"));
    assert_eq!(value(&event, "SUMMARY"), "Database upgrade");
    assert_eq!((value(&event, "STATUS"), sequence(&event)), ("CONFIRMED", 0));
    assert_eq!(value(&event, "CATEGORIES"), "Maintenance,API");
    let page = format!("{}/status/northwind/maintenance/{id}", server.url);
    assert_eq!(value(&event, "URL"), page);
    assert_eq!(value(&event, "DESCRIPTION"), format!("Scheduled: API\\n\\nReads only.\\n\\n{page}"));
}

async fn times_are_those_of_the_database_in_utc(server: TestServer) {
    let (owner, api) = world(&server).await;
    let id = schedule(&owner, window(&api, 60, 120)).await;
    let event = only_event(&server).await;
    for (name, column) in
        [("DTSTART", "starts_at"), ("DTEND", "ends_at"), ("LAST-MODIFIED", "updated_at"), ("DTSTAMP", "updated_at")]
    {
        let micros = server.texts(&format!("select cast({column} as text) from maintenances where id = '{id}'")).await;
        let at = candor::domain::time::Time::from_micros(micros[0].parse().unwrap());
        assert_eq!(value(&event, name), at.utc().format("%Y%m%dT%H%M%SZ").to_string(), "{name}");
    }
}

async fn what_is_moved_keeps_its_id_and_grows_in_sequence(server: TestServer) {
    let (owner, api) = world(&server).await;
    let id = schedule(&owner, window(&api, 60, 120)).await;
    let before = only_event(&server).await;
    call(&owner, "edit_maintenance", json!({ "id": id, "input": window(&api, 180, 300) })).await;
    let moved = only_event(&server).await;
    assert_eq!(value(&moved, "UID"), value(&before, "UID"));
    assert!(value(&moved, "DTSTART") > value(&before, "DTSTART"));
    assert!(sequence(&moved) > sequence(&before));
    scheduler::run_all_due(&server.app, clock::now().plus_seconds(181 * 60)).await.unwrap();
    let begun = only_event(&server).await;
    assert!(value(&begun, "DESCRIPTION").starts_with("In progress: API"), "a change is seen by the next reader");
    assert_eq!(value(&begun, "STATUS"), "CONFIRMED");
    let extend = json!({ "id": id, "input": { "ends_at": local(400) } });
    call(&owner, "update_maintenance", extend).await;
    let extended = only_event(&server).await;
    assert!(value(&extended, "DTEND") > value(&begun, "DTEND") && sequence(&extended) > sequence(&begun));
}

async fn what_is_called_off_stays_and_says_so(server: TestServer) {
    let (owner, api) = world(&server).await;
    let id = schedule(&owner, window(&api, 60, 120)).await;
    let before = only_event(&server).await;
    let cancel = json!({ "id": id, "input": { "status": "cancelled", "body": "Not needed." } });
    call(&owner, "update_maintenance", cancel).await;
    let event = only_event(&server).await;
    assert_eq!((value(&event, "UID"), value(&event, "STATUS")), (value(&before, "UID"), "CANCELLED"));
    assert!(sequence(&event) > sequence(&before) && value(&event, "DESCRIPTION").contains("Not needed."));
}

async fn what_is_over_stays_for_ninety_days(server: TestServer) {
    let (owner, api) = world(&server).await;
    let id = schedule(&owner, window(&api, 60, 120)).await;
    scheduler::run_all_due(&server.app, clock::now().plus_seconds(121 * 60)).await.unwrap();
    let micros = |days: i64| clock::now().plus_seconds(-days * 86_400).micros();
    let put_back = async |days: i64| {
        let (from, to) = (micros(days) - 3_600_000_000, micros(days));
        server.execute(&format!("update maintenances set starts_at = {from}, ends_at = {to} where id = '{id}'")).await;
        // Past the server: whatever is saved now has the calendar made anew.
        owner.create_service("northwind", &format!("Of day {days}"), "").await;
        read(&server, CALENDAR).await.1.len()
    };
    assert_eq!(put_back(80).await, 1);
    assert_eq!(put_back(95).await, 0);
    // What a person ends goes on until then.
    server.execute(&format!("update maintenances set status = 'in_progress', automatic = 0 where id = '{id}'")).await;
    assert_eq!(put_back(130).await, 1);
}

async fn a_service_has_a_calendar_of_its_own(server: TestServer) {
    let (owner, api) = world(&server).await;
    let website = owner.create_service("northwind", "Website", "").await;
    schedule(&owner, window(&api, 60, 120)).await;
    let mut both = window(&website, 600, 660);
    both["services"] = json!([api, website]);
    schedule(&owner, both).await;
    let count = async |query: &str| read(&server, &format!("{CALENDAR}{query}")).await.1.len();
    assert_eq!(count("").await, 2);
    assert_eq!(count(&format!("?service={api}")).await, 2);
    assert_eq!(count(&format!("?service={website}")).await, 1);
    let (calendar, _) = read(&server, &format!("{CALENDAR}?service={website}")).await;
    assert_eq!(value(&calendar, "X-WR-CALNAME"), "northwind maintenance: Website");
    let other = server.owner("southwind").await;
    let theirs = other.create_service("southwind", "API", "").await;
    for path in [
        "/status/nobody/calendar.ics".to_owned(),
        format!("{CALENDAR}?service=API"),
        format!("{CALENDAR}?service=aaaaaaaaaaaa"),
        format!("{CALENDAR}?service={theirs}"),
    ] {
        let answer = server.browser().get_with(&path, &[]).await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (404, "*"), "{path}");
    }
}

async fn texts_hold_whatever_people_write(server: TestServer) {
    let owner = server.owner("northwind").await;
    let name = format!("A, B; C\\D: <&\"'> ]]> {}", "🚀".repeat(30));
    let api = owner.create_service("northwind", &name, "").await;
    let mut input = window(&api, 60, 120);
    input["title"] = json!(name);
    input["body"] = json!("One line,\nanother; and a \\.\n\nBEGIN:VEVENT");
    schedule(&owner, input).await;
    let event = only_event(&server).await;
    let escaped = name.replace('\\', "\\\\").replace(',', "\\,").replace(';', "\\;");
    assert_eq!(value(&event, "SUMMARY"), escaped);
    assert_eq!(value(&event, "CATEGORIES"), format!("Maintenance,{escaped}"));
    assert!(value(&event, "DESCRIPTION").contains("One line\\, another\\; and a"));
}

async fn calendars_of_other_sites_are_welcome(server: TestServer) {
    let (owner, api) = world(&server).await;
    let first = get(&server, CALENDAR).await;
    assert_eq!(first.header("access-control-allow-origin"), "*");
    assert_eq!(first.header("cross-origin-resource-policy"), "cross-origin");
    let browser = server.browser();
    let head = browser.send(browser.request(reqwest::Method::HEAD, CALENDAR)).await;
    assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, first.header("etag")));
    let etag = first.header("etag").to_owned();
    assert_eq!(browser.get_with(CALENDAR, &[("if-none-match", &etag)]).await.status, 304);
    schedule(&owner, window(&api, 60, 120)).await;
    assert_eq!(browser.get_with(CALENDAR, &[("if-none-match", &etag)]).await.status, 200);
}
