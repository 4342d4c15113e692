//! Atom.

use super::{super::xml::escape, FeedDocument, entries::Entry};
use std::fmt::Write;

pub(super) fn write(told: &FeedDocument<'_>) -> String {
    let FeedDocument { organization, title, description, home, own, id, updated, entries } = told;
    let (name, home, own) = (escape(&organization.name), escape(home), escape(own));
    let author = format!("<author><name>{name}</name><uri>{home}</uri></author>");
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <feed xmlns=\"http://www.w3.org/2005/Atom\">\n\
         <id>{id}</id>\n\
         <title>{}</title>\n\
         <subtitle>{}</subtitle>\n\
         <updated>{}</updated>\n\
         {author}\n\
         <link rel=\"self\" type=\"application/atom+xml\" href=\"{own}\"/>\n\
         <link rel=\"alternate\" type=\"text/html\" href=\"{home}\"/>\n\
         <generator>Candor</generator>\n",
        escape(title),
        escape(description),
        updated.rfc3339(),
    );
    for Entry { id, url, title, html, published, updated, categories } in entries {
        // Writing to memory does not fail.
        let _ = write!(
            text,
            "<entry>\n\
             <id>{id}</id>\n\
             <title>{}</title>\n\
             <updated>{}</updated>\n\
             <published>{}</published>\n\
             {author}\n\
             <link rel=\"alternate\" type=\"text/html\" href=\"{}\"/>\n",
            escape(title),
            updated.rfc3339(),
            published.rfc3339(),
            escape(url),
        );
        for category in categories {
            let _ = writeln!(text, "<category term=\"{}\"/>", escape(category));
        }
        let _ = write!(text, "<content type=\"html\">{}</content>\n</entry>\n", escape(html));
    }
    text.push_str("</feed>\n");
    text
}
