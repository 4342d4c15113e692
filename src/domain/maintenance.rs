//! Maintenance: planned work in a window.

use super::{
    account::single_line,
    error::{AppError, FieldErrors},
    ids::{MaintenanceId, SeriesId, ServiceId, TeamId, UpdateId},
    incident::{MAX_SERVICES, MAX_TITLE_LENGTH, body},
    status::words,
    time::Time,
};
use serde::{Deserialize, Serialize};

/// A window is at most this long, in seconds: 31 days.
pub const LONGEST: i64 = 31 * 86_400;
/// Windows of a series are made this far ahead, in seconds: 92 days.
pub const AHEAD: i64 = 92 * 86_400;

words! {
    /// How far a maintenance has come.
    MaintenanceStatus {
        /// It will come.
        Scheduled = "scheduled",
        /// It goes on.
        InProgress = "in_progress",
        /// The work is done, and looked at.
        Verifying = "verifying",
        /// It is over.
        Completed = "completed",
        /// It does not come after all.
        Cancelled = "cancelled",
    }
}

impl MaintenanceStatus {
    /// As it is written on screens.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Scheduled => "Scheduled",
            Self::InProgress => "In progress",
            Self::Verifying => "Verifying",
            Self::Completed => "Completed",
            Self::Cancelled => "Cancelled",
        }
    }

    /// Whether nothing more comes.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }

    /// Whether services are under maintenance.
    pub const fn is_going_on(self) -> bool {
        matches!(self, Self::InProgress | Self::Verifying)
    }
}

/// A service in a maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct MaintainedService {
    /// The service.
    pub service_id: ServiceId,
    /// Its name now.
    pub name: String,
    /// The team that owns it.
    pub team_id: Option<TeamId>,
}

/// A maintenance, as lists and calendars show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Maintenance {
    /// Permanent.
    pub id: MaintenanceId,
    /// One line.
    pub title: String,
    /// How far it has come.
    pub status: MaintenanceStatus,
    /// The window's beginning.
    pub starts_at: Time,
    /// The window's end.
    pub ends_at: Time,
    /// When it really began.
    pub started_at: Option<Time>,
    /// When it was really over, or was cancelled.
    pub completed_at: Option<Time>,
    /// Whether it starts and completes by itself.
    pub automatic: bool,
    /// The series it belongs to.
    pub series_id: Option<SeriesId>,
    /// Its services, in the order of the page.
    pub services: Vec<MaintainedService>,
    /// Counts its changes.
    pub revision: i64,
    /// When it last changed.
    pub updated_at: Time,
}

/// One message of a maintenance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaintenanceUpdate {
    /// Permanent.
    pub id: UpdateId,
    /// The maintenance's status from then on.
    pub status: MaintenanceStatus,
    /// As it was written: Markdown, or HTML for what was imported.
    pub body: String,
    /// As it is shown: safe HTML.
    pub html: String,
    /// Its own time.
    pub at: Time,
    /// Who posted it, as they were called then.
    pub by: Option<String>,
}

/// A maintenance as visitors read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedMaintenance {
    /// The maintenance.
    pub maintenance: Maintenance,
    /// Newest first.
    pub updates: Vec<MaintenanceUpdate>,
}

/// A maintenance with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaintenanceDetail {
    /// The maintenance.
    pub maintenance: Maintenance,
    /// Newest first.
    pub updates: Vec<MaintenanceUpdate>,
    /// The rule of its series, if it belongs to one that goes on.
    pub rule: Option<String>,
    /// Its permanent address for visitors.
    pub page: String,
}

/// Which maintenance a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MaintenanceFilter {
    /// `upcoming` (scheduled and going on, earliest first), `past` (latest first), or empty: all that
    /// touch the time between `from` and `to`.
    pub state: String,
    /// For a calendar.
    pub from: Option<Time>,
    /// For a calendar.
    pub to: Option<Time>,
    /// Only those with this service.
    pub service: String,
    /// In title or messages.
    pub words: String,
    /// Only those beyond this one, in the order of the list.
    pub after: Option<(Time, MaintenanceId)>,
}

/// A page of a list of maintenance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaintenancePage {
    /// In the order of the filter.
    pub maintenance: Vec<Maintenance>,
    /// Whether more follow.
    pub more: bool,
    /// How many are scheduled or going on.
    pub upcoming: i64,
    /// How many are over.
    pub past: i64,
}

/// What a person types to schedule a maintenance or to change one that has not begun. The window is
/// typed in the organization's time zone, as `2026-11-21T22:00`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MaintenanceInput {
    /// One line.
    pub title: String,
    /// The first message, Markdown.
    pub body: String,
    /// The beginning, local.
    pub starts_at: String,
    /// The end, local.
    pub ends_at: String,
    /// Its services.
    pub services: Vec<ServiceId>,
    /// Whether a person starts and completes it.
    pub by_hand: bool,
    /// Empty: once. Else `weekly`, `biweekly`, `monthly`, or an RRULE of RFC 5545.
    pub repeat: String,
    /// The revision of the maintenance that the person has seen, when one is changed.
    pub seen: Option<i64>,
}

/// What a person typed about a maintenance, checked but for what needs a time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedMaintenance {
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// Its services.
    pub services: Vec<ServiceId>,
}

