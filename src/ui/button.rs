//! Buttons, and links that look like them.

use super::{Icon, IconName, Kbd};
use leptos::prelude::*;

/// How loud a button is. A screen has at most one primary button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ButtonVariant {
    /// Filled: the one main action.
    Primary,
    /// With a border: every other action.
    #[default]
    Secondary,
    /// Without a border: in rows and bars.
    Ghost,
    /// Filled red: what cannot be undone.
    Destructive,
}

/// How high a button is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ButtonSize {
    /// 32 px, 40 px on touch screens.
    #[default]
    Medium,
    /// 28 px, 36 px on touch screens: within rows and strips.
    Small,
}

const BASE: &str = "inline-flex shrink-0 cursor-pointer items-center justify-center gap-2 rounded-md border font-medium whitespace-nowrap no-underline select-none disabled:cursor-not-allowed disabled:opacity-50 aria-busy:cursor-progress";

impl ButtonVariant {
    const fn is_filled(self) -> bool {
        matches!(self, Self::Primary | Self::Destructive)
    }

    const fn class(self) -> &'static str {
        match self {
            Self::Primary => {
                "border-transparent bg-primary text-primary-foreground enabled:hover:opacity-90 [a]:hover:opacity-90"
            }
            Self::Secondary => "border-border bg-card text-foreground enabled:hover:bg-accent [a]:hover:bg-accent",
            Self::Ghost => {
                "border-transparent text-muted-foreground enabled:hover:bg-accent enabled:hover:text-foreground [a]:hover:bg-accent [a]:hover:text-foreground"
            }
            Self::Destructive => {
                "border-transparent bg-destructive text-destructive-foreground enabled:hover:opacity-90 [a]:hover:opacity-90"
            }
        }
    }
}

impl ButtonSize {
    const fn class(self) -> &'static str {
        match self {
            Self::Medium => "h-8 px-3 text-13 pointer-coarse:h-10",
            Self::Small => "h-7 px-2.5 text-xs pointer-coarse:h-9",
        }
    }

    const fn square(self) -> &'static str {
        match self {
            Self::Medium => "size-8 pointer-coarse:size-10",
            Self::Small => "size-7 pointer-coarse:size-9",
        }
    }
}

/// A button. `on:click` is put on it from outside.
#[component]
pub fn Button(
    /// How loud it is.
    #[prop(optional)]
    variant: ButtonVariant,
    /// How high it is.
    #[prop(optional)]
    size: ButtonSize,
    /// Submits the form it stands in.
    #[prop(optional)]
    submit: bool,
    /// Cannot be used now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// Is at work: cannot be used again, and says so.
    #[prop(optional, into)]
    pending: Signal<bool>,
    /// An icon before the words.
    #[prop(optional, into)]
    icon: Option<IconName>,
    /// The key that does the same, shown after the words.
    #[prop(optional, into)]
    shortcut: Option<&'static str>,
    /// Further classes.
    #[prop(optional, into)]
    class: &'static str,
    /// A fuller name for screen readers; it has to contain the words on the button.
    #[prop(optional, into)]
    aria_label: MaybeProp<String>,
    /// What happens: "Post update", "Resolve incident".
    children: Children,
) -> impl IntoView {
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class=format!("{BASE} {} {} {class}", variant.class(), size.class())
            disabled=move || disabled.get() || pending.get()
            aria-busy=move || pending.get().then_some("true")
            aria-label=move || aria_label.get()
            aria-keyshortcuts=shortcut
        >
            {move || {
                if pending.get() {
                    Some(
                        view! {
                            <Icon name=IconName::Loader class="size-4 motion-safe:animate-pulse" />
                        },
                    )
                } else {
                    icon.map(|name| view! { <Icon name class="size-4" /> })
                }
            }}
            {children()}
            {shortcut
                .map(|key| {
                    view! {
                        <span class="-mr-1 inline-flex pointer-coarse:hidden" aria-hidden="true">
                            <Kbd inherit=variant.is_filled()>{key}</Kbd>
                        </span>
                    }
                })}
        </button>
    }
}

/// A link that looks like a button: it goes somewhere and changes nothing.
#[component]
pub fn LinkButton(
    /// Where it goes.
    #[prop(into)]
    href: Signal<String>,
    /// How loud it is.
    #[prop(optional)]
    variant: ButtonVariant,
    /// How high it is.
    #[prop(optional)]
    size: ButtonSize,
    /// Opens in a new tab.
    #[prop(optional)]
    external: bool,
    /// An icon before the words.
    #[prop(optional, into)]
    icon: Option<IconName>,
    /// The key that does the same, shown after the words.
    #[prop(optional, into)]
    shortcut: Option<&'static str>,
    /// Further classes.
    #[prop(optional, into)]
    class: &'static str,
    /// A fuller name for screen readers; it has to contain the words on the link.
    #[prop(optional, into)]
    aria_label: MaybeProp<String>,
    /// Where it leads, in words.
    children: Children,
) -> impl IntoView {
    view! {
        <a
            href=move || href.get()
            class=format!("{BASE} {} {} {class}", variant.class(), size.class())
            target=external.then_some("_blank")
            rel=external.then_some("noopener")
            aria-label=move || aria_label.get()
            aria-keyshortcuts=shortcut
        >
            {icon.map(|name| view! { <Icon name /> })}
            {children()}
            {shortcut
                .map(|key| {
                    view! {
                        <span class="-mr-1 inline-flex pointer-coarse:hidden" aria-hidden="true">
                            <Kbd inherit=variant.is_filled()>{key}</Kbd>
                        </span>
                    }
                })}
        </a>
    }
}

/// A button that is only an icon: its label is read aloud and shown on hover.
#[component]
pub fn IconButton(
    /// What happens, in words.
    #[prop(into)]
    label: Signal<String>,
    /// The icon.
    icon: IconName,
    /// How loud it is.
    #[prop(default = ButtonVariant::Ghost)]
    variant: ButtonVariant,
    /// How high it is.
    #[prop(optional)]
    size: ButtonSize,
    /// Submits the form it stands in.
    #[prop(optional)]
    submit: bool,
    /// Cannot be used now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// Is at work: cannot be used again, and says so.
    #[prop(optional, into)]
    pending: Signal<bool>,
    /// Further classes.
    #[prop(optional, into)]
    class: &'static str,
) -> impl IntoView {
    view! {
        <button
            type=if submit { "submit" } else { "button" }
            class=format!("{BASE} {} {} {class}", variant.class(), size.square())
            disabled=move || disabled.get() || pending.get()
            aria-busy=move || pending.get().then_some("true")
            aria-label=move || label.get()
            title=move || label.get()
        >
            <Icon name=icon />
        </button>
    }
}
