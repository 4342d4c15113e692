//! Windows that come again and again: an RRULE of RFC 5545 in the organization's time zone.
//!
//! Each window is a maintenance of its own, made some weeks ahead, so that one of them can be moved
//! or called off without the others.

mod store;

use super::{TOPICS, insert_update, no_maintenance, scheduler::JOB};
use crate::{
    domain::{
        error::{AppError, Result},
        ids::{MaintenanceId, OrganizationId, SeriesId},
        maintenance::{AHEAD, Maintenance, MaintenanceStatus},
        role::allowed,
        time::Time,
    },
    server::{
        App,
        access::Scope,
        db::{AuditEntry, Read, Write, random_id},
        history::Author,
        local_time,
    },
};
use rrule::{Frequency, RRule, RRuleSet, Tz, Unvalidated};

/// Windows made at once at most.
const MAX_OCCURRENCES: u16 = 150;
/// Services of windows that one transaction makes or removes at most, but one window at least: nobody else writes
/// meanwhile.
const MAX_ROWS: usize = 5_000;
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
    let wrong = "Enter a rule in RFC 5545 syntax, for example FREQ=WEEKLY;BYDAY=TU,TH.";
    let parsed: RRule<Unvalidated> = rule.parse().map_err(|_| wrong.to_owned())?;
    if !matches!(parsed.get_freq(), Frequency::Daily | Frequency::Weekly | Frequency::Monthly | Frequency::Yearly) {
        return Err("Maintenance can repeat daily at most.".to_owned());
    }
    // They would let it come again within a day.
    let finer = ["BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS"];
    if finer.iter().any(|part| rule.to_ascii_uppercase().contains(part)) {
        return Err(format!("The window sets the time of day. Leave out {}.", finer.join(", ")));
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
        _ => Err(format!("{text:?} is not a valid RFC 5545 rule, for example FREQ=WEEKLY")),
    }
}

/// Refuses a rule by which nothing comes again within some years. To find out may take a while, so it is
/// done before anything is written.
pub(super) async fn has_occurrence(rule: String, zone: String, first: Time) -> Result<()> {
    let until = first.plus_seconds(YEARS * 366 * 86_400);
    let look = move || !occurrences(&rule, &zone, first, first, until).is_empty();
    match tokio::task::spawn_blocking(look).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(AppError::field("repeat", "This rule never repeats. Choose another one, or “Once”.")),
        Err(error) => {
            tracing::error!(%error, "recurrence rule could not be evaluated");
            Err(AppError::Internal)
        }
    }
}

/// The beginnings of the windows after `after` up to `until`, of a series that begins at `first`.
fn occurrences(rule: &str, zone: &str, first: Time, after: Time, until: Time) -> Vec<Time> {
    let zone = Tz::Tz(local_time::zone(zone));
    let start = first.utc().with_timezone(&zone);
    let Ok(rule) = rule.parse::<RRule<Unvalidated>>().and_then(|rule| rule.validate(start)) else { return Vec::new() };
    let set = RRuleSet::new(start)
        .rrule(rule)
        .after((after.plus_seconds(1)).utc().with_timezone(&zone))
        .before(until.utc().with_timezone(&zone));
    set.all(MAX_OCCURRENCES)
        .dates
        .into_iter()
        .map(|moment| Time::from(moment.to_utc()))
        .filter(|at| *at > after)
        .collect()
}

/// Begins a series whose first window begins at this moment.
pub(super) async fn begin(write: &mut Write, rule: &str, zone: &str, first: Time) -> Result<SeriesId> {
    let id = SeriesId::from_random(random_id());
    store::insert(write, &id, rule, zone, first).await?;
    Ok(id)
}

/// The rule of a series that goes on.
pub(super) async fn rule_of(read: &mut Read, organization: &OrganizationId, id: &SeriesId) -> Result<Option<String>> {
    store::rule(read, organization, id).await
}

/// Makes the windows of a series that are not made yet, as far ahead as windows are made, and as many as one
/// transaction has room for; whether more are left to make. Each is as the latest one is.
pub(super) async fn extend(write: &mut Write, id: &SeriesId) -> Result<bool> {
    let Some(series) = store::find(write, id).await?.filter(|series| !series.ended) else { return Ok(false) };
    let Some(latest) = store::latest(write, id).await? else { return Ok(false) };
    let Some(latest) = super::store::one_in(write, &latest).await? else { return Ok(false) };
    let until = write.at.plus_seconds(AHEAD);
    let due = occurrences(&series.rule, &series.time_zone, series.first, series.made_until, until);
    let room = usize::try_from(super::OPEN - super::store::count_open(write).await?).unwrap_or_default();
    let fit = (MAX_ROWS / latest.services.len().max(1)).max(1);
    let starts: Vec<Time> = due.iter().copied().take(fit.min(room)).collect();
    make(write, &latest, &starts).await?;
    if starts.len() == due.len() {
        store::set_made_until(write, id, until).await?;
    } else if let Some(last) = starts.last() {
        store::set_made_until(write, id, *last).await?;
    }
    // Without room the others follow when some windows are over.
    Ok(starts.len() < due.len() && fit < room)
}

