//! The command palette: everything that can be done, found by typing a part of its name.

use super::{Icon, IconName, Kbd, dialog::Modal};
use leptos::{ev, html, prelude::*, wasm_bindgen::JsCast, web_sys};

/// More than these are not scrolled through; another letter narrows better.
const MAX_RESULTS: usize = 50;

/// Something that can be done.
#[derive(Debug, Clone)]
pub struct Command {
    /// Unlike that of every other command.
    pub id: String,
    /// What happens, in words.
    pub label: String,
    /// The heading under which it stands.
    pub group: String,
    /// An icon before the words.
    pub icon: IconName,
    /// Other words by which it can be found.
    pub keywords: String,
    /// The key that does the same without the palette.
    pub shortcut: Option<String>,
    /// Does it.
    pub run: Callback<()>,
}

/// How well a command fits what was typed: higher is better, nothing if it does not fit at all.
///
/// Every word that was typed has to be found. The label counts most, then the other words, then
/// the group.
#[must_use]
pub fn command_score(query: &str, label: &str, keywords: &str, group: &str) -> Option<u32> {
    let label = label.to_lowercase();
    let keywords = keywords.to_lowercase();
    let group = group.to_lowercase();
    query
        .to_lowercase()
        .split_whitespace()
        .map(|word| {
            let in_label = text_score(word, &label).map(|score| score * 4);
            let in_keywords = text_score(word, &keywords).filter(|score| *score >= CONTAINS);
            let in_group = text_score(word, &group).filter(|score| *score >= STARTS_A_WORD);
            in_label.max(in_keywords).max(in_group)
        })
        .sum()
}

const STARTS: u32 = 100;
const STARTS_A_WORD: u32 = 80;
const CONTAINS: u32 = 50;
const SCATTERED: u32 = 30;

/// How well one word is found in a text; both in lower case.
fn text_score(word: &str, text: &str) -> Option<u32> {
    if text.starts_with(word) {
        return Some(STARTS);
    }
    let mut found = text.match_indices(word).map(|(at, _)| at).peekable();
    if found.peek().is_some() {
        let starts_a_word =
            found.any(|at| text[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric()));
        return Some(if starts_a_word { STARTS_A_WORD } else { CONTAINS });
    }
    // Letters in order with others between them: the fewer between, the better.
    let mut skipped = 0;
    let mut letters = text.chars();
    for (at, wanted) in word.chars().enumerate() {
        let before = letters.position(|letter| letter == wanted)?;
        if at > 0 {
            skipped += u32::try_from(before).unwrap_or(u32::MAX);
        }
    }
    Some(SCATTERED.saturating_sub(skipped).max(1))
}

/// The commands that fit what was typed, best first; all of them, in their order, for nothing.
#[must_use]
pub fn matching_commands(query: &str, commands: &[Command]) -> Vec<Command> {
    let mut ranked: Vec<(u32, &Command)> = commands
        .iter()
        .filter_map(|command| {
            command_score(query, &command.label, &command.keywords, &command.group).map(|score| (score, command))
        })
        .collect();
    // The sort is stable: equals keep their order.
    ranked.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    ranked.into_iter().take(MAX_RESULTS).map(|(_, command)| command.clone()).collect()
}

/// The palette. The screen opens it on `⌘K` or `Ctrl K`.
#[component]
pub fn CommandPalette(
    /// Whether it is open; the palette sets it when it is closed.
    open: RwSignal<bool>,
    /// What can be done here.
    #[prop(into)]
    commands: Signal<Vec<Command>>,
    /// What can be typed.
    #[prop(default = "Type a command or search".to_owned(), into)]
    placeholder: String,
) -> impl IntoView {
    let placeholder = StoredValue::new(placeholder);
    view! {
        <Modal open class="palette max-w-xl" label="Commands">
            <PaletteBody open commands placeholder=placeholder.get_value() />
        </Modal>
    }
}

#[component]
fn PaletteBody(open: RwSignal<bool>, commands: Signal<Vec<Command>>, placeholder: String) -> impl IntoView {
    let query = RwSignal::new(String::new());
    let active = RwSignal::new(0_usize);
    let list = NodeRef::<html::Div>::new();
    let found = Signal::derive(move || matching_commands(&query.read(), &commands.read()));
    let last = move || found.with_untracked(|found| found.len().saturating_sub(1));

    let run = move |at: usize| {
        let Some(command) = found.with_untracked(|found| found.get(at).cloned()) else {
            return;
        };
        open.set(false);
        command.run.run(());
    };
    let go_to = move |at: usize| {
        active.set(at);
        if let Some(list) = list.get_untracked()
            && let Ok(Some(option)) = list.query_selector(&format!("#{}", option_id(at)))
        {
            keep_in_view(&list, &option);
        }
    };
    let keydown = move |ev: ev::KeyboardEvent| {
        let at = active.get_untracked();
        match ev.key().as_str() {
            "ArrowDown" => go_to(if at >= last() { 0 } else { at + 1 }),
            "ArrowUp" => go_to(if at == 0 { last() } else { at - 1 }),
            "PageDown" => go_to((at + 8).min(last())),
            "PageUp" => go_to(at.saturating_sub(8)),
            "Enter" if !ev.is_composing() => run(at),
            _ => return,
        }
        ev.prevent_default();
    };

    view! {
        <div class="flex max-h-[min(28rem,70dvh)] flex-col">
            <div class="flex h-12 shrink-0 items-center gap-2.5 border-b border-border px-4 text-muted-foreground">
                <Icon name=IconName::Search />
                <input
                    type="text"
                    class="h-full min-w-0 flex-1 border-0 bg-transparent text-sm text-foreground outline-none placeholder:text-muted-foreground pointer-coarse:text-base"
                    placeholder=placeholder.clone()
                    role="combobox"
                    aria-label=placeholder
                    aria-expanded="true"
                    aria-controls="palette-list"
                    aria-autocomplete="list"
                    aria-activedescendant=move || {
                        (!found.read().is_empty()).then(|| option_id(active.get()))
                    }
                    autocomplete="off"
                    spellcheck="false"
                    autofocus=true
                    on:input=move |ev| {
                        query.set(event_target_value(&ev));
                        active.set(0);
                        if let Some(list) = list.get_untracked() {
                            list.set_scroll_top(0);
                        }
                    }
                    on:keydown=keydown
                />
                <Kbd>"Esc"</Kbd>
            </div>
            <div
                node_ref=list
                id="palette-list"
                role="listbox"
                aria-label="Commands"
                class="relative min-h-0 flex-1 overflow-y-auto p-1.5"
            >
                {move || options(&found.read(), query.read().trim().is_empty(), active, run)}
            </div>
            <div class="sr-only" role="status">
                {move || {
                    match found.read().len() {
                        1 => "1 command".to_owned(),
                        n => format!("{n} commands"),
                    }
                }}
            </div>
        </div>
    }
}

