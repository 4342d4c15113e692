//! The rows of an organization, read and written table by table.

use super::tables::{Column, Kind, Row, Table, Value};
use crate::{
    domain::{
        account::Email,
        error::Result,
        ids::{OrganizationId, UserId},
        time::Time,
    },
    server::db::{Read, Write, error::refused},
};
use futures_util::TryStreamExt;
use sqlx::{Any, Row as _, any::AnyRow};

/// How a table is read and written. `$1` is the organization; its id is what a row is read behind.
#[derive(Clone, Copy)]
pub(super) struct Statements {
    /// The columns in their order.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test compares them with the table's"))]
    pub columns: &'static [&'static str],
    pub select: &'static str,
    /// What is derived from the file comes last.
    pub insert: &'static str,
}

/// A table, its columns with their places in the statement, and behind a semicolon a column that is derived.
macro_rules! statements {
    ($table:ident $($column:ident $place:literal)+ $(; $derived:ident $last:literal)?) => {
        Statements {
            columns: &[$(stringify!($column)),+],
            select: concat!(
                "select organization_id", $(", ", stringify!($column),)+
                " from ", stringify!($table), " where organization_id = $1"
            ),
            insert: concat!(
                "insert into ", stringify!($table),
                " (organization_id", $(", ", stringify!($column),)+ $(", ", stringify!($derived),)?
                ") values ($1", $(", $", $place,)+ $(", $", $last,)? ")"
            ),
        }
    };
}

pub(super) const ORGANIZATION: Statements = Statements {
    columns: &[
        "id",
        "slug",
        "name",
        "description",
        "time_zone",
        "support_url",
        "labels",
        "suspended_at",
        "listed_at",
        "version",
        "changed_at",
        "created_at",
        "updated_at",
    ],
    select: "select id, id, slug, name, description, time_zone, support_url, labels, suspended_at, listed_at, version,
                    changed_at, created_at, updated_at
             from organizations where id = $1",
    insert: "insert into organizations (id, slug, name, description, time_zone, support_url, labels, suspended_at, listed_at,
                                        version, changed_at, created_at, updated_at, name_key)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
};

pub(super) const MEMBERS: Statements = Statements {
    columns: &["user_id", "email", "name", "role", "created_at"],
    select: "select m.organization_id, m.user_id, u.email, u.name, m.role, m.created_at
             from members m join users u on u.id = m.user_id where m.organization_id = $1",
    insert: "insert into members (organization_id, user_id, role, created_at) values ($1, $2, $3, $4)",
};

pub(super) const FORMER_SLUGS: Statements = statements!(former_slugs slug 2 freed_at 3);

pub(super) const TEAMS: Statements = statements!(teams id 2 name 3 name_key 4 created_at 5 updated_at 6);

pub(super) const TEAM_MEMBERS: Statements = statements!(team_members team_id 2 user_id 3 role 4 created_at 5);

pub(super) const SERVICE_GROUPS: Statements = statements!(
    service_groups id 2 name 3 name_key 4 description 5 position 6 source_id 7 created_at 8 updated_at 9
);

pub(super) const SERVICES: Statements = statements!(
    services id 2 group_id 3 team_id 4 name 5 name_key 6 description 7 own_status 8 position 9 source_id 10
    created_at 11 updated_at 12 deleted_at 13
);

pub(super) const INCIDENTS: Statements = statements!(
    incidents id 2 title 3 status 4 impact 5 impact_set 6 started_at 7 resolved_at 8 postmortem 9 postmortem_format 10
    postmortem_at 11 postmortem_published_at 12 revision 13 source_id 14 created_at 15 updated_at 16; search 17
);

pub(super) const INCIDENT_UPDATES: Statements = statements!(
    incident_updates id 2 incident_id 3 status 4 body 5 format 6 at 7 user_id 8 user_name 9 source_id 10 created_at 11
    edited_at 12
);

pub(super) const INCIDENT_UPDATE_SERVICES: Statements =
    statements!(incident_update_services update_id 2 service_id 3 status 4);

