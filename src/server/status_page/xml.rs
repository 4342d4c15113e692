//! Text in markup.

use std::borrow::Cow;

/// Text as it stands between tags and within the quotes of an attribute. Characters that XML 1.0 has no
/// place for are left out.
pub(super) fn escape(text: &str) -> Cow<'_, str> {
    let stays = |byte: u8| byte >= b' ' && !matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'');
    // U+FFFE and U+FFFF begin so.
    if text.bytes().all(|byte| stays(byte) && byte != 0xEF) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' => escaped.push(letter),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            letter => escaped.push(letter),
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_escaped_ends_nothing() {
        assert_eq!(escape("plain – text 🚀"), "plain – text 🚀");
        assert_eq!(escape("<a b=\"'\">&]]></a>"), "&lt;a b=&quot;&#39;&quot;&gt;&amp;]]&gt;&lt;/a&gt;");
    }

    #[test]
    fn what_xml_has_no_place_for_is_left_out() {
        assert_eq!(escape("a\u{0}\u{8}\u{b}\r\u{1b}\u{fffe}\u{ffff}b\tc\nd\u{fffd}"), "ab\tc\nd\u{fffd}");
    }
}
