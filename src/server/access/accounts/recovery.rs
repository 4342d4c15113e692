//! What is proven by mail: that an address is somebody's, and that a forgotten password may be set
//! anew. The links work once; only the hash of their token is kept.

use super::{super::store as sessions, Gate, ip, new_password, store};
use crate::{
    domain::{
        account::{Email, email},
        error::{AppError, Result},
        ids::UserId,
        time::Time,
    },
    server::{
        App,
        access::{
            SignedIn, password,
            secret::{Secret, hash},
        },
        clock,
        db::AccountWrite,
        notify::{self, mail},
    },
};
use std::net::IpAddr;

pub(super) const VERIFY: &str = "verify_email";
pub(super) const RESET: &str = "reset_password";

/// How long an address can be verified: a day.
const VERIFY_SECONDS: i64 = 86_400;
/// How long a password can be reset: an hour.
const RESET_SECONDS: i64 = 3_600;

fn no_link() -> AppError {
    AppError::NotFound("link".to_owned())
}

/// What a link of a mail is about.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Whose account.
    pub name: String,
    /// The address it was sent to.
    pub email: String,
    /// Whether it is another address than the account has.
    pub is_new: bool,
}

/// Queues the mail that lets somebody verify this address; older ones are void.
pub(super) async fn queue_verification(
    app: &App,
    write: &mut AccountWrite,
    user: &UserId,
    name: &str,
    to: &Email,
    at: Time,
) -> Result<()> {
    let secret = Secret::fresh();
    let expires_at = at.plus_seconds(VERIFY_SECONDS);
    let token = store::NewToken { hash: secret.hash, user, purpose: VERIFY, email: &to.shown, at, expires_at };
    store::insert_token(write, token).await?;
    let link = app.url.join(&format!("/verify-email?token={}", secret.token));
    notify::queue(write.connection(), None, mail::verify_address(&to.shown, name, &link, expires_at), at).await
}

/// Sends the link to verify an address again: the new one that waits, else the present one.
///
/// # Errors
/// [`AppError::Conflict`] when there is nothing to verify, or no mail is sent; [`AppError::TooMany`].
pub async fn send_verification(by: SignedIn) -> Result<()> {
    let app = by.app();
    require_mail(app)?;
    app.limits.mail(ip(&by), by.user().id.as_str())?;
    let (account, at) = (super::profile::account(&by).await?, clock::now());
    let waiting = store::waiting_address(&mut app.db.read(&Gate).await?, &account.id, at).await?;
    let to = match waiting.and_then(|address| email(&address).ok()) {
        Some(waiting) => waiting,
        None if account.verified_at.is_none() => account.email,
        None => return Err(AppError::Conflict("Your address is verified already.".to_owned())),
    };
    let mut write = app.db.write_accounts(&Gate).await?;
    queue_verification(app, &mut write, &account.id, &account.name, &to, at).await?;
    write.commit().await?;
    app.mail_is_waiting();
    Ok(())
}

pub(super) fn require_mail(app: &App) -> Result<()> {
    if app.sends_mail() {
        Ok(())
    } else {
        Err(AppError::Conflict("This server sends no mail. Ask its operator.".to_owned()))
    }
}

async fn proof(app: &App, token: &str, purpose: &'static str) -> Result<(store::Account, Proof)> {
    let mut read = app.db.read(&Gate).await?;
    let found = store::token(&mut read, &hash(token), purpose, clock::now()).await?;
    let (user, email) = found.ok_or_else(no_link)?;
    let account = store::by_id(&mut read, &user).await?.ok_or_else(no_link)?;
    let is_new = email.to_lowercase() != account.email.key;
    let proof = Proof { name: account.name.clone(), email, is_new };
    Ok((account, proof))
}

/// What a link to verify an address is about; the link stays good.
///
/// # Errors
/// [`AppError::NotFound`] when it was used, has expired or is incomplete.
pub async fn verification(app: &App, token: &str) -> Result<Proof> {
    Ok(proof(app, token, VERIFY).await?.1)
}

