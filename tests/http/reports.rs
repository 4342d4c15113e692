//! Reports of uptime: figures by hand, on days and months of the organization's time zone.

use crate::support::{Browser, TestServer, both_engines};
use candor::{
    domain::{
        report::{DayBar, MonthBar, Report, down_seconds},
        time::Time,
        uptime::Tally,
    },
    server::{clock, local_time},
};
use serde_json::{Value, json};

both_engines!(
    an_hour_of_a_major_outage,
    overlapping_incidents_count_once_as_downtime,
    days_and_months_are_the_organizations_own,
    a_service_has_no_data_before_it_was_there,
    what_is_deleted_is_in_no_report,
    the_export_has_a_line_for_each_day_and_service,
    other_periods_and_services_are_refused,
    others_see_nothing,
);

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

struct World {
    owner: Browser,
    api: String,
    mail: String,
}

/// Two services that have been watched for fifty days, in an organization that lives by UTC.
async fn world(server: &TestServer) -> World {
    let owner = server.owner("northwind").await;
    let input = json!({ "name": "northwind", "slug": "northwind", "time_zone": "UTC", "listed": true });
    owner.rpc("update_organization", json!({ "organization": "northwind", "input": input })).await.right();
    let api = owner.create_service("northwind", "API", "").await;
    let mail = owner.create_service("northwind", "Mail", "").await;
    watched_for(server, 50 * DAY, "").await;
    World { owner, api, mail }
}

/// Services are observed from the moment on at which they are added: puts that back.
async fn watched_for(server: &TestServer, micros: i64, service: &str) {
    let which = if service.is_empty() { String::new() } else { format!("where service_id = '{service}'") };
    for table in ["status_claims", "status_history"] {
        server.execute(&format!("update {table} set started_at = started_at - {micros} {which}")).await;
    }
}

async fn report(browser: &Browser, service: &str, days: u32) -> Report {
    let filter = json!({ "service": service, "days": days });
    let answer = browser.rpc("read_uptime", json!({ "organization": "northwind", "filter": filter })).await;
    serde_json::from_value(answer.right()).unwrap()
}

async fn happened(browser: &Browser, title: &str, services: Value, from: Time, to: Option<Time>) -> String {
    // Times are typed by the clock of the organization, which some of these tests set to another zone.
    let frame = browser.rpc("frame", json!({ "organization": "northwind" })).await.right();
    let zone = local_time::zone(frame["time_zone"].as_str().unwrap());
    let mut input = json!({ "title": title, "services": services, "started_at": local_time::format_input(zone, from) });
    if let Some(to) = to {
        input["resolved_at"] = json!(local_time::format_input(zone, to));
    }
    let answer = browser.rpc("report_incident", json!({ "organization": "northwind", "input": input })).await;
    answer.right().as_str().unwrap().to_owned()
}

fn said(service: &str, status: &str) -> Value {
    json!([{ "service_id": service, "status": status }])
}

/// Ten o'clock of a day in UTC, so many days ago.
fn ten(days_ago: i64) -> Time {
    let today = clock::now().micros().div_euclid(DAY) * DAY;
    Time::from_micros(today - days_ago * DAY + 10 * HOUR)
}

fn after(at: Time, minutes: i64) -> Time {
    at.plus_seconds(60 * minutes)
}

fn date(at: Time) -> String {
    at.rfc3339()[..10].to_owned()
}

fn day(report: &Report, at: Time) -> &DayBar {
    let date = date(at);
    report.days.iter().find(|day| day.date == date).unwrap_or_else(|| panic!("no {date}"))
}

fn month(report: &Report, at: Time) -> &MonthBar {
    let name = date(at)[..7].to_owned();
    report.months.iter().find(|month| month.month == name).unwrap_or_else(|| panic!("no {name}"))
}

fn majors(tallies: impl Iterator<Item = Tally>) -> i64 {
    tallies.map(|tally| tally.major).sum()
}

