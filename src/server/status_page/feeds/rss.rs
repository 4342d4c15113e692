//! RSS.

use super::{super::xml::escape, FeedDocument, entries::Entry};
use crate::domain::time::Time;
use std::fmt::Write;

pub(super) fn write(told: &FeedDocument<'_>) -> String {
    let FeedDocument { title, description, home, own, updated, entries, .. } = told;
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\">\n\
         <channel>\n\
         <title>{}</title>\n\
         <link>{}</link>\n\
         <description>{}</description>\n\
         <lastBuildDate>{}</lastBuildDate>\n\
         <generator>Candor</generator>\n\
         <atom:link rel=\"self\" type=\"application/rss+xml\" href=\"{}\"/>\n",
        escape(title),
        escape(home),
        escape(description),
        date(*updated),
        escape(own),
    );
    // The one date of an item is the one that puts it on top: that of the latest update.
    for Entry { id, url, title, html, published: _, updated, categories } in entries {
        // Writing to memory does not fail.
        let _ = write!(
            text,
            "<item>\n\
             <title>{}</title>\n\
             <link>{}</link>\n\
             <guid isPermaLink=\"false\">{id}</guid>\n\
             <pubDate>{}</pubDate>\n",
            escape(title),
            escape(url),
            date(*updated),
        );
        for category in categories {
            let _ = writeln!(text, "<category>{}</category>", escape(category));
        }
        let _ = write!(text, "<description>{}</description>\n</item>\n", escape(html));
    }
    text.push_str("</channel>\n</rss>\n");
    text
}

/// As RFC 822 has it, with the year in four digits.
fn date(at: Time) -> String {
    at.utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_mail() {
        assert_eq!(date(Time::from_micros(1_793_000_005_000_000)), "Mon, 26 Oct 2026 07:33:25 GMT");
    }
}
