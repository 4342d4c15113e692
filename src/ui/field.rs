//! Form fields. Each is a label, a control, a hint and an error, wired by ids that come from the
//! name, so that both sides agree on them and a plain form works without script.

use super::{Alert, Icon, IconName, Kbd, Tone};
use leptos::{html, prelude::*};

pub(super) const CONTROL: &str = "w-full min-w-0 rounded-md border border-input bg-field text-13 text-foreground placeholder:text-muted-foreground disabled:cursor-not-allowed disabled:opacity-60 aria-invalid:border-status-red";
const CONTROL_HEIGHT: &str = "h-8 px-2.5 pointer-coarse:h-10 pointer-coarse:text-base";

/// The ids that tie a control to its label, hint and error.
#[derive(Clone)]
pub(super) struct Wiring {
    pub(super) id: String,
    hint: Signal<Option<String>>,
    error: Signal<Option<String>>,
    prefixed: bool,
}

impl Wiring {
    pub(super) fn new(
        id: Option<String>,
        name: &str,
        hint: Signal<Option<String>>,
        error: Signal<Option<String>>,
    ) -> Self {
        Self { id: id.unwrap_or_else(|| format!("field-{name}")), hint, error, prefixed: false }
    }

    pub(super) fn described_by(&self) -> Option<String> {
        let parts: Vec<String> =
            [(self.prefixed, "prefix"), (self.hint.read().is_some(), "hint"), (self.error.read().is_some(), "error")]
                .into_iter()
                .filter(|(there, _)| *there)
                .map(|(_, part)| format!("{}-{part}", self.id))
                .collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }

    pub(super) fn invalid(&self) -> Option<&'static str> {
        self.error.read().is_some().then_some("true")
    }

    pub(super) fn label(&self, label: String, optional: bool) -> impl IntoView + use<> {
        view! {
            <div class="flex items-baseline justify-between gap-2">
                <label for=self.id.clone() class="text-13 font-medium">
                    {label}
                </label>
                {optional
                    .then(|| view! { <span class="text-xs text-muted-foreground">"Optional"</span> })}
            </div>
        }
    }

    pub(super) fn notes(&self) -> impl IntoView + use<> {
        let Self { id, hint, error, .. } = self.clone();
        let hint_id = format!("{id}-hint");
        let error_id = format!("{id}-error");
        view! {
            {move || {
                hint.get()
                    .map(|text| {
                        view! {
                            <p id=hint_id.clone() class="text-xs text-muted-foreground">
                                {text}
                            </p>
                        }
                    })
            }}
            {move || {
                error
                    .get()
                    .map(|text| {
                        view! {
                            <p id=error_id.clone() class="text-xs font-medium text-status-red-text">
                                {text}
                            </p>
                        }
                    })
            }}
        }
    }
}

/// Keeps the text of a control and its signal in step.
///
/// `prop:value` would do it too, but on hydration it would throw away what somebody typed before
/// the WebAssembly arrived. Here the first look at the element takes over what was typed; from
/// then on the signal leads.
pub(super) fn keep_in_step(
    value: Signal<String>,
    on_input: Option<Callback<String>>,
    read: impl Fn() -> Option<String> + 'static,
    write: impl Fn(&str) + 'static,
) {
    let initial = value.get_untracked();
    Effect::new(move |seen: Option<bool>| {
        let wanted = value.get();
        let Some(shown) = read() else {
            return false;
        };
        let typed_early = seen != Some(true) && plain(&shown) != plain(&initial);
        if typed_early {
            if let Some(on_input) = on_input {
                on_input.run(shown);
            }
        } else if shown != wanted {
            write(&wanted);
        }
        true
    });
}

/// The text without what an HTML parser changes about it: the ends of lines, and empty lines at
/// the start of a text area.
fn plain(text: &str) -> String {
    text.replace("\r\n", "\n").trim_start_matches('\n').to_owned()
}

