//! Hosts of organizations in the database.

use crate::{
    domain::{error::Result, ids::OrganizationId},
    server::db::{Read, Write, error::refused},
};

/// Every host that is bound, with the slug of its organization; also of those that are suspended.
pub(super) async fn all(read: &mut Read) -> Result<Vec<(String, String)>> {
    sqlx::query_as("select host, slug from organizations where host is not null")
        .fetch_all(read.connection())
        .await
        .map_err(refused)
}

pub(super) async fn of(read: &mut Read, organization: &OrganizationId) -> Result<Option<String>> {
    let row: Option<(Option<String>,)> = sqlx::query_as("select host from organizations where id = $1")
        .bind(organization.clone())
        .fetch_optional(read.connection())
        .await
        .map_err(refused)?;
    Ok(row.and_then(|(host,)| host))
}

pub(super) async fn set(write: &mut Write, host: Option<&str>) -> Result<()> {
    sqlx::query("update organizations set host = $1, updated_at = $2 where id = $3")
        .bind(host.map(str::to_owned))
        .bind(write.at)
        .bind(write.organization.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}
