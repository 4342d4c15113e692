//! Keys that work on a whole screen.

use leptos::{ev, prelude::*, wasm_bindgen::JsCast, web_sys};
use std::rc::Rc;

/// Whether keys are being typed into something right now.
fn is_typing(event: &web_sys::KeyboardEvent) -> bool {
    let element = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    element.is_some_and(|element| {
        matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
            || element.has_attribute("contenteditable")
    })
}

/// Calls with every key that is pressed while nothing is being typed and no modifier is held.
/// Widgets that are open (menus, dialogs) keep their keys to themselves.
pub fn on_key(act: impl Fn(&str, &web_sys::KeyboardEvent) + 'static) {
    let act = Rc::new(act);
    Effect::new(move || {
        let act = act.clone();
        let listener = window_event_listener(ev::keydown, move |event| {
            let modified = event.ctrl_key() || event.meta_key() || event.alt_key();
            if !modified && !event.default_prevented() && !is_typing(&event) {
                act(&event.key(), &event);
            }
        });
        on_cleanup(move || listener.remove());
    });
}

/// Calls on ⌘ or Ctrl with this letter, also while something is being typed.
pub fn on_command_key(letter: &'static str, act: impl Fn() + 'static) {
    let act = Rc::new(act);
    Effect::new(move || {
        let act = act.clone();
        let listener = window_event_listener(ev::keydown, move |event| {
            if (event.ctrl_key() || event.meta_key()) && event.key().eq_ignore_ascii_case(letter) {
                event.prevent_default();
                act();
            }
        });
        on_cleanup(move || listener.remove());
    });
}
