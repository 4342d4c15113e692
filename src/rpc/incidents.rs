//! Incidents, their updates and templates.

use crate::domain::{
    error::AppError,
    ids::{IncidentId, TemplateId, UpdateId},
    incident::{
        IncidentDetail, IncidentEdit, IncidentFilter, IncidentPage, NewIncident, Template, TemplateInput, UpdateInput,
    },
};
use leptos::{prelude::*, server_fn::codec::Json};

#[cfg(feature = "ssr")]
use crate::{
    domain::role::allowed,
    server::{
        access::{run, scope},
        incidents::{self, links, postmortem, templates},
    },
};

/// A page of the list.
#[server(prefix = "/rpc", endpoint = "list_incidents", input = Json)]
pub async fn list_incidents(organization: String, filter: IncidentFilter) -> Result<IncidentPage, AppError> {
    run(incidents::list(scope::<allowed::Read>(&organization).await?, filter)).await
}

/// One incident with everything that belongs to it.
#[server(prefix = "/rpc", endpoint = "read_incident")]
pub async fn read_incident(organization: String, id: IncidentId) -> Result<IncidentDetail, AppError> {
    run(incidents::detail(scope::<allowed::Read>(&organization).await?, id)).await
}

/// Reports an incident.
#[server(prefix = "/rpc", endpoint = "report_incident", input = Json)]
pub async fn report_incident(organization: String, input: NewIncident) -> Result<IncidentId, AppError> {
    run(incidents::report(scope::<allowed::ReportIncidents>(&organization).await?, input)).await
}

/// Posts an update.
#[server(prefix = "/rpc", endpoint = "post_incident_update", input = Json)]
pub async fn post_incident_update(
    organization: String,
    id: IncidentId,
    input: UpdateInput,
) -> Result<UpdateId, AppError> {
    run(incidents::post_update(scope::<allowed::ReportIncidents>(&organization).await?, id, input)).await
}

/// Changes an update that was posted.
#[server(prefix = "/rpc", endpoint = "edit_incident_update", input = Json)]
pub async fn edit_incident_update(
    organization: String,
    id: IncidentId,
    update: UpdateId,
    input: UpdateInput,
) -> Result<(), AppError> {
    run(incidents::edit_update(scope::<allowed::ReportIncidents>(&organization).await?, id, update, input)).await
}

/// Takes an update back.
#[server(prefix = "/rpc", endpoint = "delete_incident_update", input = Json)]
pub async fn delete_incident_update(organization: String, id: IncidentId, update: UpdateId) -> Result<(), AppError> {
    run(incidents::delete_update(scope::<allowed::DeleteIncidents>(&organization).await?, id, update)).await
}

/// Changes title and impact.
#[server(prefix = "/rpc", endpoint = "edit_incident", input = Json)]
pub async fn edit_incident(organization: String, id: IncidentId, input: IncidentEdit) -> Result<(), AppError> {
    run(incidents::edit(scope::<allowed::ReportIncidents>(&organization).await?, id, input)).await
}

/// Deletes an incident.
#[server(prefix = "/rpc", endpoint = "delete_incident", input = Json)]
pub async fn delete_incident(organization: String, id: IncidentId) -> Result<(), AppError> {
    run(incidents::delete(scope::<allowed::DeleteIncidents>(&organization).await?, id)).await
}

/// Keeps what was learned, as a draft or for everybody.
#[server(prefix = "/rpc", endpoint = "save_postmortem", input = Json)]
pub async fn save_postmortem(
    organization: String,
    id: IncidentId,
    body: String,
    published: bool,
) -> Result<(), AppError> {
    run(postmortem::save(scope::<allowed::ReportIncidents>(&organization).await?, id, body, published)).await
}

/// Says that two incidents belong together, or no more.
#[server(prefix = "/rpc", endpoint = "link_incidents", input = Json)]
pub async fn link_incidents(
    organization: String,
    id: IncidentId,
    other: IncidentId,
    together: bool,
) -> Result<(), AppError> {
    run(links::set(scope::<allowed::ReportIncidents>(&organization).await?, id, other, together)).await
}

/// How a message will look.
#[server(prefix = "/rpc", endpoint = "preview_message", input = Json)]
pub async fn preview_message(organization: String, body: String) -> Result<String, AppError> {
    incidents::preview(&scope::<allowed::Read>(&organization).await?, &body).await
}

/// Every template, by name.
#[server(prefix = "/rpc", endpoint = "list_templates")]
pub async fn list_templates(organization: String) -> Result<Vec<Template>, AppError> {
    run(templates::list(scope::<allowed::Read>(&organization).await?)).await
}

/// Keeps a template: a new one, or instead of the one of this id.
#[server(prefix = "/rpc", endpoint = "save_template", input = Json)]
pub async fn save_template(
    organization: String,
    id: Option<TemplateId>,
    input: TemplateInput,
) -> Result<TemplateId, AppError> {
    run(templates::save(scope::<allowed::ReportIncidents>(&organization).await?, id, input)).await
}

/// Deletes a template.
#[server(prefix = "/rpc", endpoint = "delete_template", input = Json)]
pub async fn delete_template(organization: String, id: TemplateId) -> Result<(), AppError> {
    run(templates::delete(scope::<allowed::ReportIncidents>(&organization).await?, id)).await
}
