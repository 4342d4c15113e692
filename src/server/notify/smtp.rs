//! The mail server that messages are handed to.

use super::Message;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    message::{
        Mailbox, MultiPart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{self, extension::ClientId, response::Category},
};
use std::{fmt, net::Ipv4Addr, str::FromStr, time::Duration};
use url::Url;

/// What `SMTP_URL` may look like.
const ALLOWED: &str = "must be a URL such as smtp://USER:PASSWORD@HOST:587 (STARTTLS), smtps://USER:PASSWORD@HOST (implicit TLS) or smtp://HOST:25?tls=none (no encryption); connections to localhost are not encrypted unless ?tls=required is set";

/// How long the server may take for one step.
const STEP: Duration = Duration::from_secs(20);

/// The address of a mail server, checked. It may hold a password, so it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl(String);

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SmtpUrl(…)")
    }
}

impl FromStr for SmtpUrl {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |_| ALLOWED.to_owned();
        let mut url: Url = text.trim().parse().map_err(wrong)?;
        let host = url.host_str().unwrap_or_default();
        if host.is_empty() || host.starts_with('[') {
            return Err(ALLOWED.to_owned());
        }
        let loopback = host == "localhost" || host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback());
        let settings: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let encrypted = match (url.scheme(), settings.as_slice()) {
            ("smtps", []) => None,
            ("smtp", []) => Some(!loopback),
            ("smtp", [(name, value)]) if name == "tls" && value == "required" => Some(true),
            ("smtp", [(name, value)]) if name == "tls" && value == "none" => Some(false),
            _ => return Err(ALLOWED.to_owned()),
        };
        // A user without a password would be left out silently.
        let half = url.username().is_empty() != url.password().is_none();
        if half || url.fragment().is_some() || !matches!(url.path(), "" | "/") {
            return Err(ALLOWED.to_owned());
        }
        // As the transport spells it: encrypted or not, never "if the server likes".
        url.set_query((encrypted == Some(true)).then_some("tls=required"));
        Ok(Self(url.into()))
    }
}

/// Checks the address that mail comes from.
///
/// # Errors
/// What is allowed.
pub fn sender(text: &str) -> Result<Mailbox, String> {
    let allowed = "must be an email address such as status@example.com or Status <status@example.com>";
    let plain = !text.chars().any(char::is_control);
    text.trim().parse().ok().filter(|_| plain).ok_or_else(|| allowed.to_owned())
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server took it.
    Sent,
    /// It may succeed later.
    Later(String),
    /// The server does not want it, now or ever.
    Never(String),
}

/// A mail server, and in whose name mail is handed to it.
#[derive(Clone)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    sender: Mailbox,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("sender", &self.sender.email).finish_non_exhaustive()
    }
}

impl Smtp {
    /// Connects to nobody yet. `host` is what this server calls itself.
    ///
    /// # Errors
    /// In words for the operator.
    pub fn new(url: &SmtpUrl, sender: Mailbox, host: &str) -> Result<Self, String> {
        let name = host.split(':').next().unwrap_or(host).to_owned();
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url.0)
            .map_err(|error| format!("SMTP_URL is not valid: {error}"))?
            .hello_name(ClientId::Domain(name))
            .timeout(Some(STEP))
            .build();
        Ok(Self { transport, sender })
    }

    /// Hands over one message.
    pub async fn send(&self, message: &Message) -> Outcome {
        let letter = match self.letter(message) {
            Ok(letter) => letter,
            Err(error) => return Outcome::Never(error),
        };
        match self.transport.send(letter).await {
            Ok(_) => Outcome::Sent,
            Err(error) if refused_for_good(&error) => Outcome::Never(in_words(&error)),
            Err(error) => Outcome::Later(in_words(&error)),
        }
    }

    fn letter(&self, message: &Message) -> Result<lettre::Message, String> {
        let mail = &message.mail;
        let recipient =
            mail.recipient.parse().map_err(|error| format!("the recipient is not a valid address: {error}"))?;
        let id = format!("<{}@{}>", message.id, self.sender.email.domain());
        lettre::Message::builder()
            .from(self.sender.clone())
            .to(Mailbox::new(None, recipient))
            .subject(mail.subject.clone())
            .message_id(Some(id))
            // Nobody's absence notice shall answer it (RFC 3834).
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
            .map_err(|error| format!("the message could not be built: {error}"))
    }
}

