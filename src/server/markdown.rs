//! What people write, as HTML that is safe to show to anybody.

use pulldown_cmark::{Event, Options, Parser, html};

/// Markdown as safe HTML. Raw HTML in it is shown as the text that it is.
pub fn to_html(markdown: &str) -> String {
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES;
    let events = Parser::new_ext(markdown, options).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        // A line break is one as it was typed.
        Event::SoftBreak => Event::HardBreak,
        other => other,
    });
    let mut text = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut text, events);
    clean(&text)
}

/// HTML of another program with nothing left that could do harm: no script, no style, no form, no
/// picture that would call another server, and links that do not pass on where they were clicked. They are
/// `external`: the dashboard's router leaves them to the browser, so that each is asked of the server.
pub fn clean(html: &str) -> String {
    ammonia::Builder::default()
        .rm_tags(["img", "map", "area", "details", "summary"])
        .generic_attributes(std::collections::HashSet::new())
        .url_schemes(["http", "https", "mailto"].into())
        .link_rel(Some("external nofollow noopener noreferrer"))
        .clean(html)
        .to_string()
}

/// The words alone, for titles, feeds and messages.
pub fn to_text(html: &str) -> String {
    let text = ammonia::Builder::empty().clean(html).to_string();
    let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " "), ("&amp;", "&")]
        .into_iter()
        .fold(text, |text, (entity, letter)| text.replace(entity, letter));
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_shown() {
        let html = to_html("We see **errors** in `api`.\nMore soon: [status](https://example.com/x)\n\n- one\n- two");
        assert!(html.contains("<strong>errors</strong>") && html.contains("<code>api</code>"), "{html}");
        assert!(html.contains("<br>") && html.contains("<li>one</li>"), "{html}");
        assert!(html.contains("rel=\"external nofollow noopener noreferrer\""), "{html}");
    }

    #[test]
    fn nothing_that_does_harm_comes_through() {
        for text in [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "[x](javascript:alert(1))",
            "<a href=\"javascript:alert(1)\" onclick=\"x()\">x</a>",
            "![x](https://evil.example/pixel.png)",
            "<style>body{display:none}</style>",
            "</textarea><script>alert(1)</script>",
            "<iframe src=https://evil.example></iframe>",
            "[x](data:text/html;base64,PHNjcmlwdD4=)",
        ] {
            for html in [to_html(text), clean(text)] {
                // What stands between angle brackets is a tag; all else is text.
                let tags: Vec<_> = html
                    .split('<')
                    .skip(1)
                    .map(|part| part.split('>').next().unwrap_or_default().to_lowercase())
                    .collect();
                for bad in ["script", "img", "style", "iframe", "onclick", "javascript:", "data:"] {
                    assert!(!tags.iter().any(|tag| tag.contains(bad)), "{text} became {html}");
                }
            }
        }
    }

    #[test]
    fn text_is_text() {
        assert_eq!(to_text("<p>a &amp; <b>b</b></p>\n<p>&lt;c&gt;</p>"), "a & b <c>");
    }
}