/// Verifies the address that a link was sent to. A new address takes the place of the old one,
/// which gets a notice.
///
/// # Errors
/// [`AppError::NotFound`] as [`verification`]; [`AppError::Invalid`] when another account has the
/// address by now.
pub async fn verify(app: App, token: String) -> Result<()> {
    let (account, proof) = proof(&app, &token, VERIFY).await?;
    let address = email(&proof.email).map_err(|message| AppError::field("email", message))?;
    let at = clock::now();
    let mut write = app.db.write_accounts(&Gate).await?;
    if !store::take_token(&mut write, &hash(&token)).await? {
        return Err(no_link());
    }
    if proof.is_new {
        store::set_address(&mut write, &account.id, &address, Some(at), at).await?;
        // A link in the old mailbox opens the account no more.
        store::delete_tokens(&mut write, &account.id, RESET).await?;
        if app.sends_mail() {
            let notice = mail::address_changed(&account.email.shown, &account.name, &address.shown, at);
            notify::queue(write.connection(), None, notice, at).await?;
        }
    } else {
        store::verify(&mut write, &account.id, at).await?;
    }
    write.commit().await?;
    app.mail_is_waiting();
    tracing::info!(user = %account.id, changed = proof.is_new, "an address was verified");
    Ok(())
}

/// Sends a link to set a new password to this address, if it has an account. Whoever asks cannot
/// tell whether it has: the answer does not wait for what differs.
///
/// # Errors
/// [`AppError::Invalid`] when it is no address; [`AppError::Conflict`] when no mail is sent;
/// [`AppError::TooMany`].
pub async fn forgot(app: App, address: IpAddr, typed: String) -> Result<()> {
    require_mail(&app)?;
    let email = email(&typed).map_err(|message| AppError::field("email", message))?;
    app.limits.mail(address, &email.key)?;
    let found = store::by_address(&mut app.db.read(&Gate).await?, &email).await?;
    tokio::spawn(async move {
        if let Some(account) = found
            && let Err(error) = send_reset(&app, &account).await
        {
            tracing::error!(user = %account.id, %error, "a link to reset a password could not be queued");
        }
    });
    Ok(())
}

async fn send_reset(app: &App, account: &store::Account) -> Result<()> {
    let (secret, at) = (Secret::fresh(), clock::now());
    let expires_at = at.plus_seconds(RESET_SECONDS);
    let to = &account.email.shown;
    let mut write = app.db.write_accounts(&Gate).await?;
    let token = store::NewToken { hash: secret.hash, user: &account.id, purpose: RESET, email: to, at, expires_at };
    store::insert_token(&mut write, token).await?;
    let link = app.url.join(&format!("/reset-password?token={}", secret.token));
    notify::queue(write.connection(), None, mail::reset_password(to, &account.name, &link, expires_at), at).await?;
    write.commit().await?;
    app.mail_is_waiting();
    Ok(())
}

/// Whose password a link resets; the link stays good. One that was sent to an address that the
/// account no longer has is void.
///
/// # Errors
/// [`AppError::NotFound`] when it was used, has expired or is incomplete.
pub async fn resetting(app: &App, token: &str) -> Result<Proof> {
    let (_, proof) = proof(app, token, RESET).await?;
    if proof.is_new { Err(no_link()) } else { Ok(proof) }
}

/// Sets a new password by a link, ends every session, and takes the address as verified: the link
/// came to it.
///
/// # Errors
/// [`AppError::NotFound`] as [`resetting`]; [`AppError::Invalid`] when the password is refused.
pub async fn reset(app: App, token: String, typed: String) -> Result<()> {
    let (account, proof) = proof(&app, &token, RESET).await?;
    if proof.is_new {
        return Err(no_link());
    }
    new_password(&typed, Some(&account.email)).map_err(|message| AppError::field("password", message))?;
    let password_hash = password::hash(typed).await?;
    let at = clock::now();
    let mut write = app.db.write_accounts(&Gate).await?;
    if !store::take_token(&mut write, &hash(&token)).await? {
        return Err(no_link());
    }
    store::set_password(&mut write, &account.id, password_hash, at).await?;
    store::verify(&mut write, &account.id, at).await?;
    // Whoever was in may have asked for another address.
    store::delete_tokens(&mut write, &account.id, VERIFY).await?;
    sessions::delete_sessions_but(&mut write, &account.id, "").await?;
    tell_of_password(&app, &mut write, &account, at).await?;
    write.commit().await?;
    app.mail_is_waiting();
    app.hub.recheck(&account.id);
    tracing::info!(user = %account.id, "a password was reset");
    Ok(())
}

/// Queues the notice that a password was changed.
pub(super) async fn tell_of_password(
    app: &App,
    write: &mut AccountWrite,
    account: &store::Account,
    at: Time,
) -> Result<()> {
    if !app.sends_mail() {
        return Ok(());
    }
    let link = app.url.join("/forgot-password");
    notify::queue(write.connection(), None, mail::password_changed(&account.email.shown, &account.name, &link, at), at)
        .await
}

/// Forgets tokens that have ended.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn sweep(app: &App) -> Result<()> {
    let mut write = app.db.write_accounts(&Gate).await?;
    store::delete_ended_tokens(&mut write, clock::now()).await?;
    write.commit().await
}
