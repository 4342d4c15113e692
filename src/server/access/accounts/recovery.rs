//! What is proven by mail: that an address is somebody's, and that a forgotten password may be set
//! anew. The links work once; only the hash of their token is kept.

use super::{
    AddressProof, InternalProof, hash_new_password, ip, new_password, opened_by,
    proof::{end_access, end_unproven_access, session_hash},
    store, write_to,
};
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
            SignedIn,
            secret::{Secret, hash},
        },
        clock,
        db::{AccountWrite, Read, SWEEP_ROWS},
        notify::{self, limits::mailbox, mail},
    },
};
use std::net::IpAddr;

pub(super) const VERIFY: &str = "verify_email";
pub(super) const RESET: &str = "reset_password";

/// How long an address can be verified: a day.
const VERIFY_SECONDS: i64 = 86_400;
/// How long a password can be reset: an hour.
const RESET_SECONDS: i64 = 3_600;
/// Links to reset a password of one account that work at the same time.
const MAX_RESET_LINKS: i64 = 5;
/// Between two of them, in seconds.
const RESET_PAUSE_SECONDS: i64 = 120;

fn no_link() -> AppError {
    AppError::NotFound("link".to_owned())
}

/// What a link of a mail is about.
#[derive(Debug, Clone)]
pub struct MailedLink {
    /// Whose account.
    pub name: String,
    /// The address it was sent to.
    pub email: String,
    /// Whether it is another address than the account has.
    pub is_new: bool,
    /// Whether nobody has proven the account's address yet: then everything that opened it ends.
    pub is_first: bool,
    /// How the person shows that the account is theirs.
    pub confirmation: Confirmation,
}

/// How somebody who opens a link that verifies an address shows that the account is theirs. The mailbox
/// alone is not enough: somebody else may have signed up with the address, and would keep the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmation {
    /// By the session that they ask with.
    Session,
    /// By the account's password.
    Password,
    /// By signing in first: the account has no password.
    SignIn,
}

/// Queues the mail that lets somebody verify this address; links to verify another address are void.
///
/// # Errors
/// [`AppError::TooMany`] when too many went to this mailbox of late.
pub(super) async fn queue_verification(
    app: &App,
    write: &mut AccountWrite,
    user: &UserId,
    name: &str,
    to: &Email,
    at: Time,
) -> Result<()> {
    // Addresses with a tag share one allowance, and do not use up that of the mailbox's plain address.
    let mailbox = mailbox(&to.key);
    if mailbox != to.key {
        app.limits.verification(&format!("{mailbox} with a tag"))?;
    }
    app.limits.verification(&to.key)?;
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
    app.limits.mail(ip(&by), &by.user().id)?;
    let (account, at) = (super::profile::account(&by).await?, clock::now());
    let waiting = store::waiting_address(&mut app.db.read(&InternalProof).await?, &account.id, at).await?;
    let to = match waiting.and_then(|address| email(&address).ok()) {
        Some(waiting) => waiting,
        None if account.verified_at.is_none() => account.email,
        None => return Err(AppError::Conflict("Your email address is already verified.".to_owned())),
    };
    let mut write = app.db.write_accounts(&InternalProof).await?;
    queue_verification(app, &mut write, &account.id, &account.name, &to, at).await?;
    write.commit().await?;
    app.mail_is_waiting();
    Ok(())
}

pub(super) fn require_mail(app: &App) -> Result<()> {
    if app.sends_mail() {
        Ok(())
    } else {
        Err(AppError::Conflict("Email isn’t set up on this server. Contact its administrator.".to_owned()))
    }
}

async fn mailed_link(
    app: &App,
    token: &str,
    purpose: &'static str,
    by: Option<&SignedIn>,
) -> Result<(store::Account, MailedLink)> {
    let mut read = app.db.read(&InternalProof).await?;
    let found = store::token(&mut read, &hash(token), purpose, clock::now()).await?;
    let (user, email) = found.ok_or_else(no_link)?;
    let account = store::by_id(&mut read, &user).await?.ok_or_else(no_link)?;
    let link = MailedLink {
        name: account.name.clone(),
        is_new: email.to_lowercase() != account.email.key,
        email,
        is_first: account.verified_at.is_none(),
        confirmation: confirmation(&mut read, &account, by).await?,
    };
    Ok((account, link))
}

