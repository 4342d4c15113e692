//! What the operator does from the command line: look, suspend, help people back in.

mod store;

use super::{
    App,
    access::{SystemScope, accounts},
    db::{AuditEntry, random_id},
    hosts, members,
    terminal::visible,
};
use crate::domain::{
    error::{AppError, Result},
    ids::{OrganizationId, UserId, id_text},
    live::Topic,
    role::Role,
    time::Time,
};
use serde::Serialize;
use std::fmt;

const OPERATOR: SystemScope = SystemScope::command("operator");

/// An organization in a list for the operator.
#[derive(Debug, Clone, Serialize)]
pub struct OrganizationRow {
    /// Permanent.
    pub id: OrganizationId,
    /// Part of its addresses.
    pub slug: String,
    /// As it is shown.
    pub name: String,
    /// Number of members.
    pub members: i64,
    /// Number of services.
    pub services: i64,
    /// When it was created.
    pub created_at: Time,
    /// When it was suspended, if it is.
    pub suspended_at: Option<Time>,
}

/// An organization and who owns it.
#[derive(Debug, Clone, Serialize)]
pub struct OrganizationDetail {
    /// The organization.
    #[serde(flatten)]
    pub organization: OrganizationRow,
    /// The host name on which its page also stands.
    pub host: Option<String>,
    /// Addresses of its owners.
    pub owners: Vec<String>,
}

/// A person in a list for the operator.
#[derive(Debug, Clone, Serialize)]
pub struct UserRow {
    /// Permanent.
    pub id: UserId,
    /// As it was typed.
    pub email: String,
    /// As it is shown.
    pub name: String,
    /// Whether the address was verified.
    pub verified: bool,
    /// Whether an earlier version took it for verified without proof, and nobody has verified it since.
    pub verification_withdrawn: bool,
    /// In how many organizations.
    pub organizations: i64,
    /// When the account was created.
    pub created_at: Time,
}

impl fmt::Display for OrganizationRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { slug, name, members, services, suspended_at, .. } = self;
        let (slug, name) = (visible(slug), visible(name));
        write!(f, "{slug:<40} {name:<40} {members:>5} members {services:>6} services")?;
        match suspended_at {
            Some(at) => write!(f, "  suspended {}", at.in_words()),
            None => Ok(()),
        }
    }
}

impl fmt::Display for OrganizationDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}\n  id      {}\n  created {}",
            self.organization,
            self.organization.id,
            self.organization.created_at.in_words()
        )?;
        self.host.iter().try_for_each(|host| write!(f, "\n  host    {host}"))?;
        self.owners.iter().try_for_each(|owner| write!(f, "\n  owner   {}", visible(owner)))
    }
}

impl fmt::Display for UserRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { email, name, verified, verification_withdrawn, organizations, .. } = self;
        let (email, name) = (visible(email), visible(name));
        let verified = if *verified { "verified" } else { "not verified" };
        write!(f, "{email:<40} {name:<30} {verified:<12} {organizations:>3} organizations")?;
        if *verification_withdrawn { f.write_str("  verification withdrawn") } else { Ok(()) }
    }
}

fn no_organization() -> AppError {
    AppError::NotFound("organization".to_owned())
}

/// Every organization, by slug.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn organizations(app: &App) -> Result<Vec<OrganizationRow>> {
    store::organizations(&mut app.db.read(&OPERATOR).await?).await
}

/// One organization.
///
/// # Errors
/// [`AppError::NotFound`] when there is none of this slug.
pub async fn organization(app: &App, slug: &str) -> Result<OrganizationDetail> {
    let mut read = app.db.read(&OPERATOR).await?;
    let all = store::organizations(&mut read).await?;
    let organization = all.into_iter().find(|row| row.slug == slug).ok_or_else(no_organization)?;
    let host = hosts::of(&mut read, &organization.id).await?;
    let owners = store::owners(&mut read, &organization.id).await?;
    Ok(OrganizationDetail { organization, host, owners })
}

