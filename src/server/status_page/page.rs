//! The rendered status page, and what changed since the ones before.

use super::{snapshot::Snapshot, views};
use crate::server::{
    App, document,
    live::events::{EventLog, PageState},
};
use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

/// Versions back that a socket may be to be told what changed; whoever is further behind reads the page.
const VERSIONS: usize = 32;

/// The longest message, in bytes; instead of more the page is read. A socket keeps a buffer as large as
/// its largest message.
const MAX_MESSAGE_BYTES: usize = 32 * 1024;

/// A part of the page that is sent by itself when it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The element's id.
    pub id: String,
    /// The element.
    pub html: String,
}

/// Which of the regions, by their places, may be otherwise for somebody who has a version.
type PageDelta = BTreeMap<i64, BTreeSet<usize>>;

/// A status page, rendered.
#[derive(Debug, Default)]
pub struct Page {
    /// The organization's version that it shows.
    pub version: i64,
    title: String,
    icon: String,
    regions: Vec<Region>,
    /// What programs are told of it.
    pub recent: EventLog,
    /// Also of this version itself: time alone changes regions.
    since: PageDelta,
    /// Made once for each version that somebody has, shared by all their sockets.
    messages: Mutex<BTreeMap<i64, Utf8Bytes>>,
}

#[derive(Serialize)]
struct ChangedRegions<'a> {
    from: i64,
    version: i64,
    title: &'a str,
    icon: &'a str,
    regions: BTreeMap<&'a str, &'a str>,
}

impl Page {
    /// Renders it; also the whole document. `last` is the page that this one replaces.
    pub fn render(app: &App, snapshot: &Snapshot, last: Option<&Self>) -> (Self, String) {
        let regions = views::regions(snapshot);
        let head = views::head(app, snapshot);
        let (title, icon) = (head.title.clone(), document::favicon(head.indicator));
        let html = document::render(head, || views::body(snapshot, &regions));
        let version = snapshot.organization.version;
        let since =
            last.map_or_else(|| PageDelta::from([(version, BTreeSet::new())]), |last| last.since(version, &regions));
        let recent = EventLog::following(last.map(|last| &last.recent), &PageState::of(app, snapshot));
        (Self { version, title, icon, regions, recent, since, messages: Mutex::default() }, html)
    }

    /// What may be otherwise in the page that follows this one.
    fn since(&self, version: i64, regions: &[Region]) -> PageDelta {
        let has_the_same_outline =
            self.regions.iter().map(|region| &region.id).eq(regions.iter().map(|region| &region.id));
        if !has_the_same_outline {
            return PageDelta::from([(version, BTreeSet::new())]);
        }
        let pairs = self.regions.iter().zip(regions).enumerate();
        let different: BTreeSet<usize> =
            pairs.filter(|(_, (before, now))| before.html != now.html).map(|(place, _)| place).collect();
        let mut since: PageDelta = self.since.iter().map(|(version, places)| (*version, places | &different)).collect();
        since.entry(version).or_default();
        while since.len() > VERSIONS {
            since.pop_first();
        }
        since
    }

    /// What to tell somebody who has version `seen`: the changed regions, or to read the page again.
    pub fn message(&self, seen: i64) -> Utf8Bytes {
        let reload = || format!(r#"{{"version":{},"reload":true}}"#, self.version).into();
        let Some(places) = self.since.get(&seen) else { return reload() };
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        let message = messages.entry(seen).or_insert_with(|| {
            let changed = places.iter().filter_map(|place| self.regions.get(*place));
            let regions = changed.map(|region| (region.id.as_str(), region.html.as_str())).collect();
            let Self { version, title, icon, .. } = self;
            let news = ChangedRegions { from: seen, version: *version, title, icon, regions };
            let text = serde_json::to_string(&news).unwrap_or_default();
            if text.len() > MAX_MESSAGE_BYTES { reload() } else { text.into() }
        });
        message.clone()
    }

    /// About how many bytes of memory it takes.
    pub fn size(&self) -> usize {
        let regions: usize =
            self.regions.iter().map(|region| region.id.len() + region.html.len() + size_of::<Region>()).sum();
        // Half of the versions that somebody may have want a message of their own, at most.
        regions + regions.min(MAX_MESSAGE_BYTES) * VERSIONS / 2 + self.recent.size()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions(texts: [&str; 3]) -> Vec<Region> {
        let region = |(place, html): (usize, &str)| Region { id: format!("r{place}"), html: html.to_owned() };
        texts.into_iter().enumerate().map(region).collect()
    }

    fn first(version: i64, texts: [&str; 3]) -> Page {
        Page {
            version,
            regions: regions(texts),
            since: PageDelta::from([(version, BTreeSet::new())]),
            ..Page::default()
        }
    }

    impl Page {
        fn then(&self, version: i64, texts: [&str; 3]) -> Self {
            let regions = regions(texts);
            Self { version, since: self.since(version, &regions), regions, ..Self::default() }
        }
    }

    #[test]
    fn a_new_version_tells_what_is_otherwise() {
        let page = first(1, ["a", "b", "c"]).then(2, ["a", "x", "c"]);
        assert_eq!(page.since, PageDelta::from([(1, [1].into()), (2, [].into())]));
        assert!(page.message(1).contains(r#""regions":{"r1":"x"}"#));
        assert!(page.message(0).contains("reload"));
    }

    #[test]
    fn whoever_missed_a_version_is_told_of_all_that_changed() {
        let page = first(1, ["a", "b", "c"]).then(2, ["a", "x", "c"]).then(4, ["y", "x", "c"]);
        assert_eq!(page.since, PageDelta::from([(1, [0, 1].into()), (2, [0].into()), (4, [].into())]));
        assert!(page.message(1).contains(r#""from":1,"version":4"#));
    }

    #[test]
    fn what_time_has_changed_is_told_with_the_next_version() {
        // A day later, the same version.
        let later = first(1, ["a", "b", "c"]).then(2, ["a", "x", "c"]).then(2, ["a", "x", "later"]);
        assert_eq!(later.since, PageDelta::from([(1, [1, 2].into()), (2, [2].into())]));
        // Who has version 2 may have it from before.
        let page = later.then(3, ["y", "x", "later"]);
        assert_eq!(page.since, PageDelta::from([(1, [0, 1, 2].into()), (2, [0, 2].into()), (3, [].into())]));
    }

    #[test]
    fn a_page_with_other_parts_is_read_again() {
        let before = first(1, ["a", "b", "c"]);
        let now = regions(["a", "b", "c"]).into_iter().take(2).collect::<Vec<_>>();
        assert_eq!(before.since(2, &now), PageDelta::from([(2, [].into())]));
    }

    #[test]
    fn only_so_many_versions_are_remembered() {
        let page = (2..100).fold(first(1, ["a", "b", "c"]), |page, version| page.then(version, ["a", "b", "c"]));
        assert_eq!(page.since.len(), VERSIONS);
        assert!(page.message(99 - VERSIONS as i64).contains("reload") && page.message(98).contains("from"));
    }
}
