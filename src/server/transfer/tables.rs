//! What an organization consists of: every table with its columns, what may stand in them, and what stays
//! behind.

use super::store::{self, Statements};
use crate::{
    domain::{
        account::{self, email},
        audit::Door,
        incident::{IncidentStatus, MAX_TITLE_LENGTH},
        maintenance::MaintenanceStatus,
        member::MAX_TEAM_NAME_LENGTH,
        organization::{self, support_url},
        role::{Role, TeamRole},
        service,
        status::{Cause, Impact, ServiceStatus, UnknownWord},
    },
    server::{access::accounts, import::facts::ImportedFacts, maintenance::series::stored_rule},
};
use std::{net::IpAddr, str::FromStr};

/// Refuses a text in words.
pub(super) type Check = fn(&str) -> Result<(), String>;

/// What stands in a column.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// The id of the organization itself.
    Organization,
    /// The row's own id.
    Id,
    /// The id of a row of this list.
    Of(&'static str),
    /// The id of a member. Whoever is none any more is kept by name alone, in the column beside it.
    Person,
    /// What belongs to the account of a person.
    Account(Check),
    /// A text.
    Text(Check),
    /// What statuses are called.
    Labels,
    /// A moment.
    Time,
    /// A whole number.
    Number,
    /// 0 or 1.
    Flag,
}

impl Kind {
    /// Whether the database keeps it as a number.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Time | Self::Number | Self::Flag)
    }
}

/// A column, as the file and the database call it.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub name: &'static str,
    pub kind: Kind,
    /// Whether it may be empty.
    pub optional: bool,
}

const fn must(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, optional: false }
}

const fn may(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, optional: true }
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Value {
    Null,
    Text(String),
    Number(i64),
}

impl Value {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
    /// The number, if it is one.
    pub const fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }
}

/// The cells of a row in the order of its table's columns.
pub(super) type Row = Vec<Value>;

/// What no two rows have alike.
#[derive(Clone, Copy)]
pub(super) struct Unique {
    pub columns: &'static [&'static str],
    /// It counts among those rows alone in which all of these are empty.
    pub among: &'static [&'static str],
    /// Whether a row counts in which one of the columns is empty.
    pub empty_counts: bool,
}

const fn unique(columns: &'static [&'static str]) -> Unique {
    Unique { columns, among: &[], empty_counts: false }
}

const fn unique_among(columns: &'static [&'static str], among: &'static [&'static str]) -> Unique {
    Unique { columns, among, empty_counts: false }
}

/// A table, and its list in the file.
#[derive(Clone, Copy)]
pub(super) struct Table {
    pub name: &'static str,
    pub columns: &'static [Column],
    /// By which columns its rows stand in the file: what is new comes last, so that two files can be compared.
    pub order: &'static [&'static str],
    pub unique: &'static [Unique],
    /// The former is not greater than the latter; where the flag is set, it is less.
    pub ordered: &'static [(&'static str, &'static str, bool)],
    /// Of these at most one is there.
    pub either: Option<(&'static str, &'static str)>,
    /// What is searched in is made of the titles and of the messages in this list, which name the row here.
    pub messages: Option<(&'static str, &'static str)>,
    pub sql: Statements,
}

impl Table {
    /// The place of a column; columns are named in this file alone.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
    /// The places of these columns.
    pub fn places(&self, names: &[&str]) -> Vec<usize> {
        names.iter().filter_map(|name| self.place(name)).collect()
    }
    /// The place of the row's own id.
    pub fn id(&self) -> Option<usize> {
        self.columns.iter().position(|column| matches!(column.kind, Kind::Id))
    }
}

/// A name, as people type it: one line, no control characters, at most so many characters.
fn single_line<const MAX: usize>(text: &str) -> Result<(), String> {
    account::single_line("a name", text, MAX).map(drop)
}

/// The same, where it may be empty.
fn line_or_none<const MAX: usize>(text: &str) -> Result<(), String> {
    if text.is_empty() { Ok(()) } else { single_line::<MAX>(text) }
}

