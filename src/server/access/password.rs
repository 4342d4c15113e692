//! Passwords: argon2id, a bounded number of hashings at a time.

use crate::domain::error::{AppError, Result};
use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{SaltString, rand_core::OsRng},
};
use std::sync::LazyLock;
use tokio::sync::Semaphore;

/// Each hashing takes 19 MiB and a core: more at a time would starve everything else.
static PERMITS: Semaphore = Semaphore::const_new(2);

/// What an unknown address is checked against, so that it costs as much as a known one.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody has this password").unwrap_or_default());

fn hash_now(password: &str) -> Result<String> {
    let salt = SaltString::generate(&mut OsRng);
    Argon2::default().hash_password(password.as_bytes(), &salt).map(|hash| hash.to_string()).map_err(|error| {
        tracing::error!(%error, "a password cannot be hashed");
        AppError::Internal
    })
}

async fn bounded<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let _permit = PERMITS.acquire().await.map_err(|_| AppError::Internal)?;
    tokio::task::spawn_blocking(work).await.map_err(|_| AppError::Internal)
}

/// The hash to keep.
///
/// # Errors
/// [`AppError::Internal`] when hashing fails.
pub(super) async fn hash(password: String) -> Result<String> {
    bounded(move || hash_now(&password)).await?
}

/// Whether the password is the one that was hashed; the same work when there is no hash.
///
/// # Errors
/// [`AppError::Internal`] when hashing fails.
pub(super) async fn verify(password: String, hash: Option<String>) -> Result<bool> {
    bounded(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.clone());
        let same = PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        known && same
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_passes() {
        let kept = hash("correct horse battery".to_owned()).await.expect("hashed");
        assert!(kept.starts_with("$argon2id$"), "{kept}");
        assert!(verify("correct horse battery".to_owned(), Some(kept.clone())).await.expect("verified"));
        assert!(!verify("correct horse".to_owned(), Some(kept)).await.expect("verified"));
        assert!(!verify("nobody has this password".to_owned(), None).await.expect("verified"));
    }
}
