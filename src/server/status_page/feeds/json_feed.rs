//! JSON Feed.

use super::{FeedDocument, entries::Entry};
use serde::Serialize;

#[derive(Serialize)]
struct Feed<'a> {
    version: &'static str,
    title: &'a str,
    description: &'a str,
    home_page_url: &'a str,
    feed_url: &'a str,
    authors: [Author<'a>; 1],
    items: Vec<Item<'a>>,
}

#[derive(Clone, Copy, Serialize)]
struct Author<'a> {
    name: &'a str,
    url: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    url: &'a str,
    title: &'a str,
    content_html: &'a str,
    date_published: String,
    date_modified: String,
    authors: [Author<'a>; 1],
    tags: &'a [String],
}

pub(super) fn write(told: &FeedDocument<'_>) -> String {
    let author = Author { name: &told.organization.name, url: &told.home };
    let feed = Feed {
        version: "https://jsonfeed.org/version/1.1",
        title: &told.title,
        description: &told.description,
        home_page_url: &told.home,
        feed_url: &told.own,
        authors: [author],
        items: told.entries.iter().map(|entry| item(entry, author)).collect(),
    };
    serde_json::to_string_pretty(&feed).unwrap_or_default()
}

fn item<'a>(entry: &'a Entry, author: Author<'a>) -> Item<'a> {
    Item {
        id: &entry.id,
        url: &entry.url,
        title: &entry.title,
        content_html: &entry.html,
        date_published: entry.published.rfc3339(),
        date_modified: entry.updated.rfc3339(),
        authors: [author],
        tags: &entry.categories,
    }
}
