//! Every icon once; rows refer to them. Paths from Lucide (ISC licence).

use leptos::prelude::*;

/// The icons' definitions.
#[component]
pub fn Symbols() -> impl IntoView {
    view! {
        <svg hidden="" width="0" height="0" aria-hidden="true">
            <symbol id="check" viewBox="0 0 24 24"><path d="M20 6 9 17l-5-5" /></symbol>
            <symbol id="wrench" viewBox="0 0 24 24">
                <path d="M14.7 6.3a1 1 0 0 0 0 1.4l1.6 1.6a1 1 0 0 0 1.4 0l3.77-3.77a6 6 0 0 1-7.94 7.94l-6.91 6.91a2.12 2.12 0 0 1-3-3l6.91-6.91a6 6 0 0 1 7.94-7.94l-3.76 3.76z" />
            </symbol>
            <symbol id="minus" viewBox="0 0 24 24"><circle cx="12" cy="12" r="10" /><path d="M8 12h8" /></symbol>
            <symbol id="alert" viewBox="0 0 24 24">
                <path d="m21.73 18-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3" /><path d="M12 9v4" /><path d="M12 17h.01" />
            </symbol>
            <symbol id="cross" viewBox="0 0 24 24"><circle cx="12" cy="12" r="10" /><path d="m15 9-6 6" /><path d="m9 9 6 6" /></symbol>
            <symbol id="chevron" viewBox="0 0 24 24"><path d="m9 18 6-6-6-6" /></symbol>
        </svg>
    }
}
