//! The only place that writes a `<textarea>`.
//!
//! Leptos 0.8 does not escape the children of a `<textarea>` on the server, so that text from a
//! database that contains `</textarea><script>…` would run. The text is escaped here instead.

use super::{
    escape::escape,
    field::{CONTROL, Wiring, keep_in_step},
};
use leptos::{html, prelude::*};

/// Several lines of text.
#[component]
pub fn TextArea(
    /// What the field asks for.
    #[prop(into)]
    label: String,
    /// The name under which the form sends it.
    name: &'static str,
    /// The id of the control; from the name unless two forms on one page share it.
    #[prop(optional, into)]
    id: Option<String>,
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
    /// How many lines it shows; it grows with its text where the browser can.
    #[prop(default = 4)]
    rows: u32,
    /// The browser refuses to send the form without it.
    #[prop(optional)]
    required: bool,
    /// Says that it may be left empty.
    #[prop(optional)]
    optional: bool,
    /// The most characters it takes.
    #[prop(optional, into)]
    maxlength: Option<u32>,
    /// An example, shown while it is empty.
    #[prop(optional, into)]
    placeholder: Option<&'static str>,
    /// Takes the focus when it appears.
    #[prop(optional)]
    autofocus: bool,
    /// Whether the browser checks the spelling.
    #[prop(default = true)]
    spellcheck: bool,
    /// Cannot be changed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// A handle on the control.
    #[prop(optional)]
    node_ref: NodeRef<html::Textarea>,
) -> impl IntoView {
    keep_in_step(
        value,
        on_input,
        move || node_ref.get().map(|area| area.value()),
        move |text| {
            if let Some(area) = node_ref.get_untracked() {
                area.set_value(text);
            }
        },
    );
    let wiring = Wiring::new(id, name, hint, error);
    let described_by = wiring.clone();
    let invalid = wiring.clone();
    view! {
        <div class="grid gap-1.5">
            {wiring.label(label, optional)}
            <textarea
                node_ref=node_ref
                id=wiring.id.clone()
                name=name
                class=format!(
                    "{CONTROL} field-sizing-content max-h-96 min-h-16 resize-y px-2.5 py-1.5 leading-relaxed pointer-coarse:text-base",
                )
                rows=rows.to_string()
                required=required
                maxlength=maxlength.map(|n| n.to_string())
                placeholder=placeholder
                autofocus=autofocus
                spellcheck=(!spellcheck).then_some("false")
                disabled=move || disabled.get()
                aria-describedby=move || described_by.described_by()
                aria-invalid=move || invalid.invalid()
                on:input=move |ev| {
                    if let Some(on_input) = on_input {
                        on_input.run(event_target_value(&ev));
                    }
                }
                inner_html=escaped(&value.get_untracked())
            ></textarea>
            {wiring.notes()}
        </div>
    }
}

/// The text as HTML that a parser reads back as the same text within a `<textarea>`.
///
/// The same string serves as `innerHTML` in the browser. A line feed at the very start is dropped
/// by the parser of a page, so one more is written; `innerHTML` keeps it, and [`keep_in_step`]
/// then puts it right.
fn escaped(text: &str) -> String {
    let html = escape(text);
    if text.starts_with('\n') { format!("\n{html}") } else { html }
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(
            escaped("</textarea><script>alert(1)</script>"),
            "&lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt;"
        );
        assert_eq!(escaped("&lt;b&gt; & \"q\""), "&amp;lt;b&amp;gt; &amp; \"q\"");
        assert_eq!(escaped("\nsecond\nthird"), "\n\nsecond\nthird");
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn stored_markup_does_not_leave_the_textarea() {
        use super::TextArea;
        use leptos::prelude::*;

        let render = |text: &'static str| {
            Owner::new()
                .with(|| view! { <TextArea label="Message" name="body" value=text hint=text error=text /> }.to_html())
        };

        let attack = render("</textarea><script>alert(1)</script>");
        assert!(!attack.contains("<script"), "{attack}");
        assert_eq!(attack.matches("</textarea>").count(), 1, "{attack}");
        assert!(attack.contains(">&lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt;</textarea>"), "{attack}");

        let reference = render("&lt;");
        assert!(reference.contains(">&amp;lt;</textarea>"), "{reference}");
    }
}