impl MaintenanceInput {
    /// Checks every field but the window and the rule, which need a time zone; notes what is wrong.
    pub fn check(&self, errors: &mut FieldErrors) -> CheckedMaintenance {
        let title = errors.take("title", single_line("a title", &self.title, MAX_TITLE_LENGTH)).unwrap_or_default();
        let body = errors.take("body", body(&self.body)).unwrap_or_default();
        let mut services = self.services.clone();
        services.sort_unstable();
        services.dedup();
        if services.is_empty() {
            errors.add("services", "Choose at least one service.");
        }
        if services.len() > MAX_SERVICES {
            errors.add("services", format!("Choose at most {MAX_SERVICES} services."));
        }
        CheckedMaintenance { title, body, services }
    }
}

/// What a person types to update a maintenance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MaintenanceUpdateInput {
    /// Empty: as it is. `in_progress` starts it now, `completed` ends it now, `cancelled` calls it off.
    pub status: String,
    /// Markdown.
    pub body: String,
    /// Another end of the window, local: to extend it.
    pub ends_at: String,
    /// The revision that the person has seen.
    pub seen: Option<i64>,
}

/// The window, when it is one.
///
/// # Errors
/// [`AppError::Invalid`] on `ends_at`.
pub fn window(starts_at: Time, ends_at: Time) -> Result<(Time, Time), AppError> {
    let seconds = ends_at - starts_at;
    if seconds <= 0.0 {
        return Err(AppError::field("ends_at", "The end must be after the start."));
    }
    if seconds > LONGEST as f64 {
        return Err(AppError::field("ends_at", "A window can be 31 days at most. Split it into several."));
    }
    Ok((starts_at, ends_at))
}

/// Whether a maintenance may go from one status to another: it does not come back once it is over,
/// and what has begun is not called off but completed.
pub const fn may_become(from: MaintenanceStatus, to: MaintenanceStatus) -> bool {
    use MaintenanceStatus::{Cancelled, Completed, InProgress, Scheduled, Verifying};
    match from {
        Scheduled => matches!(to, Scheduled | InProgress | Cancelled),
        InProgress | Verifying => matches!(to, InProgress | Verifying | Completed),
        Completed => matches!(to, Completed),
        Cancelled => matches!(to, Cancelled),
    }
}

/// What a clock does to a maintenance that runs by itself: the statuses it goes through up to `now`,
/// each with the moment at which it was due. However late the clock looks, nothing is left out, and
/// looking again changes nothing.
pub fn due(maintenance: &Maintenance, now: Time) -> Vec<(MaintenanceStatus, Time)> {
    let mut steps = Vec::new();
    if !maintenance.automatic {
        return steps;
    }
    let mut status = maintenance.status;
    if status == MaintenanceStatus::Scheduled && maintenance.starts_at <= now {
        status = MaintenanceStatus::InProgress;
        steps.push((status, maintenance.starts_at));
    }
    if status.is_going_on() && maintenance.ends_at <= now {
        // A window that was moved while it went on cannot end before it began.
        let began = maintenance.started_at.unwrap_or(maintenance.starts_at);
        steps.push((MaintenanceStatus::Completed, maintenance.ends_at.max(began)));
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use MaintenanceStatus::{Cancelled, Completed, InProgress, Scheduled, Verifying};

    fn at(second: i64) -> Time {
        Time::from_micros(second * 1_000_000)
    }

    fn maintenance(status: MaintenanceStatus) -> Maintenance {
        Maintenance {
            id: MaintenanceId::from_random([1; 12]),
            title: "Upgrade".into(),
            status,
            starts_at: at(100),
            ends_at: at(200),
            started_at: status.is_going_on().then(|| at(100)),
            completed_at: None,
            automatic: true,
            series_id: None,
            services: Vec::new(),
            revision: 1,
            updated_at: at(0),
        }
    }

    #[test]
    fn the_clock_is_late_but_never_twice() {
        assert!(due(&maintenance(Scheduled), at(99)).is_empty());
        assert_eq!(due(&maintenance(Scheduled), at(100)), [(InProgress, at(100))]);
        assert_eq!(due(&maintenance(Scheduled), at(900)), [(InProgress, at(100)), (Completed, at(200))]);
        assert!(due(&maintenance(InProgress), at(199)).is_empty());
        assert_eq!(due(&maintenance(InProgress), at(200)), [(Completed, at(200))]);
        assert_eq!(due(&maintenance(Verifying), at(200)), [(Completed, at(200))]);
        for over in [Completed, Cancelled] {
            assert!(due(&maintenance(over), at(900)).is_empty());
        }
        let by_hand = Maintenance { automatic: false, ..maintenance(Scheduled) };
        assert!(due(&by_hand, at(900)).is_empty());
    }

    #[test]
    fn what_is_over_stays_over() {
        assert!(may_become(Scheduled, Cancelled) && may_become(Scheduled, InProgress));
        assert!(!may_become(InProgress, Cancelled) && !may_become(InProgress, Scheduled));
        assert!(!may_become(Completed, InProgress) && !may_become(Cancelled, Scheduled));
    }

    #[test]
    fn windows_have_an_end_after_their_beginning() {
        assert!(window(at(0), at(10)).is_ok());
        assert!(window(at(10), at(10)).is_err() && window(at(0), at(40 * 86_400)).is_err());
    }
}
