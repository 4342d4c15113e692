//! Maintenance by the clock of the organization: months for a calendar, windows for forms and in words.

use crate::support::{Answer, Browser, TestServer, both_engines};
use candor::server::clock;
use chrono::{Datelike, Days, NaiveDate, TimeZone, Weekday};
use serde_json::{Value, json};

both_engines!(
    a_window_stands_on_each_of_its_days,
    months_follow_the_clock_change,
    the_present_day_is_marked_once,
    windows_are_told_as_they_were_typed,
    an_end_is_as_far_away_as_it_says,
);

async fn world(server: &TestServer) -> (Browser, String) {
    let owner = server.owner("northwind").await;
    let api = owner.create_service("northwind", "API", "").await;
    (owner, api)
}

async fn try_call(browser: &Browser, function: &str, mut arguments: Value) -> Answer {
    arguments["organization"] = json!("northwind");
    browser.rpc(function, arguments).await
}

async fn call(browser: &Browser, function: &str, arguments: Value) -> Value {
    try_call(browser, function, arguments).await.right()
}

async fn schedule(browser: &Browser, api: &str, title: &str, from: &str, to: &str) -> String {
    let input = json!({ "title": title, "starts_at": from, "ends_at": to, "services": [api] });
    call(browser, "schedule_maintenance", json!({ "input": input })).await.as_str().unwrap().to_owned()
}

async fn month(browser: &Browser, month: &str) -> Value {
    call(browser, "calendar", json!({ "month": month })).await
}

fn days(month: &Value) -> Vec<&Value> {
    month["weeks"].as_array().unwrap().iter().flat_map(|week| week.as_array().unwrap()).collect()
}

/// Day, title, both times and both flags of every entry.
fn entries(month: &Value) -> Vec<(String, String, String, bool, bool)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut all = Vec::new();
    for day in days(month) {
        for entry in day["entries"].as_array().unwrap() {
            let times = format!("{} to {}", text(&entry["starts_at"]), text(&entry["ends_at"]));
            let (before, after) = (entry["from_before"].as_bool().unwrap(), entry["goes_on"].as_bool().unwrap());
            all.push((text(&day["date"]), text(&entry["title"]), times, before, after));
        }
    }
    all
}

fn entry(day: &str, title: &str, times: &str, before: bool, after: bool) -> (String, String, String, bool, bool) {
    (day.to_owned(), title.to_owned(), times.to_owned(), before, after)
}

fn next_year() -> i32 {
    clock::now().utc().year() + 1
}

/// The last Sunday of a month that has 31 days: when clocks change in Europe.
fn last_sunday(year: i32, month: u32) -> NaiveDate {
    let last = NaiveDate::from_ymd_opt(year, month, 31).unwrap();
    last - Days::new(u64::from(last.weekday().num_days_from_sunday()))
}