async fn an_hour_of_a_major_outage(server: TestServer) {
    let World { owner, api, mail } = world(&server).await;
    let from = ten(3);
    let id = happened(&owner, "Payments fail", said(&api, "major_outage"), from, Some(after(from, 60))).await;

    let own = report(&owner, &api, 30).await;
    assert_eq!((own.days.len(), own.months.len()), (30, 12));
    // One hour of 24: 95.83 %.
    let then = day(&own, from);
    assert_eq!((then.tally.observed, then.tally.major, then.tally.in_words().as_str()), (DAY, HOUR, "95.83%"));
    assert_eq!(then.incidents.iter().map(ToString::to_string).collect::<Vec<_>>(), vec![id.clone()]);
    assert_eq!(day(&own, ten(4)).tally, Tally { observed: DAY, ..Tally::default() });
    assert_eq!(majors(own.days.iter().map(|day| day.tally)), HOUR, "and of no other day");
    // Of 29 whole days and today so far: between 695 / 696 and 719 / 720.
    assert!(matches!(own.total.in_words().as_str(), "99.85%" | "99.86%"), "{}", own.total.in_words());
    assert_eq!((own.total.major, down_seconds(&own.total)), (HOUR, 3_600));
    assert!(own.total.observed > 29 * DAY && own.total.observed <= 30 * DAY);
    assert_eq!((own.sum.count, own.sum.resolved, own.sum.mean_seconds()), (1, 1, Some(3_600)));
    assert_eq!((own.incidents[0].title.as_str(), own.incidents[0].started_at), ("Payments fail", from));
    // Its month, whole.
    let then = month(&own, from);
    assert_eq!((then.tally.major, then.incidents.count, then.incidents.mean_seconds()), (HOUR, 1, Some(3_600)));
    assert_eq!(majors(own.months.iter().map(|month| month.tally)), HOUR);

    // Both services together: one hour of 48, 97.91 %.
    let all = report(&owner, "", 30).await;
    let then = day(&all, from);
    assert_eq!((then.tally.observed, then.tally.major, then.tally.in_words().as_str()), (2 * DAY, HOUR, "97.91%"));
    let lines: Vec<_> = all
        .services
        .iter()
        .map(|line| (line.name.as_str(), line.tally.major, line.incidents.count, line.incidents.mean_seconds()))
        .collect();
    assert_eq!(lines, [("API", HOUR, 1, Some(3_600)), ("Mail", 0, 0, None)]);
    assert_eq!(all.total.observed, all.services.iter().map(|line| line.tally.observed).sum::<i64>());

    let other = report(&owner, &mail, 30).await;
    assert_eq!((other.total.in_words().as_str(), other.sum.count, other.services.len()), ("100%", 0, 1));
    // Longer periods begin earlier, and nothing was observed there.
    for days in [90, 365] {
        let long = report(&owner, &api, days).await;
        assert_eq!((long.days.len(), long.total.major), (days as usize, HOUR));
        assert_eq!(long.days[0].tally, Tally::default(), "no data");
        assert!(long.total.observed > 49 * DAY && long.total.observed < 51 * DAY, "{:?}", long.total);
    }
}

async fn overlapping_incidents_count_once_as_downtime(server: TestServer) {
    let World { owner, api, mail } = world(&server).await;
    let from = ten(2);
    let major = |minutes: i64| (said(&api, "major_outage"), after(from, minutes));
    let (services, start) = major(0);
    happened(&owner, "One", services, start, Some(after(from, 60))).await;
    let (services, start) = major(15);
    happened(&owner, "Two", services, start, Some(after(from, 30))).await;
    happened(&owner, "Three", said(&api, "partial_outage"), after(from, 30), Some(after(from, 90))).await;
    // Still open, and of the other service: it has no time to resolve.
    happened(&owner, "Four", said(&mail, "degraded_performance"), after(from, 0), None).await;
    let all = report(&owner, "", 30).await;
    let then = day(&all, from);
    // An hour of a major outage, then the half hour of the partial one that is left.
    assert_eq!((then.tally.major, then.tally.partial), (HOUR, HOUR / 2));
    assert_eq!(down_seconds(&then.tally), 3_600 + 540);
    assert_eq!(then.incidents.len(), 4);
    assert_eq!(day(&all, ten(1)).incidents.len(), 1, "what is open stays on every day");
    assert_eq!(day(&all, ten(1)).tally.degraded, DAY);
    // (60 + 15 + 60) / 3 minutes.
    assert_eq!((all.sum.count, all.sum.resolved, all.sum.mean_seconds()), (4, 3, Some(2_700)));
    let lines: Vec<_> = all.services.iter().map(|line| (line.incidents.count, line.incidents.mean_seconds())).collect();
    assert_eq!(lines, [(3, Some(2_700)), (1, None)]);
    let titles: Vec<_> = all.incidents.iter().map(|incident| incident.title.as_str()).collect();
    assert_eq!(titles.len(), 4);
    assert_eq!(&titles[..2], ["Three", "Two"], "the latest first");
    // One service's report counts its own incidents only.
    let own = report(&owner, &mail, 30).await;
    assert_eq!((own.sum.count, own.total.major, own.total.in_words().as_str()), (1, 0, "100%"));
}

