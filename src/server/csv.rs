//! Tables as spreadsheets read them.

/// What a formula begins with, also after what a spreadsheet leaves out at the beginning of a cell, and in the
/// full-width forms that some take for the same.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A cell that no spreadsheet takes for a formula (ASVS 1.2.10).
pub fn cell(text: &str) -> String {
    let guard = if text.starts_with(FORMULA) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_text() {
        assert_eq!(cell("plain"), "\"plain\"");
        assert_eq!(cell("=cmd|' /C calc'!A0"), "\"'=cmd|' /C calc'!A0\"");
        assert_eq!(cell("say \"hi\""), "\"say \"\"hi\"\"\"");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for start in ["=", "+", "-", "@", "\t=", "\r=", "\n=", "\r\n=", "＝", "＋", "－", "＠"] {
            assert_eq!(cell(&format!("{start}1+1")), format!("\"'{start}1+1\""));
        }
    }
}
