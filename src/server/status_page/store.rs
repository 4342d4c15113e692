//! Whether what a public document is about exists. By primary key: the cheapest statements there are.

use super::absent::Subject;
use crate::{
    domain::{error::Result, ids::OrganizationId},
    server::db::{Read, error::refused},
};

pub(super) async fn exists(read: &mut Read, organization: &OrganizationId, subject: &Subject) -> Result<bool> {
    let (statement, id) = match subject {
        Subject::Service(id) => {
            ("select 1 from services where organization_id = $1 and id = $2 and deleted_at is null", id.to_string())
        }
        Subject::Incident(id) => ("select 1 from incidents where organization_id = $1 and id = $2", id.to_string()),
        Subject::Maintenance(id) => {
            ("select 1 from maintenances where organization_id = $1 and id = $2", id.to_string())
        }
    };
    let found = sqlx::query(statement)
        .bind(organization.clone())
        .bind(id)
        .fetch_optional(read.connection())
        .await
        .map_err(refused)?;
    Ok(found.is_some())
}
