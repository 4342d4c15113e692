//! What people do with their own account: name, address, password, sessions, and its end.

use super::{
    super::{session, store as sessions},
    InternalProof, MAX_NAME_LENGTH, hash_new_password, ip, new_password,
    recovery::{RESET, VERIFY, notify_password_changed, queue_verification},
    store,
};
use crate::{
    domain::{
        account::{email, single_line},
        error::{AppError, Result},
        role::allowed,
        time::Time,
    },
    server::{
        access::{SignedIn, reauthentication::Reauthenticated, security_log},
        clock, members,
    },
};

/// An account, as its owner sees it.
#[derive(Debug, Clone)]
pub struct Profile {
    /// As it is shown.
    pub name: String,
    /// Signs in with it.
    pub email: String,
    /// Whether the person has shown that the address is theirs.
    pub verified: bool,
    /// A new address that counts once it is verified.
    pub waiting: Option<String>,
    /// Whether a password opens it; else only the OpenID provider does.
    pub has_password: bool,
    /// Name and slug of organizations that would be left without an owner.
    pub owned_alone: Vec<(String, String)>,
    /// Organization and name of tokens that the person made, which end with the account.
    pub created_tokens: Vec<(String, String)>,
    /// Whether the person has proved lately that the session is theirs.
    pub recently_authenticated: bool,
}

pub(super) async fn account(by: &SignedIn) -> Result<store::Account> {
    let mut read = by.app().db.read(&InternalProof).await?;
    store::by_id(&mut read, &by.user().id).await?.ok_or(AppError::Unauthenticated)
}

/// The person's own account.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn profile(by: &SignedIn) -> Result<Profile> {
    let mut read = by.app().db.read(&InternalProof).await?;
    let account = store::by_id(&mut read, &by.user().id).await?.ok_or(AppError::Unauthenticated)?;
    let waiting = store::waiting_address(&mut read, &account.id, clock::now()).await?;
    Ok(Profile {
        waiting: waiting.filter(|address| address.to_lowercase() != account.email.key),
        owned_alone: store::owned_alone(&mut read, &account.id).await?,
        created_tokens: store::created_tokens(&mut read, &account.id).await?,
        recently_authenticated: by.is_recently_authenticated(),
        name: account.name,
        email: account.email.shown,
        verified: account.verified_at.is_some(),
        has_password: account.password_hash.is_some(),
    })
}

/// Changes the person's name.
///
/// # Errors
/// [`AppError::Invalid`].
pub async fn rename(by: SignedIn, typed: String) -> Result<()> {
    let name = single_line("your name", &typed, MAX_NAME_LENGTH).map_err(|message| AppError::field("name", message))?;
    let mut write = by.write_account().await?;
    store::set_name(&mut write, &by.user().id, name, clock::now()).await?;
    write.commit().await
}

/// What came of a wish for another address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressChange {
    /// It is the account's address now.
    Done,
    /// It will be, once it is verified.
    Waits,
}

/// Changes the address: it counts once its owner has opened the link that is sent there. A server
/// that sends no mail has to take the person's word.
///
/// # Errors
/// [`AppError::Invalid`] when the address is no address or taken; [`AppError::TooMany`].
pub async fn change_address(by: Reauthenticated, typed: String) -> Result<AddressChange> {
    let by = by.person();
    let app = by.app();
    let address = email(&typed).map_err(|message| AppError::field("email", message))?;
    let (account, at) = (account(by).await?, clock::now());
    let same = address.key == account.email.key;
    if same && address.shown == account.email.shown {
        return Err(AppError::field("email", "This is already your email address."));
    }
    if !same && store::by_address(&mut app.db.read(&InternalProof).await?, &address).await?.is_some() {
        return Err(AppError::field("email", "Another account already uses this address."));
    }
    let waits = !same && app.sends_mail();
    if waits {
        app.limits.mail(ip(by), &account.id)?;
    }
    let mut write = by.write_account().await?;
    if waits {
        queue_verification(app, &mut write, &account.id, &account.name, &address, at).await?;
    } else {
        // Only how it is spelled has changed, or nobody can verify anything here.
        store::set_address(&mut write, &account.id, &address, None, at).await?;
        store::delete_tokens(&mut write, &account.id, VERIFY).await?;
        store::delete_tokens(&mut write, &account.id, RESET).await?;
    }
    write.commit().await?;
    app.mail_is_waiting();
    Ok(if waits { AddressChange::Waits } else { AddressChange::Done })
}

/// Forgets a new address that waits to be verified.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn keep_address(by: SignedIn) -> Result<()> {
    let mut write = by.write_account().await?;
    store::delete_tokens(&mut write, &by.user().id, VERIFY).await?;
    write.commit().await
}