pub(super) const INCIDENT_SERVICES: Statements = statements!(incident_services incident_id 2 service_id 3 status 4);

pub(super) const INCIDENT_LINKS: Statements = statements!(incident_links incident_id 2 other_id 3);

pub(super) const INCIDENT_TEMPLATES: Statements = statements!(
    incident_templates id 2 name 3 name_key 4 title 5 body 6 status 7 impact 8 created_at 9 updated_at 10
);

pub(super) const MAINTENANCE_SERIES: Statements = statements!(
    maintenance_series id 2 rule 3 time_zone 4 first_at 5 made_until 6 ended_at 7 created_at 8
);

pub(super) const MAINTENANCES: Statements = statements!(
    maintenances id 2 title 3 status 4 starts_at 5 ends_at 6 started_at 7 completed_at 8 automatic 9 series_id 10
    revision 11 source_id 12 created_at 13 updated_at 14; search 15
);

pub(super) const MAINTENANCE_UPDATES: Statements = statements!(
    maintenance_updates id 2 maintenance_id 3 status 4 body 5 format 6 at 7 user_id 8 user_name 9 source_id 10
    created_at 11
);

pub(super) const MAINTENANCE_SERVICES: Statements = statements!(maintenance_services maintenance_id 2 service_id 3);

pub(super) const STATUS_CLAIMS: Statements = statements!(
    status_claims id 2 service_id 3 incident_id 4 maintenance_id 5 status 6 started_at 7 ended_at 8 cause 9 user_id 10
    user_name 11 ended_user_id 12 ended_user_name 13
);

pub(super) const STATUS_HISTORY: Statements = statements!(
    status_history id 2 service_id 3 status 4 started_at 5 ended_at 6 cause 7 user_id 8 user_name 9
);

pub(super) const IMPORTED_FACTS: Statements = statements!(imported_facts source_id 2 facts 3 kept_at 4);

pub(super) const AUDIT_ENTRIES: Statements = statements!(
    audit_entries id 2 at 3 user_id 4 actor 5 door 6 address 7 action 8 subject_id 9 subject 10 before_value 11
    after_value 12
);

/// Every row of the organization in this table.
pub(super) async fn rows(read: &mut Read, organization: &OrganizationId, table: &Table) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut found = sqlx::query::<Any>(table.sql.select).bind(organization.clone()).fetch(read.connection());
    while let Some(row) = found.try_next().await.map_err(refused)? {
        rows.push(values(&row, table.columns).map_err(refused)?);
    }
    Ok(rows)
}

fn values(row: &AnyRow, columns: &[Column]) -> sqlx::Result<Row> {
    let value = |(place, column): (usize, &Column)| -> sqlx::Result<Value> {
        // The organization's id stands first.
        let place = place + 1;
        Ok(if column.kind.is_number() {
            row.try_get::<Option<i64>, _>(place)?.map_or(Value::Null, Value::Number)
        } else {
            row.try_get::<Option<String>, _>(place)?.map_or(Value::Null, Value::Text)
        })
    };
    columns.iter().enumerate().map(value).collect()
}

/// Writes a row; `false` when its id, or what else may be there only once, is taken by another organization.
pub(super) async fn insert(write: &mut Write, table: &Table, row: Row, derived: Option<String>) -> Result<bool> {
    let mut query = sqlx::query::<Any>(table.sql.insert).bind(write.organization.clone());
    for (column, value) in table.columns.iter().zip(row) {
        query = match (column.kind, value) {
            (Kind::Organization | Kind::Account(_), _) => query,
            (kind, Value::Number(number)) if kind.is_number() => query.bind(Some(number)),
            (kind, _) if kind.is_number() => query.bind(None::<i64>),
            (_, Value::Text(text)) => query.bind(Some(text)),
            _ => query.bind(None::<String>),
        };
    }
    if let Some(derived) = derived {
        query = query.bind(derived);
    }
    match query.execute(write.connection()).await {
        Ok(_) => Ok(true),
        Err(sqlx::Error::Database(refusal)) if refusal.is_unique_violation() => Ok(false),
        Err(error) => Err(refused(error)),
    }
}

