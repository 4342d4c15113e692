//! Tables of 40 px rows. The frame is a widget; rows and cells are plain elements with these
//! classes, so that a screen can lay out its columns as it needs.

use leptos::prelude::*;

/// `<th scope="col">` in the head.
pub const HEAD_CELL: &str =
    "h-9 px-3 text-left align-middle text-xs font-medium whitespace-nowrap text-muted-foreground first:pl-4 last:pr-4";

/// `<th scope="col">` above a [`CELL_NUMBER`].
pub const HEAD_NUMBER: &str =
    "h-9 px-3 text-right align-middle text-xs font-medium whitespace-nowrap text-muted-foreground first:pl-4 last:pr-4";

/// `<tr>` of the body.
pub const ROW: &str = "h-10 border-b border-border last:border-b-0 hover:bg-accent/50 data-selected:bg-brand-tint aria-selected:bg-brand-tint";

/// `<tr>` that names the group of the rows below it.
pub const GROUP_ROW: &str = "h-9 border-b border-border bg-muted/60 text-xs font-semibold text-muted-foreground";

/// `<th scope="rowgroup">` that names the group, across all columns.
pub const GROUP_CELL: &str = "px-4 text-left align-middle font-semibold";

/// `<td>`.
pub const CELL: &str = "px-3 py-1 align-middle first:pl-4 last:pr-4";

/// `<td>` of what only explains.
pub const CELL_MUTED: &str = "px-3 py-1 align-middle text-muted-foreground first:pl-4 last:pr-4";

/// `<td>` of a number or a time: figures of one width, to the right.
pub const CELL_NUMBER: &str = "px-3 py-1 text-right align-middle whitespace-nowrap tabular-nums first:pl-4 last:pr-4";

/// Hides a column on phones; added to the class of its cells.
pub const WIDE_ONLY: &str = "max-sm:hidden";

/// A table that scrolls sideways within itself where the screen is too narrow.
#[component]
pub fn Table(
    /// What the table shows, for screen readers.
    #[prop(into)]
    label: String,
    /// The cells of the head (`<th scope="col" class=HEAD_CELL>`), without their row.
    #[prop(optional, into)]
    head: Option<ViewFn>,
    /// No link or button is in it, so that the box itself has to take the focus to be scrolled.
    #[prop(optional)]
    read_only: bool,
    /// Rows.
    children: Children,
) -> impl IntoView {
    let region = read_only.then(|| label.clone());
    view! {
        <div
            // `relative` keeps text for screen readers, which is positioned, within the box.
            class="relative w-full overflow-x-auto"
            role=read_only.then_some("region")
            aria-label=region
            tabindex=read_only.then_some("0")
        >
            <table class="w-full border-collapse text-13" aria-label=label>
                {head
                    .map(|head| {
                        view! {
                            <thead>
                                <tr class="border-b border-border">{head.run()}</tr>
                            </thead>
                        }
                    })} <tbody>{children()}</tbody>
            </table>
        </div>
    }
}
