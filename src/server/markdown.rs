//! Messages as HTML that is safe to show to anybody.
//!
//! A message is rendered once, when it is written, and its HTML is stored beside its source with the version of the
//! rules that made it ([`RENDERER_VERSION`]). Reading takes the HTML from its column; only rows of older rules are
//! rendered anew, when they are read and by a job ([`refresh`]). Rendering is bounded ([`convert`]), and runs on few
//! threads of its own: the threads that answer requests never wait for it.

pub mod convert;
mod cost;
pub mod refresh;
mod store;

pub use convert::to_text;

use super::markup::inert;
use crate::domain::{
    error::{AppError, Result},
    incident::body,
};
use std::panic::catch_unwind;
use tokio::sync::Semaphore;

/// The version of the rules by which HTML is made of a source. Raise it whenever the same source becomes other HTML:
/// whatever is stored is then rendered anew.
pub const RENDERER_VERSION: i64 = 1;

/// Renderings at the same time.
static RENDERERS: Semaphore = Semaphore::const_new(2);

/// What a message was written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Markdown, as people and programs write it.
    Markdown(String),
    /// HTML of another program.
    Html(String),
}

impl Source {
    /// The source of a row, by its column `format`.
    fn stored(body: &str, format: &str) -> Self {
        if format == "html" { Self::Html(body.to_owned()) } else { Self::Markdown(body.to_owned()) }
    }

    fn to_html(&self) -> String {
        let html = catch_unwind(|| match self {
            Self::Markdown(text) => convert::to_html(text),
            Self::Html(html) => convert::clean(html),
        });
        // One message that the parser cannot take must not make the others on its page unreadable.
        html.unwrap_or_else(|_| {
            tracing::error!("message could not be rendered; showing the source text");
            let (Self::Markdown(text) | Self::Html(text)) = self;
            convert::as_text(text)
        })
    }
}

/// The HTML of a message as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rendered {
    /// Safe to show.
    pub html: String,
    /// By which rules it was made; 0 stands for not at all yet.
    pub version: i64,
}

/// A stored message: its source, and the HTML that was made of it.
#[derive(Debug, Clone)]
pub struct Message {
    body: String,
    format: String,
    rendered: Rendered,
}

impl Message {
    /// The message of a row: its source, its format, its HTML and the version of that.
    pub fn stored(body: String, format: String, html: String, version: i64) -> Self {
        Self { body, format, rendered: Rendered { html, version } }
    }
    /// Source and HTML. Of a source in HTML nothing that does anything is left.
    pub fn into_parts(self) -> (String, String) {
        let body = if self.format == "html" { inert(&self.body).into_owned() } else { self.body };
        (body, self.rendered.html)
    }
    /// Whether its HTML is of older rules. That of newer ones, by another server on the same database, is good.
    fn is_stale(&self) -> bool {
        !self.body.is_empty() && self.rendered.version < RENDERER_VERSION
    }
}

/// Renders a message that is about to be written. To be called before the write transaction opens.
///
/// # Errors
/// [`AppError::Unavailable`] while the server stops.
pub async fn render(source: Source) -> Result<Rendered> {
    let html = render_all(vec![source]).await?.pop().unwrap_or_default();
    Ok(Rendered { html, version: RENDERER_VERSION })
}

/// Renders what a person typed. What is no message ([`body`]) is not rendered: whoever checks the form refuses it,
/// together with everything else that is wrong with it.
///
/// # Errors
/// As [`render`].
pub async fn render_typed(text: &str) -> Result<Rendered> {
    match body(text) {
        Ok(text) if !text.is_empty() => render(Source::Markdown(text)).await,
        _ => Ok(Rendered::default()),
    }
}

/// Renders those of these messages anew whose HTML is of older rules.
///
/// # Errors
/// As [`render`].
pub async fn bring_up_to_date<'a>(messages: impl IntoIterator<Item = &'a mut Message>) -> Result<()> {
    let stale: Vec<&mut Message> = messages.into_iter().filter(|message| message.is_stale()).collect();
    if stale.is_empty() {
        return Ok(());
    }
    let sources = stale.iter().map(|message| Source::stored(&message.body, &message.format)).collect();
    for (message, html) in stale.into_iter().zip(render_all(sources).await?) {
        message.rendered = Rendered { html, version: RENDERER_VERSION };
    }
    Ok(())
}

/// The HTML of each, in their order.
async fn render_all(sources: Vec<Source>) -> Result<Vec<String>> {
    let place = RENDERERS.acquire().await.map_err(|_| AppError::Unavailable)?;
    let work = tokio::task::spawn_blocking(move || {
        // The place is taken until the work ends, also when nobody waits for it any more.
        let _place = place;
        sources.iter().map(Source::to_html).collect()
    });
    work.await.map_err(|error| {
        tracing::error!(%error, "messages could not be rendered");
        AppError::Unavailable
    })
}

#[cfg(test)]
mod tests;
