//! The finished status page, and what changed since the one before.

use super::{
    finished::{Finished, Stamp},
    snapshot::Snapshot,
    views,
};
use crate::server::{App, document};
use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Deref,
};

/// A part of the page that is sent by itself when it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The element's id.
    pub id: String,
    /// The element.
    pub html: String,
}

/// A status page, finished.
#[derive(Debug)]
pub struct Page {
    finished: Finished,
    regions: Vec<Region>,
    /// Places of the regions that time alone has changed since this version was first shown.
    drifted: BTreeSet<usize>,
    change: Option<Change>,
}

/// What to tell those who have the version before.
#[derive(Debug)]
struct Change {
    from: i64,
    /// Places of the regions that are otherwise now.
    places: BTreeSet<usize>,
    text: Utf8Bytes,
}

#[derive(Serialize)]
struct News<'a> {
    from: i64,
    version: i64,
    title: &'a str,
    icon: String,
    regions: BTreeMap<&'a str, &'a str>,
}

impl Deref for Page {
    type Target = Finished;
    fn deref(&self) -> &Finished {
        &self.finished
    }
}

impl Page {
    /// Renders and compresses it. `last` is the page that this one replaces.
    pub fn render(app: &App, snapshot: &Snapshot, last: Option<&Self>) -> Self {
        let regions = views::regions(snapshot);
        let head = views::head(app, snapshot);
        let (title, icon) = (head.title.clone(), document::favicon(head.indicator));
        let html = document::render(head, || views::body(snapshot, &regions));
        let organization = &snapshot.organization;
        let version = organization.version;
        let last = last.filter(|last| last.has_the_same_outline(&regions));
        let (from, drifted) = last.map_or((None, BTreeSet::new()), |last| last.followed_by(version, &regions));
        let change = from.map(|(from, places)| {
            let changed = places.iter().filter_map(|place| regions.get(*place));
            let changed = changed.map(|region| (region.id.as_str(), region.html.as_str())).collect();
            let news = News { from, version, title: &title, icon, regions: changed };
            let text = Utf8Bytes::from(serde_json::to_string(&news).unwrap_or_default());
            Change { from, places, text }
        });
        let stamp = Stamp {
            version,
            slug: organization.slug.clone(),
            made_at: snapshot.made_at,
            good_until: snapshot.good_until,
        };
        Self { finished: Finished::new(stamp, html), regions, drifted, change }
    }

    fn has_the_same_outline(&self, regions: &[Region]) -> bool {
        self.regions.iter().map(|region| &region.id).eq(regions.iter().map(|region| &region.id))
    }

    /// From which version the next page tells a change, and of which regions; and what time alone has
    /// changed in it. A page that is made anew for the same version goes on telling what changed
    /// since the version before; and the next version tells also what time has changed meanwhile,
    /// because a reader may have seen this version as it first was.
    fn followed_by(&self, version: i64, regions: &[Region]) -> (Option<(i64, BTreeSet<usize>)>, BTreeSet<usize>) {
        let pairs = self.regions.iter().zip(regions).enumerate();
        let different: BTreeSet<usize> =
            pairs.filter(|(_, (before, now))| before.html != now.html).map(|(place, _)| place).collect();
        let with_drifted = &different | &self.drifted;
        if self.version == version {
            let change = self.change.as_ref().map(|change| (change.from, &change.places | &different));
            (change, with_drifted)
        } else {
            (Some((self.version, with_drifted)), BTreeSet::new())
        }
    }

    /// What to tell somebody who has version `seen`: the changed regions, or to read the page again.
    pub fn message(&self, seen: i64) -> Utf8Bytes {
        match &self.change {
            Some(change) if change.from == seen => change.text.clone(),
            _ => format!(r#"{{"version":{},"reload":true}}"#, self.version).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Time;

    fn regions(texts: [&str; 3]) -> Vec<Region> {
        let region = |(place, html): (usize, &str)| Region { id: format!("r{place}"), html: html.to_owned() };
        texts.into_iter().enumerate().map(region).collect()
    }

    fn page(version: i64, texts: [&str; 3]) -> Page {
        let (at, slug) = (Time::default(), "northwind".to_owned());
        let stamp = Stamp { version, slug, made_at: at, good_until: at };
        Page {
            finished: Finished::new(stamp, String::new()),
            regions: regions(texts),
            drifted: BTreeSet::new(),
            change: None,
        }
    }

    #[test]
    fn a_new_version_tells_what_is_otherwise() {
        let (change, drifted) = page(1, ["a", "b", "c"]).followed_by(2, &regions(["a", "x", "c"]));
        assert_eq!(change, Some((1, BTreeSet::from([1]))));
        assert!(drifted.is_empty());
    }

    #[test]
    fn what_time_has_changed_is_told_with_the_next_version() {
        let mut first = page(2, ["a", "b", "c"]);
        first.change = Some(Change { from: 1, places: [1].into(), text: Utf8Bytes::default() });
        // A day later, the same version.
        let (change, drifted) = first.followed_by(2, &regions(["a", "b", "later"]));
        assert_eq!(change, Some((1, BTreeSet::from([1, 2]))), "who has version 1 gets everything since");
        assert_eq!(drifted, BTreeSet::from([2]));
        let anew = Page { drifted, ..page(2, ["a", "b", "later"]) };
        // Who has version 2 may have it from before.
        let (change, drifted) = anew.followed_by(3, &regions(["x", "b", "later"]));
        assert_eq!(change, Some((2, BTreeSet::from([0, 2]))));
        assert!(drifted.is_empty());
    }
}