async fn a_window_stands_on_each_of_its_days(server: TestServer) {
    let (owner, api) = world(&server).await;
    let year = next_year();
    let at = |rest: &str| format!("{year}-{rest}");
    let long = schedule(&owner, &api, "Move", &at("07-30T22:00"), &at("08-01T02:00")).await;
    schedule(&owner, &api, "Patch", &at("07-10T22:00"), &at("07-11T00:00")).await;
    let july = month(&owner, &at("07")).await;
    assert_eq!((&july["zone"], &july["first"]), (&json!("Europe/Vienna"), &json!(at("07-01"))));
    assert_eq!(july["more"], false);
    let all = days(&july);
    assert_eq!(all.len() % 7, 0);
    let date = |day: &Value| day["date"].as_str().unwrap().parse::<NaiveDate>().unwrap();
    assert_eq!((date(all[0]).weekday(), date(all[all.len() - 1]).weekday()), (Weekday::Mon, Weekday::Sun));
    assert_eq!(all.iter().filter(|day| day["inside"] == true).count(), 31);
    let inside: Vec<_> = entries(&july).into_iter().filter(|found| found.0.starts_with(&at("07"))).collect();
    let expected = [
        entry(&at("07-10"), "Patch", "22:00 to 00:00", false, false),
        entry(&at("07-30"), "Move", "22:00 to 02:00", false, true),
        entry(&at("07-31"), "Move", "22:00 to 02:00", true, true),
    ];
    assert_eq!(inside, expected);
    let august = month(&owner, &at("08")).await;
    let found = entries(&august);
    assert!(found.contains(&entry(&at("08-01"), "Move", "22:00 to 02:00", true, false)), "{found:?}");
    let day = days(&july).into_iter().find(|day| day["date"] == json!(at("07-31"))).unwrap().clone();
    assert_eq!(
        (&day["entries"][0]["id"], &day["entries"][0]["services"], &day["entries"][0]["status"]),
        (&json!(long), &json!(["API"]), &json!("scheduled"))
    );
    // What is cancelled stays, and says so.
    call(&owner, "update_maintenance", json!({ "id": long, "input": { "status": "cancelled" } })).await;
    let july = month(&owner, &at("07")).await;
    let day = days(&july).into_iter().find(|day| day["date"] == json!(at("07-31"))).unwrap().clone();
    assert_eq!(day["entries"][0]["status"], "cancelled");
    for wrong in ["soon", "2026", "2026-13", "2026-07-01"] {
        assert_eq!(try_call(&owner, "calendar", json!({ "month": wrong })).await.wrong_fields(), ["month"], "{wrong}");
    }
}

/// A day has 23 hours in March and 25 in October; its windows stay on it.
async fn months_follow_the_clock_change(server: TestServer) {
    let (owner, api) = world(&server).await;
    let year = next_year();
    for (number, hours) in [(3, 5), (10, 7)] {
        let sunday = last_sunday(year, number);
        let (saturday, monday) = (sunday - Days::new(1), sunday + Days::new(1));
        let id = schedule(&owner, &api, "Night", &format!("{saturday}T22:00"), &format!("{sunday}T04:00")).await;
        schedule(&owner, &api, "Late", &format!("{sunday}T23:00"), &format!("{monday}T00:00")).await;
        schedule(&owner, &api, "Early", &format!("{monday}T00:00"), &format!("{monday}T01:00")).await;
        // That Sunday may be the last day of its month, and so of its last week.
        let of = |date: NaiveDate| date.format("%Y-%m").to_string();
        let mut found = entries(&month(&owner, &of(sunday)).await);
        found.retain(|entry| entry.0 <= sunday.to_string());
        let next = entries(&month(&owner, &of(monday)).await);
        found.extend(next.into_iter().filter(|entry| entry.0 == monday.to_string()));
        let expected = [
            entry(&saturday.to_string(), "Night", "22:00 to 04:00", false, true),
            entry(&sunday.to_string(), "Night", "22:00 to 04:00", true, false),
            entry(&sunday.to_string(), "Late", "23:00 to 00:00", false, false),
            entry(&monday.to_string(), "Early", "00:00 to 01:00", false, false),
        ];
        assert_eq!(found, expected);
        let read = call(&owner, "read_maintenance", json!({ "id": id })).await;
        let time = |name: &str| {
            let text = read["maintenance"][name].as_str().unwrap();
            chrono::DateTime::parse_from_rfc3339(text).unwrap()
        };
        assert_eq!((time("ends_at") - time("starts_at")).num_hours(), hours);
        let windows = call(&owner, "maintenance_windows", json!({ "ids": [id] })).await;
        let words = windows[0]["words"].as_str().unwrap();
        let (before, after) = if number == 3 { ("CET", "CEST") } else { ("CEST", "CET") };
        assert!(words.contains(&format!(", 22:00 {before} to ")), "{words}");
        assert!(words.ends_with(&format!(", 04:00 {after}")), "{words}");
    }
}