async fn make(write: &mut Write, latest: &Maintenance, starts: &[Time]) -> Result<()> {
    let seconds = (latest.ends_at.micros() - latest.starts_at.micros()) / 1_000_000;
    let (body, rendered) = super::store::first_message(write, &latest.id).await?.unwrap_or_default();
    let window = |from: &Time| (MaintenanceId::from_random(random_id()), *from, from.plus_seconds(seconds));
    let windows: Vec<_> = starts.iter().map(window).collect();
    let search = if body.is_empty() { latest.title.clone() } else { format!("{}\n{body}", latest.title) };
    store::insert_windows(write, latest, &windows, &search.to_lowercase()).await?;
    let (at, who) = (write.at, Author::of(write));
    for (id, from, to) in windows {
        if !body.is_empty() {
            insert_update(write, &id, MaintenanceStatus::Scheduled, &body, &rendered, at, &who).await?;
        }
        let after = format!("{} to {}", from.rfc3339(), to.rfc3339());
        write.audit(AuditEntry::new("maintenance.scheduled", &id, &latest.title).values(None, Some(after)));
    }
    Ok(())
}

/// Ends the series of a maintenance: its windows that have not begun are deleted.
///
/// # Errors
/// [`AppError::NotFound`] when it belongs to none; [`AppError::Forbidden`] when one of those windows may not be
/// deleted.
pub async fn end(scope: Scope<allowed::DeleteIncidents>, id: MaintenanceId) -> Result<()> {
    let mut write = scope.write().await?;
    let maintenance = super::maintenance_to_change(&mut write, &id).await?;
    let series = maintenance.series_id.ok_or_else(no_maintenance)?;
    for team in store::teams_to_come(&mut write, &series, &id).await? {
        write.require(team.as_ref())?;
    }
    let to_come = store::to_come(&mut write, &series, &id).await?.len();
    store::end(&mut write, &series, &id).await?;
    let more = remove(&mut write, &series, &id).await?;
    let entry = AuditEntry::new("maintenance.series_ended", &id, maintenance.title);
    write.audit(entry.values(Some(format!("{to_come} windows to come")), None));
    write.commit(TOPICS).await?;
    if more {
        go_on_later(scope.app(), scope.id(), series);
    }
    Ok(())
}

/// Removes the windows to come of a series that has ended, as many as one transaction has room for; whether more
/// are left to remove.
async fn remove(write: &mut Write, series: &SeriesId, keep: &MaintenanceId) -> Result<bool> {
    let to_come = store::to_come(write, series, keep).await?;
    let all = to_come.len();
    let mut rows = 0;
    let mut fits = |(_, services): &(MaintenanceId, i64)| {
        rows += usize::try_from(*services).unwrap_or_default();
        rows <= MAX_ROWS
    };
    // At least one, however many services it has.
    let fit = to_come.iter().take_while(|window| fits(window)).count().max(1);
    let ids: Vec<_> = to_come.into_iter().take(fit).map(|(id, _)| (id,)).collect();
    store::delete_windows(write, &ids).await?;
    if ids.len() == all {
        store::removed(write, series).await?;
    }
    Ok(ids.len() < all)
}

/// Goes on in the background with what one transaction had no room for. Should the server stop meanwhile, it
/// goes on when it starts again.
pub(super) fn go_on_later(app: &App, organization: &OrganizationId, id: SeriesId) {
    let (app, organization) = (app.clone(), organization.clone());
    tokio::spawn(async move {
        if let Err(error) = go_on(&app, &organization, &id).await {
            tracing::warn!(%error, %organization, series = %id, "a maintenance series could not be updated");
        }
    });
}

/// Makes, or removes, the windows of a series in transactions of their own.
async fn go_on(app: &App, organization: &OrganizationId, id: &SeriesId) -> Result<()> {
    loop {
        let mut write = JOB.write(app, organization).await?;
        let Some(series) = store::find(&mut write, id).await? else { return Ok(()) };
        let more = match &series.removing_except {
            Some(keep) => remove(&mut write, id, keep).await?,
            None => extend(&mut write, id).await?,
        };
        write.commit(TOPICS).await?;
        if !more {
            return Ok(());
        }
    }
}

/// Brings every series up to date whose windows are not made, or removed, as far as they should be.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn generate_occurrences(app: &App, now: Time) -> Result<()> {
    let unfinished = store::unfinished(&mut app.db.read(&JOB).await?, now).await?;
    for (organization, id) in unfinished {
        // One that cannot be brought up to date holds up none of the others.
        if let Err(error) = go_on(app, &organization, &id).await {
            tracing::error!(%error, %organization, series = %id, "a maintenance series could not be updated");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, zone: &str) -> Time {
        local_time::parse_local(local_time::zone(zone), text).expect("a time")
    }

    #[test]
    fn weekly_means_the_same_hour_across_a_clock_change() {
        let first = at("2026-10-20T22:00", "Europe/Vienna");
        let all = occurrences("FREQ=WEEKLY", "Europe/Vienna", first, first, first.plus_seconds(22 * 86_400));
        let words: Vec<_> = all.into_iter().map(Time::rfc3339).collect();
        assert_eq!(words, ["2026-10-27T21:00:00Z", "2026-11-03T21:00:00Z", "2026-11-10T21:00:00Z"]);
    }

    #[test]
    fn monthly_leaves_out_months_without_the_day() {
        let first = at("2026-01-31T10:00", "UTC");
        let all = occurrences("FREQ=MONTHLY", "UTC", first, first, first.plus_seconds(100 * 86_400));
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