/// How whoever asks shows that the account is theirs.
pub(super) async fn confirmation(
    read: &mut Read,
    account: &store::Account,
    by: Option<&SignedIn>,
) -> Result<Confirmation> {
    let has_password = account.password_hash.is_some();
    let own = by.is_some_and(|by| by.session.is_some() && by.user().id == account.id);
    // Password and provider may be two people's while nobody has proven the address; which of them began
    // the session is not known.
    let shared = account.verified_at.is_none() && has_password && !store::issuers(read, &account.id).await?.is_empty();
    Ok(match (own && !shared, has_password) {
        (true, _) => Confirmation::Session,
        (false, true) => Confirmation::Password,
        (false, false) => Confirmation::SignIn,
    })
}

/// What a link to verify an address is about; the link stays good.
///
/// # Errors
/// [`AppError::NotFound`] when it was used, has expired or is incomplete.
pub async fn verification(app: &App, token: &str, by: Option<&SignedIn>) -> Result<MailedLink> {
    Ok(mailed_link(app, token, VERIFY, by).await?.1)
}

/// Verifies the address that a link was sent to. A new address takes the place of the old one,
/// which gets a notice. If nobody had proven the account's address before, everything that opened the
/// account ends, but for the session that asks and the password.
///
/// # Errors
/// [`AppError::NotFound`] as [`verification`]; [`AppError::Invalid`] when the password is wrong, or another
/// account has the address by now; [`AppError::Conflict`] when the person has to sign in first;
/// [`AppError::TooMany`].
pub async fn verify(
    app: App,
    client: IpAddr,
    by: Option<SignedIn>,
    token: String,
    typed_password: String,
) -> Result<()> {
    let (account, link) = mailed_link(&app, &token, VERIFY, by.as_ref()).await?;
    let address = email(&link.email).map_err(|message| AppError::field("email", message))?;
    match link.confirmation {
        Confirmation::Session => {}
        Confirmation::Password => check_account_password(&app, client, &account, typed_password).await?,
        Confirmation::SignIn => {
            return Err(AppError::Conflict(
                "Sign in to this account in this browser first, then open the link again.".to_owned(),
            ));
        }
    }
    let by = by.filter(|by| by.user().id == account.id);
    let session = by.as_ref().map(session_hash).unwrap_or_default();
    let proof = AddressProof::mailed_link(address.clone());
    let at = clock::now();
    // What it was confirmed with must not have ended meanwhile.
    let mut write = match &by {
        Some(by) => by.write_account().await?,
        None => write_to(&app, &account).await?,
    };
    if !store::take_token(&mut write, &hash(&token)).await? {
        return Err(no_link());
    }
    store::delete_tokens(&mut write, &account.id, VERIFY).await?;
    if link.is_new {
        store::set_address(&mut write, &account.id, &address, Some(&proof), at).await?;
        // A link in the old mailbox opens the account no more.
        store::delete_tokens(&mut write, &account.id, RESET).await?;
        if app.sends_mail() {
            let notice = mail::address_changed(&account.email.shown, &account.name, &address.shown, at);
            notify::queue(write.connection(), None, notice, at).await?;
        }
    } else {
        store::verify(&mut write, &account.id, &proof, at).await?;
    }
    end_unproven_access(&mut write, &account, &session, at).await?;
    write.commit().await?;
    app.mail_is_waiting();
    app.hub.revalidate_sessions(&account.id);
    tracing::info!(user = %account.id, changed = link.is_new, "email address verified");
    Ok(())
}

