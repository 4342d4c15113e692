//! The only place that sets the document's title.
//!
//! On the server `leptos_meta` writes the title into the head as it is, so that a name with `</title>` in it would
//! end the element and go on as markup. In the browser it sets `document.title`, which is plain text. So the text is
//! escaped here, on the server only.

use super::escape::escape;
use leptos::{prelude::*, text_prop::TextProp};
use leptos_meta::Title;

/// Completes the title of every screen. The root of an application has one.
#[component]
pub fn TitleFormat(
    /// Makes the document's title of a screen's, which may be empty. On the server it gets escaped text: it adds to
    /// the text and does not take it apart.
    format: fn(String) -> String,
) -> impl IntoView {
    view! { <Title formatter=format /> }
}

/// The title of a screen.
#[component]
pub fn PageTitle(
    /// Plain text.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    // The server writes the title after it has left the signals of this request, on a thread that may hold those of
    // another one: there it has to be a plain text.
    let first = text.get_untracked();
    let text = if cfg!(feature = "ssr") {
        TextProp::from(escape(&first))
    } else {
        // On the way to another screen the title is made once more after the signals of this one are gone.
        TextProp::from(move || text.try_get().unwrap_or_else(|| first.clone()))
    };
    view! { <Title text /> }
}