/// A text of several lines, as people type it.
fn short<const MAX: usize>(text: &str) -> Result<(), String> {
    account::trimmed_text(text, MAX).map(drop)
}

/// What is compared and never shown. Namesakes that were imported are told apart behind a U+001F.
fn key(text: &str) -> Result<(), String> {
    single_line::<MAX_KEY>(&text.replacen('\u{1f}', " ", 1))
}

/// What may hold any text of an organization's past.
fn message(text: &str) -> Result<(), String> {
    if text.chars().count() > MAX_MESSAGE {
        return Err(format!("is longer than {MAX_MESSAGE} characters"));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err("contains control characters".to_owned());
    }
    Ok(())
}

/// What another program's file said of an incident, as JSON.
fn facts(text: &str) -> Result<(), String> {
    message(text)?;
    let facts: ImportedFacts = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let affected = facts.updates.values().filter_map(|update| update.affected.as_ref()).flatten();
    affected.map(|affected| &affected.name).try_for_each(|name| line_or_none::<MAX_TITLE_LENGTH>(name))
}

fn ip_address(text: &str) -> Result<(), String> {
    text.parse::<IpAddr>().map(drop).map_err(|_| format!("{text:?} is not an IP address"))
}

/// `noun.verb`.
fn action(text: &str) -> Result<(), String> {
    let words =
        text.split('.').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
    if words && text.len() <= 60 { Ok(()) } else { Err(format!("{text:?} is not an action")) }
}

fn word<T: FromStr<Err = UnknownWord>>(text: &str) -> Result<(), String> {
    text.parse::<T>().map(drop).map_err(|error| error.to_string())
}

fn format(text: &str) -> Result<(), String> {
    match text {
        "markdown" | "html" => Ok(()),
        _ => Err(UnknownWord { given: text.to_owned(), allowed: "markdown, html".to_owned() }.to_string()),
    }
}

fn zone(text: &str) -> Result<(), String> {
    let known = text.parse::<chrono_tz::Tz>();
    known.map(drop).map_err(|_| format!("{text:?} is not a time zone such as Europe/Vienna"))
}

fn address(text: &str) -> Result<(), String> {
    email(text).map(drop)
}

fn support(text: &str) -> Result<(), String> {
    support_url(text).map(drop)
}

/// Characters of a message, an imported postmortem or a value in the audit log.
const MAX_MESSAGE: usize = 250_000;
/// Characters of what is compared.
const MAX_KEY: usize = 1_000;
/// Characters of an id that another program gave, and of who did something, as they were called.
const MAX_LABEL: usize = 500;

const TITLE: Kind = Kind::Text(single_line::<MAX_TITLE_LENGTH>);
const NAME: Kind = Kind::Text(single_line::<{ service::MAX_NAME_LENGTH }>);
const DESCRIPTION: Kind = Kind::Text(short::<{ service::MAX_DESCRIPTION_LENGTH }>);
const KEY: Kind = Kind::Text(key);
const LABEL: Kind = Kind::Text(line_or_none::<MAX_LABEL>);
const MESSAGE: Kind = Kind::Text(message);
const FORMAT: Kind = Kind::Text(format);
const SERVICE_STATUS: Kind = Kind::Text(word::<ServiceStatus>);
const INCIDENT_STATUS: Kind = Kind::Text(word::<IncidentStatus>);
const MAINTENANCE_STATUS: Kind = Kind::Text(word::<MaintenanceStatus>);
const IMPACT: Kind = Kind::Text(word::<Impact>);
const CAUSE: Kind = Kind::Text(word::<Cause>);

/// The list of members, the first.
pub(super) const MEMBERS: &str = "members";
/// The list of their roles in teams.
pub(super) const TEAM_MEMBERS: &str = "team_members";
/// The list of slugs that lead here.
pub(super) const FORMER_SLUGS: &str = "former_slugs";

