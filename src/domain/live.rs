//! What the live sockets say.

use super::status::words;
use serde::{Deserialize, Serialize};

words! {
    /// What a change was about: screens that show it read again.
    Topic {
        /// Services, groups, their order and statuses.
        Services = "services",
        /// Incidents and their updates.
        Incidents = "incidents",
        /// Maintenance windows.
        Maintenance = "maintenance",
        /// The organization itself.
        Organization = "organization",
        /// Members and teams.
        Members = "members",
    }
}

/// What a dashboard hears: that something changed, not what it became. It then reads again
/// through the door that checks who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// The organization's version after the change.
    pub version: i64,
    /// What changed; empty when the socket has just opened.
    pub topics: Vec<Topic>,
}