fn option_id(at: usize) -> String {
    format!("palette-option-{at}")
}

fn options(
    found: &[Command],
    grouped: bool,
    active: RwSignal<usize>,
    run: impl Fn(usize) + Copy + Send + Sync + 'static,
) -> AnyView {
    if found.is_empty() {
        return view! {
            <div role="presentation" class="px-3 py-8 text-center text-13 text-muted-foreground">
                "No results. Try a different search."
            </div>
        }
        .into_any();
    }
    let mut heading = String::new();
    found
        .iter()
        .enumerate()
        .map(|(at, command)| {
            let starts_group = grouped && command.group != heading;
            if starts_group {
                heading.clone_from(&command.group);
            }
            let group = command.group.clone();
            view! {
                {starts_group
                    .then(|| {
                        view! {
                            <div
                                role="presentation"
                                class="px-2.5 pt-2 pb-1 text-xs font-medium text-muted-foreground"
                            >
                                {group.clone()}
                            </div>
                        }
                    })}
                <div
                    id=option_id(at)
                    role="option"
                    class="menu-item cursor-pointer"
                    class:bg-accent=move || active.get() == at
                    aria-selected=move || (active.get() == at).to_string()
                    on:pointermove=move |_| {
                        if active.get_untracked() != at {
                            active.set(at);
                        }
                    }
                    on:click=move |_| run(at)
                >
                    <span class="inline-flex text-muted-foreground">
                        <Icon name=command.icon />
                    </span>
                    <span class="min-w-0 flex-1 truncate">{command.label.clone()}</span>
                    {(!grouped)
                        .then(|| {
                            view! { <span class="text-xs text-muted-foreground">{group}</span> }
                        })}
                    {command
                        .shortcut
                        .clone()
                        .map(|key| {
                            view! {
                                <span class="inline-flex pointer-coarse:hidden" aria-hidden="true">
                                    <Kbd>{key}</Kbd>
                                </span>
                            }
                        })}
                </div>
            }
        })
        .collect_view()
        .into_any()
}

/// Scrolls the list, and only the list, until the option can be seen.
fn keep_in_view(list: &web_sys::HtmlElement, option: &web_sys::Element) {
    let Some(option) = option.dyn_ref::<web_sys::HtmlElement>() else {
        return;
    };
    let (top, bottom) = (option.offset_top(), option.offset_top() + option.offset_height());
    if top < list.scroll_top() {
        list.set_scroll_top(top - 8);
    } else if bottom > list.scroll_top() + list.client_height() {
        list.set_scroll_top(bottom - list.client_height() + 8);
    }
}

#[cfg(test)]
mod tests {
    use super::command_score;

    fn best<'a>(query: &str, labels: &[&'a str]) -> Vec<&'a str> {
        let mut found: Vec<_> = labels
            .iter()
            .filter_map(|label| command_score(query, label, "", "").map(|score| (score, *label)))
            .collect();
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        found.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn the_start_of_the_label_wins_over_the_start_of_a_word_and_the_middle() {
        assert_eq!(
            best("set", &["Reset order", "Open settings", "Settings"]),
            ["Settings", "Open settings", "Reset order"]
        );
    }

    #[test]
    fn letters_in_order_are_enough_and_closer_ones_are_better() {
        assert_eq!(
            best("rpi", &["Remove a person in a team", "Report incident"]),
            ["Report incident", "Remove a person in a team"]
        );
        assert!(best("xyz", &["Report incident"]).is_empty());
    }

    #[test]
    fn every_word_has_to_be_found() {
        assert_eq!(best("new item", &["New item", "New list"]), ["New item"], "one word of two is not enough");
    }

    #[test]
    fn other_words_count_less_than_the_label() {
        let by_label = command_score("dark", "Dark theme", "", "");
        let by_keyword = command_score("dark", "Theme", "dark light", "");
        assert!(by_label > by_keyword && by_keyword.is_some());
        assert_eq!(command_score("drk", "Theme", "dark light", ""), None);
    }

    #[test]
    fn nothing_typed_fits_everything_alike() {
        assert_eq!(command_score("  ", "Anything", "", ""), Some(0));
    }

    #[test]
    fn text_that_is_not_ascii_is_not_cut_within_a_letter() {
        assert_eq!(command_score("é", "Café", "", ""), Some(200));
        assert!(command_score("ß", "Straße öffnen", "", "").is_some());
    }
}
