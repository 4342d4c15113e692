//! What went wrong at Northwind within a year, in the words of its operations team.

mod lately;
mod long_ago;

use super::year::{Moment, Says};
use crate::domain::{incident::IncidentStatus, status::Impact};

/// An incident of the year.
pub(super) struct Told {
    pub begins: Moment,
    pub title: &'static str,
    /// Where it is not what the services say.
    pub impact: Option<Impact>,
    pub updates: Vec<Said>,
    /// Empty: nobody wrote one.
    pub postmortem: &'static str,
}

/// One of its updates.
pub(super) struct Said {
    /// Minutes after it began.
    pub after: i64,
    pub status: IncidentStatus,
    pub body: &'static str,
    pub services: &'static [Says],
}

/// Every incident, oldest first.
pub(super) fn incidents() -> Vec<Told> {
    long_ago::incidents().into_iter().chain(lately::incidents()).collect()
}

fn said(after: i64, status: IncidentStatus, body: &'static str, services: &'static [Says]) -> Said {
    Said { after, status, body, services }
}

/// An incident whose impact follows from its services, and of which nobody wrote afterwards.
fn told(begins: Moment, title: &'static str, updates: Vec<Said>) -> Told {
    Told { begins, title, impact: None, updates, postmortem: "" }
}

fn learned(incident: Told, postmortem: &'static str) -> Told {
    Told { postmortem, ..incident }
}

fn matters(incident: Told, impact: Impact) -> Told {
    Told { impact: Some(impact), ..incident }
}
