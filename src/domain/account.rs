//! People: addresses, names, passwords.

use super::ids::UserId;
use super::organization::OrganizationSummary;
use serde::{Deserialize, Serialize};

/// Least number of characters of a password.
pub const PASSWORD_LEAST: usize = 12;
/// Most bytes of a password: more is refused before any hashing.
pub const MAX_PASSWORD_LENGTH: usize = 256;

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Me {
    /// The person.
    pub id: UserId,
    /// As it is shown.
    pub name: String,
    /// The mail address, as it was typed.
    pub email: String,
    /// Every organization that the person is a member of, by name.
    pub organizations: Vec<OrganizationSummary>,
    /// Whether this server runs in development mode.
    pub development: bool,
}

/// A mail address that could be one, and the form that makes it unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// As it was typed, trimmed.
    pub shown: String,
    /// Lower case: two addresses that differ only in case are one.
    pub key: String,
}

/// Checks a mail address as loosely as is safe: mail itself is the real check.
///
/// # Errors
/// A sentence for the field.
pub fn email(text: &str) -> Result<Email, String> {
    let shown = text.trim();
    let plausible = shown.len() <= 254
        && !shown.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"'))
        && shown.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty()
                && domain.len() >= 3
                && domain.contains('.')
                && !domain.contains('@')
                && !domain.starts_with('.')
                && !domain.ends_with('.')
        });
    // Letters that become ASCII in lower case (the Kelvin sign is a k) would make two mailboxes one account, and those
    // that are not seen make one mailbox look like another.
    let ambiguous = shown.chars().any(|letter| {
        let folds = !letter.is_ascii() && letter.to_lowercase().any(|lower| lower.is_ascii());
        folds
            || is_invisible_control(letter)
            || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
    });
    if shown.is_empty() {
        Err("Enter an email address.".to_owned())
    } else if ambiguous {
        Err("This address contains invisible or look-alike characters. Type it by hand.".to_owned())
    } else if plausible {
        Ok(Email { shown: shown.to_owned(), key: shown.to_lowercase() })
    } else {
        Err("Enter a valid email address, like name@example.com.".to_owned())
    }
}

/// Checks the length of a new password; how easily it is guessed is the server's check.
///
/// # Errors
/// A sentence for the field.
pub fn password_length(password: &str) -> Result<(), String> {
    if password.chars().count() < PASSWORD_LEAST {
        Err(format!("Use at least {PASSWORD_LEAST} characters. A few unrelated words work well."))
    } else if password.len() > MAX_PASSWORD_LENGTH {
        Err(format!("Use at most {MAX_PASSWORD_LENGTH} characters."))
    } else {
        Ok(())
    }
}

/// Checks one line of text: trimmed, not empty, no control characters, at most `most` characters.
///
/// # Errors
/// A sentence for the field.
pub fn single_line(what: &str, text: &str, most: usize) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        Err(format!("Enter {what}."))
    } else if text.contains('\n') {
        Err("Keep this on one line.".to_owned())
    } else {
        trimmed_text(text, most)
    }
}

/// Checks an optional text, which may have several lines, as [`line()`] does.
///
/// # Errors
/// A sentence for the field.
pub fn trimmed_text(text: &str, most: usize) -> Result<String, String> {
    let text = text.trim();
    if text.chars().count() > most {
        Err(format!("Use at most {most} characters. You’ve used {}.", text.chars().count()))
    } else if text.chars().any(|c| is_invisible_control(c) && c != '\n') {
        Err("Remove the invisible control characters.".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// Whether a character shows nothing and changes how what stands around it is shown: control characters, separators of
/// lines, and what embeds, overrides or isolates the direction of text (UAX #9).
pub fn is_invisible_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        assert_eq!(email(" Ana@Example.COM ").map(|e| e.key), Ok("ana@example.com".to_owned()));
        assert_eq!(email("Jürgen@Example.com").map(|e| e.key), Ok("jürgen@example.com".to_owned()));
        for bad in [
            "",
            "ana",
            "ana@",
            "@example.com",
            "ana@example",
            "a b@example.com",
            "a@b@c.de",
            "ana@.com",
            "<ana@example.com>",
            // A Kelvin sign, which is a k in lower case; a soft hyphen; a change of direction.
            "mar\u{212a}@example.com",
            "ana@\u{212a}example.com",
            "an\u{ad}a@example.com",
            "ana\u{202e}@example.com",
        ] {
            assert!(email(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn passwords_are_counted_in_characters() {
        assert!(password_length("ääääääääääää").is_ok());
        assert!(password_length("elevenchars").is_err());
        assert!(password_length(&"x".repeat(257)).is_err());
    }

    #[test]
    fn lines_are_trimmed_and_bounded() {
        assert_eq!(single_line("a name", "  API ", 60), Ok("API".to_owned()));
        assert!(single_line("a name", "   ", 60).is_err());
        assert!(single_line("a name", "a\u{0}b", 60).is_err());
        assert!(single_line("a name", "a\nb", 60).is_err());
        for odd in ["a\u{1b}[31m", "a\u{9b}31m", "a\u{202e}b", "a\u{2066}b", "a\u{2028}b"] {
            assert!(single_line("a name", odd, 60).is_err() && trimmed_text(odd, 60).is_err(), "{odd:?}");
        }
        assert!(single_line("a name", "שלום\u{200f} – علي\u{200c}", 60).is_ok(), "marks that languages need");
        assert!(single_line("a name", &"x".repeat(61), 60).is_err());
    }
}
