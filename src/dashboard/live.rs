//! Signals that the server sends: which topics of an organization have changed.
//!
//! The socket carries hints only. A resource that names a topic's version as its source reads
//! again through the server functions, so a lost message can never leave a wrong screen behind.

use crate::domain::live::{Hint, Topic};
use leptos::{
    ev,
    prelude::*,
    wasm_bindgen::{JsCast, closure::Closure},
    web_sys,
};
use std::{cell::Cell, time::Duration};

/// Least and most time between two attempts to connect, in milliseconds.
const WAIT: (u32, u32) = (500, 30_000);
/// A tab that was hidden longer than this reads everything again, in milliseconds.
const MAX_HIDDEN_MS: f64 = 60_000.0;
/// Time until the first attempt to connect after the session has ended, in milliseconds.
const SIGNED_OUT_WAIT: u32 = 5_000;
/// The server's word that the session has ended.
const SIGNED_OUT: u16 = 4401;

thread_local! {
    /// Whether this page is on its way to the sign-in page.
    static SIGNING_OUT: Cell<bool> = const { Cell::new(false) };
}

/// Signing out ends the connection: the page that is about to go has nothing to read again.
pub fn expect_sign_out() {
    SIGNING_OUT.set(true);
}

/// How the connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// Not yet tried.
    Connecting,
    /// Changes arrive as they are made.
    Live,
    /// Lost; trying again.
    Reconnecting,
}

/// What the socket has told.
#[derive(Debug, Clone, Copy)]
pub struct Live {
    /// How the connection is.
    pub connection: RwSignal<Connection>,
    changes: StoredValue<Vec<(Topic, RwSignal<u32>)>>,
    version: StoredValue<i64>,
    wait: StoredValue<u32>,
}

impl Live {
    /// Counts the changes of a topic; as a resource's source it makes it read again.
    pub fn changes(&self, topic: Topic) -> u32 {
        self.changes.with_value(|all| all.iter().find(|(known, _)| *known == topic).map_or(0, |(_, count)| count.get()))
    }

    /// Notes that topics have changed.
    fn changed(&self, topics: &[Topic]) {
        self.changes.with_value(|all| {
            for (_, count) in all.iter().filter(|(topic, _)| topics.contains(topic)) {
                count.update(|count| *count += 1);
            }
        });
    }

    /// After a change of one's own: read again at once where the socket would not tell.
    pub fn refresh(&self) {
        // An undo may come after the organization's screens have gone.
        if self.connection.try_get_untracked().is_some_and(|connection| connection != Connection::Live) {
            self.changed(Topic::ALL);
        }
    }

    /// Connects, and stays connected as long as the part of the screen that calls this.
    pub fn connect(self, organization: Signal<String>) {
        let live = self;
        // One number for each connection: what an older one still says is not heard.
        let current = StoredValue::new(0_u32);
        Effect::new(move || {
            let slug = organization.get();
            current.update_value(|number| *number += 1);
            live.version.set_value(0);
            connect_now(live, slug, current, current.get_value());
        });
        on_cleanup(move || {
            current.try_update_value(|number| *number += 1);
        });
        Effect::new(move || {
            let hidden_since = StoredValue::new(None::<f64>);
            let listener = window_event_listener(ev::visibilitychange, move |_| {
                let hidden = document().visibility_state() == web_sys::VisibilityState::Hidden;
                let since = hidden_since.get_value();
                hidden_since.set_value(hidden.then(js_sys::Date::now));
                if since.is_some_and(|since| js_sys::Date::now() - since > MAX_HIDDEN_MS) {
                    live.changed(Topic::ALL);
                }
            });
            on_cleanup(move || listener.remove());
        });
    }

    fn handle_hint(&self, hint: &Hint) {
        let known = self.version.get_value();
        if hint.topics.is_empty() {
            // The socket has just opened: whatever was missed is read now.
            if known != 0 && known != hint.version {
                self.changed(Topic::ALL);
            }
        } else {
            self.changed(&hint.topics);
        }
        self.version.set_value(hint.version);
    }
}

/// The signals of the organization whose frame is around.
pub fn use_live() -> Live {
    expect_context()
}

/// Provides the signals; [`Live::connect`] makes them speak.
pub fn provide_live() -> Live {
    let live = Live {
        connection: RwSignal::new(Connection::Connecting),
        changes: StoredValue::new(Topic::ALL.iter().map(|topic| (*topic, RwSignal::new(0))).collect()),
        version: StoredValue::new(0),
        wait: StoredValue::new(WAIT.0),
    };
    provide_context(live);
    live
}

fn connect_now(live: Live, slug: String, current: StoredValue<u32>, number: u32) {
    let holds = move || current.try_get_value() == Some(number);
    let again = {
        let slug = slug.clone();
        move || {
            if !holds() {
                return;
            }
            live.connection.set(Connection::Reconnecting);
            let wait = live.wait.get_value();
            live.wait.set_value((wait * 2).min(WAIT.1));
            // Everybody who lost the same server comes back at a different moment.
            let jittered = (f64::from(wait) * (1.0 + js_sys::Math::random())) as u64;
            let slug = slug.clone();
            set_timeout(
                move || {
                    if holds() {
                        connect_now(live, slug, current, number)
                    }
                },
                Duration::from_millis(jittered),
            );
        }
    };
    let location = window().location();
    let (Ok(host), Ok(protocol)) = (location.host(), location.protocol()) else { return };
    let scheme = if protocol == "https:" { "wss" } else { "ws" };
    let Ok(socket) = web_sys::WebSocket::new(&format!("{scheme}://{host}/rpc/live?organization={slug}")) else {
        again();
        return;
    };
    let message = {
        let socket = socket.clone();
        Closure::<dyn Fn(web_sys::MessageEvent)>::new(move |event: web_sys::MessageEvent| {
            if !holds() {
                let _ = socket.close();
                return;
            }
            let hint = event.data().as_string().and_then(|text| serde_json::from_str::<Hint>(&text).ok());
            if let Some(hint) = hint {
                live.wait.set_value(WAIT.0);
                live.connection.set(Connection::Live);
                live.handle_hint(&hint);
            }
        })
    };
    let close = Closure::<dyn Fn(web_sys::CloseEvent)>::new(move |event: web_sys::CloseEvent| {
        if event.code() == SIGNED_OUT {
            if SIGNING_OUT.get() {
                return;
            }
            live.changed(Topic::ALL);
            live.wait.set_value(SIGNED_OUT_WAIT);
        }
        // Also who is signed out: the browser has another session by now if it was confirmed in another tab. Otherwise
        // the screen that connects is gone before.
        again();
    });
    socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
    socket.set_onclose(Some(close.as_ref().unchecked_ref()));
    // They live as long as the page; a socket is opened a few times in a day.
    message.forget();
    close.forget();
}
