//! Passwords: argon2id and an estimate of how easily they are guessed, a bounded number at a time.

use crate::domain::error::{AppError, Result};
use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{SaltString, rand_core::OsRng},
};
use std::sync::LazyLock;
use tokio::sync::Semaphore;
use zxcvbn::{Score, zxcvbn};

/// Each hashing takes 19 MiB and a core: more at a time would starve everything else.
static PERMITS: Semaphore = Semaphore::const_new(2);

/// Characters of a password that are examined. zxcvbn tries every combination of substitutions of letters (`@`
/// for `a` …): made on purpose, a hundred characters cost it a second and these 50 ms (measured). A password
/// is at least as strong as its beginning.
const EXAMINED_CHARS: usize = 32;

/// What an unknown address is checked against, so that it costs as much as a known one.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody has this password").unwrap_or_default());

fn hash_now(password: &str) -> Result<String> {
    let salt = SaltString::generate(&mut OsRng);
    Argon2::default().hash_password(password.as_bytes(), &salt).map(|hash| hash.to_string()).map_err(|error| {
        tracing::error!(%error, "password could not be hashed");
        AppError::Internal
    })
}

async fn bounded<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let _permit = PERMITS.acquire().await.map_err(|_| AppError::Internal)?;
    tokio::task::spawn_blocking(work).await.map_err(|_| AppError::Internal)
}

/// Whether a few million guesses would find the password of somebody with this name and address: a common
/// password, one made of names, dates, keys that lie side by side, or repetitions.
///
/// # Errors
/// [`AppError::Internal`] when it cannot be examined.
pub(super) async fn is_guessable(password: String, name: &str, address: &str) -> Result<bool> {
    let context = context(name, address);
    bounded(move || {
        let context: Vec<&str> = context.iter().map(String::as_str).collect();
        let beginning: String = password.chars().take(EXAMINED_CHARS).collect();
        zxcvbn(&beginning, &context).score() < Score::Three
    })
    .await
}

/// Words that whoever knows the person tries first.
fn context(name: &str, address: &str) -> Vec<String> {
    let parts = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric()).filter(|part| part.chars().count() > 2).map(str::to_owned).collect()
    };
    let whole = [name, address, address.split('@').next().unwrap_or_default(), "candor"].map(str::to_owned);
    whole.into_iter().filter(|word| !word.is_empty()).chain(parts(name)).chain(parts(address)).collect()
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
    use proptest::prelude::*;

    async fn guessable(password: &str) -> bool {
        is_guessable(password.to_owned(), "Mia Lindqvist", "mia.l@northwind.example").await.expect("examined")
    }

    #[tokio::test]
    async fn common_and_personal_passwords_are_guessable() {
        for weak in [
            "            ",
            "password1234",
            "123456789012",
            "Password1234!",
            "P@ssw0rd1234",
            "qwertyuiop[]",
            "abcdefghijkl",
            "aaaaaaaaaaaa",
            "candorcandor",
            "candor-candor-1",
            "mia lindqvist",
            "northwindmia",
            "Mia.L@northwind.example",
            "hunter2hunter2",
        ] {
            assert!(guessable(weak).await, "{weak}");
        }
        let bomb: String = "4@8({[<369!|10$5+7%2".chars().cycle().take(256).collect();
        for strong in
            ["copper lantern walks north", "three unrelated words 42", "x9dkQ2mzPw4L", "dreizehn blaue kamele", &bomb]
        {
            assert!(!guessable(strong).await, "{strong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_examined(password in "\\PC{0,40}", name in "\\PC{0,20}", address in "\\PC{0,20}") {
            let context = context(&name, &address);
            let context: Vec<&str> = context.iter().map(String::as_str).collect();
            let _ = zxcvbn(&password, &context).score();
        }
    }

    #[tokio::test]
    async fn only_the_right_password_passes() {
        let kept = hash("correct horse battery".to_owned()).await.expect("hashed");
        assert!(kept.starts_with("$argon2id$"), "{kept}");
        assert!(verify("correct horse battery".to_owned(), Some(kept.clone())).await.expect("verified"));
        assert!(!verify("correct horse".to_owned(), Some(kept)).await.expect("verified"));
        assert!(!verify("nobody has this password".to_owned(), None).await.expect("verified"));
    }
}
