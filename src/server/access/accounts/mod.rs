//! The verbs of accounts: signing up and in here, what people do with their own account in
//! [`profile`], what is proven by mail in [`recovery`].

pub mod profile;
mod proof;
pub mod recovery;
mod store;

pub use proof::{AddressProof, prove_own_address};

use super::{
    InternalProof, SignedIn, SystemScope,
    known_device::KnownDevice,
    oidc::OidcIdentity,
    password,
    security_log::{self, Method},
    store as sessions,
};
use crate::{
    domain::{
        account::{Email, MAX_PASSWORD_LENGTH, email, password_length, single_line},
        error::{AppError, FieldErrors, Result},
        ids::UserId,
        time::Time,
    },
    server::{
        App, clock,
        db::{AccountWrite, random_id},
    },
};
use std::net::{IpAddr, Ipv4Addr};
use store::Account;

/// Most characters of a person's name.
pub const MAX_NAME_LENGTH: usize = 80;
/// How long a password that the operator gave opens the account, in seconds: a day.
const TEMPORARY_PASSWORD_SECONDS: i64 = 86_400;

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

/// Who has just proved who they are. It lets nobody in any more once the sessions of the account were ended.
#[derive(Debug, Clone)]
pub struct Authenticated {
    pub(super) user: UserId,
    /// The account's, when it was proved.
    pub(super) access_version: i64,
}

impl Authenticated {
    /// The person.
    pub const fn user(&self) -> &UserId {
        &self.user
    }
}

impl From<Account> for Authenticated {
    fn from(Account { id: user, access_version, .. }: Account) -> Self {
        Self { user, access_version }
    }
}

/// Creates an account with a password; its address is to be verified by mail, where mail is sent.
///
/// # Errors
/// [`AppError::Invalid`] with everything that is wrong, [`AppError::TooMany`].
pub async fn sign_up(app: App, address: IpAddr, account: NewAccount) -> Result<Authenticated> {
    create(&app, address, account, None).await
}

/// Creates an account for somebody who is invited: its address is verified if the link of the invitation
/// proves it.
///
/// # Errors
/// As [`sign_up`].
pub async fn sign_up_invited(
    app: App,
    address: IpAddr,
    account: NewAccount,
    proof: Option<AddressProof>,
) -> Result<Authenticated> {
    create(&app, address, account, proof).await
}

async fn create(app: &App, address: IpAddr, account: NewAccount, proof: Option<AddressProof>) -> Result<Authenticated> {
    let mut errors = FieldErrors::default();
    let name = errors.take("name", single_line("your name", &account.name, MAX_NAME_LENGTH));
    let address_typed = errors.take("email", email(&account.email));
    errors.take("password", new_password(&account.password, address_typed.as_ref()));
    errors.finish()?;
    let (Some(name), Some(email)) = (name, address_typed) else { return Err(AppError::Internal) };
    app.limits.sign_up(address)?;
    let hash = hash_new_password(account.password, &name, &email).await?;
    insert(app, &email, proof.as_ref(), &name, Some(hash), None).await
}

