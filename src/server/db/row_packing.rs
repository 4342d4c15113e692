//! Many rows as one text. The database finds thousands of rows in a millisecond or two, but each that
//! `Any` hands over by itself costs several microseconds more; so what a public page reads hundreds of
//! comes packed. A statement makes the text of a row with `||` and [`COLUMN`], and of the rows one with
//! `string_agg` and [`ROW`], both bound; in names they are replaced by spaces.

use crate::domain::error::{AppError, Result};
use std::str::Split;

/// Stands between two columns.
pub const COLUMN: &str = "\u{1f}";
/// Stands between two rows.
pub const ROW: &str = "\u{1e}";

/// The columns of a packed row, from left to right.
#[derive(Debug)]
pub struct Columns<'a>(Split<'a, &'static str>);

impl<'a> Columns<'a> {
    /// The next one as it is.
    pub fn text(&mut self) -> Option<&'a str> {
        self.0.next()
    }
    /// The next one, read.
    pub fn value<T: std::str::FromStr>(&mut self) -> Option<T> {
        self.text()?.parse().ok()
    }
    /// The next one, which may be empty: that is `Some(None)`.
    pub fn optional<T: std::str::FromStr>(&mut self) -> Option<Option<T>> {
        let text = self.text()?;
        if text.is_empty() { Some(None) } else { text.parse().ok().map(Some) }
    }
}

/// Reads every row of a packed text; no text is no row.
///
/// # Errors
/// [`AppError::Internal`] when a row is not what `read` wants.
pub fn rows<'a, T>(text: Option<&'a str>, read: impl Fn(&mut Columns<'a>) -> Option<T>) -> Result<Vec<T>> {
    let read = |row: &'a str| {
        read(&mut Columns(row.split(COLUMN))).ok_or_else(|| {
            tracing::error!(row, "packed row could not be read");
            AppError::Internal
        })
    };
    text.map_or_else(|| Ok(Vec::new()), |text| text.split(ROW).map(read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read_column_by_column() {
        let text = "a\u{1f}1\u{1f}\u{1e}b\u{1f}2\u{1f}3";
        let read =
            |columns: &mut Columns<'_>| Some((columns.text()?.to_owned(), columns.value()?, columns.optional()?));
        let all: Vec<(String, i64, Option<i64>)> = rows(Some(text), read).expect("rows");
        assert_eq!(all, [("a".to_owned(), 1, None), ("b".to_owned(), 2, Some(3))]);
        assert_eq!(rows(None, read), Ok(Vec::new()));
        assert!(rows(Some("a\u{1f}x\u{1f}"), read).is_err() && rows(Some("a"), read).is_err());
    }
}
