//! Small things that say something: badge, dot, icon in a tone, alert, card, avatar, key.

use super::{Icon, IconName, Tone};
use leptos::prelude::*;

/// A short word in a pill, such as a role or a state.
#[component]
pub fn Badge(
    /// Its colour.
    #[prop(optional)]
    tone: Tone,
    /// Further classes.
    #[prop(optional, into)]
    class: &'static str,
    /// The word.
    children: Children,
) -> impl IntoView {
    view! {
        <span class=format!(
            "inline-flex h-5 shrink-0 items-center gap-1.5 rounded-full border px-2 text-xs font-medium whitespace-nowrap {} {} {class}",
            tone.surface(),
            tone.text(),
        )>{children()}</span>
    }
}

/// A dot in a tone. Decoration: the words beside it carry the meaning.
#[component]
pub fn StatusDot(
    /// Its colour.
    #[prop(into)]
    tone: Signal<Tone>,
    /// Further classes.
    #[prop(optional, into)]
    class: &'static str,
) -> impl IntoView {
    view! {
        <span
            class=move || {
                format!("inline-block size-2 shrink-0 rounded-full {} {class}", tone.get().fill())
            }
            aria-hidden="true"
        ></span>
    }
}

/// An icon in a tone. Decoration: the words beside it carry the meaning.
#[component]
pub fn ToneIcon(
    /// Its colour.
    tone: Tone,
    /// Its shape, so that the tone is not told by colour alone.
    icon: IconName,
) -> impl IntoView {
    view! {
        <span class=format!("inline-flex shrink-0 {}", tone.text())>
            <Icon name=icon />
        </span>
    }
}

/// A tinted strip that says something about the page or the form it stands in.
#[component]
pub fn Alert(
    /// Its colour.
    #[prop(optional)]
    tone: Tone,
    /// The icon before the text.
    #[prop(optional, into)]
    icon: Option<IconName>,
    /// A line in bold before the text.
    #[prop(optional, into)]
    title: Option<String>,
    /// Read aloud by screen readers as soon as it appears. For errors after an act, not for notices
    /// that are there from the start.
    #[prop(optional)]
    urgent: bool,
    /// Buttons at the end.
    #[prop(optional, into)]
    actions: ViewFn,
    /// Further classes.
    #[prop(optional, into)]
    class: &'static str,
    /// The text.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div
            class=format!(
                "flex flex-wrap items-center gap-x-4 gap-y-2 rounded-lg border px-3 py-2.5 text-13 text-foreground {} {class}",
                tone.surface(),
            )
            role=urgent.then_some("alert")
        >
            <div class="flex min-w-0 flex-1 basis-60 items-start gap-2.5">
                {icon
                    .map(|icon| {
                        view! {
                            <span class=format!("mt-0.5 inline-flex {}", tone.text())>
                                <Icon name=icon />
                            </span>
                        }
                    })} <div class="min-w-0 break-words">
                    {title.map(|title| view! { <div class="font-semibold">{title}</div> })}
                    {children.map(|children| view! { <div>{children()}</div> })}
                </div>
            </div>
            <div class="flex flex-wrap items-center gap-2 empty:hidden">{actions.run()}</div>
        </div>
    }
}

/// A box with a border that holds one subject.
#[component]
pub fn Card(
    /// The heading of the box.
    #[prop(optional, into)]
    title: Option<String>,
    /// A sentence below the heading.
    #[prop(optional, into)]
    description: Option<String>,
    /// Buttons beside the heading.
    #[prop(optional, into)]
    actions: ViewFn,
    /// No padding around the content: for tables and lists that reach the border.
    #[prop(optional)]
    flush: bool,
    /// Further classes.
    #[prop(optional, into)]
    class: &'static str,
    /// The content.
    children: Children,
) -> impl IntoView {
    let head = title.map(|title| {
        view! {
            <div class="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b border-border px-4 py-3">
                <div class="min-w-0">
                    <h2 class="text-sm font-semibold tracking-tight">{title}</h2>
                    {description
                        .map(|text| {
                            view! { <p class="mt-0.5 text-13 text-muted-foreground">{text}</p> }
                        })}
                </div>
                <div class="flex flex-wrap items-center gap-2 empty:hidden">{actions.run()}</div>
            </div>
        }
    });
    let body = if flush { "min-w-0" } else { "min-w-0 p-4" };
    view! {
        <section class=format!(
            "min-w-0 rounded-xl border border-border bg-card text-card-foreground {class}",
        )>{head} <div class=body>{children()}</div></section>
    }
}

/// The initials of a name in a circle. Decoration: the name stands beside it.
#[component]
pub fn Avatar(
    /// The full name or, for want of one, the address.
    #[prop(into)]
    name: String,
) -> impl IntoView {
    view! {
        <span
            class="inline-flex size-6 shrink-0 items-center justify-center rounded-full border border-border bg-muted text-[10px] font-semibold text-muted-foreground select-none"
            aria-hidden="true"
        >
            {initials(&name)}
        </span>
    }
}

/// Two letters at most: the first of the first word and the first of the last.
fn initials(name: &str) -> String {
    let mut words = name
        .split(|c: char| c.is_whitespace() || c == '@' || c == '.')
        .filter(|word| word.chars().any(char::is_alphanumeric));
    let first = words.next();
    let last = words.next_back();
    [first, last]
        .into_iter()
        .flatten()
        .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()))
        .flat_map(char::to_uppercase)
        .collect()
}

/// The name of a key, as in a shortcut.
#[component]
pub fn Kbd(
    /// Takes the colour of the text around it: on a filled button.
    #[prop(optional)]
    inherit: bool,
    /// The key.
    children: Children,
) -> impl IntoView {
    let colour =
        if inherit { "border-current/30 text-current" } else { "border-border bg-background text-muted-foreground" };
    view! {
        <kbd class=format!(
            "inline-flex h-4.5 min-w-4.5 shrink-0 items-center justify-center rounded-sm border px-1 font-sans text-[11px] leading-none font-normal {colour}",
        )>{children()}</kbd>
    }
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_take_the_first_and_the_last_word() {
        assert_eq!(initials("Ana"), "A");
        assert_eq!(initials("ana maria lópez"), "AL");
        assert_eq!(initials("bo@example.com"), "BC");
        assert_eq!(initials("  – "), "");
        assert_eq!(initials("Ø. Ångström (ops)"), "ØO");
    }
}
