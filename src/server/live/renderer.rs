//! Who makes pages for visitors who watch: one task for each organization that has any, so that a
//! change is read and rendered once and every socket waits for nothing but its text.

use crate::{
    domain::error::AppError,
    server::{App, access::PublicPage, status_page::Page},
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time};

/// What could not be made is tried again after so long.
const AGAIN: Duration = Duration::from_secs(2);
/// How often it looks whether anybody is still there while nothing changes.
const LOOK: Duration = Duration::from_secs(15);

/// The pages of an organization, beginning with the one now, as soon as it is made.
pub fn pages(app: &App, page: &PublicPage) -> watch::Receiver<Option<Arc<Page>>> {
    let mut channels = app.hub.channels();
    let channel = channels.entry(page.id().clone()).or_default();
    let pages = channel.page.subscribe();
    if !channel.has_renderer {
        channel.has_renderer = true;
        tokio::spawn(render_pages(app.clone(), page.clone(), channel.version.subscribe()));
    }
    pages
}

/// Changes that come while a page is made are told together by the next one.
async fn render_pages(app: App, page: PublicPage, mut versions: watch::Receiver<i64>) {
    loop {
        versions.mark_unchanged();
        let made = app.pages.rendered(&app, &page).await;
        if matches!(made, Err(AppError::NotFound(_))) {
            return dismiss(&app, &page);
        }
        let behind = made.as_ref().map_or(true, |made| made.version < app.hub.version(page.id()));
        if let Ok(made) = made {
            // Made for somebody else, it may not have been shown.
            app.hub.show(page.id(), &made);
        }
        loop {
            let changed = time::timeout(if behind { AGAIN } else { LOOK }, versions.changed()).await.is_ok();
            if nobody_watches(&app, &page) {
                return;
            }
            if changed || behind {
                break;
            }
        }
    }
}

/// The organization has gone, or may not be seen any more: its sockets end, and their pages learn why
/// when they ask again.
fn dismiss(app: &App, page: &PublicPage) {
    if let Some(channel) = app.hub.channels().get_mut(page.id()) {
        channel.has_renderer = false;
        channel.page = watch::Sender::new(None);
    }
}

fn nobody_watches(app: &App, page: &PublicPage) -> bool {
    let mut channels = app.hub.channels();
    let Some(channel) = channels.get_mut(page.id()) else { return true };
    if channel.page.receiver_count() > 0 {
        return false;
    }
    channel.has_renderer = false;
    channel.page.send_replace(None);
    true
}