const BLANK: Table = Table {
    name: "",
    columns: &[],
    order: &[],
    unique: &[],
    ordered: &[],
    either: None,
    messages: None,
    sql: store::ORGANIZATION,
};

/// The organization itself.
pub(super) static ORGANIZATION: Table = Table {
    name: "organization",
    columns: &[
        must("id", Kind::Organization),
        // Checked when it is known whether another takes its place.
        must("slug", LABEL),
        must("name", Kind::Text(single_line::<{ organization::MAX_NAME_LENGTH }>)),
        must("description", Kind::Text(short::<500>)),
        must("time_zone", Kind::Text(zone)),
        must("support_url", Kind::Text(support)),
        must("labels", Kind::Labels),
        may("suspended_at", Kind::Time),
        may("listed_at", Kind::Time),
        must("version", Kind::Number),
        must("changed_at", Kind::Time),
        must("created_at", Kind::Time),
        must("updated_at", Kind::Time),
    ],
    sql: store::ORGANIZATION,
    ..BLANK
};

/// Everything that belongs to it, in the order of the file: what refers to something comes after it.
pub(super) static TABLES: &[Table] = &[
    Table {
        name: MEMBERS,
        columns: &[
            must("user_id", Kind::Id),
            must("email", Kind::Account(address)),
            must("name", Kind::Account(single_line::<{ accounts::MAX_NAME_LENGTH }>)),
            must("role", Kind::Text(word::<Role>)),
            must("created_at", Kind::Time),
        ],
        order: &["created_at", "user_id"],
        unique: &[unique(&["email"])],
        sql: store::MEMBERS,
        ..BLANK
    },
    Table {
        name: FORMER_SLUGS,
        columns: &[must("slug", LABEL), must("freed_at", Kind::Time)],
        order: &["freed_at", "slug"],
        unique: &[unique(&["slug"])],
        sql: store::FORMER_SLUGS,
        ..BLANK
    },
    Table {
        name: "teams",
        columns: &[
            must("id", Kind::Id),
            must("name", Kind::Text(single_line::<MAX_TEAM_NAME_LENGTH>)),
            must("name_key", KEY),
            must("created_at", Kind::Time),
            must("updated_at", Kind::Time),
        ],
        order: &["created_at", "id"],
        unique: &[unique(&["name_key"])],
        sql: store::TEAMS,
        ..BLANK
    },
    Table {
        name: TEAM_MEMBERS,
        columns: &[
            must("team_id", Kind::Of("teams")),
            must("user_id", Kind::Person),
            must("role", Kind::Text(word::<TeamRole>)),
            must("created_at", Kind::Time),
        ],
        order: &["created_at", "team_id", "user_id"],
        unique: &[unique(&["team_id", "user_id"])],
        sql: store::TEAM_MEMBERS,
        ..BLANK
    },
    Table {
        name: "service_groups",
        columns: &[
            must("id", Kind::Id),
            must("name", NAME),
            must("name_key", KEY),
            must("description", DESCRIPTION),
            must("position", Kind::Number),
            may("source_id", LABEL),
            must("created_at", Kind::Time),
            must("updated_at", Kind::Time),
        ],
        order: &["position", "id"],
        unique: &[unique(&["name_key"]), unique(&["source_id"])],
        sql: store::SERVICE_GROUPS,
        ..BLANK
    },
    Table {
        name: "services",
        columns: &[
            must("id", Kind::Id),
            may("group_id", Kind::Of("service_groups")),
            may("team_id", Kind::Of("teams")),
            must("name", NAME),
            must("name_key", KEY),
            must("description", DESCRIPTION),
            must("own_status", SERVICE_STATUS),
            must("position", Kind::Number),
            may("source_id", LABEL),
            must("created_at", Kind::Time),
            must("updated_at", Kind::Time),
            may("deleted_at", Kind::Time),
        ],
        order: &["position", "id"],
        unique: &[
            Unique { columns: &["group_id", "name_key"], among: &["deleted_at"], empty_counts: true },
            unique_among(&["source_id"], &["deleted_at"]),
        ],
        sql: store::SERVICES,
        ..BLANK
    },
    Table {
        name: "incidents",
        columns: &[
            must("id", Kind::Id),
            must("title", TITLE),
            must("status", INCIDENT_STATUS),
            must("impact", IMPACT),
            may("impact_set", IMPACT),
            must("started_at", Kind::Time),
            may("resolved_at", Kind::Time),
            must("postmortem", MESSAGE),
            must("postmortem_format", FORMAT),
            may("postmortem_at", Kind::Time),
            may("postmortem_published_at", Kind::Time),
            must("revision", Kind::Number),
            may("source_id", LABEL),
            must("created_at", Kind::Time),
            must("updated_at", Kind::Time),
        ],
        order: &["started_at", "id"],
        unique: &[unique(&["source_id"])],
        messages: Some(("incident_updates", "incident_id")),
        sql: store::INCIDENTS,
        ..BLANK
    },
    Table {
        name: "incident_updates",
        columns: &[
            must("id", Kind::Id),
            must("incident_id", Kind::Of("incidents")),
            must("status", INCIDENT_STATUS),
            must("body", MESSAGE),
            must("format", FORMAT),
            must("at", Kind::Time),
            may("user_id", Kind::Person),
            may("user_name", LABEL),
            may("source_id", LABEL),
            must("created_at", Kind::Time),
            may("edited_at", Kind::Time),
        ],
        order: &["at", "id"],
        sql: store::INCIDENT_UPDATES,
        ..BLANK
    },
    Table {
        name: "incident_update_services",
        columns: &[
            must("update_id", Kind::Of("incident_updates")),
            must("service_id", Kind::Of("services")),
            may("status", SERVICE_STATUS),
        ],
        order: &["update_id", "service_id"],
        unique: &[unique(&["update_id", "service_id"])],
        sql: store::INCIDENT_UPDATE_SERVICES,
        ..BLANK
    },
    Table {
        name: "incident_services",
        columns: &[
            must("incident_id", Kind::Of("incidents")),
            must("service_id", Kind::Of("services")),
            must("status", SERVICE_STATUS),
        ],
        order: &["incident_id", "service_id"],
        unique: &[unique(&["incident_id", "service_id"])],
        sql: store::INCIDENT_SERVICES,
        ..BLANK
    },
    Table {
        name: "incident_links",
        columns: &[must("incident_id", Kind::Of("incidents")), must("other_id", Kind::Of("incidents"))],
        order: &["incident_id", "other_id"],
        unique: &[unique(&["incident_id", "other_id"])],
        ordered: &[("incident_id", "other_id", true)],
        sql: store::INCIDENT_LINKS,
        ..BLANK
    },
    Table {
        name: "incident_templates",
        columns: &[
            must("id", Kind::Id),
            must("name", NAME),
            must("name_key", KEY),
            must("title", Kind::Text(line_or_none::<MAX_TITLE_LENGTH>)),
            must("body", MESSAGE),
            must("status", INCIDENT_STATUS),
            may("impact", IMPACT),
            must("created_at", Kind::Time),
            must("updated_at", Kind::Time),
        ],
        order: &["created_at", "id"],
        unique: &[unique(&["name_key"])],
        sql: store::INCIDENT_TEMPLATES,
        ..BLANK
    },
    Table {
        name: "maintenance_series",
        columns: &[
            must("id", Kind::Id),
            must("rule", Kind::Text(stored_rule)),
            must("time_zone", Kind::Text(zone)),
            must("first_at", Kind::Time),
            must("made_until", Kind::Time),
            may("ended_at", Kind::Time),
            must("created_at", Kind::Time),
        ],
        order: &["created_at", "id"],
        sql: store::MAINTENANCE_SERIES,
        ..BLANK
    },
    Table {
        name: "maintenances",
        columns: &[
            must("id", Kind::Id),
            must("title", TITLE),
            must("status", MAINTENANCE_STATUS),
            must("starts_at", Kind::Time),
            must("ends_at", Kind::Time),
            may("started_at", Kind::Time),
            may("completed_at", Kind::Time),
            must("automatic", Kind::Flag),
            may("series_id", Kind::Of("maintenance_series")),
            must("revision", Kind::Number),
            may("source_id", LABEL),
            must("created_at", Kind::Time),
            must("updated_at", Kind::Time),
        ],
        order: &["starts_at", "id"],
        unique: &[unique(&["series_id", "starts_at"]), unique(&["source_id"])],
        ordered: &[("starts_at", "ends_at", true)],
        messages: Some(("maintenance_updates", "maintenance_id")),
        sql: store::MAINTENANCES,
        ..BLANK
    },
    Table {
        name: "maintenance_updates",
        columns: &[
            must("id", Kind::Id),
            must("maintenance_id", Kind::Of("maintenances")),
            must("status", MAINTENANCE_STATUS),
            must("body", MESSAGE),
            must("format", FORMAT),
            must("at", Kind::Time),
            may("user_id", Kind::Person),
            may("user_name", LABEL),
            may("source_id", LABEL),
            must("created_at", Kind::Time),
        ],
        order: &["at", "id"],
        sql: store::MAINTENANCE_UPDATES,
        ..BLANK
    },
    Table {
        name: "maintenance_services",
        columns: &[must("maintenance_id", Kind::Of("maintenances")), must("service_id", Kind::Of("services"))],
        order: &["maintenance_id", "service_id"],
        unique: &[unique(&["maintenance_id", "service_id"])],
        sql: store::MAINTENANCE_SERVICES,
        ..BLANK
    },
    Table {
        name: "status_claims",
        columns: &[
            must("id", Kind::Id),
            must("service_id", Kind::Of("services")),
            may("incident_id", Kind::Of("incidents")),
            may("maintenance_id", Kind::Of("maintenances")),
            must("status", SERVICE_STATUS),
            must("started_at", Kind::Time),
            may("ended_at", Kind::Time),
            must("cause", CAUSE),
            may("user_id", Kind::Person),
            may("user_name", LABEL),
            may("ended_user_id", Kind::Person),
            may("ended_user_name", LABEL),
        ],
        order: &["started_at", "id"],
        unique: &[unique_among(&["service_id"], &["incident_id", "maintenance_id", "ended_at"])],
        ordered: &[("started_at", "ended_at", false)],
        either: Some(("incident_id", "maintenance_id")),
        sql: store::STATUS_CLAIMS,
        ..BLANK
    },
    Table {
        name: "status_history",
        columns: &[
            must("id", Kind::Id),
            must("service_id", Kind::Of("services")),
            must("status", SERVICE_STATUS),
            must("started_at", Kind::Time),
            may("ended_at", Kind::Time),
            must("cause", CAUSE),
            may("user_id", Kind::Person),
            may("user_name", LABEL),
        ],
        order: &["started_at", "id"],
        unique: &[unique_among(&["service_id"], &["ended_at"])],
        ordered: &[("started_at", "ended_at", false)],
        sql: store::STATUS_HISTORY,
        ..BLANK
    },
    Table {
        name: "imported_facts",
        columns: &[must("source_id", LABEL), must("facts", Kind::Text(facts)), must("kept_at", Kind::Time)],
        order: &["kept_at", "source_id"],
        unique: &[unique(&["source_id"])],
        sql: store::IMPORTED_FACTS,
        ..BLANK
    },
    Table {
        name: "audit_entries",
        columns: &[
            must("id", Kind::Id),
            must("at", Kind::Time),
            may("user_id", Kind::Person),
            must("actor", LABEL),
            must("door", Kind::Text(word::<Door>)),
            may("address", Kind::Text(ip_address)),
            must("action", Kind::Text(action)),
            may("subject_id", LABEL),
            must("subject", MESSAGE),
            may("before_value", MESSAGE),
            may("after_value", MESSAGE),
        ],
        order: &["at", "id"],
        sql: store::AUDIT_ENTRIES,
        ..BLANK
    },
];

