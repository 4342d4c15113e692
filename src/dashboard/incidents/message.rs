//! Writing a message: Markdown, and how it will look.

use super::marks::Prose;
use crate::{dashboard::frame::Organization, rpc::incidents::preview_message, ui::*};
use leptos::{ev, html, prelude::*};

const SIDE: &str = "inline-flex h-7 cursor-pointer items-center rounded-md px-2.5 text-xs font-medium text-muted-foreground hover:bg-accent hover:text-foreground aria-pressed:bg-accent aria-pressed:text-foreground pointer-coarse:h-10";

/// Whether a key says "send it": ⌘ Enter or Ctrl Enter, anywhere in a form.
pub fn sends(event: &ev::KeyboardEvent) -> bool {
    event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) && !event.is_composing() && !event.repeat()
}

/// Whether a form has to wait: sent before the browser's program is there, it would only load the page again.
pub fn waits() -> Signal<bool> {
    let waits = RwSignal::new(true);
    Effect::new(move || waits.set(false));
    waits.into()
}

/// A field for a message, with a second side that shows how it will look.
#[component]
pub fn MessageField(
    /// What the field asks for.
    label: &'static str,
    /// The id of the control.
    id: &'static str,
    /// The text.
    value: RwSignal<String>,
    /// Which side is seen; its own unless others turn it too.
    #[prop(optional)]
    previews: Option<RwSignal<bool>>,
    /// What is wrong with it, in words.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// What helps to fill it in.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// How many lines it shows.
    #[prop(default = 4)]
    rows: u32,
    /// A handle on the control.
    #[prop(optional)]
    node_ref: NodeRef<html::Textarea>,
) -> impl IntoView {
    let organization = Organization::get();
    let previews = previews.unwrap_or_else(|| RwSignal::new(false));
    let look = leptos::prelude::Action::new(move |text: &String| {
        preview_message(organization.slug.get_untracked(), text.clone())
    });
    let preview = move |_| {
        previews.set(true);
        look.dispatch(value.get_untracked());
    };
    let pending = look.pending();
    view! {
        <div class="grid min-w-0 gap-1.5">
            <div class=move || if previews.get() { "hidden" } else { "min-w-0" }>
                <TextArea label name="body" id rows value on_input=move |text| value.set(text) error hint node_ref />
            </div>
            {move || previews.get().then(|| view! {
                <div role="region" aria-label="Preview" class="grid min-h-24 min-w-0 gap-2 rounded-md border border-border px-3 py-2">
                    {move || match look.value().get() {
                        _ if pending.get() => view! { <Skeleton class="h-3 w-48" /> }.into_any(),
                        Some(Ok(html)) if html.is_empty() => view! { <p class="text-13 text-muted-foreground">"Nothing to preview yet."</p> }.into_any(),
                        Some(Ok(html)) => view! { <Prose html /> }.into_any(),
                        Some(Err(error)) => view! { <p class="text-13 text-status-red-text">{error.to_string()}</p> }.into_any(),
                        None => view! { <Skeleton class="h-3 w-48" /> }.into_any(),
                    }}
                </div>
            })}
            <div class="flex items-center gap-1" role="group" aria-label=format!("{label}: write or preview")>
                <button type="button" class=SIDE aria-pressed=move || (!previews.get()).to_string() on:click=move |_| previews.set(false)>"Write"</button>
                <button type="button" class=SIDE aria-pressed=move || previews.get().to_string() on:click=preview>"Preview"</button>
                <span class="ml-auto text-xs text-muted-foreground">"Markdown"</span>
            </div>
        </div>
    }
}