/// 550 and its like are about this mailbox. Other permanent refusals (a wrong password, a missing
/// right to send) are the operator's to mend, and then the message still wants to be sent.
fn refused_for_good(error: &smtp::Error) -> bool {
    error.is_permanent() && error.status().is_some_and(|code| matches!(code.category, Category::MailSystem))
}

fn in_words(error: &smtp::Error) -> String {
    let mut words = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words.chars().filter(|c| !c.is_control()).take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::ids::MessageId, server::notify::mail::Mail};

    #[test]
    fn mail_is_encrypted_unless_it_stays_here_or_somebody_says_so() {
        for (text, kept) in [
            ("smtp://ana:secret@mail.example.com:587", "smtp://ana:secret@mail.example.com:587?tls=required"),
            ("smtp://mail.example.com", "smtp://mail.example.com?tls=required"),
            ("smtps://ana:p%40ss@mail.example.com", "smtps://ana:p%40ss@mail.example.com"),
            ("smtp://127.0.0.1:2525", "smtp://127.0.0.1:2525"),
            ("smtp://localhost:2525?tls=required", "smtp://localhost:2525?tls=required"),
            ("smtp://10.0.0.5:25?tls=none", "smtp://10.0.0.5:25"),
            ("smtp://10.0.0.5:25", "smtp://10.0.0.5:25?tls=required"),
        ] {
            assert_eq!(text.parse(), Ok(SmtpUrl(kept.to_owned())), "{text}");
        }
    }

    #[test]
    fn other_addresses_are_refused_with_what_is_allowed() {
        for text in [
            "",
            "mail.example.com:587",
            "http://mail.example.com",
            "smtp://",
            "smtp://mail.example.com?tls=opportunistic",
            "smtp://mail.example.com?tls=none&x=1",
            "smtps://mail.example.com?tls=none",
            "smtp://ana@mail.example.com",
            "smtp://mail.example.com/path",
        ] {
            let words = text.parse::<SmtpUrl>().expect_err(text);
            assert!(words.contains("smtps://"), "{text}: {words}");
        }
        assert!(!format!("{:?}", "smtp://ana:secret@example.com".parse::<SmtpUrl>()).contains("secret"));
    }

    #[test]
    fn senders() {
        assert!(sender("status@example.com").is_ok());
        assert!(sender("Status pages <status@example.com>").is_ok());
        for text in ["", "status", "status@example.com\r\nBcc: eve@example.com", "a@example.com, b@example.com"] {
            assert!(sender(text).is_err(), "{text:?}");
        }
    }

    #[tokio::test]
    async fn a_letter_has_both_forms_and_no_header_but_ours() {
        let url = "smtp://127.0.0.1:25".parse().expect("an address");
        let from = sender("Status <status@example.com>").expect("a sender");
        let smtp = Smtp::new(&url, from, "status.example.com:443").expect("a transport");
        let mail = Mail {
            recipient: "ana@example.com".to_owned(),
            subject: "Ünïcode\r\nBcc: eve@example.com".to_owned(),
            text: "plain".to_owned(),
            html: "<p>html</p>".to_owned(),
        };
        let message = Message { id: MessageId::from_random([7; 12]), mail, attempts: 1 };
        let text = String::from_utf8(smtp.letter(&message).expect("a letter").formatted()).expect("text");
        assert!(!text.lines().any(|line| line.to_lowercase().starts_with("bcc:")), "{text}");
        for part in
            ["To: ana@example.com", "Auto-Submitted: auto-generated", "text/plain", "text/html", "@example.com>"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
