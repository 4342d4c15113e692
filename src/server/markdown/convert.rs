//! Sources into safe HTML: pure, and bounded in time and size by the length of the source.

use super::cost;
use pulldown_cmark::{Event, Options, Parser, TagEnd, html::write_html_fmt};
use std::{borrow::Cow, fmt, sync::LazyLock};

/// Bytes of a source that are looked at. What people type has 100,000 at most: 25,000 characters of four bytes.
const MAX_SOURCE: usize = 256 * 1024;
/// Levels of lists, quotations, emphasis and so on inside each other; what is deeper is shown without its markup.
const MAX_DEPTH: usize = 32;
/// How far to the right in a line a quotation or list item may begin; behind it, its marker is shown as text.
const MAX_MARKER_COLUMN: usize = 64;

/// The longest HTML that is made of a source: a single character becomes five at most (`&amp;`), a line break six, so
/// that only sources made for it come near.
const fn max_html(source: &str) -> usize {
    source.len() * 8 + 16 * 1024
}

/// Markdown as safe HTML. Raw HTML in it is shown as the text that it is. What would become too long is shown as it
/// was typed.
pub fn to_html(markdown: &str) -> String {
    if markdown.len() > MAX_SOURCE {
        return as_text(markdown);
    }
    let text = with_shallow_markers(markdown);
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES;
    let mut html = Bounded { text: String::with_capacity(markdown.len() * 3 / 2), room: max_html(markdown) };
    let written = write_html_fmt(&mut html, flattened(Parser::new_ext(&text, options)));
    let safe = written.is_ok().then(|| sanitized(&html.text, max_html(markdown)).ok()).flatten();
    safe.unwrap_or_else(|| as_text(markdown))
}

/// HTML of another program with nothing left that could do harm: no script, no style, no form, no picture that would
/// call another server, and links that do not pass on where they were clicked. Of HTML that is nested so deep or so
/// wrongly that parsing it would take long, the text is left.
pub fn clean(html: &str) -> String {
    if html.len() > MAX_SOURCE {
        return paragraphs(&cost::outline(beginning(html)).text);
    }
    sanitized(html, max_html(html)).unwrap_or_else(|text| paragraphs(&text))
}

/// A source as the text that it is, with its line breaks.
pub fn as_text(source: &str) -> String {
    paragraphs(beginning(source))
}

/// The text of HTML that was made here, for calendars and the like.
pub fn to_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find(['<', '&']) {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        if rest.starts_with('<') {
            let name = rest[1..].trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next();
            if !name.is_some_and(is_inline) {
                text.push(' ');
            }
            rest = &rest[end_of_tag(rest)..];
        } else {
            let known = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity));
            let (entity, letter) = known.copied().unwrap_or(("&", "&"));
            text.push_str(letter);
            rest = &rest[entity.len()..];
        }
    }
    text.push_str(rest);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The entities that the serializer writes.
const ENTITIES: [(&str, &str); 6] =
    [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", " ")];

/// The length of the tag at the beginning of this text.
fn end_of_tag(text: &str) -> usize {
    let mut quoted = false;
    let ends = |byte: u8| {
        quoted ^= byte == b'"';
        byte == b'>' && !quoted
    };
    text.bytes().position(ends).map_or(text.len(), |place| place + 1)
}

/// Whether an element stands within a line: others begin a new one.
pub(super) fn is_inline(name: &str) -> bool {
    matches!(
        name,
        "a" | "abbr"
            | "b"
            | "bdi"
            | "bdo"
            | "cite"
            | "code"
            | "del"
            | "dfn"
            | "em"
            | "font"
            | "i"
            | "ins"
            | "kbd"
            | "mark"
            | "q"
            | "s"
            | "samp"
            | "small"
            | "span"
            | "strike"
            | "strong"
            | "sub"
            | "sup"
            | "tt"
            | "u"
            | "var"
    )
}

/// The part of a source that is looked at.
fn beginning(source: &str) -> &str {
    &source[..source.floor_char_boundary(MAX_SOURCE)]
}

/// A text as it is, with its line breaks.
fn paragraphs(text: &str) -> String {
    let mut html = String::with_capacity(text.len() * 3 / 2);
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        match (line.is_empty(), inside) {
            (true, false) => continue,
            (true, true) => html.push_str("</p>\n"),
            (false, false) => html.push_str("<p>"),
            (false, true) => html.push_str("<br>\n"),
        }
        inside = !line.is_empty();
        for letter in line.chars() {
            match letter {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                other => html.push(other),
            }
        }
    }
    if inside {
        html.push_str("</p>\n");
    }
    html
}