/// Where the person's request comes from.
pub(super) fn ip(by: &SignedIn) -> IpAddr {
    by.address.as_deref().and_then(|address| address.parse().ok()).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

/// Checks a new password of whoever has this address.
fn new_password(password: &str, email: Option<&Email>) -> Result<(), String> {
    password_length(password)?;
    match email {
        Some(email) if password.to_lowercase().contains(&email.key) => {
            Err("Choose a password that doesn’t contain your email address.".to_owned())
        }
        _ => Ok(()),
    }
}

/// The hash of a new password, unless it is easily guessed.
async fn hash_new_password(typed: String, name: &str, email: &Email) -> Result<String> {
    if password::is_guessable(typed.clone(), name, &email.key).await? {
        return Err(AppError::field(
            "password",
            "This password is too easy to guess. Use a few unrelated words, and avoid your name, your address and patterns.",
        ));
    }
    password::hash(typed).await
}

async fn insert(
    app: &App,
    email: &Email,
    proof: Option<&AddressProof>,
    name: &str,
    password_hash: Option<String>,
    identity: Option<&OidcIdentity>,
) -> Result<Authenticated> {
    let (id, at) = (UserId::from_random(random_id()), clock::now());
    let proof = proof.filter(|proof| proof.is_for(email));
    let mut write = app.db.write_accounts(&InternalProof).await?;
    store::insert_user(&mut write, store::NewUser { id: &id, email, proof, name, password_hash, at }).await?;
    if let Some(identity) = identity {
        store::insert_identity(&mut write, identity, &id, proof, at).await?;
    }
    if proof.is_none() && app.sends_mail() {
        match recovery::queue_verification(app, &mut write, &id, name, email, at).await {
            // The person can ask for a link later, under “Your account”.
            Err(AppError::TooMany { .. }) => {
                tracing::warn!(user = %id, "verification email not sent: too many recent messages to this mailbox")
            }
            queued => queued?,
        }
    }
    write.commit().await?;
    app.mail_is_waiting();
    tracing::info!(user = %id, "account created");
    Ok(Authenticated { user: id, access_version: 0 })
}

/// Whose address and password these are. One answer, and equal work, whether the address is
/// unknown or the password wrong. `device` is the browser that they are typed in, if it is a known one.
///
/// # Errors
/// [`AppError::Invalid`] when they do not fit, [`AppError::TooMany`].
pub async fn check_password(
    app: App,
    address: IpAddr,
    device: Option<KnownDevice>,
    typed: String,
    password: String,
) -> Result<Authenticated> {
    let wrong = || AppError::field("password", "Wrong email or password. Don’t have an account? Sign up.");
    let mut errors = FieldErrors::default();
    let typed = errors.take("email", email(&typed));
    if password.is_empty() {
        errors.add("password", "Enter your password.");
    }
    errors.finish()?;
    let Some(email) = typed else { return Err(AppError::Internal) };
    let failed = |user: Option<&UserId>, reason| {
        security_log::sign_in_failed(Method::Password, &address.to_string(), &email.shown, user, reason);
    };
    let found = store::by_address(&mut app.db.read(&InternalProof).await?, &email).await?;
    let allowed = match device.filter(|device| found.as_ref().is_some_and(|account| account.id == *device.user())) {
        Some(device) => app.limits.sign_in_known(&device),
        None => app.limits.sign_in(address, &email.key),
    };
    allowed.inspect_err(|_| failed(None, "too many attempts"))?;
    let known = found.as_ref().map(|account| account.id.clone());
    match opened_by(&app, found, password).await? {
        Some(authenticated) => Ok(authenticated),
        None => {
            failed(known.as_ref(), if known.is_some() { "wrong password" } else { "no such account" });
            Err(wrong())
        }
    }
}

/// The account, if this is its password. Equal work when there is no account, or it has no password.
async fn opened_by(app: &App, account: Option<Account>, typed: String) -> Result<Option<Authenticated>> {
    if typed.len() > MAX_PASSWORD_LENGTH {
        return Ok(None);
    }
    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    match (password::verify(typed, hash).await?, account) {
        (true, Some(account)) if account.password_expires_at.is_some_and(|end| end <= clock::now()) => {
            let or = if app.sends_mail() { ", or use “Forgot your password?” to set your own" } else { "" };
            Err(AppError::field(
                "password",
                format!("This temporary password has expired. Ask the server’s administrator for a new one{or}."),
            ))
        }
        (true, Some(account)) => Ok(Some(account.into())),
        _ => Ok(None),
    }
}

/// The account of somebody who comes from the OpenID provider; the first time it is created.
///
/// An account is made also when the provider does not say that it has verified the address, because some
/// providers never say so. Such an account stays unverified, and the identity ends as soon as somebody
/// proves the address.
///
/// An account with a password and the same address is linked only when the provider and we have
/// both verified that the address is this person's: a provider that lets people claim addresses
/// opens no account here, and whoever signed up with somebody else's address gets no company.
///
/// # Errors
/// [`AppError::Conflict`] in words for the sign-in page, also when all sessions of the account were ended after the
/// sign-in had `begun_at` this server.
pub async fn sign_in_oidc(app: App, identity: OidcIdentity, begun_at: Time) -> Result<Authenticated> {
    let proof = AddressProof::verified_claim(&identity);
    let mut read = app.db.read(&InternalProof).await?;
    if let Some(account) = store::by_identity(&mut read, &identity.issuer, &identity.subject).await? {
        drop(read);
        require_no_end_since(&account, begun_at)?;
        return match proof {
            Some(proof) if account.verified_at.is_none() && proof.is_for(&account.email) => {
                prove_by_claim(&app, &identity, account, &proof).await
            }
            _ => Ok(account.into()),
        };
    }
    let Some(email) = identity.email.as_deref().and_then(|text| email(text).ok()) else {
        return Err(AppError::Conflict("The provider didn’t share your email address, which we need to create an account. Allow it there, or sign up with a password.".to_owned()));
    };
    if let Some(account) = store::by_address(&mut read, &email).await? {
        let issuers = store::issuers(&mut read, &account.id).await?;
        drop(read);
        require_no_end_since(&account, begun_at)?;
        return link(&app, &identity, proof, account, &issuers).await;
    }
    drop(read);
    let name = identity.name.as_deref().and_then(|name| single_line("your name", name, MAX_NAME_LENGTH).ok());
    let name = name.unwrap_or_else(|| email.shown.split('@').next().unwrap_or("Someone").to_owned());
    match insert(&app, &email, proof.as_ref(), &name, None, Some(&identity)).await {
        Err(AppError::Invalid(_)) => Err(taken(&email, "Sign in the way you did before.")),
        other => other,
    }
}

/// The account that signs in as this subject of the provider, if there is one.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub(super) async fn of_subject(app: &App, issuer: &str, subject: &str) -> Result<Option<UserId>> {
    let found = store::by_identity(&mut app.db.read(&InternalProof).await?, issuer, subject).await?;
    Ok(found.map(|account| account.id))
}

