//! What can go wrong, in words for the person who asked.

use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use serde::{Deserialize, Serialize};

/// What is wrong with one field of a form or of a request body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// The field's name in the form and in the request body.
    pub field: String,
    /// What is wrong and what to do, one sentence.
    pub message: String,
}

/// Collects what is wrong with each field, so that a form learns everything at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldErrors(pub Vec<FieldError>);

impl FieldErrors {
    /// Notes one more thing.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.to_owned(), message: message.into() });
    }
    /// Takes a checked value, or notes why there is none.
    pub fn take<T>(&mut self, field: &str, checked: Result<T, String>) -> Option<T> {
        checked.map_err(|message| self.add(field, message)).ok()
    }
    /// `Ok` when nothing was noted.
    ///
    /// # Errors
    /// [`AppError::Invalid`] with everything noted.
    pub fn finish(self) -> Result<(), AppError> {
        if self.0.is_empty() { Ok(()) } else { Err(AppError::Invalid(self)) }
    }
    /// What was noted about one field.
    pub fn of(&self, field: &str) -> Option<String> {
        self.0.iter().find(|error| error.field == field).map(|error| error.message.clone())
    }
}

/// Every refusal, as it travels from a verb through a door to a person or a program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "error", content = "detail", rename_all = "snake_case")]
pub enum AppError {
    /// Nobody is signed in (401).
    #[error("You’re signed out. Sign in to continue.")]
    Unauthenticated,
    /// A token that says who asks is not taken (401).
    #[error("This token is not accepted: {0}.")]
    BadToken(String),
    /// The role does not allow it (403).
    #[error("Your role doesn’t allow you to {0}. Ask an owner or admin of the organization.")]
    Forbidden(String),
    /// The person behind the session has not proved lately that it is theirs (403).
    #[error("Confirm that it is you first. This needs a confirmation from the last ten minutes.")]
    ReauthenticationRequired,
    /// It does not exist, or belongs to another organization (404).
    #[error("This {0} does not exist. It may have been deleted, or the URL or ID may be wrong.")]
    NotFound(String),
    /// Some fields are wrong (422).
    #[error("{}", summary(.0))]
    Invalid(FieldErrors),
    /// The request itself could not be read (400).
    #[error("The request could not be read: {0}")]
    BadRequest(String),
    /// It does not fit the present state (409).
    #[error("{0}")]
    Conflict(String),
    /// It is not any more what the caller saw (412).
    #[error("This has changed since you loaded it. Reload and try again.")]
    Changed,
    /// Too much at once (429).
    #[error("Too many attempts. Try again in {}.", seconds_in_words(*.retry_after))]
    TooMany {
        /// Seconds until the next attempt can succeed.
        retry_after: u64,
    },
    /// The database cannot be reached or is busy (503).
    #[error("The server can’t reach its database right now. Nothing was changed. Try again in a moment.")]
    Unavailable,
    /// The server has more to do than it can do soon (503).
    #[error("The server is busy right now. Nothing was changed. Try again in a moment.")]
    Busy,
    /// A defect (500). What happened is in the log only.
    #[error(
        "Something went wrong on the server. The error has been logged. Try again, and contact the administrator if it keeps happening."
    )]
    Internal,
    /// The browser could not reach the server.
    #[error("Couldn’t reach the server. Check your connection and try again.")]
    Offline,
}

fn summary(errors: &FieldErrors) -> String {
    match errors.0.as_slice() {
        [only] => only.message.clone(),
        many => format!("{} fields need to be corrected.", many.len()),
    }
}

fn seconds_in_words(seconds: u64) -> String {
    match seconds {
        0..=1 => "a second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        91..=5_400 => format!("{} minutes", seconds.div_ceil(60)),
        _ => format!("{} hours", seconds.div_ceil(3_600)),
    }
}

impl AppError {
    /// One wrong field.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        let mut errors = FieldErrors::default();
        errors.add(field, message);
        Self::Invalid(errors)
    }
    /// What to say next to a field, if anything.
    pub fn on(&self, field: &str) -> Option<String> {
        match self {
            Self::Invalid(errors) => errors.of(field),
            _ => None,
        }
    }
    /// What to say above a form: everything that belongs to none of its fields.
    pub fn beside(&self, fields: &[&str]) -> Option<String> {
        match self {
            Self::Invalid(errors) => {
                errors.0.iter().find(|error| !fields.contains(&error.field.as_str())).map(|error| error.message.clone())
            }
            other => Some(other.to_string()),
        }
    }
    /// The HTTP status, the same at every door.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Unauthenticated | Self::BadToken(_) => 401,
            Self::Forbidden(_) | Self::ReauthenticationRequired => 403,
            Self::NotFound(_) => 404,
            Self::Invalid(_) => 422,
            Self::BadRequest(_) => 400,
            Self::Conflict(_) => 409,
            Self::Changed => 412,
            Self::TooMany { .. } => 429,
            Self::Unavailable | Self::Busy | Self::Offline => 503,
            Self::Internal => 500,
        }
    }
    /// After how many seconds it is worth trying again, where that is known.
    pub const fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooMany { retry_after } => Some(*retry_after),
            Self::Busy => Some(1),
            Self::Unavailable => Some(5),
            _ => None,
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(detail)
            | ServerFnErrorErr::MissingArg(detail)
            | ServerFnErrorErr::Deserialization(detail) => Self::BadRequest(detail),
            ServerFnErrorErr::Request(_) => Self::Offline,
            _ => Self::Internal,
        }
    }
}

/// The result of everything that can be refused.
pub type Result<T, E = AppError> = std::result::Result<T, E>;