async fn days_and_months_are_the_organizations_own(server: TestServer) {
    let World { owner, api, .. } = world(&server).await;
    let input = json!({ "name": "northwind", "slug": "northwind", "time_zone": "Asia/Tokyo", "listed": true });
    owner.rpc("update_organization", json!({ "organization": "northwind", "input": input })).await.right();
    // Half past eleven in the evening, an hour long: half of it is of the next day there.
    let bounds = local_time::bounds(local_time::zone("Asia/Tokyo"), clock::now(), 5);
    let midnight = bounds[2];
    happened(&owner, "At night", said(&api, "major_outage"), after(midnight, -30), Some(after(midnight, 30))).await;
    let own = report(&owner, &api, 30).await;
    let last: Vec<_> = own.days[25..].iter().map(|day| (day.tally.major, day.incidents.len())).collect();
    assert_eq!(last, [(0, 0), (HOUR / 2, 1), (HOUR / 2, 1), (0, 0), (0, 0)]);
    assert_eq!(own.days[27].date, date(after(midnight, 9 * 60)), "the day that begins there");
    assert_eq!(own.days[26].tally.in_words(), "97.91%");
    assert_eq!(own.sum.count, 1);
}

async fn a_service_has_no_data_before_it_was_there(server: TestServer) {
    let World { owner, .. } = world(&server).await;
    let new = owner.create_service("northwind", "New", "").await;
    watched_for(&server, 5 * DAY / 2, &new).await;
    let own = report(&owner, &new, 30).await;
    assert_eq!((own.days[0].tally.in_words().as_str(), own.days[20].tally.in_words().as_str()), ("no data", "no data"));
    let with_data = own.days.iter().filter(|day| day.tally.basis_points().is_some()).count();
    assert!((3..=4).contains(&with_data), "{with_data}");
    assert_eq!(own.total.in_words(), "100%");
    let observed = own.total.observed - 5 * DAY / 2;
    assert!((0..60 * SECOND).contains(&observed), "{observed}");
    // Together with those that were there it adds only what was observed.
    let all = report(&owner, "", 30).await;
    assert_eq!(all.days[0].tally.observed, 2 * DAY);
    assert_eq!(day(&all, ten(1)).tally.observed, 3 * DAY);
}

async fn what_is_deleted_is_in_no_report(server: TestServer) {
    let World { owner, api, mail } = world(&server).await;
    let from = ten(1);
    let id = happened(&owner, "One", said(&api, "major_outage"), from, Some(after(from, 60))).await;
    owner.rpc("delete_incident", json!({ "organization": "northwind", "id": id })).await.right();
    let all = report(&owner, "", 30).await;
    assert_eq!((all.sum.count, all.total.in_words().as_str()), (0, "100%"));
    owner.rpc("delete_service", json!({ "organization": "northwind", "id": api })).await.right();
    let all = report(&owner, "", 30).await;
    assert_eq!(all.services.iter().map(|line| line.id.to_string()).collect::<Vec<_>>(), [mail]);
    let filter = json!({ "service": api, "days": 30 });
    let gone = owner.rpc("read_uptime", json!({ "organization": "northwind", "filter": filter })).await;
    gone.refused(404, "not_found");
}

