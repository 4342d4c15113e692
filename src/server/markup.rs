//! What others wrote, for programs that may put it into a page unseen.

use std::borrow::Cow;

/// Elements that do nothing but mark text.
const PLAIN: &[&str] = &[
    "b",
    "blockquote",
    "br",
    "code",
    "del",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "li",
    "ol",
    "p",
    "pre",
    "s",
    "small",
    "strong",
    "sub",
    "sup",
    "tt",
    "u",
    "ul",
    "var",
];

/// The text with no markup in it that does anything: elements that mark text and links to the web stay as they
/// stand, each other tag is shown as the text that it is. What has no such tag, which is nearly everything that is
/// written, stays the same byte for byte.
pub fn inert(text: &str) -> Cow<'_, str> {
    let active: Vec<usize> =
        text.match_indices('<').map(|(at, _)| at).filter(|at| is_active(&text[*at + 1..])).collect();
    if active.is_empty() {
        return text.into();
    }
    let mut inert = String::with_capacity(text.len() + 3 * active.len());
    let mut from = 0;
    for at in active {
        inert.push_str(&text[from..at]);
        inert.push_str("&lt;");
        from = at + 1;
    }
    inert.push_str(&text[from..]);
    inert.into()
}

/// Whether what stands behind a `<` begins a tag or a comment that is not known to do nothing.
fn is_active(rest: &str) -> bool {
    if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
        // HTML reads it as text.
        return false;
    }
    let Some((tag, _)) = rest.split_once('>') else { return true };
    let tag = tag.strip_suffix('/').unwrap_or(tag).trim_end();
    let name = tag.strip_prefix('/').unwrap_or(tag).to_ascii_lowercase();
    if PLAIN.contains(&name.as_str()) || name == "a" {
        return false;
    }
    // Statuspage marks dates so, and links are of use.
    match tag.split_once(' ') {
        Some(("var", attribute)) => {
            !quoted(attribute, "data-var").is_some_and(|word| word.bytes().all(|b| b.is_ascii_alphanumeric()))
        }
        Some(("a", attribute)) => !quoted(attribute, "href").is_some_and(leads_to_the_web),
        _ => true,
    }
}

/// The value of an attribute that stands alone, in quotes.
fn quoted<'a>(attribute: &'a str, name: &str) -> Option<&'a str> {
    let value = attribute.trim().strip_prefix(name)?.strip_prefix('=')?;
    let inside = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).filter(|value| !value.contains(['"', '\'', '<']))
}

fn leads_to_the_web(address: &str) -> bool {
    ["https://", "http://", "mailto:"].iter().any(|scheme| address.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_markup_stays_as_it_is() {
        for plain in [
            "We **look** at `a < b && c > d`.",
            "<p>One<br />two<br/>three</p><ul><li><strong>Update</strong> - done</li></ul>",
            "<small>Nov <var data-var='date'>21</var>, <var data-var='time'>14:32</var> UTC</small>",
            "<a href=\"https://example.com/a?b=c&amp;d\">more</a> <a href='mailto:help@example.com'>mail</a>",
            "< 5 minutes, <3",
        ] {
            assert_eq!(inert(plain), plain);
        }
    }

    #[test]
    fn everything_else_is_text() {
        for active in [
            "<script>alert(1)</script>",
            "<SCRIPT SRC=//evil.example>",
            "</script >",
            "<img src=x onerror=alert(1)>",
            "<p onclick=\"alert(1)\">x",
            "<a href=\"javascript:alert(1)\">x",
            "<a href=\"https://example.com\" onclick=\"alert(1)\">x",
            "<a href=\"https://example.com\"onclick='x' \">x",
            "<a\nhref=javascript:alert(1)>x",
            "<svg/onload=alert(1)>",
            "<iframe srcdoc='<p>'>",
            "<!-- x --><style>",
            "<?xml ?>",
            "<script",
            "<var data-var='x' onclick='y'>",
        ] {
            let text = inert(active);
            for (at, _) in text.match_indices('<') {
                assert!(!is_active(&text[at + 1..]), "{active} became {text}");
            }
            assert!(text.starts_with("&lt;"), "{active} became {text}");
        }
    }
}