/// Suspends an organization, or lets it back: suspended, nobody but the operator sees it. One that
/// is so already stays as it is.
///
/// # Errors
/// [`AppError::NotFound`] when there is none of this slug.
pub async fn suspend(app: &App, slug: &str, suspended: bool) -> Result<OrganizationDetail> {
    let detail = organization(app, slug).await?;
    if detail.organization.suspended_at.is_some() == suspended {
        return Ok(detail);
    }
    let found = detail.organization;
    let mut write = OPERATOR.write(app, &found.id).await?;
    store::set_suspended(&mut write, suspended).await?;
    let action = if suspended { "organization.suspended" } else { "organization.restored" };
    write.audit(AuditEntry::new(action, &found.id, found.name));
    write.commit(&[Topic::Organization, Topic::Services, Topic::Members]).await?;
    organization(app, slug).await
}

/// Every person, by address.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn users(app: &App) -> Result<Vec<UserRow>> {
    store::users(&mut app.db.read(&OPERATOR).await?).await
}

async fn user(app: &App, email: &str) -> Result<UserRow> {
    let key = email.trim().to_lowercase();
    let found = users(app).await?.into_iter().find(|row| row.email.to_lowercase() == key);
    found.ok_or_else(|| AppError::NotFound("account".to_owned()))
}

/// How many accounts there are whose address an earlier version took for verified without proof, and that
/// nobody has verified since.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn withdrawn_verifications(app: &App) -> Result<i64> {
    store::withdrawn_verifications(&mut app.db.read(&OPERATOR).await?).await
}

/// A password that the operator passes on.
#[derive(Debug, Clone, Serialize)]
pub struct TemporaryPassword {
    /// The address of the account.
    pub email: String,
    /// Random.
    pub password: String,
    /// From then on it opens the account no more, unless the person has changed it.
    pub expires_at: Time,
}

impl fmt::Display for TemporaryPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { email, password, expires_at } = self;
        write!(
            f,
            "{email} can now sign in with the password {password} until {}.\n\
             They should change it under “Your account” before then.\n\
             All of their sessions and personal API tokens have been revoked, and so has every sign-in through the\n\
             provider that isn’t linked by a verified address.",
            expires_at.in_words()
        )
    }
}

/// Gives a person a new random password for a day and ends what opened the account otherwise.
///
/// # Errors
/// [`AppError::NotFound`] when nobody has this address.
pub async fn reset_password(app: &App, email: &str) -> Result<TemporaryPassword> {
    let user = user(app, email).await?;
    let password = format!("{}-{}", id_text(random_id()), id_text(random_id()));
    let expires_at = accounts::set_temporary_password(app, OPERATOR, &user.id, password.clone()).await?;
    Ok(TemporaryPassword { email: user.email, password, expires_at })
}

/// Makes a person an owner of an organization, a member first if need be. An owner stays one. Anybody could
/// have signed up with an unverified address: such an account becomes an owner only if `unverified` says so.
///
/// # Errors
/// [`AppError::NotFound`] when there is no such person or organization; [`AppError::Conflict`] when the
/// address is not verified.
pub async fn make_owner(app: &App, email: &str, slug: &str, unverified: bool) -> Result<OrganizationDetail> {
    let (user, detail) = (user(app, email).await?, organization(app, slug).await?);
    if !user.verified && !unverified {
        return Err(AppError::Conflict(format!(
            "The email address {} hasn’t been verified, so anyone could have signed up with it. If you’re sure the account is theirs, use --unverified.",
            user.email
        )));
    }
    if detail.owners.contains(&user.email) {
        return Ok(detail);
    }
    let found = detail.organization;
    let mut write = OPERATOR.write(app, &found.id).await?;
    if !members::add(&mut write, &user.id, &user.name, Role::Owner).await? {
        members::make_owner(&mut write, &user.id).await?;
    }
    write.commit(&[Topic::Members]).await?;
    organization(app, slug).await
}