async fn the_export_has_a_line_for_each_day_and_service(server: TestServer) {
    let World { owner, api, .. } = world(&server).await;
    let group = owner.create_group("northwind", "Core").await;
    owner.create_service("northwind", "=1+1", &group).await;
    let from = ten(3);
    happened(&owner, "One", said(&api, "major_outage"), from, Some(after(from, 60))).await;
    happened(&owner, "Two", said(&api, "partial_outage"), after(from, 60), Some(after(from, 90))).await;
    let answer = owner.get("/dashboard/northwind/uptime.csv?service=&days=30").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/csv; charset=utf-8"));
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"northwind-uptime.csv\"");
    let text = answer.text();
    let rows: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(
        rows[0],
        "date,group,service,observed_seconds,major_seconds,partial_seconds,degraded_seconds,maintenance_seconds,uptime_percent"
    );
    assert_eq!((rows.len(), rows.last()), (1 + 3 * 30 + 1, Some(&"")), "{text}");
    let (then, before) = (date(from), date(ten(20)));
    // 1 − (3 600 + 0.3 × 1 800) / 86 400.
    for row in [
        format!("{then},\"\",\"API\",86400,3600,1800,0,0,95.20"),
        format!("{then},\"\",\"Mail\",86400,0,0,0,0,100.00"),
        format!("{before},\"Core\",\"'=1+1\",0,0,0,0,0,"),
    ] {
        assert!(rows.contains(&row.as_str()), "{row} in {text}");
    }
    let some = owner.get(&format!("/dashboard/northwind/uptime.csv?service={api}&days=90")).await.text();
    assert_eq!(some.lines().count(), 91);
    // 90 days unless it says otherwise.
    assert_eq!(owner.get("/dashboard/northwind/uptime.csv").await.text().lines().count(), 271);
    for (query, status) in [("days=7", 422), ("days=x", 400), ("service=aaaaaaaaaaaa", 404), ("service=x", 404)] {
        let answer = owner.get(&format!("/dashboard/northwind/uptime.csv?{query}")).await;
        assert_eq!(answer.status, status, "{query}");
    }
}

async fn other_periods_and_services_are_refused(server: TestServer) {
    let owner = server.owner("northwind").await;
    let ask =
        async |filter: Value| owner.rpc("read_uptime", json!({ "organization": "northwind", "filter": filter })).await;
    assert_eq!(ask(json!({ "days": 7 })).await.wrong_fields(), ["days"]);
    assert_eq!(ask(json!({ "days": 0 })).await.wrong_fields(), ["days"]);
    ask(json!({ "service": "aaaaaaaaaaaa", "days": 30 })).await.refused(404, "not_found");
    ask(json!({ "service": "' or 1=1 --", "days": 30 })).await.refused(404, "not_found");
    // Without a service there is nothing, and nothing is wrong.
    let empty = report(&owner, "", 30).await;
    assert_eq!((empty.total, empty.services.len(), empty.days.len()), (Tally::default(), 0, 30));
    assert!(owner.get("/dashboard/northwind/uptime").await.text().contains("No services yet"));
}

async fn others_see_nothing(server: TestServer) {
    let World { owner, api, .. } = world(&server).await;
    let stranger = server.owner("southwind").await;
    let viewer = server.joined(&owner, "northwind", "mia", "viewer").await;
    assert_eq!(report(&viewer, &api, 30).await.services[0].name, "API");
    let ask = |organization: &str, service: &str| json!({ "organization": organization, "filter": { "service": service, "days": 30 } });
    server.browser().rpc("read_uptime", ask("northwind", "")).await.refused(401, "unauthenticated");
    stranger.rpc("read_uptime", ask("northwind", "")).await.refused(404, "not_found");
    stranger.rpc("read_uptime", ask("southwind", &api)).await.refused(404, "not_found");
    // The other organization's history and incidents are in no figure of one's own.
    happened(&owner, "Secret", said(&api, "major_outage"), ten(1), None).await;
    stranger.create_service("southwind", "Other", "").await;
    let own = stranger.rpc("read_uptime", ask("southwind", "")).await;
    assert!(!own.text().contains("Secret") && !own.text().contains("API"), "{}", own.text());
    let own: Report = serde_json::from_value(own.right()).unwrap();
    assert_eq!((own.services.len(), own.total.major, own.sum.count), (1, 0, 0));
    let csv = "/dashboard/northwind/uptime.csv?days=30";
    let anonymous = server.browser().get(csv).await;
    assert_eq!((anonymous.status, anonymous.body.len()), (303, 0));
    assert!(anonymous.location().starts_with("/sign-in?next="), "{}", anonymous.location());
    assert_eq!(stranger.get(csv).await.status, 404);
    assert_eq!(viewer.get(csv).await.status, 200);
    // The screen has its figures in the first paint.
    let screen = owner.get("/dashboard/northwind/uptime?days=30").await;
    assert_eq!(screen.status, 200);
    let text = screen.text();
    assert!(text.contains("Uptime by day") && text.contains("Secret") && text.contains("role=\"img\""), "{text}");
    assert_eq!(owner.get("/dashboard/northwind/uptime?service=aaaaaaaaaaaa").await.status, 404);
    assert_eq!(stranger.get("/dashboard/northwind/uptime").await.status, 404);
}
