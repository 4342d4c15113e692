//! Toasts: what has just happened, said once, in a corner, with a way to take it back.

use super::{Button, ButtonSize, Icon, IconButton, IconName, Tone};
use leptos::{leptos_dom::helpers::TimeoutHandle, prelude::*};
use std::{fmt, sync::Arc, time::Duration};

const VISIBLE_FOR: Duration = Duration::from_secs(6);

/// More than these are not read: the oldest goes.
const MAX_TOASTS: usize = 4;

/// What a toast's button does. Not a [`Callback`], which would end with the part of the screen that
/// made it: undoing a deletion outlives the row that was deleted.
#[derive(Clone)]
struct ToastAction(Arc<dyn Fn() + Send + Sync>);

impl fmt::Debug for ToastAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Act")
    }
}

#[derive(Debug, Clone)]
struct Toast {
    id: u64,
    tone: Tone,
    text: String,
    action: Option<(String, ToastAction)>,
}

/// The toasts of the app; cheap to copy into handlers.
#[derive(Debug, Clone, Copy)]
pub struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    next: StoredValue<u64>,
}

/// Makes toasts available to everything below. Call once, at the root of the app.
pub fn provide_toasts() -> Toasts {
    let toasts = Toasts { shown: RwSignal::new(Vec::new()), next: StoredValue::new(0) };
    provide_context(toasts);
    toasts
}

/// The toasts of the app.
///
/// Without [`provide_toasts`] above, the toasts go nowhere: a widget shown alone still works.
#[must_use]
pub fn use_toasts() -> Toasts {
    use_context().unwrap_or_else(provide_toasts)
}

impl Toasts {
    /// Something worked: "Update posted".
    pub fn success(&self, text: impl Into<String>) {
        self.push(Tone::Green, text.into(), None);
    }

    /// Something did not work: what happened and what to do.
    pub fn error(&self, text: impl Into<String>) {
        self.push(Tone::Red, text.into(), None);
    }

    /// Something happened and there is something to do about it, such as "Undo".
    pub fn with_action(
        &self,
        text: impl Into<String>,
        label: impl Into<String>,
        run: impl Fn() + Send + Sync + 'static,
    ) {
        self.push(Tone::Green, text.into(), Some((label.into(), ToastAction(Arc::new(run)))));
    }

    fn push(&self, tone: Tone, text: String, action: Option<(String, ToastAction)>) {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        self.shown.update(|shown| {
            shown.push(Toast { id, tone, text, action });
            if shown.len() > MAX_TOASTS {
                shown.remove(0);
            }
        });
    }

    fn dismiss(&self, id: u64) {
        // The app may be gone when a timer fires.
        self.shown.try_update(|shown| shown.retain(|toast| toast.id != id));
    }
}

/// The corner in which toasts appear. Once, at the end of the app.
#[component]
pub fn Toaster() -> impl IntoView {
    let toasts = use_toasts();
    view! {
        <div
            class="pointer-events-none fixed inset-x-4 bottom-4 z-50 flex flex-col items-end gap-2 max-md:bottom-20 sm:left-auto sm:w-96"
            role="status"
            aria-live="polite"
        >
            <For each=move || toasts.shown.get() key=|toast| toast.id let:toast>
                <ToastCard toasts toast />
            </For>
        </div>
    }
}

#[component]
fn ToastCard(toasts: Toasts, toast: Toast) -> impl IntoView {
    let Toast { id, tone, text, action } = toast;
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || {
        if let Some(Some(handle)) = timer.try_update_value(Option::take) {
            handle.clear();
        }
    };
    let start = move || {
        stop();
        timer.set_value(set_timeout_with_handle(move || toasts.dismiss(id), VISIBLE_FOR).ok());
    };
    // An effect runs only in the browser; a timer started in the view would also run on the server.
    Effect::new(move |_| start());
    on_cleanup(stop);
    let icon = match tone {
        Tone::Red => IconName::AlertTriangle,
        _ => IconName::CheckCircle,
    };
    view! {
        <div
            class="toast pointer-events-auto flex w-full items-center gap-3 rounded-lg border border-border bg-popover py-1.5 pr-1.5 pl-3 text-13 text-popover-foreground shadow-lg"
            on:pointerenter=move |_| stop()
            on:pointerleave=move |_| start()
            on:focusin=move |_| stop()
            on:focusout=move |_| start()
        >
            <span class=format!("inline-flex {}", tone.text())>
                <Icon name=icon />
            </span>
            <span class="min-w-0 flex-1 py-1 break-words">{text}</span>
            {action
                .map(|(label, run)| {
                    view! {
                        <Button
                            size=ButtonSize::Small
                            on:click=move |_| {
                                toasts.dismiss(id);
                                (run.0)();
                            }
                        >
                            {label}
                        </Button>
                    }
                })}
            <IconButton
                label="Dismiss"
                icon=IconName::X
                size=ButtonSize::Small
                on:click=move |_| toasts.dismiss(id)
            />
        </div>
    }
}
