//! API tokens: how programs are let in.

use super::{
    account::single_line,
    error::{AppError, FieldErrors},
    ids::{TokenId, UserId},
    role::Role,
    time::Time,
};
use serde::{Deserialize, Serialize};

/// What every token begins with, so that a leaked one is recognised by people and by scanners.
pub const PREFIX: &str = "cnd_";
/// Most characters of a token's name.
pub const MAX_NAME_LENGTH: usize = 60;
/// How long a token can be asked to live, in days, as forms spell it; empty: until it is revoked.
pub const LIVES: &[(&str, &str)] = &[("30", "30 days"), ("90", "90 days"), ("365", "1 year"), ("", "No expiration")];

/// A token, as it is listed: never the token itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ApiToken {
    /// Permanent.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// What it may do at most.
    pub role: Role,
    /// Its last four characters.
    pub ending: String,
    /// Who made it, as they were called then.
    pub created_by: String,
    /// The person who made it, by a session or by another token of theirs; `null` where that is not known.
    pub created_by_id: Option<UserId>,
    /// When it was made.
    pub created_at: Time,
    /// When it ends, if by itself.
    pub expires_at: Option<Time>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Time>,
}

/// A token that has just been made. The only time that it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct NewToken {
    /// Permanent.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// The token.
    pub token: String,
}

/// What a person types to make a token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenInput {
    /// What it is for.
    pub name: String,
    /// What it may do at most.
    pub role: String,
    /// One of [`LIVES`].
    pub days: String,
}

/// What a person typed, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedToken {
    /// What it is for.
    pub name: String,
    /// What it may do at most.
    pub role: Role,
    /// How long it lives, in seconds.
    pub lives: Option<i64>,
}

impl TokenInput {
    /// Checks every field; nobody makes a token that may do more than they.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with everything that is wrong.
    pub fn check(&self, mine: Role) -> Result<CheckedToken, AppError> {
        let mut errors = FieldErrors::default();
        let name = errors.take("name", single_line("a name", &self.name, MAX_NAME_LENGTH));
        let role = self.role.parse::<Role>().map_err(|_| "Choose a role.".to_owned());
        let role = role.and_then(|role| {
            let words =
                || format!("A token can’t have more access than you. Choose {} or lower.", mine.label().to_lowercase());
            if role > mine { Err(words()) } else { Ok(role) }
        });
        let role = errors.take("role", role);
        let known = LIVES.iter().any(|(days, _)| *days == self.days);
        let lives = if known { Ok(self.days.parse::<i64>().ok()) } else { Err("Choose an expiration.".to_owned()) };
        let lives = errors.take("days", lives);
        match (name, role, lives) {
            (Some(name), Some(role), Some(days)) => {
                Ok(CheckedToken { name, role, lives: days.map(|days| days * 86_400) })
            }
            _ => Err(AppError::Invalid(errors)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(name: &str, role: &str, days: &str) -> TokenInput {
        TokenInput { name: name.into(), role: role.into(), days: days.into() }
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let Err(AppError::Invalid(errors)) = input(" ", "king", "7").check(Role::Owner) else { panic!("is refused") };
        assert_eq!(errors.0.len(), 3);
    }

    #[test]
    fn a_token_does_no_more_than_its_maker() {
        let refused = input("CI", "owner", "").check(Role::Admin).expect_err("is refused");
        assert!(refused.on("role").is_some_and(|words| words.contains("admin")), "{refused}");
        let made = input(" CI ", "viewer", "30").check(Role::Admin).expect("is right");
        assert_eq!(made, CheckedToken { name: "CI".into(), role: Role::Viewer, lives: Some(2_592_000) });
        assert_eq!(input("CI", "admin", "").check(Role::Admin).expect("is right").lives, None);
    }
}
