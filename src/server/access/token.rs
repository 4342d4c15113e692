//! Bearer tokens: how a program says who it is.

use super::{Caller, Gate, Program, SignedIn, User, address, secret, store};
use crate::{
    domain::{
        audit::Door,
        error::{AppError, Result},
        ids::TokenId,
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
    /// [`AppError::Unauthenticated`] without a token that is known, alive and not expired.
    pub async fn from_bearer(app: &App, parts: &Parts) -> Result<Self> {
        let token = bearer(parts).ok_or(AppError::Unauthenticated)?;
        let now = clock::now();
        let mut read = app.db.read(&Gate).await?;
        let row = store::token(&mut read, &secret::hash(token), now).await?.ok_or(AppError::Unauthenticated)?;
        let caller = match (row.user, row.organization) {
            (Some(id), None) => {
                let user: User = store::user(&mut read, &id).await?.ok_or(AppError::Unauthenticated)?;
                let (app, address) = (app.clone(), address(parts));
                Self::Person(SignedIn { app, user, door: Door::Rest, address, session: None, most: row.role })
            }
            (None, Some(organization)) => {
                let (app, address) = (app.clone(), address(parts));
                Self::Program(Program { app, name: row.name, organization, role: row.role, address })
            }
            _ => return Err(AppError::Unauthenticated),
        };
        drop(read);
        if row.last_used_at.is_none_or(|last| now - last > USED_SECONDS) {
            note_use(app, &row.id, now).await;
        }
        Ok(caller)
    }
}

/// That the moment could not be kept is no reason to refuse.
async fn note_use(app: &App, id: &TokenId, now: Time) {
    let kept = async {
        let mut write = app.db.write_accounts(&Gate).await?;
        store::token_was_used(&mut write, id, now).await?;
        write.commit().await
    };
    if let Err(error) = kept.await {
        tracing::warn!(%error, "the last use of a token was not kept");
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && token.starts_with(PREFIX)).then_some(token)
}
