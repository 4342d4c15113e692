//! Copying a text that is shown only once.

use super::{Button, IconName};
use leptos::{prelude::*, wasm_bindgen::JsValue};
use std::time::Duration;

/// Puts the text on the clipboard, and says so for a moment.
///
/// Browsers have a clipboard for pages on https and on localhost only: elsewhere there is no button,
/// and the text is copied by hand.
#[component]
pub fn CopyButton(
    /// What is copied.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    let (possible, copied) = (RwSignal::new(false), RwSignal::new(false));
    Effect::new(move || possible.set(has_clipboard()));
    let copy = move |_| {
        let _ = window().navigator().clipboard().write_text(&text);
        copied.set(true);
        set_timeout(
            move || {
                copied.try_set(false);
            },
            Duration::from_secs(2),
        );
    };
    let copy = StoredValue::new(copy);
    move || {
        possible.get().then(|| {
            let icon = if copied.get() { IconName::Check } else { IconName::Copy };
            view! {
                <Button icon on:click=move |event| copy.with_value(|copy| copy(event))>
                    {if copied.get() { "Copied" } else { "Copy" }}
                </Button>
            }
        })
    }
}

fn has_clipboard() -> bool {
    js_sys::Reflect::get(&window().navigator(), &JsValue::from_str("clipboard"))
        .is_ok_and(|value| !value.is_undefined())
}
