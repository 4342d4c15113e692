//! The verbs of accounts: signing up and in here, what people do with their own account in
//! [`profile`], what is proven by mail in [`recovery`].

pub mod profile;
pub mod recovery;
mod store;

use super::{Gate, SignedIn, SystemScope, oidc::OidcIdentity, password};
use crate::{
    domain::{
        account::{Email, PASSWORD_MOST, email, line, password_length},
        error::{AppError, FieldErrors, Result},
        ids::UserId,
    },
    server::{App, clock, db::random_id},
};
use std::net::{IpAddr, Ipv4Addr};
use store::Account;

/// Most characters of a person's name.
pub const NAME_MOST: usize = 80;

/// What a person types to sign up.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub struct NewAccount {
    /// As it is shown.
    #[serde(default)]
    pub name: String,
    /// Signs in with it.
    #[serde(default)]
    pub email: String,
    /// In clear, on its way to being hashed.
    #[serde(default)]
    pub password: String,
}

/// Creates an account with a password; its address is to be verified by mail, where mail is sent.
///
/// # Errors
/// [`AppError::Invalid`] with everything that is wrong, [`AppError::TooMany`].
pub async fn sign_up(app: App, address: IpAddr, account: NewAccount) -> Result<UserId> {
    create(&app, address, account, false).await
}

/// Creates an account for somebody who holds a link that was sent to this address: it is verified.
///
/// # Errors
/// As [`sign_up`].
pub async fn sign_up_invited(app: App, address: IpAddr, account: NewAccount) -> Result<UserId> {
    create(&app, address, account, true).await
}

async fn create(app: &App, address: IpAddr, account: NewAccount, verified: bool) -> Result<UserId> {
    let mut errors = FieldErrors::default();
    let name = errors.take("name", line("your name", &account.name, NAME_MOST));
    let address_typed = errors.take("email", email(&account.email));
    errors.take("password", new_password(&account.password, address_typed.as_ref()));
    errors.finish()?;
    let (Some(name), Some(email)) = (name, address_typed) else { return Err(AppError::Internal) };
    app.limits.sign_up(address)?;
    let hash = password::hash(account.password).await?;
    insert(app, &email, verified, &name, Some(hash), None).await
}

/// Where the person's request comes from.
fn ip(by: &SignedIn) -> IpAddr {
    by.address.as_deref().and_then(|address| address.parse().ok()).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// Checks a new password of whoever has this address.
fn new_password(password: &str, email: Option<&Email>) -> Result<(), String> {
    password_length(password)?;
    match email {
        Some(email) if password.to_lowercase().contains(&email.key) => {
            Err("Choose a password that does not contain your e-mail address.".to_owned())
        }
        _ => Ok(()),
    }
}

async fn insert(
    app: &App,
    email: &Email,
    email_verified: bool,
    name: &str,
    password_hash: Option<String>,
    identity: Option<&OidcIdentity>,
) -> Result<UserId> {
    let (id, at) = (UserId::from_random(random_id()), clock::now());
    let mut write = app.db.write_accounts(&Gate).await?;
    store::insert_user(&mut write, store::NewUser { id: &id, email, email_verified, name, password_hash, at }).await?;
    if let Some(identity) = identity {
        store::insert_identity(&mut write, identity, &id, at).await?;
    }
    if !email_verified && app.sends_mail() {
        recovery::queue_verification(app, &mut write, &id, name, email, at).await?;
    }
    write.commit().await?;
    app.mail_is_waiting();
    tracing::info!(user = %id, "an account was created");
    Ok(id)
}

/// Whose address and password these are. One answer, and equal work, whether the address is
/// unknown or the password wrong.
///
/// # Errors
/// [`AppError::Invalid`] when they do not fit, [`AppError::TooMany`].
pub async fn check_password(app: App, address: IpAddr, typed: String, password: String) -> Result<UserId> {
    let wrong = || {
        AppError::field(
            "password",
            "The address and the password do not fit together. Check both, or sign up if you have no account.",
        )
    };
    let mut errors = FieldErrors::default();
    let typed = errors.take("email", email(&typed));
    if password.is_empty() {
        errors.add("password", "Enter your password.");
    }
    errors.finish()?;
    let Some(email) = typed else { return Err(AppError::Internal) };
    app.limits.sign_in(address, &email.key)?;
    if password.len() > PASSWORD_MOST {
        return Err(wrong());
    }
    let found = store::by_address(&mut app.db.read(&Gate).await?, &email).await?;
    let (id, hash) = found.map_or((None, None), |account| (Some(account.id), account.password_hash));
    match (password::verify(password, hash).await?, id) {
        (true, Some(id)) => Ok(id),
        _ => {
            tracing::info!(%address, "a sign-in was refused");
            Err(wrong())
        }
    }
}

/// The account of somebody who comes from the OpenID provider; the first time it is created.
///
/// An account with a password and the same address is linked only when the provider and we have
/// both verified that the address is this person's: a provider that lets people claim addresses
/// opens no account here, and whoever signed up with somebody else's address gets no company.
///
/// # Errors
/// [`AppError::Conflict`] in words for the sign-in page.
pub async fn sign_in_oidc(app: App, identity: OidcIdentity) -> Result<UserId> {
    let mut read = app.db.read(&Gate).await?;
    if let Some(id) = store::user_by_identity(&mut read, &identity.issuer, &identity.subject).await? {
        return Ok(id);
    }
    let Some(email) = identity.email.as_deref().and_then(|text| email(text).ok()) else {
        return Err(AppError::Conflict("The provider did not tell your e-mail address, which an account needs. Allow it there, or sign up with a password.".to_owned()));
    };
    if let Some(account) = store::by_address(&mut read, &email).await? {
        let issuers = store::issuers(&mut read, &account.id).await?;
        drop(read);
        return link(&app, &identity, account, &issuers).await;
    }
    drop(read);
    let name = identity.name.as_deref().and_then(|name| line("your name", name, NAME_MOST).ok());
    let name = name.unwrap_or_else(|| email.shown.split('@').next().unwrap_or("Somebody").to_owned());
    match insert(&app, &email, identity.email_verified, &name, None, Some(&identity)).await {
        Err(AppError::Invalid(_)) => Err(taken(&email, "Sign in the way you did before.")),
        other => other,
    }
}

/// The account that signs in as this subject of the provider, if there is one.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub(super) async fn of_subject(app: &App, issuer: &str, subject: &str) -> Result<Option<UserId>> {
    store::user_by_identity(&mut app.db.read(&Gate).await?, issuer, subject).await
}

