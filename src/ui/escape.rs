//! Text as HTML, for the few places that the framework writes without escaping.

/// The text as HTML that a parser reads back as the same text, between tags and within a `<title>` or a `<textarea>`.
pub(super) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            _ => html.push(c),
        }
    }
    html
}
