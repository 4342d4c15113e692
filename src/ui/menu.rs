//! A menu behind a button.
//!
//! The panel is a native popover: it lies above everything, is never cut off by a table that
//! scrolls, and closes on `Esc` and on a press outside. CSS anchors it to its button and turns it
//! upwards where there is no room below (`.menu` in `style/tailwind.css`), without a `style`
//! attribute.

use super::{Icon, IconName, Kbd, StatusDot, Tone};
use leptos::{ev, html, prelude::*, wasm_bindgen::JsCast, web_sys};

/// One line of a [`Menu`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MenuItem {
    /// Given to `on_select`.
    pub id: String,
    /// What it says.
    pub label: String,
    /// A dot before the words.
    pub tone: Option<Tone>,
    /// An icon before the words.
    pub icon: Option<IconName>,
    /// A digit or letter that chooses it while the menu is open.
    pub shortcut: Option<String>,
    /// It is the one that holds now. If any item of a menu is, the menu is a choice of one.
    pub checked: bool,
    /// It destroys something.
    pub destructive: bool,
    /// It cannot be chosen now.
    pub disabled: bool,
    /// It goes somewhere, and `on_select` is not called.
    pub href: Option<String>,
}

impl MenuItem {
    /// An item with an id and words; the rest by struct update.
    #[must_use]
    pub fn new(id: impl Into<String>, label: impl Into<String>) -> Self {
        Self { id: id.into(), label: label.into(), ..Self::default() }
    }
}

/// Which edge of the button the menu keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// The left edge.
    #[default]
    Start,
    /// The right edge.
    End,
}

/// The class of a trigger that looks like a chip: content, then a chevron.
pub const MENU_CHIP: &str = "inline-flex h-7 max-w-full cursor-pointer items-center gap-2 rounded-md border border-border bg-card px-2 text-13 font-medium whitespace-nowrap text-foreground hover:bg-accent disabled:cursor-not-allowed disabled:opacity-50 pointer-coarse:h-10";

/// The class of a trigger that is one icon.
pub const MENU_ICON: &str = "inline-flex size-7 cursor-pointer items-center justify-center rounded-md text-muted-foreground hover:bg-accent hover:text-foreground disabled:cursor-not-allowed disabled:opacity-50 pointer-coarse:size-10";

/// A button that opens a menu.
#[component]
pub fn Menu(
    /// What the menu is for, for screen readers; it should contain the words on the button.
    #[prop(into)]
    label: Signal<String>,
    /// What stands on the button.
    #[prop(into)]
    trigger: ViewFn,
    /// How the button looks.
    #[prop(default = MENU_CHIP, into)]
    trigger_class: &'static str,
    /// A line above the items.
    #[prop(optional, into)]
    note: Signal<Option<String>>,
    /// The items.
    #[prop(into)]
    items: Signal<Vec<MenuItem>>,
    /// Called with the id of the item that was chosen.
    #[prop(optional, into)]
    on_select: Option<Callback<String>>,
    /// Which edge of the button it keeps to.
    #[prop(optional)]
    align: Align,
    /// The button cannot be used now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
) -> impl IntoView {
    let button = NodeRef::<html::Button>::new();
    let panel = NodeRef::<html::Div>::new();
    let list = NodeRef::<html::Div>::new();
    let open = RwSignal::new(false);
    // A press on the button closes the popover before the click arrives, which must not reopen it.
    let closing = StoredValue::new(false);
    let shown = Memo::new(move |_| if open.get() { items.get() } else { Vec::new() });

    let show = move || {
        open.set(true);
        request_animation_frame(move || {
            let Some(panel) = panel.get_untracked() else {
                return;
            };
            if panel.show_popover().is_err() {
                open.set(false);
                return;
            }
            if let Some(list) = list.get_untracked() {
                let entries = choices(&list);
                let checked =
                    entries.iter().find(|entry| entry.get_attribute("aria-checked").as_deref() == Some("true"));
                if let Some(entry) = checked.or(entries.first()) {
                    let _ = entry.focus();
                }
            }
        });
    };
    let hide = move || {
        if let Some(panel) = panel.get_untracked() {
            let _ = panel.hide_popover();
        }
        open.set(false);
        if let Some(button) = button.get_untracked() {
            let _ = button.focus();
        }
    };
    let keydown = move |ev: ev::KeyboardEvent| {
        let Some(list) = list.get_untracked() else {
            return;
        };
        if ev.ctrl_key() || ev.meta_key() || ev.alt_key() {
            return;
        }
        // While a menu is open its keys are not shortcuts of the page.
        ev.stop_propagation();
        let entries = choices(&list);
        let here = focused(&entries);
        let key = ev.key();
        let next = match key.as_str() {
            "ArrowDown" => here.map_or(Some(0), |at| Some((at + 1) % entries.len().max(1))),
            "ArrowUp" => here.filter(|at| *at > 0).or(Some(entries.len())).map(|at| at.saturating_sub(1)),
            "Home" | "PageUp" => Some(0),
            "End" | "PageDown" => Some(entries.len().saturating_sub(1)),
            "Escape" | "Tab" => {
                ev.prevent_default();
                hide();
                return;
            }
            _ => {
                let by_key = shown.with_untracked(|items| {
                    items.iter().find_map(|item| {
                        let fits = item.shortcut.as_ref().is_some_and(|shortcut| shortcut.eq_ignore_ascii_case(&key));
                        (fits && !item.disabled).then(|| item.id.clone())
                    })
                });
                if let Some(id) = by_key {
                    ev.prevent_default();
                    if let Some(entry) =
                        entries.iter().find(|entry| entry.get_attribute("data-id").as_deref() == Some(&id))
                    {
                        entry.click();
                    }
                    return;
                }
                by_first_letter(&entries, here, &key)
            }
        };
        if let Some(entry) = next.and_then(|at| entries.get(at)) {
            ev.prevent_default();
            let _ = entry.focus();
        }
    };

    let align = match align {
        Align::Start => "menu-panel",
        Align::End => "menu-panel menu-panel-end",
    };
    view! {
        <div class="menu inline-flex max-w-full min-w-0">
            <button
                node_ref=button
                type="button"
                class=format!("menu-trigger {trigger_class}")
                disabled=move || disabled.get()
                aria-label=move || label.get()
                aria-haspopup="menu"
                aria-expanded=move || open.get().to_string()
                on:pointerdown=move |_| closing.set_value(open.get_untracked())
                on:click=move |_| {
                    if closing.get_value() {
                        closing.set_value(false);
                        hide();
                    } else {
                        show();
                    }
                }
                on:keydown=move |ev: ev::KeyboardEvent| {
                    if matches!(ev.key().as_str(), "ArrowDown" | "ArrowUp") && !open.get_untracked() {
                        ev.prevent_default();
                        ev.stop_propagation();
                        show();
                    }
                }
            >
                {trigger.run()}
            </button>
            <div
                node_ref=panel
                popover="auto"
                class=align
                on:toggle=move |_| {
                    let is_open = panel
                        .get_untracked()
                        .is_some_and(|panel| panel.matches(":popover-open").unwrap_or(false));
                    open.set(is_open);
                }
                on:keydown=keydown
            >
                {move || {
                    note.get()
                        .filter(|_| open.get())
                        .map(|text| {
                            view! {
                                <div class="px-2.5 pt-1.5 pb-1 text-xs text-muted-foreground">
                                    {text}
                                </div>
                            }
                        })
                }}
                <div node_ref=list role="menu" aria-label=move || label.get()>
                    {move || {
                        let items = shown.get();
                        let choice = items.iter().any(|item| item.checked);
                        items
                            .into_iter()
                            .map(|item| entry(item, choice, on_select, hide))
                            .collect_view()
                    }}
                </div>
            </div>
        </div>
    }
}