/// One line of text.
#[component]
pub fn TextField(
    /// What the field asks for.
    #[prop(into)]
    label: String,
    /// The name under which the form sends it.
    name: &'static str,
    /// The id of the control; from the name unless two forms on one page share it.
    #[prop(optional, into)]
    id: Option<String>,
    /// The type of the input: `text`, `email`, `password`, `url`, `number`, `datetime-local` …
    #[prop(default = "text", into)]
    kind: &'static str,
    /// What it shows.
    #[prop(optional, into)]
    value: Signal<String>,
    /// Called with the text at every keystroke.
    #[prop(optional, into)]
    on_input: Option<Callback<String>>,
    /// What is wrong with it, in words.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// What helps to fill it in.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// The browser refuses to send the form without it.
    #[prop(optional)]
    required: bool,
    /// Says that it may be left empty.
    #[prop(optional)]
    optional: bool,
    /// What the browser may fill in: `email`, `current-password`, `off` …
    #[prop(optional, into)]
    autocomplete: Option<&'static str>,
    /// The most characters it takes.
    #[prop(optional, into)]
    maxlength: Option<u32>,
    /// The fewest characters it takes.
    #[prop(optional, into)]
    minlength: Option<u32>,
    /// An example, shown while it is empty.
    #[prop(optional, into)]
    placeholder: Option<&'static str>,
    /// Text inside the frame, before the input.
    #[prop(optional, into)]
    prefix: Option<String>,
    /// Takes the focus when it appears.
    #[prop(optional)]
    autofocus: bool,
    /// Whether the browser checks the spelling: not for names of things.
    #[prop(default = true)]
    spellcheck: bool,
    /// Letters of one width: for what is compared or copied letter by letter.
    #[prop(optional)]
    mono: bool,
    /// Cannot be changed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// A handle on the input.
    #[prop(optional)]
    node_ref: NodeRef<html::Input>,
) -> impl IntoView {
    keep_in_step(
        value,
        on_input,
        move || node_ref.get().map(|input| input.value()),
        move |text| {
            if let Some(input) = node_ref.get_untracked() {
                input.set_value(text);
            }
        },
    );
    let mut wiring = Wiring::new(id, name, hint, error);
    wiring.prefixed = prefix.is_some();
    let class = if prefix.is_some() {
        "h-full min-w-0 flex-1 border-0 bg-transparent px-2.5 text-13 text-foreground outline-none placeholder:text-muted-foreground pointer-coarse:text-base".to_owned()
    } else {
        format!("{CONTROL} {CONTROL_HEIGHT}")
    };
    let class = if mono { format!("{class} font-mono") } else { class };
    let described_by = wiring.clone();
    let invalid = wiring.clone();
    let frame_invalid = wiring.clone();
    let input = view! {
        <input
            node_ref=node_ref
            id=wiring.id.clone()
            name=name
            type=kind
            class=class
            value=value.get_untracked()
            required=required
            autocomplete=autocomplete
            maxlength=maxlength.map(|n| n.to_string())
            minlength=minlength.map(|n| n.to_string())
            placeholder=placeholder
            autofocus=autofocus
            spellcheck=(!spellcheck).then_some("false")
            autocapitalize=(!spellcheck).then_some("none")
            disabled=move || disabled.get()
            aria-describedby=move || described_by.described_by()
            aria-invalid=move || invalid.invalid()
            on:input=move |ev| {
                if let Some(on_input) = on_input {
                    on_input.run(event_target_value(&ev));
                }
            }
        />
    };
    let control = match prefix {
        Some(prefix) => view! {
            <div
                class="flex h-8 w-full min-w-0 items-center rounded-md border border-input bg-field focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-ring aria-invalid:border-status-red pointer-coarse:h-10"
                aria-invalid=move || frame_invalid.invalid()
            >
                <span
                    id=format!("{}-prefix", wiring.id)
                    class="flex h-full max-w-[60%] items-center rounded-l-md border-r border-input bg-muted px-2.5 text-13 text-muted-foreground select-none"
                >
                    <span class="truncate">{prefix}</span>
                </span>
                {input}
            </div>
        }
        .into_any(),
        None => input.into_any(),
    };
    view! { <div class="grid gap-1.5">{wiring.label(label, optional)} {control} {wiring.notes()}</div> }
}

