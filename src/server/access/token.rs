//! Bearer tokens: how a program says who it is.

use super::{ApiClient, Caller, InternalProof, SignedIn, User, accounts, address, secret, store};
use crate::{
    domain::{
        audit::Door,
        error::{AppError, Result},
        ids::TokenId,
        role::Role,
        time::Time,
        token::PREFIX,
    },
    server::{App, clock},
};
use axum::http::{header, request::Parts};

/// How often the last use of a token is written, in seconds: once a minute.
const USED_SECONDS: f64 = 60.0;

impl Caller {
    /// Whoever the token in the `Authorization` header speaks for. A cookie says nothing here, so no
    /// page of another origin can make a browser ask.
    ///
    /// # Errors
    /// [`AppError::Unauthenticated`] without a token that is known, alive and not expired;
    /// [`AppError::BadToken`] with the reason for one of the OpenID provider that is not taken.
    pub async fn from_bearer(app: &App, parts: &Parts) -> Result<Self> {
        let token = match bearer(parts).ok_or(AppError::Unauthenticated)? {
            Bearer::Ours(token) => token,
            Bearer::Providers(token) => return Self::from_jwt(app, parts, token).await,
        };
        let now = clock::now();
        let mut read = app.db.read(&InternalProof).await?;
        let row = store::token(&mut read, &secret::hash(token), now).await?.ok_or(AppError::Unauthenticated)?;
        let caller = match (row.user, row.organization) {
            (Some(id), None) => {
                let user: User = store::user(&mut read, &id).await?.ok_or(AppError::Unauthenticated)?;
                let (app, address) = (app.clone(), address(parts));
                Self::Person(SignedIn {
                    app,
                    user,
                    door: Door::Rest,
                    address,
                    session: None,
                    token: Some(row.id.clone()),
                    authenticated_at: None,
                    max_role: row.role,
                    ends_at: row.ends_at,
                })
            }
            (None, Some(organization)) => {
                let (app, address) = (app.clone(), address(parts));
                Self::ApiClient(ApiClient {
                    app,
                    name: row.name,
                    organization,
                    role: row.role,
                    address,
                    token: row.id.clone(),
                    created_by: row.created_by,
                    ends_at: row.ends_at,
                })
            }
            _ => return Err(AppError::Unauthenticated),
        };
        drop(read);
        if row.last_used_at.is_none_or(|last| now - last > USED_SECONDS) {
            note_use(app, &row.id, now).await;
        }
        Ok(caller)
    }

    /// The person that a token of the OpenID provider speaks of: whoever signs in as its subject.
    async fn from_jwt(app: &App, parts: &Parts, token: &str) -> Result<Self> {
        let oidc = app.oidc.as_ref().ok_or(AppError::Unauthenticated)?;
        let token = oidc.program_token(token, clock::now()).await;
        let token = token.map_err(|fault| AppError::BadToken(fault.to_string()))?;
        let Some(id) = accounts::of_subject(app, oidc.issuer(), &token.subject).await? else {
            return Err(AppError::BadToken(
                "no account here is linked to its subject (sub); sign in here through the provider once, then try again"
                    .to_owned(),
            ));
        };
        let mut read = app.db.read(&InternalProof).await?;
        let user = store::user(&mut read, &id).await?.ok_or(AppError::Unauthenticated)?;
        let (app, address) = (app.clone(), address(parts));
        Ok(Self::Person(SignedIn {
            app,
            user,
            door: Door::Rest,
            address,
            session: None,
            token: None,
            authenticated_at: None,
            max_role: Role::Owner,
            ends_at: Some(token.expires_at),
        }))
    }
}

/// That the moment could not be kept is no reason to refuse.
async fn note_use(app: &App, id: &TokenId, now: Time) {
    let kept = async {
        let mut write = app.db.write_accounts(&InternalProof).await?;
        store::token_was_used(&mut write, id, now).await?;
        write.commit().await
    };
    if let Err(error) = kept.await {
        tracing::warn!(%error, "last use of a token could not be saved");
    }
}

/// What a program says it is by.
enum Bearer<'r> {
    /// A token that this server made.
    Ours(&'r str),
    /// A JSON Web Token that the OpenID provider made.
    Providers(&'r str),
}

fn bearer(parts: &Parts) -> Option<Bearer<'_>> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    if token.starts_with(PREFIX) {
        return Some(Bearer::Ours(token));
    }
    (token.matches('.').count() == 2).then_some(Bearer::Providers(token))
}
