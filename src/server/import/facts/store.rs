//! What imported files say, in the database.

use crate::{
    domain::{error::Result, ids::OrganizationId, time::Time},
    server::db::{Read, Write, error::refused, in_list},
};

pub(super) async fn text(write: &mut Write, source_id: &str) -> Result<Option<String>> {
    let row: Option<(String,)> =
        sqlx::query_as("select facts from imported_facts where organization_id = $1 and source_id = $2")
            .bind(write.organization.clone())
            .bind(source_id.to_owned())
            .fetch_optional(write.connection())
            .await
            .map_err(refused)?;
    Ok(row.map(|(text,)| text))
}

pub(super) async fn set(write: &mut Write, source_id: &str, text: &str) -> Result<()> {
    sqlx::query(
        "insert into imported_facts (organization_id, source_id, facts, kept_at) values ($1, $2, $3, $4)
         on conflict (organization_id, source_id) do update set facts = excluded.facts, kept_at = excluded.kept_at",
    )
    .bind(write.organization.clone())
    .bind(source_id.to_owned())
    .bind(text.to_owned())
    .bind(write.at)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn of(
    read: &mut Read,
    organization: &OrganizationId,
    source_ids: &[String],
) -> Result<Vec<(String, String, Time)>> {
    in_list::rows(
        read.connection(),
        &[organization.as_str()],
        source_ids,
        "select source_id, facts, kept_at from imported_facts where organization_id = $1 and source_id in ($list)",
    )
    .await
}

pub(super) async fn components(
    read: &mut Read,
    organization: &OrganizationId,
    codes: &[String],
) -> Result<Vec<(String, String)>> {
    in_list::rows(
        read.connection(),
        &[organization.as_str()],
        codes,
        "select source_id, id from services where organization_id = $1 and source_id in ($list) and deleted_at is null
         union all
         select source_id, id from service_groups where organization_id = $1 and source_id in ($list)",
    )
    .await
}