/// Verifies the address of an account by a claim of the identity that opens it. Where a password opens it
/// too, somebody else may know that: it ends with everything else.
async fn prove_by_claim(
    app: &App,
    identity: &OidcIdentity,
    account: Account,
    proof: &AddressProof,
) -> Result<Authenticated> {
    let at = clock::now();
    let mut write = write_to(app, &account).await?;
    store::verify(&mut write, &account.id, proof, at).await?;
    store::verify_identity(&mut write, identity, at).await?;
    if account.password_hash.is_some() {
        store::clear_password(&mut write, &account.id, at).await?;
        proof::end_access(&mut write, &account.id, "").await?;
    }
    let authenticated = authenticated(&mut write, account.id).await?;
    write.commit().await?;
    app.hub.revalidate_sessions(authenticated.user());
    tracing::info!(user = %authenticated.user(), "email address verified by the provider's claim");
    Ok(authenticated)
}

/// A write to an account as it was read: its access must not have been ended meanwhile.
async fn write_to(app: &App, account: &Account) -> Result<AccountWrite> {
    let mut write = app.db.write_accounts(&InternalProof).await?;
    write.lock_user(&account.id).await?;
    match sessions::access_version(write.connection(), &account.id).await? == Some(account.access_version) {
        true => Ok(write),
        false => Err(access_ended()),
    }
}

fn access_ended() -> AppError {
    AppError::Conflict("You were signed out everywhere while signing in. Sign in again.".to_owned())
}

/// Somebody may have gone to the provider, and waited with what it answered until the account's owner had ended
/// everything.
fn require_no_end_since(account: &Account, begun_at: Time) -> Result<()> {
    match account.access_ended_at {
        Some(ended_at) if begun_at <= ended_at => Err(access_ended()),
        _ => Ok(()),
    }
}

/// The person, by what this write has just left of the account's access.
async fn authenticated(write: &mut AccountWrite, user: UserId) -> Result<Authenticated> {
    let access_version = sessions::access_version(write.connection(), &user).await?.ok_or(AppError::Unauthenticated)?;
    Ok(Authenticated { user, access_version })
}