/// A choice of one from a list.
#[component]
pub fn SelectField(
    /// What the field asks for.
    #[prop(into)]
    label: String,
    /// The name under which the form sends it.
    name: &'static str,
    /// The id of the control; from the name unless two forms on one page share it.
    #[prop(optional, into)]
    id: Option<String>,
    /// What there is to choose from: value and label.
    #[prop(into)]
    options: Signal<Vec<(String, String)>>,
    /// The value that is chosen.
    #[prop(optional, into)]
    value: Signal<String>,
    /// Called with the value when another is chosen.
    #[prop(optional, into)]
    on_change: Option<Callback<String>>,
    /// What is wrong with it, in words.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// What helps to choose.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// The browser refuses to send the form without it.
    #[prop(optional)]
    required: bool,
    /// Says that it may be left empty.
    #[prop(optional)]
    optional: bool,
    /// Cannot be changed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// The label is there for screen readers only: in a bar above a list.
    #[prop(optional)]
    label_hidden: bool,
) -> impl IntoView {
    let node_ref = NodeRef::<html::Select>::new();
    let initial = value.get_untracked();
    Effect::new(move |seen: Option<bool>| {
        let wanted = value.get();
        let known = options.get();
        let Some(select) = node_ref.get() else {
            return false;
        };
        let shown = select.value();
        let has = |value: &str| known.iter().any(|(key, _)| key == value);
        if seen != Some(true) && shown != initial && has(&initial) && has(&shown) {
            // Chosen before the WebAssembly arrived.
            if let Some(on_change) = on_change {
                on_change.run(shown);
            }
        } else if shown != wanted {
            // The options may be about to change too, and have to be there first.
            request_animation_frame(move || select.set_value(&wanted));
        }
        true
    });
    let wiring = Wiring::new(id, name, hint, error);
    let described_by = wiring.clone();
    let invalid = wiring.clone();
    let control = view! {
        <div class="relative">
            <select
                node_ref=node_ref
                id=wiring.id.clone()
                name=name
                class=format!("{CONTROL} {CONTROL_HEIGHT} cursor-pointer appearance-none truncate !pr-8")
                required=required
                disabled=move || disabled.get()
                aria-label=label_hidden.then(|| label.clone())
                aria-describedby=move || described_by.described_by()
                aria-invalid=move || invalid.invalid()
                on:change=move |ev| {
                    if let Some(on_change) = on_change {
                        on_change.run(event_target_value(&ev));
                    }
                }
            >
                {move || {
                    let chosen = value.get_untracked();
                    options
                        .get()
                        .into_iter()
                        .map(|(key, label)| {
                            let selected = key == chosen;
                            view! {
                                <option value=key selected=selected>
                                    {label}
                                </option>
                            }
                        })
                        .collect_view()
                }}
            </select>
            <span class="pointer-events-none absolute inset-y-0 right-2.5 flex items-center text-muted-foreground">
                <Icon name=IconName::ChevronDown class="size-3.5" />
            </span>
        </div>
    };
    view! {
        <div class="grid gap-1.5">
            {(!label_hidden).then(|| wiring.label(label, optional))} {control} {wiring.notes()}
        </div>
    }
}

/// Yes or no, as part of a form. Sends `true` when ticked and nothing when not.
#[component]
pub fn Checkbox(
    /// What is agreed to.
    #[prop(into)]
    label: String,
    /// The name under which the form sends it.
    name: &'static str,
    /// The id of the control; from the name unless two forms on one page share it.
    #[prop(optional, into)]
    id: Option<String>,
    /// What it sends when ticked: for a list of boxes under one name.
    #[prop(default = "true".to_owned(), into)]
    value: String,
    /// Whether it is ticked.
    #[prop(optional, into)]
    checked: Signal<bool>,
    /// Called when it is ticked or unticked.
    #[prop(optional, into)]
    on_change: Option<Callback<bool>>,
    /// What it means, in a sentence.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// Cannot be changed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
) -> impl IntoView {
    Toggle(ToggleProps { label, name, id, value, checked, on_change, hint, disabled, switch: false })
}

/// On or off, at once, without a form around it.
#[component]
pub fn Switch(
    /// What is switched on.
    #[prop(into)]
    label: String,
    /// The name under which a form would send it.
    name: &'static str,
    /// The id of the control; from the name unless two on one page share it.
    #[prop(optional, into)]
    id: Option<String>,
    /// Whether it is on.
    #[prop(optional, into)]
    checked: Signal<bool>,
    /// Called when it is switched.
    #[prop(optional, into)]
    on_change: Option<Callback<bool>>,
    /// What it means, in a sentence.
    #[prop(optional, into)]
    hint: Signal<Option<String>>,
    /// Cannot be changed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
) -> impl IntoView {
    Toggle(ToggleProps { label, name, id, value: "true".to_owned(), checked, on_change, hint, disabled, switch: true })
}

