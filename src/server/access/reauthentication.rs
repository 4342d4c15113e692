//! Re-authentication: what changes who can sign in, or cannot be undone, needs a fresh proof that the session is the
//! person's own ("sudo mode"). A proof is the password, a new sign-in at the OpenID provider, or a link that was
//! mailed; it counts for [`RECENT_SECONDS`], in the session that it was given in.

mod store;

use super::{
    Caller, InternalProof, Scope, SignedIn,
    accounts::{self, ip},
    oidc::OidcSignIn,
    password,
    secret::{Secret, hash},
    security_log::{self, Method},
    session,
};
use crate::{
    domain::{
        account::MAX_PASSWORD_LENGTH,
        audit::Door,
        error::{AppError, Result},
        role::Allowed,
        time::Time,
    },
    server::{
        App, clock,
        db::SWEEP_ROWS,
        notify::{self, mail},
    },
};
use std::ops::RangeInclusive;
use store::Credentials;
use tower_sessions::Session;

/// How long a proof counts, in seconds: ten minutes.
pub const RECENT_SECONDS: i64 = 600;

/// How long a link to confirm a session works, in seconds: a quarter of an hour, since mail takes its time.
const LINK_SECONDS: i64 = 900;

/// Whether a proof of `at` counts at `now`. One of the future does not: the clock was set back.
fn is_recent(at: Time, now: Time) -> bool {
    const RECENT: RangeInclusive<f64> = 0.0..=RECENT_SECONDS as f64;
    RECENT.contains(&(now - at))
}

/// A person who has proved lately that the session is theirs. Made only in this module.
#[derive(Debug, Clone)]
pub struct Reauthenticated(SignedIn);

impl Reauthenticated {
    /// The person.
    pub const fn person(&self) -> &SignedIn {
        &self.0
    }
}

impl SignedIn {
    /// Whether the person has proved lately that the session is theirs.
    pub fn is_recently_authenticated(&self) -> bool {
        self.session.is_some() && self.authenticated_at.is_some_and(|at| is_recent(at, clock::now()))
    }

    /// Refuses unless the person has proved lately that the session is theirs. A token is no session.
    ///
    /// # Errors
    /// [`AppError::ReauthenticationRequired`].
    pub fn require_recent_authentication(self) -> Result<Reauthenticated> {
        match self.is_recently_authenticated() {
            true => Ok(Reauthenticated(self)),
            false => Err(AppError::ReauthenticationRequired),
        }
    }
}

impl<A: Allowed> Scope<A> {
    /// Refuses a session whose person has not proved lately that it is theirs. A bearer token is a proof of its own,
    /// with rules of its own.
    ///
    /// # Errors
    /// [`AppError::ReauthenticationRequired`].
    pub fn require_recent_authentication(&self) -> Result<()> {
        match &self.caller {
            Caller::Person(person) if person.door != Door::Rest => {
                person.clone().require_recent_authentication().map(|_| ())
            }
            _ => Ok(()),
        }
    }
}

/// How a person can confirm a session.
#[derive(Debug, Clone, Default)]
pub struct Methods {
    /// By the password of this address.
    pub password: Option<String>,
    /// By signing in again at the provider, which is called so.
    pub provider: Option<String>,
    /// By a link that is mailed to this address.
    pub mail: Option<String>,
}

async fn credentials(by: &SignedIn) -> Result<Credentials> {
    let issuer = by.app().oidc.as_ref().map(|oidc| oidc.issuer().to_owned()).unwrap_or_default();
    let mut read = by.app().db.read(&InternalProof).await?;
    store::credentials(&mut read, &by.user().id, &issuer, clock::now()).await?.ok_or(AppError::Unauthenticated)
}

/// How this person can confirm the session.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn methods(by: &SignedIn) -> Result<Methods> {
    let Credentials { email, password_hash, verified, has_identity, .. } = credentials(by).await?;
    let oidc = by.app().oidc.as_ref().filter(|_| has_identity);
    Ok(Methods {
        password: password_hash.map(|_| email.clone()),
        provider: oidc.map(|oidc| oidc.label().to_owned()),
        mail: (by.app().sends_mail() && verified).then_some(email),
    })
}

fn failed(by: &SignedIn, method: Method) {
    security_log::reauthentication_failed(&by.user().id, method, by.address.as_deref().unwrap_or_default());
}

async fn confirm(mut by: SignedIn, session: &Session, method: Method) -> Result<Reauthenticated> {
    let now = clock::now();
    by.session = session::confirm(&by, session, now).await?;
    by.authenticated_at = Some(now);
    security_log::reauthenticated(&by.user().id, method, by.address.as_deref().unwrap_or_default());
    Ok(Reauthenticated(by))
}

/// Confirms the session by the account's password; `field` is what the form calls it. Attempts count by person, apart
/// from those to sign in, which strangers make too.
///
/// # Errors
/// [`AppError::Invalid`] on the field when it is another; [`AppError::TooMany`].
pub async fn by_password(by: SignedIn, session: &Session, field: &str, typed: String) -> Result<Reauthenticated> {
    let Credentials { password_hash, .. } = credentials(&by).await?;
    if typed.is_empty() {
        return Err(AppError::field(field, "Enter your current password."));
    }
    by.app().limits.confirm(&by.user().id)?;
    if typed.len() <= MAX_PASSWORD_LENGTH && password::verify(typed, password_hash).await? {
        return confirm(by, session, Method::Password).await;
    }
    failed(&by, Method::Password);
    Err(AppError::field(field, "This isn’t your current password."))
}

