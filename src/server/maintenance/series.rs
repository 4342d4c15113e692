//! Windows that come again and again: an RRULE of RFC 5545 in the organization's time zone.
//!
//! Each window is a maintenance of its own, made some weeks ahead, so that one of them can be moved
//! or called off without the others.

use super::{NewMaintenance, TOPICS, add, no_maintenance, store};
use crate::{
    domain::{
        error::{AppError, Result},
        ids::{MaintenanceId, SeriesId},
        maintenance::AHEAD,
        role::allowed,
        time::Time,
    },
    server::{
        access::Scope,
        days,
        db::{AuditEntry, Write, random_id},
    },
};
use rrule::{Frequency, RRule, RRuleSet, Tz, Unvalidated};

/// Windows made at once at most.
const MOST: u16 = 150;
/// A rule brings a window within so many years.
const YEARS: i64 = 5;

/// The rule that a form names: `weekly`, `biweekly`, `monthly`, or an RRULE; empty: none.
///
/// # Errors
/// In words.
pub(super) fn rule(text: &str) -> Result<Option<String>, String> {
    let rule = match text.trim() {
        "" | "once" => return Ok(None),
        "daily" => "FREQ=DAILY",
        "weekly" => "FREQ=WEEKLY",
        "biweekly" => "FREQ=WEEKLY;INTERVAL=2",
        "monthly" => "FREQ=MONTHLY",
        own => own.strip_prefix("RRULE:").unwrap_or(own),
    };
    if rule.len() > 300 {
        return Err("This rule is too long.".to_owned());
    }
    let wrong = "Write a rule as RFC 5545 does, for example FREQ=WEEKLY;BYDAY=TU,TH.";
    let parsed: RRule<Unvalidated> = rule.parse().map_err(|_| wrong.to_owned())?;
    if !matches!(parsed.get_freq(), Frequency::Daily | Frequency::Weekly | Frequency::Monthly | Frequency::Yearly) {
        return Err("A maintenance comes again daily at most.".to_owned());
    }
    // They would let it come again within a day.
    let finer = ["BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS"];
    if finer.iter().any(|part| rule.to_ascii_uppercase().contains(part)) {
        return Err(format!("The window says the hour. Leave out {}.", finer.join(", ")));
    }
    Ok(Some(rule.to_owned()))
}

/// Checks a rule that a file has as it was stored: one that a form could have named.
///
/// # Errors
/// In words.
pub fn stored_rule(text: &str) -> Result<(), String> {
    match rule(text)? {
        Some(rule) if rule == text => Ok(()),
        _ => Err(format!("{text:?} is no rule of RFC 5545, for example FREQ=WEEKLY")),
    }
}

/// Refuses a rule by which nothing comes again within some years. To find out may take a while, so it is
/// done before anything is written.
pub(super) async fn comes_again(rule: String, zone: String, first: Time) -> Result<()> {
    let until = first.plus_seconds(YEARS * 366 * 86_400);
    let look = move || !beginnings(&rule, &zone, first, first, until).is_empty();
    match tokio::task::spawn_blocking(look).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(AppError::field("repeat", "By this rule it never comes again. Choose another, or once.")),
        Err(error) => {
            tracing::error!(%error, "a rule cannot be worked out");
            Err(AppError::Internal)
        }
    }
}

/// The beginnings of the windows after `after` up to `until`, of a series that begins at `first`.
fn beginnings(rule: &str, zone: &str, first: Time, after: Time, until: Time) -> Vec<Time> {
    let zone = Tz::Tz(days::zone(zone));
    let start = first.utc().with_timezone(&zone);
    let Ok(rule) = rule.parse::<RRule<Unvalidated>>().and_then(|rule| rule.validate(start)) else { return Vec::new() };
    let set = RRuleSet::new(start)
        .rrule(rule)
        .after((after.plus_seconds(1)).utc().with_timezone(&zone))
        .before(until.utc().with_timezone(&zone));
    set.all(MOST).dates.into_iter().map(|moment| Time::from(moment.to_utc())).filter(|at| *at > after).collect()
}

/// Begins a series whose first window begins at this moment.
pub(super) async fn begin(write: &mut Write, rule: &str, zone: &str, first: Time) -> Result<SeriesId> {
    let id = SeriesId::from_random(random_id());
    store::insert_series(write, &id, rule, zone, first).await?;
    Ok(id)
}