async fn the_present_day_is_marked_once(server: TestServer) {
    let (owner, _) = world(&server).await;
    let now = clock::now().utc();
    let today = chrono_tz::Europe::Vienna.from_utc_datetime(&now.naive_utc()).date_naive();
    let present = month(&owner, "").await;
    let marked: Vec<_> = days(&present).into_iter().filter(|day| day["is_today"] == true).collect();
    assert_eq!(marked.len(), 1);
    // Unless midnight has just passed.
    if chrono_tz::Europe::Vienna.from_utc_datetime(&clock::now().utc().naive_utc()).date_naive() == today {
        assert_eq!((&marked[0]["date"], &present["today"]), (&json!(today), &json!(today)));
    }
    let far = month(&owner, "2999-01").await;
    assert!(days(&far).into_iter().all(|day| day["is_today"] == false));
}

async fn windows_are_told_as_they_were_typed(server: TestServer) {
    let (owner, api) = world(&server).await;
    let year = next_year();
    let (from, to) = (format!("{year}-11-21T22:00"), format!("{year}-11-21T23:30"));
    let one = schedule(&owner, &api, "One", &from, &to).await;
    let other = schedule(&owner, &api, "Other", &from, &format!("{year}-11-22T01:00")).await;
    let windows = call(&owner, "maintenance_windows", json!({ "ids": [other, one] })).await;
    assert_eq!((&windows[0]["id"], &windows[1]["id"]), (&json!(other), &json!(one)), "in the order that is asked for");
    assert_eq!((&windows[1]["starts_at"], &windows[1]["ends_at"]), (&json!(from), &json!(to)));
    let day = |day: u32| NaiveDate::from_ymd_opt(year, 11, day).unwrap().format("%a %-d %b %Y").to_string();
    assert_eq!(windows[1]["words"], format!("{}, 22:00 to 23:30 CET", day(21)));
    assert_eq!(windows[0]["words"], format!("{}, 22:00 to {}, 01:00 CET", day(21), day(22)));
    // What a form gets and sends back changes nothing.
    let input = json!({
        "title": "One", "starts_at": windows[1]["starts_at"], "ends_at": windows[1]["ends_at"], "services": [api],
    });
    let before = call(&owner, "read_maintenance", json!({ "id": one })).await;
    call(&owner, "edit_maintenance", json!({ "id": one, "input": input })).await;
    let after = call(&owner, "read_maintenance", json!({ "id": one })).await;
    for moment in ["starts_at", "ends_at"] {
        assert_eq!(before["maintenance"][moment], after["maintenance"][moment]);
    }
    // What is gone is left out; what was never there is not there.
    call(&owner, "delete_maintenance", json!({ "id": other })).await;
    let rest = call(&owner, "maintenance_windows", json!({ "ids": [other, one] })).await;
    assert_eq!(rest.as_array().unwrap().len(), 1);
    assert_eq!(call(&owner, "maintenance_windows", json!({ "ids": [] })).await, json!([]));
    try_call(&owner, "maintenance_windows", json!({ "ids": [other] })).await.refused(404, "not_found");
    let many: Vec<&str> = std::iter::repeat_n(one.as_str(), 501).collect();
    try_call(&owner, "maintenance_windows", json!({ "ids": many })).await.refused(400, "bad_request");
}

async fn an_end_is_as_far_away_as_it_says(server: TestServer) {
    let (owner, _) = world(&server).await;
    let end = async |starts_at: &str, minutes: i64| {
        try_call(&owner, "window_end", json!({ "starts_at": starts_at, "minutes": minutes })).await
    };
    assert_eq!(end("2026-11-21T22:00", 240).await.right(), "2026-11-22T02:00");
    // An hour is left out in March and comes twice in October.
    assert_eq!(end("2026-03-29T01:30", 60).await.right(), "2026-03-29T03:30");
    assert_eq!(end("2026-10-25T01:30", 180).await.right(), "2026-10-25T03:30");
    assert_eq!(end("2026-10-25T02:30", 60).await.wrong_fields(), ["ends_at"]);
    assert_eq!(end("", 60).await.wrong_fields(), ["starts_at"]);
}