/// Changes the password, or sets the first one; every other session ends.
///
/// # Errors
/// [`AppError::Invalid`] when the new one is refused.
pub async fn change_password(by: Reauthenticated, typed: String) -> Result<()> {
    let by = by.person();
    let app = by.app();
    let (account, at) = (account(by).await?, clock::now());
    new_password(&typed, Some(&account.email)).map_err(|message| AppError::field("password", message))?;
    let hash = hash_new_password(typed, &account.name, &account.email).await?;
    let mut write = by.write_account().await?;
    store::set_password(&mut write, &account.id, hash, at).await?;
    store::delete_tokens(&mut write, &account.id, RESET).await?;
    sessions::end_sessions_but(&mut write, &account.id, &this(by)).await?;
    notify_password_changed(app, &mut write, &account, at).await?;
    write.commit().await?;
    app.mail_is_waiting();
    app.hub.revalidate_sessions(&account.id);
    tracing::info!(user = %account.id, "password changed");
    Ok(())
}

fn this(by: &SignedIn) -> String {
    by.session.map(session::id_hash).unwrap_or_default()
}

/// A session, as its owner sees it.
#[derive(Debug, Clone)]
pub struct ListedSession {
    /// Names it; opens nothing.
    pub id: String,
    /// In which browser it began.
    pub browser: String,
    /// From where it began.
    pub address: String,
    /// When it began.
    pub created_at: Time,
    /// When it was last used, to within an hour.
    pub seen_at: Time,
    /// Whether the request that asks belongs to it.
    pub is_this: bool,
}

/// The person's living sessions, this one first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn list_sessions(by: &SignedIn) -> Result<Vec<ListedSession>> {
    let now = clock::now();
    let oldest = now.plus_seconds(-session::ABSOLUTE_SECONDS);
    let this = this(by);
    let rows = sessions::sessions(&mut by.app().db.read(&InternalProof).await?, &by.user().id, now, oldest).await?;
    let mut listed: Vec<ListedSession> = rows
        .into_iter()
        .map(|row| ListedSession {
            is_this: row.id_hash == this,
            id: row.id_hash,
            browser: row.browser,
            address: row.address,
            created_at: row.created_at,
            seen_at: row.seen_at,
        })
        .collect();
    listed.sort_by_key(|session| !session.is_this);
    Ok(listed)
}

/// Which sessions end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionsToEnd {
    /// The one of this id; nothing happens when it has ended already or is somebody else's.
    One(String),
    /// Every other than this one.
    Others,
    /// Every one, this one too.
    All,
}

/// Ends sessions of the person; whether this one was among them. To end others the person has to have proved lately
/// that this one is theirs: who has stolen it does not end those of its owner.
///
/// # Errors
/// [`AppError::ReauthenticationRequired`].
pub async fn end_sessions(by: SignedIn, which: SessionsToEnd) -> Result<bool> {
    if which != SessionsToEnd::One(this(&by)) {
        by.clone().require_recent_authentication()?;
    }
    let (user, this) = (&by.user().id, this(&by));
    let ended = match &which {
        SessionsToEnd::One(_) => "one",
        SessionsToEnd::Others => "others",
        SessionsToEnd::All => "all",
    };
    let mut write = by.write_account().await?;
    let ends_this = match &which {
        SessionsToEnd::One(id) => {
            sessions::delete_session_of(&mut write, user, id).await?;
            *id == this
        }
        SessionsToEnd::Others => {
            sessions::end_sessions_but(&mut write, user, &this).await?;
            false
        }
        SessionsToEnd::All => {
            sessions::end_sessions_but(&mut write, user, "").await?;
            true
        }
    };
    write.commit().await?;
    by.app().hub.revalidate_sessions(user);
    security_log::sessions_ended(user, ended, by.address.as_deref().unwrap_or_default());
    Ok(ends_this)
}

/// Deletes the account: the person leaves every organization, then is no more. What they did stays
/// in history and audit under the name they had.
///
/// # Errors
/// [`AppError::Invalid`] when an account without a password has not had its address typed;
/// [`AppError::Conflict`] for the only owner of an organization, with what to do first.
pub async fn delete(by: Reauthenticated, typed_address: String) -> Result<()> {
    let by = by.person();
    let app = by.app();
    let account = account(by).await?;
    if account.password_hash.is_none() && typed_address.trim().to_lowercase() != account.email.key {
        return Err(AppError::field("delete_address", format!("Type {} to confirm.", account.email.shown)));
    }
    refuse_only_owner(by).await?;
    for organization in by.me().await?.organizations {
        match by.scope::<allowed::Read>(&organization.slug).await {
            Ok(scope) => members::leave(scope).await?,
            // Taken out meanwhile.
            Err(AppError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let mut write = by.write_account().await?;
    if !store::delete_user(&mut write, &account.id).await? {
        // The person became the only owner of an organization since it was looked at.
        drop(write);
        refuse_only_owner(by).await?;
        return Err(AppError::Unavailable);
    }
    write.commit().await?;
    app.hub.revalidate_sessions(&account.id);
    tracing::info!(user = %account.id, "account deleted");
    Ok(())
}

async fn refuse_only_owner(by: &SignedIn) -> Result<()> {
    let alone = store::owned_alone(&mut by.app().db.read(&InternalProof).await?, &by.user().id).await?;
    if alone.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = alone.into_iter().map(|(name, _)| format!("“{name}”")).collect();
    Err(AppError::Conflict(format!(
        "You are the only owner of {}. Make someone else an owner or delete the organization, then try again.",
        names.join(", ")
    )))
}