/// What of the database no export holds, and why: a table, and one of its columns or `*` for all.
pub const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("users", "email_key", "made of the address"),
    ("users", "email_verified_at", "another server has not seen the mailbox"),
    ("users", "withdrawn_verification_at", "another server has not seen the mailbox"),
    ("users", "password_hash", "a secret"),
    ("users", "password_expires_at", "of the password"),
    ("users", "access_version", "of sessions on this server"),
    ("users", "access_ended_at", "of sessions on this server"),
    ("users", "last_organization_id", "where a person was last, on this server"),
    ("users", "created_at", "of the account, not of the organization"),
    ("users", "updated_at", "of the account, not of the organization"),
    ("oidc_identities", "*", "who a person is at the provider of this server"),
    ("sessions", "*", "a secret"),
    ("used_oidc_flows", "*", "of sign-ins on this server, good for minutes"),
    ("account_tokens", "*", "a secret"),
    ("confirmation_links", "*", "a secret"),
    ("api_tokens", "*", "a secret; programs get new ones"),
    ("invitations", "*", "a secret; invite again"),
    ("idempotency_keys", "*", "answers to programs, good for a day"),
    ("messages", "*", "mail on its way"),
    ("organization_events", "*", "of the database, not of an organization"),
    ("invitation_mails", "*", "of the limits of this server, kept for a day"),
    ("organizations", "name_key", "made of the name"),
    ("organizations", "deleting_at", "of one that is deleted; nobody exports it"),
    ("organizations", "host", "leads to this server; the operator binds it anew"),
    ("incidents", "search", "made of title and updates"),
    ("incidents", "postmortem_html", "made of the postmortem"),
    ("incidents", "postmortem_html_version", "made of the postmortem"),
    ("incident_updates", "body_html", "made of the body"),
    ("incident_updates", "body_html_version", "made of the body"),
    ("maintenance_updates", "body_html", "made of the body"),
    ("maintenance_updates", "body_html_version", "made of the body"),
    ("maintenances", "search", "made of title and updates"),
    ("maintenance_series", "removing_except", "how far its end has come, a moment later all the way"),
    ("_sqlx_migrations", "*", "of the database, not of an organization"),
];