async fn check_account_password(app: &App, client: IpAddr, account: &store::Account, typed: String) -> Result<()> {
    if typed.is_empty() {
        return Err(AppError::field("password", "Enter this account’s password."));
    }
    app.limits.sign_in(client, &account.email.key)?;
    let opened = opened_by(app, Some(account.clone()), typed).await?;
    opened.map(drop).ok_or_else(|| AppError::field("password", "This isn’t the password for this account."))
}

/// Sends a link to set a new password to this address, if it has an account. Whoever asks cannot
/// tell whether it has: the answer does not wait for what differs. Links that were sent before go on
/// working, so that strangers who ask for them hinder nobody.
///
/// # Errors
/// [`AppError::Invalid`] when it is no address; [`AppError::Conflict`] when no mail is sent;
/// [`AppError::TooMany`].
pub async fn forgot(app: App, address: IpAddr, typed: String) -> Result<()> {
    require_mail(&app)?;
    let email = email(&typed).map_err(|message| AppError::field("email", message))?;
    app.limits.forgotten_password(address)?;
    let found = store::by_address(&mut app.db.read(&InternalProof).await?, &email).await?;
    tokio::spawn(async move {
        if let Some(account) = found
            && let Err(error) = send_reset(&app, &account).await
        {
            tracing::error!(user = %account.id, %error, "password reset email could not be queued");
        }
    });
    Ok(())
}

async fn send_reset(app: &App, account: &store::Account) -> Result<()> {
    let (secret, at) = (Secret::fresh(), clock::now());
    let expires_at = at.plus_seconds(RESET_SECONDS);
    let to = &account.email.shown;
    let mut write = app.db.write_accounts(&InternalProof).await?;
    write.lock_user(&account.id).await?;
    let (links, newest) = store::active_tokens(&mut write, &account.id, RESET, at).await?;
    if links >= MAX_RESET_LINKS || newest.is_some_and(|newest| newest.plus_seconds(RESET_PAUSE_SECONDS) > at) {
        // The links that were sent work still.
        return Ok(());
    }
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
pub async fn resetting(app: &App, token: &str) -> Result<MailedLink> {
    let (_, link) = mailed_link(app, token, RESET, None).await?;
    if link.is_new { Err(no_link()) } else { Ok(link) }
}

/// Sets a new password by a link and verifies the address, to which the link came. Everything else that
/// opened the account ends: sessions, personal API tokens, identities that no verified claim linked to the
/// address, and other links. Returns whose password it is.
///
/// # Errors
/// [`AppError::NotFound`] as [`resetting`]; [`AppError::Invalid`] when the password is refused.
pub async fn reset(app: App, token: String, typed: String) -> Result<UserId> {
    let (account, link) = mailed_link(&app, &token, RESET, None).await?;
    if link.is_new {
        return Err(no_link());
    }
    new_password(&typed, Some(&account.email)).map_err(|message| AppError::field("password", message))?;
    let password_hash = hash_new_password(typed, &account.name, &account.email).await?;
    let at = clock::now();
    let mut write = app.db.write_accounts(&InternalProof).await?;
    if !store::take_token(&mut write, &hash(&token)).await? {
        return Err(no_link());
    }
    store::set_password(&mut write, &account.id, password_hash, at).await?;
    store::verify(&mut write, &account.id, &AddressProof::mailed_link(account.email.clone()), at).await?;
    end_access(&mut write, &account.id, "").await?;
    notify_password_changed(&app, &mut write, &account, at).await?;
    write.commit().await?;
    app.mail_is_waiting();
    app.hub.revalidate_sessions(&account.id);
    tracing::info!(user = %account.id, "password reset");
    Ok(account.id)
}

/// Queues the notice that a password was changed.
pub(super) async fn notify_password_changed(
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
    loop {
        let mut write = app.db.write_accounts(&InternalProof).await?;
        let some = store::delete_ended_tokens(&mut write, clock::now()).await?;
        write.commit().await?;
        if some < SWEEP_ROWS {
            return Ok(());
        }
    }
}
