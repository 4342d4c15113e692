//! Services and groups.

use crate::domain::{
    error::AppError,
    ids::{GroupId, ServiceId},
    incident::Incident,
    service::{Deleted, GroupInput, Overview, ServiceDetail, ServiceInput, ServiceList},
    status::ServiceStatus,
};
use leptos::{prelude::*, server_fn::codec::Json};

#[cfg(feature = "ssr")]
use crate::{
    domain::{role::allowed, status::Cause},
    server::{
        access::{run, scope},
        services,
    },
};

/// The numbers of the overview.
#[server(prefix = "/rpc", endpoint = "read_overview")]
pub async fn read_overview(organization: String) -> Result<Overview, AppError> {
    run(services::overview(scope::<allowed::Read>(&organization).await?)).await
}

/// Every group and service, in order.
#[server(prefix = "/rpc", endpoint = "list_services")]
pub async fn list_services(organization: String) -> Result<ServiceList, AppError> {
    run(services::list(scope::<allowed::Read>(&organization).await?)).await
}

/// One service with its latest history.
#[server(prefix = "/rpc", endpoint = "read_service")]
pub async fn read_service(organization: String, id: ServiceId) -> Result<ServiceDetail, AppError> {
    run(services::detail(scope::<allowed::Read>(&organization).await?, id)).await
}

/// Adds a service and goes back to the list.
#[server(prefix = "/rpc", endpoint = "create_service")]
pub async fn create_service(organization: String, input: ServiceInput) -> Result<ServiceId, AppError> {
    let id = run(services::create(scope::<allowed::EditServices>(&organization).await?, input)).await?;
    leptos_axum::redirect(&format!("/dashboard/{organization}/services"));
    Ok(id)
}

/// Adds several services without a group.
#[server(prefix = "/rpc", endpoint = "create_services", input = Json)]
pub async fn create_services(organization: String, names: Vec<String>) -> Result<(), AppError> {
    run(services::create_several(scope::<allowed::EditServices>(&organization).await?, names)).await
}

/// Changes a service's texts and group, and goes back to the list.
#[server(prefix = "/rpc", endpoint = "update_service")]
pub async fn update_service(organization: String, id: ServiceId, input: ServiceInput) -> Result<(), AppError> {
    run(services::update(scope::<allowed::EditServices>(&organization).await?, id, input)).await?;
    leptos_axum::redirect(&format!("/dashboard/{organization}/services"));
    Ok(())
}

/// Takes a service off every page; [`restore_service`] brings it back.
#[server(prefix = "/rpc", endpoint = "delete_service", input = Json)]
pub async fn delete_service(organization: String, id: ServiceId) -> Result<Deleted, AppError> {
    run(services::delete(scope::<allowed::DeleteServices>(&organization).await?, id)).await
}

/// Brings a deleted service back.
#[server(prefix = "/rpc", endpoint = "restore_service", input = Json)]
pub async fn restore_service(organization: String, id: ServiceId) -> Result<(), AppError> {
    run(services::restore(scope::<allowed::DeleteServices>(&organization).await?, id)).await
}

/// Sets what services say of themselves, all in one change; the open incidents that hold one of them
/// at something worse.
#[server(prefix = "/rpc", endpoint = "set_status", input = Json)]
pub async fn set_status(
    organization: String,
    ids: Vec<ServiceId>,
    status: ServiceStatus,
) -> Result<Vec<Incident>, AppError> {
    run(services::set_status(scope::<allowed::SetStatus>(&organization).await?, ids, status, Cause::Manual)).await
}

/// Moves a service or a group before another one, or to the end.
#[server(prefix = "/rpc", endpoint = "move_item", input = Json)]
pub async fn move_item(
    organization: String,
    item: String,
    group: Option<GroupId>,
    before: Option<String>,
) -> Result<(), AppError> {
    run(services::move_item(scope::<allowed::EditServices>(&organization).await?, item, group, before)).await
}

/// Adds a group at the end.
#[server(prefix = "/rpc", endpoint = "create_group", input = Json)]
pub async fn create_group(organization: String, input: GroupInput) -> Result<GroupId, AppError> {
    run(services::create_group(scope::<allowed::EditServices>(&organization).await?, input)).await
}

/// Changes a group's texts.
#[server(prefix = "/rpc", endpoint = "update_group", input = Json)]
pub async fn update_group(organization: String, id: GroupId, input: GroupInput) -> Result<(), AppError> {
    run(services::update_group(scope::<allowed::EditServices>(&organization).await?, id, input)).await
}

/// Takes a heading away; its services stay.
#[server(prefix = "/rpc", endpoint = "delete_group", input = Json)]
pub async fn delete_group(organization: String, id: GroupId) -> Result<(), AppError> {
    run(services::delete_group(scope::<allowed::EditServices>(&organization).await?, id)).await
}
