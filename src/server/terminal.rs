//! Text that others wrote, for the operator's terminal.

use crate::domain::account::is_invisible_control;
use std::fmt::Write;

/// The text on one line. What would move the cursor, change colours or turn the direction of what follows is
/// written as JSON escapes it (`\u001b`), so that JSON stays what it is.
pub fn visible(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if is_invisible_control(c) {
            // Writing to memory does not fail.
            let _ = write!(line, "\\u{:04x}", u32::from(c));
        } else {
            line.push(c);
        }
    }
    line
}

/// The same for a text of several lines.
pub fn visible_lines(text: &str) -> String {
    text.split('\n').map(visible).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(visible("a\u{1b}[31mb\r\nlog\u{9b}2J\u{202e}"), "a\\u001b[31mb\\u000d\\u000alog\\u009b2J\\u202e");
        assert_eq!(visible_lines("Zürich\n商店\t"), "Zürich\n商店\\u0009");
        let json = serde_json::to_string("\u{9b}\u{202e}").expect("a text");
        assert_eq!(serde_json::from_str::<String>(&visible_lines(&json)).expect("JSON"), "\u{9b}\u{202e}");
    }
}
