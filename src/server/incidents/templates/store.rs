//! Templates in the database.

use crate::{
    domain::{
        error::Result,
        ids::{OrganizationId, TemplateId},
        incident::{IncidentStatus, Template},
        service::name_key,
        status::Impact,
    },
    server::db::{Read, Write, error::refused},
};

pub(super) async fn templates(read: &mut Read, organization: &OrganizationId) -> Result<Vec<Template>> {
    type Row = (TemplateId, String, String, String, IncidentStatus, Option<Impact>);
    let rows: Vec<Row> = sqlx::query_as(
        "select id, name, title, body, status, impact from incident_templates where organization_id = $1 order by name_key, id",
    )
    .bind(organization.clone())
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    let template = |(id, name, title, body, status, impact)| Template { id, name, title, body, status, impact };
    Ok(rows.into_iter().map(template).collect())
}

pub(super) async fn count_templates(write: &mut Write) -> Result<usize> {
    let (count,): (i64,) = sqlx::query_as("select count(*) from incident_templates where organization_id = $1")
        .bind(write.organization.clone())
        .fetch_one(write.connection())
        .await
        .map_err(refused)?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

pub(super) async fn insert_template(write: &mut Write, template: &Template) -> Result<()> {
    sqlx::query(
        "insert into incident_templates (id, organization_id, name, name_key, title, body, status, impact, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
    )
    .bind(template.id.clone())
    .bind(write.organization.clone())
    .bind(template.name.clone())
    .bind(name_key(&template.name))
    .bind(template.title.clone())
    .bind(template.body.clone())
    .bind(template.status)
    .bind(template.impact)
    .bind(write.at)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn update_template(write: &mut Write, template: &Template) -> Result<bool> {
    let done = sqlx::query(
        "update incident_templates set name = $1, name_key = $2, title = $3, body = $4, status = $5, impact = $6, updated_at = $7
         where organization_id = $8 and id = $9",
    )
    .bind(template.name.clone())
    .bind(name_key(&template.name))
    .bind(template.title.clone())
    .bind(template.body.clone())
    .bind(template.status)
    .bind(template.impact)
    .bind(write.at)
    .bind(write.organization.clone())
    .bind(template.id.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn delete_template(write: &mut Write, id: &TemplateId) -> Result<Option<String>> {
    let row: Option<(String,)> =
        sqlx::query_as("delete from incident_templates where organization_id = $1 and id = $2 returning name")
            .bind(write.organization.clone())
            .bind(id.clone())
            .fetch_optional(write.connection())
            .await
            .map_err(refused)?;
    Ok(row.map(|(name,)| name))
}