/// The HTML without what could do harm, or its text when it costs too much or becomes too long.
fn sanitized(html: &str, most: usize) -> Result<String, String> {
    static RULES: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
        let mut rules = ammonia::Builder::default();
        rules
            .rm_tags(["img", "map", "area", "details", "summary"])
            .generic_attributes(std::collections::HashSet::new())
            .url_schemes(["http", "https", "mailto"].into())
            // A message is read on the page, in feeds, in mail and in other programs: a relative link means something
            // else in each, and `//host` leads away while it looks like a path.
            .url_relative(ammonia::UrlRelative::Deny)
            // `external`: the dashboard's router leaves such links to the browser.
            .link_rel(Some("external nofollow noopener noreferrer"));
        rules
    });
    let outline = cost::outline(html);
    if outline.costly {
        return Err(outline.text);
    }
    let safe = RULES.clean(html).to_string();
    if safe.len() > most { Err(outline.text) } else { Ok(safe) }
}

/// HTML up to a length; what would make it longer is an error.
struct Bounded {
    text: String,
    room: usize,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.room = self.room.checked_sub(text.len()).ok_or(fmt::Error)?;
        self.text.push_str(text);
        Ok(())
    }
}

/// The same events with raw HTML as text, a line break where one was typed, and without the markup that is nested too
/// deep.
fn flattened<'a>(events: impl Iterator<Item = Event<'a>>) -> impl Iterator<Item = Event<'a>> {
    let mut depth = 0_usize;
    events.filter_map(move |event| {
        let deep = match &event {
            Event::Start(_) => {
                depth += 1;
                depth > MAX_DEPTH
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                depth >= MAX_DEPTH
            }
            _ => false,
        };
        match event {
            Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image)
                if deep =>
            {
                None
            }
            Event::End(_) if deep => Some(Event::HardBreak),
            Event::Start(_) if deep => None,
            Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
            Event::SoftBreak => Some(Event::HardBreak),
            other => Some(other),
        }
    })
}

/// The same Markdown with a backslash before every marker of a quotation or list item that stands too far to the
/// right. The parser keeps a list of open blocks, which it goes through for every line.
fn with_shallow_markers(markdown: &str) -> Cow<'_, str> {
    let mut escaped = String::new();
    let (mut copied, mut start) = (0, 0);
    for line in markdown.split_inclusive(['\n', '\r']) {
        if let Some(place) = deep_marker(line.as_bytes()) {
            escaped.push_str(&markdown[copied..start + place]);
            escaped.push('\\');
            copied = start + place;
        }
        start += line.len();
    }
    if copied == 0 {
        return Cow::Borrowed(markdown);
    }
    escaped.push_str(&markdown[copied..]);
    Cow::Owned(escaped)
}

/// Where in a line a marker stands too far to the right, with nothing but markers and spaces before it.
fn deep_marker(line: &[u8]) -> Option<usize> {
    let is_space = |at: usize| line.get(at).is_none_or(u8::is_ascii_whitespace);
    let (mut at, mut column) = (0, 0);
    loop {
        let length = match *line.get(at)? {
            b' ' => 1,
            b'\t' => {
                column += 3;
                1
            }
            b'>' if column >= MAX_MARKER_COLUMN => return Some(at),
            b'>' => 1,
            marker @ (b'-' | b'+' | b'*') if is_space(at + 1) => {
                if is_rule(marker, &line[at..]) {
                    return None;
                }
                if column >= MAX_MARKER_COLUMN {
                    return Some(at);
                }
                1
            }
            b'0'..=b'9' => {
                let digits = line[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
                if !matches!(line.get(at + digits), Some(b'.' | b')')) || !is_space(at + digits + 1) {
                    return None;
                }
                if column >= MAX_MARKER_COLUMN {
                    return Some(at + digits);
                }
                digits + 1
            }
            _ => return None,
        };
        at += length;
        column += length;
    }
}

/// Whether the rest of a line is a line across the page: `* * *`.
fn is_rule(marker: u8, rest: &[u8]) -> bool {
    let markers = rest.iter().filter(|byte| **byte == marker).count();
    marker != b'+' && markers >= 3 && rest.iter().all(|byte| *byte == marker || byte.is_ascii_whitespace())
}
