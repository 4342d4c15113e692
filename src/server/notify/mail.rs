//! What is written in mail: for each occasion a function, as HTML and as plain text.
//!
//! The HTML is in files of its own: mail programs know neither stylesheets nor classes, so its
//! styles stand inline, which the pages of this server never do.

use crate::domain::{account, time::Time};

/// Around every message.
const FRAME: &str = include_str!("frame.html");

/// The button, and its address to copy.
const ACTION: &str = include_str!("action.html");

/// Most characters of a subject.
const MAX_SUBJECT_LENGTH: usize = 160;
/// Most characters of a name in a message.
const MAX_NAME_CHARS: usize = 60;

/// A message to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Whose address.
    pub recipient: String,
    /// One line.
    pub subject: String,
    /// For programs and people without HTML.
    pub text: String,
    /// For everybody else.
    pub html: String,
}

impl Mail {
    /// The message with a subject of one line.
    ///
    /// # Errors
    /// When the recipient is no address: nothing that could end a header's line is one.
    pub(super) fn checked(self) -> Result<Self, String> {
        let recipient = account::email(&self.recipient)?.shown;
        Ok(Self { recipient, subject: one_line(&self.subject), ..self })
    }
}

/// Without anything that could end the line, and not endless.
fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<&str> = line.split_whitespace().collect();
    words.join(" ").chars().take(MAX_SUBJECT_LENGTH).collect()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Fills in `{{name}}`, once and in one pass: what is filled in is not read again, so that a name
/// that looks like a place stays a name.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len() + 512);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let Some((name, behind)) = after.split_once("}}") else { break };
        filled.push_str(values.iter().find(|(place, _)| *place == name).map_or("", |(_, value)| value));
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

/// The name of a person or an organization as it stands in mail, where a stranger's words must not become a
/// link or an address: mail programs make links of `https://…`, of words with a dot between, and of whatever
/// has an `@`. It has at most [`MAX_NAME_CHARS`] characters.
pub fn safe_name(name: &str) -> String {
    let mut safe = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '@' | '＠' | '﹫' => safe.push_str(" at "),
            // Also what IDNA takes for a dot.
            '.' | '․' | '。' | '．' | '｡' | '﹒' => safe.push_str(". "),
            ':' | '：' => safe.push_str(": "),
            c if is_invisible(c) => safe.push(' '),
            c => safe.push(c),
        }
    }
    let safe = safe.split_whitespace().collect::<Vec<_>>().join(" ");
    if safe.is_empty() {
        "Someone".to_owned()
    } else if safe.chars().count() > MAX_NAME_CHARS {
        let short: String = safe.chars().take(MAX_NAME_CHARS - 1).collect();
        format!("{}…", short.trim_end_matches([' ', '.']))
    } else {
        safe
    }
}

/// Characters that are not seen and could stand between the parts of a link, or turn the direction of the text.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        )
}

/// What a message consists of; everything is plain text here.
struct Email<'a> {
    recipient: &'a str,
    subject: String,
    heading: String,
    paragraphs: Vec<String>,
    /// What the button says, and where it leads.
    action: Option<(&'a str, &'a str)>,
    /// Why somebody gets this, and what to do if it was not expected.
    foot: String,
}

impl Email<'_> {
    fn write(self) -> Mail {
        let (subject, heading) = (one_line(&self.subject), one_line(&self.heading));
        let lines: Vec<String> = self.paragraphs.iter().map(|text| one_line_whole(text)).collect();
        let foot = one_line_whole(&self.foot);

        let mut text = format!("{heading}\n\n{}\n", lines.join("\n\n"));
        if let Some((label, link)) = self.action {
            text.push_str(&format!("\n{label}:\n{link}\n"));
        }
        text.push_str(&format!("\n-- \n{foot}\n"));

        let paragraphs: Vec<String> = lines.iter().map(|line| format!("<p>{}</p>", escape(line))).collect();
        let action = self.action.map_or_else(String::new, |(label, link)| {
            fill(ACTION, &[("label", &escape(label)), ("link", &escape(link))])
        });
        let html = fill(
            FRAME,
            &[
                ("subject", &escape(&subject)),
                ("heading", &escape(&heading)),
                ("paragraphs", &paragraphs.join("\n")),
                ("action", &action),
                ("foot", &escape(&foot)),
            ],
        );
        Mail { recipient: self.recipient.to_owned(), subject, text, html }
    }
}

