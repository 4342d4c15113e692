//! The person and their organizations.

use crate::domain::{
    account::Me,
    audit::{AuditFilter, AuditPage},
    error::AppError,
    organization::{NewOrganization, OrganizationFrame, OrganizationSettings, OrganizationSummary, SlugCheck},
};
use leptos::{prelude::*, server_fn::codec::Json};

#[cfg(feature = "ssr")]
use crate::{
    domain::role::allowed,
    server::{
        access::{self, run},
        audit, organizations,
    },
};

/// Who is signed in, and where they are a member.
#[server(prefix = "/rpc", endpoint = "who_am_i")]
pub async fn who_am_i() -> Result<Me, AppError> {
    access::signed_in().await?.me().await
}

/// What stands around every screen of an organization.
#[server(prefix = "/rpc", endpoint = "frame")]
pub async fn frame(organization: String) -> Result<OrganizationFrame, AppError> {
    run(organizations::frame(access::scope::<allowed::Read>(&organization).await?)).await
}

/// Whether a slug can be had.
#[server(prefix = "/rpc", endpoint = "check_slug")]
pub async fn check_slug(slug: String) -> Result<SlugCheck, AppError> {
    run(organizations::check_slug(access::signed_in().await?, slug)).await
}

/// The names of all time zones.
#[server(prefix = "/rpc", endpoint = "time_zones")]
pub async fn time_zones() -> Result<Vec<String>, AppError> {
    access::signed_in().await?;
    Ok(organizations::time_zones())
}

/// Creates an organization and goes to its first screen.
#[server(prefix = "/rpc", endpoint = "create_organization")]
pub async fn create_organization(input: NewOrganization) -> Result<OrganizationSummary, AppError> {
    let created = run(organizations::create(access::signed_in().await?, input)).await?;
    leptos_axum::redirect(&format!("/dashboard/{}/services", created.slug));
    Ok(created)
}

/// The address to begin with: the last used organization, or the screen that creates the first.
#[server(prefix = "/rpc", endpoint = "first_screen")]
pub async fn first_screen() -> Result<String, AppError> {
    let last = access::signed_in().await?.last_used().await?;
    Ok(last.map_or_else(|| "/dashboard/new".to_owned(), |slug| format!("/dashboard/{slug}")))
}

/// What can be changed about the organization, as it is.
#[server(prefix = "/rpc", endpoint = "read_settings")]
pub async fn read_settings(organization: String) -> Result<OrganizationSettings, AppError> {
    run(organizations::settings(access::scope::<allowed::Read>(&organization).await?)).await
}

/// Changes the organization, and goes to its settings at the address that it has then.
#[server(prefix = "/rpc", endpoint = "update_organization")]
pub async fn update_organization(organization: String, input: OrganizationSettings) -> Result<(), AppError> {
    let slug =
        run(organizations::update(access::scope::<allowed::EditOrganization>(&organization).await?, input)).await?;
    leptos_axum::redirect(&format!("/dashboard/{slug}/settings"));
    Ok(())
}

/// Deletes the organization with everything in it.
#[server(prefix = "/rpc", endpoint = "delete_organization", input = Json)]
pub async fn delete_organization(organization: String, name: String) -> Result<(), AppError> {
    run(organizations::delete(access::scope::<allowed::OwnOrganization>(&organization).await?, name)).await
}

/// A page of the audit log, newest first.
#[server(prefix = "/rpc", endpoint = "read_audit", input = Json)]
pub async fn read_audit(organization: String, filter: AuditFilter) -> Result<AuditPage, AppError> {
    run(audit::list(access::scope::<allowed::EditOrganization>(&organization).await?, filter)).await
}
