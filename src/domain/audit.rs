//! What was done: the words of the audit log.

use super::{ids::AuditId, status::words, time::Time};
use serde::{Deserialize, Serialize};

words! {
    /// The way a change came in.
    Door {
        /// The dashboard.
        Dashboard = "dashboard",
        /// The sign-in pages.
        Account = "account",
        /// The REST API.
        Rest = "rest",
        /// The command line of the operator.
        CommandLine = "command_line",
        /// A job of the server itself.
        Job = "job",
    }
}

impl Door {
    /// As it is written on screens.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Dashboard => "Dashboard",
            Self::Account => "Account",
            Self::Rest => "API",
            Self::CommandLine => "Command line",
            Self::Job => "By itself",
        }
    }
}

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// Permanent.
    pub id: AuditId,
    /// When.
    pub at: Time,
    /// Who, as they were called then.
    pub actor: String,
    /// How it came in.
    pub door: Door,
    /// From where, if over the network.
    pub address: Option<String>,
    /// What was done, as `noun.verb`.
    pub action: String,
    /// To what, as it was called then.
    pub subject: String,
    /// What was there before.
    pub before: Option<String>,
    /// What was there after.
    pub after: Option<String>,
}

/// Which lines to show.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditFilter {
    /// In the actor, the action or the subject.
    #[serde(default)]
    pub words: String,
    /// The first part of the action: `service`, `member`.
    #[serde(default)]
    pub noun: String,
    /// Only lines older than this one.
    #[serde(default)]
    pub before: Option<(Time, AuditId)>,
}

/// A page of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditPage {
    /// Newest first.
    pub lines: Vec<AuditLine>,
    /// Whether older ones follow.
    pub more: bool,
}

/// The nouns that actions begin with, for the filter.
pub const NOUNS: &[(&str, &str)] = &[
    ("", "Everything"),
    ("organization", "Organization"),
    ("service", "Services"),
    ("group", "Groups"),
    ("incident", "Incidents"),
    ("maintenance", "Maintenance"),
    ("template", "Templates"),
    ("member", "Members"),
    ("invitation", "Invitations"),
    ("team", "Teams"),
    ("token", "API tokens"),
];