/// As [`one_line`], of any length.
fn one_line_whole(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Somebody is invited to an organization; `role` as it is written on screens.
pub fn invitation(recipient: &str, organization: &str, inviter: &str, role: &str, link: &str, expires: Time) -> Mail {
    let (organization, inviter) = (safe_name(organization), safe_name(inviter));
    Email {
        recipient,
        subject: format!("You are invited to {organization} on Candor"),
        heading: format!("Join {organization} on Candor"),
        paragraphs: vec![
            format!("{inviter} invited you to help manage the status page of {organization} as {role}."),
            format!("This invitation is for {recipient} and expires on {}.", expires.in_words()),
        ],
        action: Some(("Accept invitation", link)),
        foot: format!(
            "You received this because {inviter} entered your address. If you weren’t expecting it, you can ignore it."
        ),
    }
    .write()
}

/// Somebody has to show that an address is theirs: of a new account, or a new one of an old account.
pub fn verify_address(recipient: &str, name: &str, link: &str, expires: Time) -> Mail {
    let name = safe_name(name);
    Email {
        recipient,
        subject: "Verify your email address".to_owned(),
        heading: "Verify your email address".to_owned(),
        paragraphs: vec![format!(
            "Confirm {recipient} for {name}’s account. The link can be used once and expires on {}.",
            expires.in_words()
        )],
        action: Some(("Verify email address", link)),
        foot: "If you don’t have an account here, ignore this email. If someone else signed up with your address, use “Forgot your password?” to take over the account and lock them out.".to_owned(),
    }
    .write()
}

/// Somebody forgot their password, or says so.
pub fn reset_password(recipient: &str, name: &str, link: &str, expires: Time) -> Mail {
    let name = safe_name(name);
    Email {
        recipient,
        subject: "Reset your password".to_owned(),
        heading: "Reset your password".to_owned(),
        paragraphs: vec![
            format!(
                "Someone asked to reset the password of {name}’s account. The link lets you choose a new one. It can be used once and expires on {}.",
                expires.in_words()
            ),
            "Resetting it signs you out everywhere and revokes your personal API tokens.".to_owned(),
        ],
        action: Some(("Choose a new password", link)),
        foot: "If this wasn’t you, ignore this email. Your password won’t change.".to_owned(),
    }
    .write()
}

/// Somebody who is signed in confirms the session.
pub fn confirm_session(recipient: &str, name: &str, link: &str, expires: Time) -> Mail {
    let name = safe_name(name);
    Email {
        recipient,
        subject: "Confirm it’s you".to_owned(),
        heading: "Confirm it’s you".to_owned(),
        paragraphs: vec![format!(
            "Someone signed in to {name}’s account is about to make a sensitive change. If this is you, open the link in the same browser. It can be used once and expires on {}.",
            expires.in_words()
        )],
        action: Some(("Yes, it’s me", link)),
        foot: "If this wasn’t you, don’t open the link. Someone else is signed in to your account: change your password, or contact this server’s administrator.".to_owned(),
    }
    .write()
}

/// A password was changed: a notice to its owner. `link` leads to where it can be reset.
pub fn password_changed(recipient: &str, name: &str, link: &str, at: Time) -> Mail {
    let name = safe_name(name);
    Email {
        recipient,
        subject: "Your password was changed".to_owned(),
        heading: "Your password was changed".to_owned(),
        paragraphs: vec![
            format!(
                "The password of {name}’s account was changed on {}. All other sessions were signed out.",
                at.in_words()
            ),
            "If this was you, there’s nothing to do. If not, reset your password now.".to_owned(),
        ],
        action: Some(("Reset password", link)),
        foot: format!("You received this because {recipient} is the account’s email address."),
    }
    .write()
}

/// An address was changed: a notice to the old one.
pub fn address_changed(recipient: &str, name: &str, new_address: &str, at: Time) -> Mail {
    let name = safe_name(name);
    Email {
        recipient,
        subject: "Your email address was changed".to_owned(),
        heading: "Your email address was changed".to_owned(),
        paragraphs: vec![
            format!("The email address of {name}’s account was changed on {} to {new_address}. Use it to sign in from now on.", at.in_words()),
            "If this was you, there’s nothing to do. If not, contact this server’s administrator immediately: someone else may have access to your account.".to_owned(),
        ],
        action: None,
        foot: format!("You received this because {recipient} was the account’s email address until now."),
    }
    .write()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINK: &str = "https://status.example.com/x?token=0123&y='z'";

    fn all(name: &str) -> Vec<Mail> {
        let (to, at) = ("ana@example.com", Time::from_micros(1_793_000_000_000_000));
        vec![
            invitation(to, name, name, "Status reporter", LINK, at),
            verify_address(to, name, LINK, at),
            reset_password(to, name, LINK, at),
            confirm_session(to, name, LINK, at),
            password_changed(to, name, LINK, at),
            address_changed(to, name, "new@example.com", at),
        ]
    }

    #[test]
    fn names_are_text_and_never_markup() {
        for mail in all("<script>alert('&')</script>") {
            assert!(!mail.html.contains("<script"), "{}", mail.html);
            assert!(mail.html.contains("&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;"), "{}", mail.html);
            assert!(mail.text.contains("<script>alert('&')</script>"), "the plain text says what it is: {}", mail.text);
        }
    }

    #[test]
    fn names_of_people_stay_readable() {
        for (name, safe) in [
            ("Ana Lindqvist", "Ana Lindqvist"),
            ("St. Pölten & Söhne", "St. Pölten & Söhne"),
            ("J.R. Smith", "J. R. Smith"),
            ("  Ana \n Lindqvist ", "Ana Lindqvist"),
            ("https://evil.test/x", "https: //evil. test/x"),
            ("www.evil.test", "www. evil. test"),
            ("ceo@bank.example", "ceo at bank. example"),
            ("evil。test", "evil. test"),
            ("evil\u{200b}.\u{202e}test", "evil . test"),
            ("\u{200b}", "Someone"),
        ] {
            assert_eq!(safe_name(name), safe, "{name:?}");
        }
        assert_eq!(safe_name(&"x".repeat(80)).chars().count(), MAX_NAME_CHARS);
    }

    /// Whether a mail program could make a link of it: a scheme, an address, or a word with a dot inside.
    fn could_be_a_link(text: &str) -> bool {
        let dot_inside = |word: &str| word.trim_end_matches('.').contains(['.', '․', '。', '．', '｡', '﹒']);
        text.contains("://") || text.contains(['@', '＠', '﹫']) || text.split_whitespace().any(dot_inside)
    }

    proptest! {
        #[test]
        fn no_name_becomes_a_link(name in "([a-z]{0,4}|\\PC{0,3}|https?://|www\\.|\\.|@|mailto:|/|evil\\.test){0,12}") {
            let safe = safe_name(&name);
            prop_assert!(!could_be_a_link(&safe), "{safe:?}");
            prop_assert!(safe.chars().count() <= MAX_NAME_CHARS && !safe.chars().any(is_invisible));
            let mail = invitation("mia@example.com", &name, &name, "Viewer", "LINK", Time::default());
            let words = mail.text.replace("mia@example.com", "");
            prop_assert!(!could_be_a_link(&words) && !could_be_a_link(&mail.subject), "{words}");
        }
    }

    #[test]
    fn a_name_that_looks_like_a_place_stays_a_name() {
        for mail in all("{{foot}}{{link}}") {
            assert!(mail.html.contains("{{foot}}{{link}}"), "{}", mail.html);
        }
    }

    #[test]
    fn every_place_is_filled() {
        for mail in all("Ana") {
            assert!(!mail.html.contains("{{") && !mail.html.contains("}}"), "{}", mail.html);
        }
    }

    #[test]
    fn no_header_can_be_smuggled_in() {
        for mail in all("Ana\r\nBcc: eve@example.com\u{0}") {
            let mail = mail.checked().expect("a right recipient");
            assert!(!mail.subject.chars().any(char::is_control), "{:?}", mail.subject);
            assert!(mail.subject.chars().count() <= MAX_SUBJECT_LENGTH);
            assert!(!mail.text.lines().any(|line| line.starts_with("Bcc:")), "{}", mail.text);
        }
        for recipient in ["ana@example.com\r\nBcc: eve@example.com", "ana@example.com,eve@example.com", "ana"] {
            let mail = verify_address(recipient, "Ana", LINK, Time::default());
            assert!(mail.checked().is_err(), "{recipient:?}");
        }
    }

    #[test]
    fn both_parts_have_the_link() {
        for mail in all("Ana").into_iter().take(5) {
            assert!(mail.text.contains(&format!("\n{LINK}\n")), "{}", mail.text);
            let escaped = "https://status.example.com/x?token=0123&amp;y=&#39;z&#39;";
            assert_eq!(mail.html.matches(&format!("href=\"{escaped}\"")).count(), 2, "{}", mail.html);
        }
    }
}