/// The proof that comes with a form: the password of an account that has one, else that of the session.
///
/// # Errors
/// As [`by_password`] and [`SignedIn::require_recent_authentication`].
pub async fn by_form(by: SignedIn, session: &Session, field: &str, typed: String) -> Result<Reauthenticated> {
    match credentials(&by).await?.password_hash {
        Some(_) => by_password(by, session, field, typed).await,
        None => by.require_recent_authentication(),
    }
}

/// Confirms the session by a new sign-in at the provider, which has to be that of the very person whose session it
/// is, and made for this.
///
/// # Errors
/// [`AppError::Conflict`] in words for the page.
pub async fn by_provider(by: SignedIn, session: &Session, sign_in: OidcSignIn) -> Result<Reauthenticated> {
    let OidcSignIn { identity, reauthenticated, .. } = sign_in;
    let owner = accounts::of_subject(by.app(), &identity.issuer, &identity.subject).await?;
    if owner.as_ref() == Some(&by.user().id) && reauthenticated {
        return confirm(by, session, Method::Oidc).await;
    }
    failed(&by, Method::Oidc);
    Err(AppError::Conflict(
        "You signed in to the provider as someone else, so we couldn’t confirm it’s you. Try again with the same account."
            .to_owned(),
    ))
}

fn no_link() -> AppError {
    AppError::NotFound("link".to_owned())
}

fn hash_of_session(by: &SignedIn) -> Result<String> {
    by.session.map(session::id_hash).ok_or(AppError::Unauthenticated)
}

/// Mails a link that confirms this session, and this one alone; afterwards it leads to `next`, which is a place of
/// ours.
///
/// # Errors
/// [`AppError::Conflict`] when no mail is sent, or the address is not verified; [`AppError::TooMany`].
pub async fn send_link(by: SignedIn, next: &str) -> Result<()> {
    let app = by.app();
    let Credentials { name, email, email_key, verified, .. } = credentials(&by).await?;
    if !app.sends_mail() || !verified {
        return Err(AppError::Conflict(
            "A link can only be sent if email is set up on this server and your address is verified.".to_owned(),
        ));
    }
    app.limits.mail(ip(&by), &by.user().id)?;
    let (secret, session_hash, at) = (Secret::fresh(), hash_of_session(&by)?, clock::now());
    let expires_at = at.plus_seconds(LINK_SECONDS);
    let link = app.url.join(&format!("/account/confirm?next={next}&token={}", secret.token));
    let link_row = store::NewLink {
        token_hash: secret.hash,
        user: &by.user().id,
        session_hash: &session_hash,
        email_key: &email_key,
        at,
        expires_at,
    };
    let mut write = app.db.write_accounts(&InternalProof).await?;
    store::insert_link(&mut write, link_row).await?;
    notify::queue(write.connection(), None, mail::confirm_session(&email, &name, &link, expires_at), at).await?;
    write.commit().await?;
    app.mail_is_waiting();
    Ok(())
}

/// Whether a link confirms this session; it stays good.
///
/// # Errors
/// [`AppError::NotFound`] when it was used, has expired, or was asked for in another session.
pub async fn check_link(by: &SignedIn, token: &str) -> Result<()> {
    let (hash, session_hash) = (hash(token), hash_of_session(by)?);
    let mut read = by.app().db.read(&InternalProof).await?;
    match store::has_link(&mut read, &hash, &by.user().id, &session_hash, clock::now()).await? {
        true => Ok(()),
        false => Err(no_link()),
    }
}

/// Confirms the session by a link that was mailed, once. Other links of the session end with it.
///
/// # Errors
/// As [`check_link`].
pub async fn by_link(by: SignedIn, session: &Session, token: &str) -> Result<Reauthenticated> {
    let session_hash = hash_of_session(&by)?;
    let mut write = by.app().db.write_accounts(&InternalProof).await?;
    if !store::take_link(&mut write, &hash(token), &by.user().id, &session_hash, clock::now()).await? {
        drop(write);
        failed(&by, Method::MailedLink);
        return Err(no_link());
    }
    write.commit().await?;
    confirm(by, session, Method::MailedLink).await
}

/// Forgets links that have ended.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn sweep(app: &App) -> Result<()> {
    loop {
        let mut write = app.db.write_accounts(&InternalProof).await?;
        let some = store::delete_ended_links(&mut write, clock::now()).await?;
        write.commit().await?;
        if some < SWEEP_ROWS {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_counts_for_ten_minutes() {
        let at = Time::from_micros(1_793_000_000_000_000);
        for (seconds, recent) in [(0, true), (1, true), (600, true), (601, false), (86_400, false), (-1, false)] {
            assert_eq!(is_recent(at, at.plus_seconds(seconds)), recent, "{seconds}");
        }
    }
}
