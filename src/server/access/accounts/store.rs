//! Accounts and their one-time tokens, in the database.

use super::AddressProof;
use crate::{
    domain::{account::Email, error::Result, ids::UserId, time::Time},
    server::{
        access::oidc::OidcIdentity,
        db::{AccountWrite, Read, error::refused},
    },
};

/// An account as its verbs need it.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub id: UserId,
    pub name: String,
    pub email: Email,
    pub verified_at: Option<Time>,
    pub password_hash: Option<String>,
    /// When the password opens the account no more, if the operator gave it.
    pub password_expires_at: Option<Time>,
    /// Raised whenever all sessions end.
    pub access_version: i64,
    /// When all sessions ended last.
    pub access_ended_at: Option<Time>,
}

type AccountRow = (UserId, String, String, String, Option<Time>, Option<String>, Option<Time>, i64, Option<Time>);

fn account(row: AccountRow) -> Account {
    let (id, name, shown, key, verified_at, password_hash, password_expires_at, access_version, access_ended_at) = row;
    let email = Email { shown, key };
    Account { id, name, email, verified_at, password_hash, password_expires_at, access_version, access_ended_at }
}

pub(super) async fn by_id(read: &mut Read, id: &UserId) -> Result<Option<Account>> {
    let row: Option<AccountRow> = sqlx::query_as(
        "select id, name, email, email_key, email_verified_at, password_hash, password_expires_at,
                access_version, access_ended_at
         from users where id = $1",
    )
    .bind(id.clone())
    .fetch_optional(read.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(account))
}

pub(super) async fn by_address(read: &mut Read, email: &Email) -> Result<Option<Account>> {
    let row: Option<AccountRow> = sqlx::query_as(
        "select id, name, email, email_key, email_verified_at, password_hash, password_expires_at,
                access_version, access_ended_at
         from users where email_key = $1",
    )
    .bind(email.key.clone())
    .fetch_optional(read.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(account))
}

/// A new account.
pub(super) struct NewUser<'a> {
    pub id: &'a UserId,
    pub email: &'a Email,
    pub proof: Option<&'a AddressProof>,
    pub name: &'a str,
    pub password_hash: Option<String>,
    pub at: Time,
}

