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
            Self::Job => "Automatic",
        }
    }
}

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
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

/// What each action is called on screens.
const ACTIONS: &[(&str, &str)] = &[
    ("organization.created", "Organization created"),
    ("organization.updated", "Organization updated"),
    ("organization.suspended", "Organization suspended"),
    ("organization.restored", "Organization restored"),
    ("organization.host_set", "Custom domain set"),
    ("service.created", "Service created"),
    ("service.updated", "Service updated"),
    ("service.moved", "Service moved"),
    ("service.deleted", "Service deleted"),
    ("service.restored", "Service restored"),
    ("service.status_set", "Status set"),
    ("service.history_recomputed", "History recalculated"),
    ("group.created", "Group created"),
    ("group.updated", "Group updated"),
    ("group.deleted", "Group deleted"),
    ("incident.reported", "Incident reported"),
    ("incident.updated", "Incident updated"),
    ("incident.edited", "Incident edited"),
    ("incident.deleted", "Incident deleted"),
    ("incident.update_edited", "Incident update edited"),
    ("incident.update_deleted", "Incident update deleted"),
    ("incident.linked", "Incident linked"),
    ("incident.unlinked", "Incident unlinked"),
    ("incident.postmortem_saved", "Postmortem saved"),
    ("incident.postmortem_published", "Postmortem published"),
    ("incident.imported", "Incident imported"),
    ("incident.import_updated", "Incident re-imported"),
    ("maintenance.scheduled", "Maintenance scheduled"),
    ("maintenance.updated", "Maintenance updated"),
    ("maintenance.edited", "Maintenance edited"),
    ("maintenance.end_moved", "Maintenance end moved"),
    ("maintenance.started", "Maintenance started"),
    ("maintenance.completed", "Maintenance completed"),
    ("maintenance.cancelled", "Maintenance cancelled"),
    ("maintenance.deleted", "Maintenance deleted"),
    ("maintenance.series_ended", "Maintenance series ended"),
    ("maintenance.imported", "Maintenance imported"),
    ("maintenance.import_updated", "Maintenance re-imported"),
    ("template.created", "Template created"),
    ("template.updated", "Template updated"),
    ("template.deleted", "Template deleted"),
    ("member.added", "Member added"),
    ("member.role_changed", "Role changed"),
    ("member.removed", "Member removed"),
    ("member.left", "Member left"),
    ("invitation.sent", "Invitation sent"),
    ("invitation.sent_again", "Invitation resent"),
    ("invitation.accepted", "Invitation accepted"),
    ("invitation.revoked", "Invitation revoked"),
    ("team.created", "Team created"),
    ("team.renamed", "Team renamed"),
    ("team.deleted", "Team deleted"),
    ("team.member_set", "Team role set"),
    ("team.member_removed", "Member removed from team"),
    ("token.created", "API token created"),
    ("token.revoked", "API token revoked"),
];

/// What an action is called on screens; one that has no name yet is called as it is written.
pub fn action_in_words(action: &str) -> &str {
    ACTIONS.iter().find(|(known, _)| *known == action).map_or(action, |(_, words)| *words)
}

/// The actions whose names on screens hold these words, whatever the case.
pub fn actions_called(words: &str) -> Vec<&'static str> {
    let words = words.trim().to_lowercase();
    ACTIONS.iter().filter(|(_, called)| called.to_lowercase().contains(&words)).map(|(action, _)| *action).collect()
}

/// The nouns that actions begin with, for the filter.
pub const NOUNS: &[(&str, &str)] = &[
    ("", "All events"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_name_of_its_own_and_belongs_to_a_noun() {
        for (at, (action, words)) in ACTIONS.iter().enumerate() {
            let (noun, _) = action.split_once('.').expect("noun.verb");
            assert!(NOUNS.iter().any(|(known, _)| *known == noun), "{action}");
            assert!(ACTIONS[at + 1..].iter().all(|other| other.0 != *action && other.1 != *words), "{action}: {words}");
        }
    }

    #[test]
    fn actions_are_called_and_found_by_their_names() {
        assert_eq!(action_in_words("service.status_set"), "Status set");
        assert_eq!(action_in_words("rocket.launched"), "rocket.launched");
        assert_eq!(actions_called(" STATUS set "), ["service.status_set"]);
        assert!(actions_called("rocket").is_empty());
    }
}