/// Every column that an export holds, with its table. The organization of a row is the file's.
pub fn exported() -> Vec<(&'static str, &'static str)> {
    let mut all = vec![("users", "id")];
    all.extend(ORGANIZATION.columns.iter().map(|column| ("organizations", column.name)));
    for table in TABLES {
        all.extend(table.columns.iter().map(|column| match column.kind {
            Kind::Account(_) => ("users", column.name),
            _ => (table.name, column.name),
        }));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_that_is_named_is_there() {
        for table in TABLES {
            let uniques = table.unique.iter().flat_map(|unique| unique.columns.iter().chain(unique.among));
            let ordered = table.ordered.iter().flat_map(|(a, b, _)| [a, b]);
            let either = table.either.iter().flat_map(|(a, b)| [a, b]);
            for name in table.order.iter().chain(uniques).chain(ordered).chain(either) {
                assert!(table.place(name).is_some(), "{}.{name}", table.name);
            }
            assert!(!table.order.is_empty(), "{}", table.name);
            for column in table.columns {
                if let Kind::Of(list) = column.kind {
                    let before = TABLES.iter().take_while(|other| other.name != table.name);
                    assert!(before.clone().any(|other| other.name == list), "{}.{}", table.name, column.name);
                }
            }
            if let Some((list, parent)) = table.messages {
                let messages = TABLES.iter().find(|other| other.name == list).expect("a list");
                assert!(messages.place(parent).is_some() && messages.place("body").is_some(), "{list}");
                assert!(table.place("title").is_some(), "{}", table.name);
            }
        }
    }
}
