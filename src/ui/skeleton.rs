//! What stands where content will be: skeletons while it loads, an empty state where there is none.

use super::{Icon, IconName};
use leptos::prelude::*;

/// A grey bar in the shape of what is being loaded; the class gives its size.
#[component]
pub fn Skeleton(
    /// Size and place, such as `h-4 w-32`.
    #[prop(default = "h-4 w-full", into)]
    class: &'static str,
) -> impl IntoView {
    view! {
        <div class=format!("skeleton rounded-md bg-muted {class}") aria-hidden="true"></div>
    }
}

/// Rows of a list that is being loaded.
#[component]
pub fn SkeletonRows(
    /// How many.
    #[prop(default = 6)]
    n: usize,
) -> impl IntoView {
    // Unlike lengths look like words; they depend on the row alone, so that both sides agree.
    const WIDTHS: [&str; 4] = ["h-3 w-40", "h-3 w-28", "h-3 w-48", "h-3 w-32"];
    let rows = (0..n)
        .map(|row| {
            view! {
                <div class="flex h-10 items-center gap-4 border-b border-border px-4 last:border-b-0">
                    <Skeleton class="size-3 rounded-full" />
                    <Skeleton class=WIDTHS[row % WIDTHS.len()] />
                    <Skeleton class="ml-auto h-3 w-16" />
                </div>
            }
        })
        .collect_view();
    view! { <div aria-hidden="true">{rows}</div> }
}

/// Says that there is nothing here, why, and what to do next.
#[component]
pub fn EmptyState(
    /// An icon above the title.
    #[prop(optional, into)]
    icon: Option<IconName>,
    /// What is missing: "No services yet".
    #[prop(into)]
    title: String,
    /// What to do, in one sentence.
    #[prop(optional, into)]
    text: Option<String>,
    /// Buttons that do it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="flex flex-col items-center gap-1 px-6 py-12 text-center">
            {icon
                .map(|name| {
                    view! {
                        <span class="mb-3 inline-flex size-10 items-center justify-center rounded-xl border border-border bg-muted text-muted-foreground">
                            <Icon name class="size-5" />
                        </span>
                    }
                })} <h2 class="text-sm font-semibold tracking-tight">{title}</h2>
            {text
                .map(|text| {
                    view! { <p class="max-w-sm text-13 text-muted-foreground">{text}</p> }
                })}
            {children
                .map(|children| {
                    view! {
                        <div class="mt-4 flex flex-wrap items-center justify-center gap-2">
                            {children()}
                        </div>
                    }
                })}
        </div>
    }
}
