//! Dialogs: the native `<dialog>`, shown as a modal, so that the browser keeps the focus inside,
//! closes on `Esc` and gives the focus back.

use super::{Alert, Button, ButtonVariant, IconButton, IconName, TextField, Tone};
use leptos::{ev, html, prelude::*, wasm_bindgen::JsCast, web_sys};

/// Shows and closes the element as the signal says.
fn follow_open(open: RwSignal<bool>, dialog: NodeRef<html::Dialog>) {
    Effect::new(move |_| {
        let wanted = open.get();
        let Some(dialog) = dialog.get() else { return };
        if wanted == dialog.open() {
            return;
        }
        if wanted {
            // The content has to be there first, because `showModal` looks for what to focus.
            request_animation_frame(move || {
                if dialog.is_connected() && !dialog.open() {
                    let _ = dialog.show_modal();
                }
            });
        } else {
            dialog.close();
        }
    });
}

/// Whether an event hit the dialog's own box, which is the backdrop, and not its content.
fn is_backdrop(ev: &web_sys::Event, dialog: NodeRef<html::Dialog>) -> bool {
    let target = ev.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
    match (target, dialog.get_untracked()) {
        (Some(target), Some(dialog)) => dialog.is_same_node(Some(&target)),
        _ => false,
    }
}

/// The frame that every dialog shares: a `<dialog>` whose content fills it.
#[component]
pub(super) fn Modal(
    open: RwSignal<bool>,
    class: &'static str,
    #[prop(optional)] role: Option<&'static str>,
    #[prop(into)] label: Signal<String>,
    #[prop(optional, into)] described_by: Signal<Option<String>>,
    children: ChildrenFn,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let pressed = StoredValue::new(false);
    follow_open(open, dialog);
    view! {
        <dialog
            node_ref=dialog
            class=format!("dialog {class}")
            role=role
            aria-label=move || label.get()
            aria-describedby=move || described_by.get()
            on:close=move |_| open.set(false)
            // Only a press that began on the backdrop closes: not the end of selecting text.
            on:pointerdown=move |ev: ev::PointerEvent| pressed.set_value(is_backdrop(&ev, dialog))
            on:click=move |ev: ev::MouseEvent| {
                if pressed.get_value() && is_backdrop(&ev, dialog) {
                    open.set(false);
                }
                pressed.set_value(false);
            }
            // Keys belong to the dialog while it is open, not to the shortcuts of the page.
            on:keydown=move |ev: ev::KeyboardEvent| ev.stop_propagation()
        >
            {move || open.get().then(|| children())}
        </dialog>
    }
}

/// An id from words, the same on both sides.
fn id_from(words: &str) -> String {
    let id: String =
        words.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    format!("dialog-{id}")
}

/// A dialog. Its content exists only while it is open, so that a form in it starts afresh.
#[component]
pub fn Dialog(
    /// Whether it is open; the dialog sets it when it is closed.
    open: RwSignal<bool>,
    /// What it is for.
    #[prop(into)]
    title: Signal<String>,
    /// A sentence below the title.
    #[prop(optional, into)]
    description: Signal<Option<String>>,
    /// Wider, for a form with columns or a long text.
    #[prop(optional)]
    wide: bool,
    /// `alertdialog` when it interrupts with a question.
    #[prop(optional)]
    role: Option<&'static str>,
    /// The content; buttons in a [`DialogFooter`] at its end.
    children: ChildrenFn,
) -> impl IntoView {
    let description_id = id_from(&title.get_untracked());
    let described_by = {
        let id = description_id.clone();
        Signal::derive(move || description.read().is_some().then(|| id.clone()))
    };
    let class = if wide { "max-w-2xl" } else { "max-w-md" };
    view! {
        <Modal open class label=title described_by role=role.unwrap_or("dialog")>
            <div class="relative grid gap-4 p-5">
                <div class="grid gap-1 pr-8">
                    <h2 class="text-base font-semibold tracking-tight break-words">
                        {move || title.get()}
                    </h2>
                    {
                        let id = description_id.clone();
                        move || {
                            description
                                .get()
                                .map(|text| {
                                    view! {
                                        <p id=id.clone() class="text-13 text-muted-foreground break-words">
                                            {text}
                                        </p>
                                    }
                                })
                        }
                    }
                </div>
                {children()}
                // Last in the document, so that the first field takes the focus.
                <div class="absolute top-3 right-3">
                    <IconButton
                        label="Close"
                        icon=IconName::X
                        on:click=move |_| open.set(false)
                    />
                </div>
            </div>
        </Modal>
    }
}

/// The buttons at the end of a dialog: cancel first, the act last.
#[component]
pub fn DialogFooter(
    /// Buttons.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="flex flex-wrap items-center justify-end gap-2 max-sm:[&>*]:flex-1">
            {children()}
        </div>
    }
}

/// Asks before something that cannot be taken back, and says what will be lost.
#[component]
pub fn ConfirmDialog(
    /// Whether it is open. The caller closes it when the act has succeeded.
    open: RwSignal<bool>,
    /// The question: "Delete this group?"
    #[prop(into)]
    title: Signal<String>,
    /// What will happen and what will be lost.
    #[prop(into)]
    message: Signal<String>,
    /// What the button does: "Delete group".
    #[prop(into)]
    confirm_label: Signal<String>,
    /// The act destroys something: the button is red and the focus starts on cancel.
    #[prop(optional)]
    destructive: bool,
    /// The act is under way.
    #[prop(optional, into)]
    pending: Signal<bool>,
    /// Why it did not work.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Does it.
    #[prop(into)]
    on_confirm: Callback<()>,
    /// Words that have to be typed first, for what hurts most.
    #[prop(optional, into)]
    type_to_confirm: Option<String>,
) -> impl IntoView {
    let variant = if destructive { ButtonVariant::Destructive } else { ButtonVariant::Primary };
    let description = Signal::derive(move || Some(message.get()));
    let words = StoredValue::new(type_to_confirm);
    view! {
        <Dialog open title description role="alertdialog">
            {move || {
                let typed = RwSignal::new(String::new());
                let wrong = Signal::derive(move || {
                    words
                        .with_value(|words| {
                            words.as_ref().is_some_and(|words| typed.read().trim() != words)
                        })
                });
                let confirm = move |ev: ev::SubmitEvent| {
                    ev.prevent_default();
                    if !wrong.get_untracked() && !pending.get_untracked() {
                        on_confirm.run(());
                    }
                };
                let asks = words.with_value(Option::is_some);
                view! {
                    <form class="grid gap-4" on:submit=confirm>
                        {move || {
                            error
                                .get()
                                .map(|text| {
                                    view! {
                                        <Alert tone=Tone::Red icon=IconName::AlertTriangle urgent=true>
                                            {text}
                                        </Alert>
                                    }
                                })
                        }}
                        {words
                            .get_value()
                            .map(|words| {
                                view! {
                                    <TextField
                                        label=format!("Type “{words}” to confirm")
                                        name="confirmation"
                                        value=typed
                                        on_input=move |text| typed.set(text)
                                        autocomplete="off"
                                        spellcheck=false
                                        autofocus=true
                                    />
                                }
                            })}
                        <DialogFooter>
                            <Button
                                attr:autofocus=destructive && !asks
                                on:click=move |_| open.set(false)
                            >
                                "Cancel"
                            </Button>
                            <Button variant submit=true disabled=wrong pending=pending>
                                {move || confirm_label.get()}
                            </Button>
                        </DialogFooter>
                    </form>
                }
            }}
        </Dialog>
    }
}