/// Makes the windows of a series that are not made yet, as far ahead as windows are made. Each is as
/// the latest one is.
///
/// # Errors
/// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
pub async fn extend(write: &mut Write, id: &SeriesId) -> Result<i64> {
    let Some(series) = store::series(write, id).await? else { return Ok(0) };
    let until = write.at.plus_seconds(AHEAD);
    let Some(latest) = store::latest_of(write, id).await? else { return Ok(0) };
    let seconds = (latest.ends_at.micros() - latest.starts_at.micros()) / 1_000_000;
    let services: Vec<_> = latest.services.iter().map(|service| service.service_id.clone()).collect();
    let body = store::first_body(write, &latest.id).await?.unwrap_or_default();
    let (mut made, room) = (0, super::OPEN - store::count_open(write).await?);
    for starts_at in beginnings(&series.rule, &series.time_zone, series.first, series.made_until, until) {
        if made >= room {
            // The others follow when some of these are over.
            return Ok(made);
        }
        let new = NewMaintenance {
            title: latest.title.clone(),
            body: body.clone(),
            services: services.clone(),
            starts_at,
            ends_at: starts_at.plus_seconds(seconds),
            automatic: latest.automatic,
            series_id: Some(id.clone()),
        };
        add(write, &new).await?;
        store::set_made_until(write, id, starts_at).await?;
        made += 1;
    }
    store::set_made_until(write, id, until).await?;
    Ok(made)
}

/// Ends the series of a maintenance: its windows that have not begun go away.
///
/// # Errors
/// [`crate::domain::error::AppError::NotFound`] when it belongs to none, `Forbidden`.
pub async fn end(scope: Scope<allowed::ReportIncidents>, id: MaintenanceId) -> Result<()> {
    let mut write = scope.write().await?;
    let maintenance = super::maintenance_to_change(&mut write, &id).await?;
    let series = maintenance.series_id.ok_or_else(no_maintenance)?;
    let gone = store::end_series(&mut write, &series, &id).await?;
    let entry = AuditEntry::new("maintenance.series_ended", &id, maintenance.title);
    write.audit(entry.values(Some(format!("{gone} windows to come")), None));
    write.commit(TOPICS).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, zone: &str) -> Time {
        days::typed(days::zone(zone), text).expect("a time")
    }

    #[test]
    fn weekly_means_the_same_hour_across_a_clock_change() {
        let first = at("2026-10-20T22:00", "Europe/Vienna");
        let all = beginnings("FREQ=WEEKLY", "Europe/Vienna", first, first, first.plus_seconds(22 * 86_400));
        let words: Vec<_> = all.into_iter().map(Time::rfc3339).collect();
        assert_eq!(words, ["2026-10-27T21:00:00Z", "2026-11-03T21:00:00Z", "2026-11-10T21:00:00Z"]);
    }

    #[test]
    fn monthly_leaves_out_months_without_the_day() {
        let first = at("2026-01-31T10:00", "UTC");
        let all = beginnings("FREQ=MONTHLY", "UTC", first, first, first.plus_seconds(100 * 86_400));
        let words: Vec<_> = all.into_iter().map(Time::rfc3339).collect();
        assert_eq!(words, ["2026-03-31T10:00:00Z"]);
    }

    #[test]
    fn rules_are_checked() {
        assert_eq!(rule(""), Ok(None));
        assert_eq!(rule("weekly"), Ok(Some("FREQ=WEEKLY".to_owned())));
        assert_eq!(rule("RRULE:FREQ=WEEKLY;BYDAY=TU,TH"), Ok(Some("FREQ=WEEKLY;BYDAY=TU,TH".to_owned())));
        for wrong in
            ["sometimes", "FREQ=SECONDLY", "FREQ=HOURLY;INTERVAL=2", "FREQ=WEEKLY;BYDAY=XX", "FREQ=DAILY;BYHOUR=1,2"]
        {
            assert!(rule(wrong).is_err() && stored_rule(wrong).is_err(), "{wrong}");
        }
        for (text, stored) in
            [("FREQ=WEEKLY;BYDAY=TU", true), ("weekly", false), ("RRULE:FREQ=DAILY", false), ("", false)]
        {
            assert_eq!(stored_rule(text).is_ok(), stored, "{text}");
        }
    }
}
