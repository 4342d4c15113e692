//! Texts in addresses.

/// A text as the query of an address carries it.
pub fn escaped(text: &str) -> String {
    let letter = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_typed_ends_a_part_of_an_address() {
        assert_eq!(escaped("plain-text_1.0~"), "plain-text_1.0~");
        assert_eq!(escaped("a b&c=d#e/é"), "a%20b%26c%3Dd%23e%2F%C3%A9");
    }
}