/// Links an identity to an account of the same address, if that is sure to be the same person.
async fn link(app: &App, identity: &OidcIdentity, account: Account, issuers: &[String]) -> Result<UserId> {
    let Account { id, email, verified_at, password_hash, .. } = account;
    // Nobody has ever signed in to it: it came with an organization from another server.
    let is_new = password_hash.is_none() && issuers.is_empty();
    if issuers.contains(&identity.issuer) || (password_hash.is_none() && !is_new) {
        return Err(taken(&email, "It belongs to another account of the provider: sign in with that one."));
    }
    if !identity.email_verified {
        return Err(taken(
            &email,
            "The provider does not say that this address is yours, so they are not linked. Sign in with your password, or verify the address at the provider and try again.",
        ));
    }
    if verified_at.is_none() && !is_new {
        let how = if app.sends_mail() {
            "To link them, sign in with your password, verify the address under “Your account”, and come back this way. If you do not know the password, “Forgot your password?” sets a new one and verifies the address too."
        } else {
            "They are not linked, because this server sends no mail to verify the address with. Sign in with your password."
        };
        return Err(taken(&email, how));
    }
    let mut write = app.db.write_accounts(&Gate).await?;
    store::insert_identity(&mut write, identity, &id, clock::now()).await?;
    write.commit().await?;
    tracing::info!(user = %id, "an account was linked to the provider");
    Ok(id)
}

fn taken(email: &Email, how: &str) -> AppError {
    AppError::Conflict(format!("There is an account for {} already. {how}", email.shown))
}

/// The account of this address with this password, for the operator's command line: made when
/// there is none, else it gets the password, and its sessions end.
///
/// # Errors
/// [`AppError::Invalid`] when the address or the password is wrong.
pub async fn set_password(
    app: &App,
    _by: SystemScope,
    address: &str,
    name: &str,
    new_password: String,
) -> Result<UserId> {
    let email = email(address).map_err(|message| AppError::field("email", message))?;
    password_length(&new_password).map_err(|message| AppError::field("password", message))?;
    let hash = password::hash(new_password).await?;
    let known = store::by_address(&mut app.db.read(&Gate).await?, &email).await?;
    match known {
        Some(Account { id, .. }) => {
            let mut write = app.db.write_accounts(&Gate).await?;
            store::set_password(&mut write, &id, hash, clock::now()).await?;
            super::store::delete_sessions_but(&mut write, &id, "").await?;
            write.commit().await?;
            Ok(id)
        }
        None => insert(app, &email, false, name, Some(hash), None).await,
    }
}