fn entry(
    item: MenuItem,
    choice: bool,
    on_select: Option<Callback<String>>,
    hide: impl Fn() + Copy + Send + Sync + 'static,
) -> AnyView {
    let MenuItem { id, label, tone, icon, shortcut, checked, destructive, disabled, href } = item;
    let role = if choice { "menuitemradio" } else { "menuitem" };
    let class = if disabled {
        "menu-item opacity-50"
    } else if destructive {
        "menu-item cursor-pointer text-status-red-text"
    } else {
        "menu-item cursor-pointer"
    };
    let content = view! {
        {tone.map(|tone| view! { <StatusDot tone /> })}
        {icon.map(|name| view! { <Icon name /> })}
        <span class="min-w-0 flex-1 truncate">{label}</span>
        {(checked && tone.is_none() && icon.is_none())
            .then(|| view! { <Icon name=IconName::Check class="size-3.5" /> })}
        {shortcut
            .as_ref()
            .map(|key| {
                let key = key.to_uppercase();
                view! {
                    <span class="ml-4 inline-flex pointer-coarse:hidden" aria-hidden="true">
                        <Kbd>{key}</Kbd>
                    </span>
                }
            })}
    };
    let checked = choice.then(|| checked.to_string());
    match href {
        Some(href) if !disabled => view! {
            <a
                href=href
                role=role
                tabindex="-1"
                class=class
                data-id=id
                aria-checked=checked
                aria-keyshortcuts=shortcut
                on:pointerenter=|ev| focus_target(&ev)
                on:click=move |_| hide()
            >
                {content}
            </a>
        }
        .into_any(),
        _ => {
            let data_id = id.clone();
            view! {
                <button
                    type="button"
                    role=role
                    tabindex="-1"
                    class=class
                    data-id=data_id
                    aria-checked=checked
                    aria-disabled=disabled.then_some("true")
                    aria-keyshortcuts=shortcut
                    on:pointerenter=|ev| focus_target(&ev)
                    on:click=move |_| {
                        if disabled {
                            return;
                        }
                        hide();
                        if let Some(on_select) = on_select {
                            on_select.run(id.clone());
                        }
                    }
                >
                    {content}
                </button>
            }
            .into_any()
        }
    }
}

/// The items that can be chosen, in order.
fn choices(list: &web_sys::Element) -> Vec<web_sys::HtmlElement> {
    let children = list.children();
    (0..children.length())
        .filter_map(|at| children.item(at))
        .filter(|child| child.get_attribute("aria-disabled").is_none())
        .filter_map(|child| child.dyn_into().ok())
        .collect()
}

fn focused(entries: &[web_sys::HtmlElement]) -> Option<usize> {
    let active = document().active_element()?;
    entries.iter().position(|entry| entry.is_same_node(Some(&active)))
}

/// The next item after the focused one that begins with a letter.
fn by_first_letter(entries: &[web_sys::HtmlElement], here: Option<usize>, key: &str) -> Option<usize> {
    let mut letters = key.chars();
    let letter = letters.next()?.to_lowercase().to_string();
    if letters.next().is_some() || letter.trim().is_empty() {
        return None;
    }
    let from = here.map_or(0, |at| at + 1);
    (0..entries.len())
        .map(|step| (from + step) % entries.len())
        .find(|at| entries[*at].text_content().is_some_and(|text| text.trim().to_lowercase().starts_with(&letter)))
}

/// One highlight for pointer and keyboard: what is pointed at takes the focus.
fn focus_target(ev: &ev::PointerEvent) {
    let target = ev.current_target().and_then(|target| target.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(target) = target {
        let _ = target.focus();
    }
}