pub(super) async fn by_slug(read: &mut Read, slug: &str) -> Result<Option<OrganizationId>> {
    let row: Option<(OrganizationId,)> = sqlx::query_as("select id from organizations where slug = $1")
        .bind(slug.to_owned())
        .fetch_optional(read.connection())
        .await
        .map_err(refused)?;
    Ok(row.map(|(id,)| id))
}

/// The slug of the organization that has the id of the one that is written.
pub(super) async fn slug_of_same_id(write: &mut Write) -> Result<Option<String>> {
    let row: Option<(String,)> = sqlx::query_as("select slug from organizations where id = $1")
        .bind(write.organization.clone())
        .fetch_optional(write.connection())
        .await
        .map_err(refused)?;
    Ok(row.map(|(slug,)| slug))
}

/// The version at which the organization that is written was deleted here, if it was.
pub(super) async fn deleted_version(write: &mut Write) -> Result<Option<i64>> {
    let row: Option<(i64,)> = sqlx::query_as("select version from organization_events where id = $1")
        .bind(write.organization.clone())
        .fetch_optional(write.connection())
        .await
        .map_err(refused)?;
    Ok(row.map(|(version,)| version))
}

/// Whether an organization has it, or had it and holds it back.
pub(super) async fn slug_held(write: &mut Write, slug: &str) -> Result<bool> {
    let row: Option<(OrganizationId,)> = sqlx::query_as(
        "select id from organizations where slug = $1 union select organization_id from former_slugs where slug = $1",
    )
    .bind(slug.to_owned())
    .fetch_optional(write.connection())
    .await
    .map_err(refused)?;
    Ok(row.is_some())
}

/// An account that is here.
pub(super) struct KnownAccount {
    pub id: UserId,
    /// Whether only the owner of its address can open it: the address is verified, or nobody can sign in
    /// before proving it, because there is neither a password nor an identity.
    pub is_proven: bool,
}

pub(super) async fn account(write: &mut Write, email: &Email) -> Result<Option<KnownAccount>> {
    let row: Option<(UserId, Option<Time>, Option<String>, i64)> = sqlx::query_as(
        "select u.id, u.email_verified_at, u.password_hash,
                (select count(*) from oidc_identities i where i.user_id = u.id)
         from users u where u.email_key = $1",
    )
    .bind(email.key.clone())
    .fetch_optional(write.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(|(id, verified_at, password_hash, identities)| KnownAccount {
        id,
        is_proven: verified_at.is_some() || (password_hash.is_none() && identities == 0),
    }))
}

pub(super) async fn is_user(write: &mut Write, id: &UserId) -> Result<bool> {
    let row: Option<(UserId,)> = sqlx::query_as("select id from users where id = $1")
        .bind(id.clone())
        .fetch_optional(write.connection())
        .await
        .map_err(refused)?;
    Ok(row.is_some())
}

/// An account without a password, whose address nobody has verified here.
pub(super) async fn insert_user(write: &mut Write, id: &UserId, email: &Email, name: &str) -> Result<()> {
    sqlx::query(
        "insert into users (id, email, email_key, name, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)",
    )
    .bind(id.clone())
    .bind(email.shown.clone())
    .bind(email.key.clone())
    .bind(name.to_owned())
    .bind(write.at)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tables::{ORGANIZATION, TABLES};

    #[test]
    fn each_column_has_its_place_in_the_statements() {
        for table in TABLES.iter().chain([&ORGANIZATION]) {
            let names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
            assert_eq!(names, table.sql.columns, "{}", table.name);
            let insert = table.sql.insert;
            let (head, values) = insert.split_once("values").expect("an insert");
            let named = head.matches(',').count() + 1;
            let places: Vec<String> = (1..=named).map(|place| format!("${place}")).collect();
            assert_eq!(values.trim(), format!("({})", places.join(", ")), "{}", table.name);
        }
    }
}