#[component]
fn Toggle(
    label: String,
    name: &'static str,
    id: Option<String>,
    value: String,
    checked: Signal<bool>,
    on_change: Option<Callback<bool>>,
    hint: Signal<Option<String>>,
    disabled: Signal<bool>,
    switch: bool,
) -> impl IntoView {
    let node_ref = NodeRef::<html::Input>::new();
    let initial = checked.get_untracked();
    Effect::new(move |seen: Option<bool>| {
        let wanted = checked.get();
        let Some(input) = node_ref.get() else {
            return false;
        };
        let shown = input.checked();
        if seen != Some(true) && shown != initial {
            // Ticked before the WebAssembly arrived.
            if let Some(on_change) = on_change {
                on_change.run(shown);
            }
        } else if shown != wanted {
            input.set_checked(wanted);
        }
        true
    });
    let wiring = Wiring::new(id, name, hint, Signal::stored(None));
    let described_by = wiring.clone();
    let class = if switch { "switch" } else { "checkbox" };
    view! {
        <div class="grid grid-cols-[auto_1fr] items-start gap-x-2.5 gap-y-0.5">
            <span class="flex min-h-6 items-center pointer-coarse:min-h-10">
                <input
                    node_ref=node_ref
                    id=wiring.id.clone()
                    name=name
                    type="checkbox"
                    role=switch.then_some("switch")
                    class=class
                    value=value
                    checked=initial
                    disabled=move || disabled.get()
                    aria-describedby=move || described_by.described_by()
                    on:change=move |ev| {
                        if let Some(on_change) = on_change {
                            on_change.run(event_target_checked(&ev));
                        }
                    }
                />
            </span>
            <label
                for=wiring.id.clone()
                class="flex min-h-6 items-center text-13 font-medium pointer-coarse:min-h-10"
            >
                {label}
            </label>
            <div class="col-start-2 empty:hidden">{wiring.notes()}</div>
        </div>
    }
}

/// A field that filters the list below it.
#[component]
pub fn SearchField(
    /// What it searches, for screen readers.
    #[prop(into)]
    label: String,
    /// The name under which a form would send it.
    #[prop(default = "q")]
    name: &'static str,
    /// What it searches, shown while it is empty; the label unless given.
    #[prop(optional, into)]
    placeholder: Option<String>,
    /// What it shows.
    #[prop(optional, into)]
    value: Signal<String>,
    /// Called with the text at every keystroke, and with nothing when `Esc` clears it.
    #[prop(optional, into)]
    on_input: Option<Callback<String>>,
    /// The key that leads here, shown while it is empty. The screen listens to it, not the field.
    #[prop(default = Some("/"))]
    shortcut: Option<&'static str>,
    /// Further classes.
    #[prop(optional, into)]
    class: &'static str,
    /// A handle on the input, to put the focus into it.
    #[prop(optional)]
    node_ref: NodeRef<html::Input>,
) -> impl IntoView {
    keep_in_step(
        value,
        on_input,
        move || node_ref.get().map(|input| input.value()),
        move |text| {
            if let Some(input) = node_ref.get_untracked() {
                input.set_value(text);
            }
        },
    );
    let placeholder = placeholder.unwrap_or_else(|| label.clone());
    view! {
        <div class=format!("group relative w-full sm:w-64 {class}") role="search">
            <span class="pointer-events-none absolute inset-y-0 left-2.5 flex items-center text-muted-foreground">
                <Icon name=IconName::Search />
            </span>
            <input
                node_ref=node_ref
                name=name
                type="search"
                class=format!("{CONTROL} {CONTROL_HEIGHT} peer !px-8 [&::-webkit-search-cancel-button]:hidden")
                value=value.get_untracked()
                placeholder=placeholder
                aria-label=label
                aria-keyshortcuts=shortcut
                autocomplete="off"
                spellcheck="false"
                on:input=move |ev| {
                    if let Some(on_input) = on_input {
                        on_input.run(event_target_value(&ev));
                    }
                }
                on:keydown=move |ev| {
                    let Some(input) = node_ref.get_untracked() else { return };
                    if ev.key() != "Escape" {
                        return;
                    }
                    ev.prevent_default();
                    ev.stop_propagation();
                    if input.value().is_empty() {
                        let _ = input.blur();
                    } else {
                        input.set_value("");
                        if let Some(on_input) = on_input {
                            on_input.run(String::new());
                        }
                    }
                }
            />
            {shortcut
                .map(|key| {
                    view! {
                        <span
                            class="pointer-events-none absolute inset-y-0 right-2 hidden items-center peer-placeholder-shown:flex peer-focus:hidden pointer-coarse:!hidden"
                            aria-hidden="true"
                        >
                            <Kbd>{key}</Kbd>
                        </span>
                    }
                })}
        </div>
    }
}

/// What went wrong with a form as a whole: stands above its fields.
#[component]
pub fn FormError(
    /// What happened and what to do; nothing while all is well.
    #[prop(into)]
    message: Signal<Option<String>>,
) -> impl IntoView {
    view! {
        <div role="alert" class="w-full empty:hidden">
            {move || {
                message
                    .get()
                    .map(|text| {
                        view! {
                            <Alert tone=Tone::Red icon=IconName::AlertTriangle>
                                {text}
                            </Alert>
                        }
                    })
            }}
        </div>
    }
}