/// Links an identity to an account of the same address, if that is sure to be the same person.
async fn link(
    app: &App,
    identity: &OidcIdentity,
    proof: Option<AddressProof>,
    account: Account,
    issuers: &[String],
) -> Result<Authenticated> {
    let Account { email, verified_at, password_hash, .. } = &account;
    // Nobody has ever signed in to it: it came with an organization from another server.
    let is_new = password_hash.is_none() && issuers.is_empty();
    let recovery =
        "use “Forgot your password?” to set a new password. That verifies your address and signs everyone else out.";
    if issuers.contains(&identity.issuer) || (password_hash.is_none() && !is_new) {
        let mut how = "It is linked to a different account at the provider. Sign in with that one.".to_owned();
        if proof.is_some() && verified_at.is_none() && app.sends_mail() {
            how = format!("{how} If that one isn’t yours, {recovery}");
        }
        return Err(taken(email, &how));
    }
    let Some(proof) = proof.filter(|proof| proof.is_for(email)) else {
        let or = if is_new { "V" } else { "Sign in with your password, or v" };
        let how = format!(
            "The provider hasn’t verified this address, so the accounts were not linked. {or}erify the address at the provider and try again."
        );
        return Err(taken(email, &how));
    };
    if verified_at.is_none() && !is_new {
        let how = if app.sends_mail() {
            format!(
                "To link the two, sign in with your password, verify the address under “Your account”, then sign in with the provider again. If you don’t know the password, {recovery}"
            )
        } else {
            "The accounts were not linked, because email isn’t set up on this server and your address can’t be verified. Sign in with your password.".to_owned()
        };
        return Err(taken(email, &how));
    }
    let at = clock::now();
    let mut write = write_to(app, &account).await?;
    if verified_at.is_none() {
        store::verify(&mut write, &account.id, &proof, at).await?;
        proof::end_access(&mut write, &account.id, "").await?;
    }
    store::insert_identity(&mut write, identity, &account.id, Some(&proof), at).await?;
    let authenticated = authenticated(&mut write, account.id).await?;
    write.commit().await?;
    tracing::info!(user = %authenticated.user(), "account linked to the provider");
    Ok(authenticated)
}

fn taken(email: &Email, how: &str) -> AppError {
    AppError::Conflict(format!("An account for {} already exists. {how}", email.shown))
}

/// The account of this address with this password, for the demo: made when there is none, else it gets
/// the password, and its sessions end.
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
    let known = store::by_address(&mut app.db.read(&InternalProof).await?, &email).await?;
    match known {
        Some(Account { id, .. }) => {
            let mut write = app.db.write_accounts(&InternalProof).await?;
            store::set_password(&mut write, &id, hash, clock::now()).await?;
            sessions::end_sessions_but(&mut write, &id, "").await?;
            write.commit().await?;
            Ok(id)
        }
        None => Ok(insert(app, &email, None, name, Some(hash), None).await?.user),
    }
}

/// Gives an account a password that opens it for a day, for the operator, and ends everything else that
/// opened it. Returns when the password ends; a new one, chosen by the person, does not.
///
/// # Errors
/// [`AppError::Invalid`] when the password is too short; [`AppError::Unavailable`].
pub async fn set_temporary_password(app: &App, _by: SystemScope, user: &UserId, new_password: String) -> Result<Time> {
    password_length(&new_password).map_err(|message| AppError::field("password", message))?;
    let hash = password::hash(new_password).await?;
    let at = clock::now();
    let expires_at = at.plus_seconds(TEMPORARY_PASSWORD_SECONDS);
    let mut write = app.db.write_accounts(&InternalProof).await?;
    store::set_password(&mut write, user, hash, at).await?;
    store::set_password_expiry(&mut write, user, expires_at).await?;
    proof::end_access(&mut write, user, "").await?;
    write.commit().await?;
    app.hub.revalidate_sessions(user);
    Ok(expires_at)
}