pub(super) async fn insert_user(write: &mut AccountWrite, user: NewUser<'_>) -> Result<()> {
    sqlx::query(
        "insert into users (id, email, email_key, email_verified_at, name, password_hash, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $7)",
    )
    .bind(user.id.clone())
    .bind(user.email.shown.clone())
    .bind(user.email.key.clone())
    .bind(user.proof.filter(|proof| proof.is_for(user.email)).map(|_| user.at))
    .bind(user.name.to_owned())
    .bind(user.password_hash)
    .bind(user.at)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

pub(super) async fn set_name(write: &mut AccountWrite, user: &UserId, name: String, at: Time) -> Result<()> {
    sqlx::query("update users set name = $1, updated_at = $2 where id = $3")
        .bind(name)
        .bind(at)
        .bind(user.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

/// Without proof only another spelling of the same address stays verified. No identity counts as verified
/// for an address that is not.
pub(super) async fn set_address(
    write: &mut AccountWrite,
    user: &UserId,
    email: &Email,
    proof: Option<&AddressProof>,
    at: Time,
) -> Result<()> {
    sqlx::query(
        "update users set email = $1, email_key = $2, updated_at = $4,
                email_verified_at = coalesce($3, case when email_key = $2 then email_verified_at end)
         where id = $5",
    )
    .bind(email.shown.clone())
    .bind(email.key.clone())
    .bind(proof.filter(|proof| proof.is_for(email)).map(|_| at))
    .bind(at)
    .bind(user.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    sqlx::query(
        "update oidc_identities set verified_at = null
         where user_id = $1 and exists (select 1 from users u where u.id = $1 and u.email_verified_at is null)",
    )
    .bind(user.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

/// A password that does not expire.
pub(super) async fn set_password(write: &mut AccountWrite, user: &UserId, hash: String, at: Time) -> Result<()> {
    sqlx::query("update users set password_hash = $1, password_expires_at = null, updated_at = $2 where id = $3")
        .bind(hash)
        .bind(at)
        .bind(user.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

pub(super) async fn set_password_expiry(write: &mut AccountWrite, user: &UserId, expires_at: Time) -> Result<()> {
    sqlx::query("update users set password_expires_at = $1 where id = $2")
        .bind(expires_at)
        .bind(user.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

pub(super) async fn clear_password(write: &mut AccountWrite, user: &UserId, at: Time) -> Result<()> {
    sqlx::query("update users set password_hash = null, password_expires_at = null, updated_at = $1 where id = $2")
        .bind(at)
        .bind(user.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

/// The address is proven to be the person's; the first time counts.
pub(super) async fn verify(write: &mut AccountWrite, user: &UserId, proof: &AddressProof, at: Time) -> Result<()> {
    sqlx::query(
        "update users set email_verified_at = $1, updated_at = $1
         where id = $2 and email_key = $3 and email_verified_at is null",
    )
    .bind(at)
    .bind(user.clone())
    .bind(proof.key().to_owned())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

/// Deletes the person, unless an organization would be left without an owner; whether it was done. With the person
/// go sessions, identities, memberships and tokens, also those that they made for organizations of theirs, and open
/// invitations that they sent.
///
/// Others write at the same time on PostgreSQL. The first statement locks the organizations, so that none of them
/// loses another owner meanwhile; the second locks the person, as whoever creates an organization does, so that the
/// last one sees every organization that the person owns.
pub(super) async fn delete_user(write: &mut AccountWrite, user: &UserId) -> Result<bool> {
    for statement in [
        "update organizations set version = version
         where id in (select organization_id from members where user_id = $1)",
        "update users set updated_at = updated_at where id = $1",
        "delete from api_tokens where created_by_id = $1
             and organization_id in (select organization_id from members where user_id = $1)",
        "delete from invitations where invited_by_id = $1 and accepted_at is null and revoked_at is null
             and organization_id in (select organization_id from members where user_id = $1)",
        // Tokens that were kept when they were removed from an organization.
        "update api_tokens set created_by_id = null where created_by_id = $1 and organization_id is not null",
    ] {
        sqlx::query(statement).bind(user.clone()).execute(write.connection()).await.map_err(refused)?;
    }
    let done = sqlx::query(
        "delete from users where id = $1 and not exists (
             select 1 from members m where m.user_id = $1 and m.role = 'owner' and not exists (
                 select 1 from members other
                 where other.organization_id = m.organization_id and other.role = 'owner' and other.user_id <> $1))",
    )
    .bind(user.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}

/// Organization and name of tokens that the person made for organizations of theirs.
pub(super) async fn created_tokens(read: &mut Read, user: &UserId) -> Result<Vec<(String, String)>> {
    sqlx::query_as(
        "select o.name, t.name
         from api_tokens t join organizations o on o.id = t.organization_id
             join members m on m.organization_id = o.id and m.user_id = $1
         where t.created_by_id = $1 order by o.name_key, o.id, t.created_at, t.id",
    )
    .bind(user.clone())
    .fetch_all(read.connection())
    .await
    .map_err(refused)
}

pub(super) async fn by_identity(read: &mut Read, issuer: &str, subject: &str) -> Result<Option<Account>> {
    let row: Option<AccountRow> = sqlx::query_as(
        "select u.id, u.name, u.email, u.email_key, u.email_verified_at, u.password_hash, u.password_expires_at,
                u.access_version, u.access_ended_at
         from oidc_identities i join users u on u.id = i.user_id where i.issuer = $1 and i.subject = $2",
    )
    .bind(issuer.to_owned())
    .bind(subject.to_owned())
    .fetch_optional(read.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(account))
}

/// The providers with which somebody signs in to the account.
pub(super) async fn issuers(read: &mut Read, user: &UserId) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = sqlx::query_as("select issuer from oidc_identities where user_id = $1")
        .bind(user.clone())
        .fetch_all(read.connection())
        .await
        .map_err(refused)?;
    Ok(rows.into_iter().map(|(issuer,)| issuer).collect())
}

/// `proof` is of the address that the account has.
pub(super) async fn insert_identity(
    write: &mut AccountWrite,
    identity: &OidcIdentity,
    user: &UserId,
    proof: Option<&AddressProof>,
    at: Time,
) -> Result<()> {
    sqlx::query(
        "insert into oidc_identities (issuer, subject, user_id, created_at, verified_at) values ($1, $2, $3, $4, $5)",
    )
    .bind(identity.issuer.clone())
    .bind(identity.subject.clone())
    .bind(user.clone())
    .bind(at)
    .bind(proof.map(|_| at))
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

/// The provider has verified the account's address for this identity.
pub(super) async fn verify_identity(write: &mut AccountWrite, identity: &OidcIdentity, at: Time) -> Result<()> {
    sqlx::query("update oidc_identities set verified_at = $1 where issuer = $2 and subject = $3")
        .bind(at)
        .bind(identity.issuer.clone())
        .bind(identity.subject.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

/// Whoever signs in with the account's identities has proven its address by mail.
pub(super) async fn verify_identities(write: &mut AccountWrite, user: &UserId, at: Time) -> Result<()> {
    sqlx::query("update oidc_identities set verified_at = $1 where user_id = $2 and verified_at is null")
        .bind(at)
        .bind(user.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

pub(super) async fn delete_unverified_identities(write: &mut AccountWrite, user: &UserId) -> Result<()> {
    sqlx::query("delete from oidc_identities where user_id = $1 and verified_at is null")
        .bind(user.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

pub(super) async fn delete_personal_api_tokens(write: &mut AccountWrite, user: &UserId) -> Result<()> {
    sqlx::query("delete from api_tokens where user_id = $1")
        .bind(user.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

/// Name and slug of organizations that would be left without an owner.
pub(super) async fn owned_alone(read: &mut Read, user: &UserId) -> Result<Vec<(String, String)>> {
    sqlx::query_as(
        "select o.name, o.slug
         from members m join organizations o on o.id = m.organization_id
         where m.user_id = $1 and m.role = 'owner' and not exists (
             select 1 from members other
             where other.organization_id = m.organization_id and other.role = 'owner' and other.user_id <> $1)
         order by o.name_key, o.id",
    )
    .bind(user.clone())
    .fetch_all(read.connection())
    .await
    .map_err(refused)
}

/// A one-time token as it is kept.
pub(super) struct NewToken<'a> {
    pub hash: String,
    pub user: &'a UserId,
    pub purpose: &'static str,
    pub email: &'a str,
    pub at: Time,
    pub expires_at: Time,
}

/// Keeps a token; older ones for the same purpose are void if they went to another address.
pub(super) async fn insert_token(write: &mut AccountWrite, token: NewToken<'_>) -> Result<()> {
    sqlx::query("delete from account_tokens where user_id = $1 and purpose = $2 and email <> $3")
        .bind(token.user.clone())
        .bind(token.purpose)
        .bind(token.email.to_owned())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    sqlx::query(
        "insert into account_tokens (token_hash, user_id, purpose, email, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(token.hash)
    .bind(token.user.clone())
    .bind(token.purpose)
    .bind(token.email.to_owned())
    .bind(token.at)
    .bind(token.expires_at)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

/// Whose token it is, and for which address.
pub(super) async fn token(
    read: &mut Read,
    hash: &str,
    purpose: &'static str,
    now: Time,
) -> Result<Option<(UserId, String)>> {
    sqlx::query_as(
        "select user_id, email from account_tokens where token_hash = $1 and purpose = $2 and expires_at > $3",
    )
    .bind(hash.to_owned())
    .bind(purpose)
    .bind(now)
    .fetch_optional(read.connection())
    .await
    .map_err(refused)
}

/// How many tokens work still, and when the newest was made.
pub(super) async fn active_tokens(
    write: &mut AccountWrite,
    user: &UserId,
    purpose: &'static str,
    now: Time,
) -> Result<(i64, Option<Time>)> {
    sqlx::query_as(
        "select count(*), max(created_at) from account_tokens where user_id = $1 and purpose = $2 and expires_at > $3",
    )
    .bind(user.clone())
    .bind(purpose)
    .bind(now)
    .fetch_one(write.connection())
    .await
    .map_err(refused)
}

/// Uses a token up; `false` when somebody else was faster.
pub(super) async fn take_token(write: &mut AccountWrite, hash: &str) -> Result<bool> {
    let done = sqlx::query("delete from account_tokens where token_hash = $1")
        .bind(hash.to_owned())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn delete_tokens(write: &mut AccountWrite, user: &UserId, purpose: &'static str) -> Result<()> {
    sqlx::query("delete from account_tokens where user_id = $1 and purpose = $2")
        .bind(user.clone())
        .bind(purpose)
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

/// Every link in mail of the person is void.
pub(super) async fn delete_all_tokens(write: &mut AccountWrite, user: &UserId) -> Result<()> {
    sqlx::query("delete from account_tokens where user_id = $1")
        .bind(user.clone())
        .execute(write.connection())
        .await
        .map_err(refused)?;
    Ok(())
}

/// The address that waits to be verified, if any.
pub(super) async fn waiting_address(read: &mut Read, user: &UserId, now: Time) -> Result<Option<String>> {
    let row: Option<(String,)> = sqlx::query_as(
        "select email from account_tokens
         where user_id = $1 and purpose = 'verify_email' and expires_at > $2 order by created_at desc limit 1",
    )
    .bind(user.clone())
    .bind(now)
    .fetch_optional(read.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(|(email,)| email))
}

/// At most a thousand, [`crate::server::db::SWEEP_ROWS`].
pub(super) async fn delete_ended_tokens(write: &mut AccountWrite, now: Time) -> Result<u64> {
    let done = sqlx::query(
        "delete from account_tokens where token_hash in (
             select token_hash from account_tokens where expires_at <= $1 limit 1000)",
    )
    .bind(now)
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(done.rows_affected())
}
