//! `/dashboard/{organization}/incidents/templates`: texts to begin with.

use super::{
    marks::IncidentBadge,
    message::{MessageField, sends},
};
use crate::rpc::resource;
use crate::{
    dashboard::{
        frame::{Organization, ScreenHead},
        live::use_live,
        states::keep_last_good,
        time::present,
    },
    domain::{
        ids::{ServiceId, TemplateId},
        incident::{IncidentStatus, Template, TemplateInput, VARIABLES, fill},
        live::Topic,
        organization::OrganizationFrame,
        role::Action,
        service::{Service, ServiceList},
        status::{Impact, ServiceStatus},
    },
    rpc::incidents::{delete_template, list_templates, save_template},
    ui::*,
};
use leptos::{ev, prelude::*};

const FIELDS: &[&str] = &["name", "title", "status", "impact", "body"];

/// Title and message of a template, with the variables filled in as of now.
pub fn filled(
    template: &Template,
    services: &ServiceList,
    said: &[(ServiceId, ServiceStatus)],
    frame: &OrganizationFrame,
) -> (String, String) {
    let named: Vec<&Service> =
        said.iter().filter_map(|(id, _)| services.services.iter().find(|service| service.id == *id)).collect();
    let worst = said.iter().map(|(_, status)| *status).max().map(|status| frame.labels.label(status));
    let now = present();
    let text = |text: &str| fill(text, &named, worst, &frame.organization.name, now);
    (text(&template.title), text(&template.body))
}

/// The menu that begins with a template; nothing where there is none.
#[component]
pub fn TemplateMenu(
    /// Every template.
    templates: Signal<Vec<Template>>,
    /// Called with the one that is chosen.
    #[prop(into)]
    on_select: Callback<Template>,
) -> impl IntoView {
    let items = Signal::derive(move || {
        templates
            .read()
            .iter()
            .map(|template| MenuItem::new(template.id.as_str(), template.name.as_str()))
            .collect::<Vec<_>>()
    });
    let choose = move |id: String| {
        let chosen =
            templates.with_untracked(|templates| templates.iter().find(|template| template.id.as_str() == id).cloned());
        if let Some(template) = chosen {
            on_select.run(template);
        }
    };
    view! {
        <Show when=move || !templates.read().is_empty()>
            <Menu
                label="Use a template"
                trigger=|| view! { "Use a template" <Icon name=IconName::ChevronDown class="size-3.5 text-muted-foreground" /> }
                items
                on_select=choose
                align=Align::End
            />
        </Show>
    }
}

/// The statuses of incidents as choices.
pub fn status_choices(all: &[IncidentStatus]) -> Vec<(String, String)> {
    all.iter().map(|status| (status.as_str().to_owned(), status.label().to_owned())).collect()
}

/// The impacts as choices, after one that lets it follow from the services.
pub fn impact_choices(derived: String) -> Vec<(String, String)> {
    let mut all = vec![(String::new(), derived)];
    all.extend(Impact::ALL.iter().map(|impact| (impact.as_str().to_owned(), impact.label().to_owned())));
    all
}

/// The screen.
#[component]
pub fn TemplatesScreen() -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let read =
        resource(move || (organization.slug.get(), live.changes(Topic::Incidents)), |(slug, _)| list_templates(slug));
    let edits = organization.may_everywhere(Action::ReportIncidents);
    let (opened, edited) = (RwSignal::new(false), RwSignal::new(None::<Template>));
    let edit = Callback::new(move |template: Option<Template>| {
        edited.set(template);
        opened.set(true);
    });
    view! {
        <ScreenHead title="Incident templates">
            <LinkButton href=Signal::derive(move || organization.address("/incidents")) icon=IconName::AlertTriangle>"Incidents"</LinkButton>
            {move || edits.get().then(|| view! {
                <Button variant=ButtonVariant::Primary icon=IconName::Plus on:click=move |_| edit.run(None)>"New template"</Button>
            })}
        </ScreenHead>
        <Dialog
            open=opened
            wide=true
            title=Signal::derive(move || if edited.read().is_some() { "Edit template".to_owned() } else { "New template".to_owned() })
            description=Signal::stored(Some("Starter text for an incident or update.".to_owned()))
        >
            <TemplateForm open=opened template=edited.get_untracked() />
        </Dialog>
        <Transition fallback=|| view! { <div class="p-4"><SkeletonRows n=4 /></div> }>
            {keep_last_good(
                move || read.get(),
                || view! { <div class="p-4"><SkeletonRows n=4 /></div> }.into_any(),
                move |templates| view! { <Templates templates edit edits /> }.into_any(),
            )}
        </Transition>
    }
}

#[component]
fn Templates(templates: Signal<Vec<Template>>, edit: Callback<Option<Template>>, edits: Signal<bool>) -> impl IntoView {
    let edits = Memo::new(move |_| edits.get());
    let ids = Memo::new(move |_| templates.read().iter().map(|template| template.id.clone()).collect::<Vec<_>>());
    view! {
        <Show
            when=move || !ids.read().is_empty()
            fallback=move || view! {
                <EmptyState icon=IconName::Copy title="No templates yet" text="Prepare your wording now, so it’s ready at 3 a.m.">
                    {move || edits.get().then(|| view! {
                        <Button variant=ButtonVariant::Primary on:click=move |_| edit.run(None)>"Create template"</Button>
                    })}
                </EmptyState>
            }
        >
            <ul class="divide-y divide-border text-13" role="list" aria-label="Templates">
                <For each=move || ids.get() key=|id| id.clone() let:id>
                    <Row id templates edit edits />
                </For>
            </ul>
        </Show>
    }
}

#[component]
fn Row(
    id: TemplateId,
    templates: Signal<Vec<Template>>,
    edit: Callback<Option<Template>>,
    edits: Memo<bool>,
) -> impl IntoView {
    let organization = Organization::get();
    let (live, toasts) = (use_live(), use_toasts());
    let id = StoredValue::new(id);
    let template =
        Memo::new(move |_| id.with_value(|id| templates.read().iter().find(|template| template.id == *id).cloned()));
    let name = Signal::derive(move || template.get().map(|template| template.name).unwrap_or_default());
    let title = move || template.get().map(|template| template.title).filter(|title| !title.is_empty());
    let body = move || template.get().map(|template| template.body).filter(|body| !body.is_empty());
    let status =
        Signal::derive(move || template.get().map_or(IncidentStatus::Investigating, |template| template.status));
    let asks = RwSignal::new(false);
    let delete =
        leptos::prelude::Action::new(move |(): &()| delete_template(organization.slug.get_untracked(), id.get_value()));
    Effect::new(move || {
        if let Some(Ok(())) = delete.value().get() {
            asks.set(false);
            toasts.success(format!("{} deleted", name.get_untracked()));
            live.refresh();
        }
    });
    let error = Signal::derive(move || delete.value().get().and_then(Result::err).map(|error| error.to_string()));
    view! {
        <li class="flex flex-wrap items-start justify-between gap-x-4 gap-y-2 px-4 py-3">
            <div class="grid min-w-0 flex-1 basis-60 gap-1">
                <span class="flex flex-wrap items-center gap-2">
                    <span class="font-medium wrap-anywhere">{move || name.get()}</span>
                    <IncidentBadge status />
                </span>
                {move || title().map(|title| view! { <span class="wrap-anywhere">{title}</span> })}
                {move || body().map(|body| view! { <span class="line-clamp-2 whitespace-pre-line wrap-anywhere text-muted-foreground">{body}</span> })}
            </div>
            {move || edits.get().then(|| view! {
                <span class="flex gap-2">
                    <Button
                        size=ButtonSize::Small
                        aria_label=Signal::derive(move || format!("Edit {}", name.get()))
                        on:click=move |_| edit.run(template.get_untracked())
                    >"Edit"</Button>
                    <Button
                        size=ButtonSize::Small
                        aria_label=Signal::derive(move || format!("Delete {}", name.get()))
                        on:click=move |_| asks.set(true)
                    >"Delete"</Button>
                </span>
            })}
            <ConfirmDialog
                open=asks
                title=Signal::derive(move || format!("Delete {}?", name.get()))
                message="Incidents created from it are not affected."
                confirm_label="Delete template"
                destructive=true
                pending=delete.pending()
                error
                on_confirm=move |()| { delete.dispatch(()); }
            />
        </li>
    }
}

#[component]
fn TemplateForm(open: RwSignal<bool>, template: Option<Template>) -> impl IntoView {
    let organization = Organization::get();
    let (live, toasts) = (use_live(), use_toasts());
    let words = if template.is_some() { "Save template" } else { "Create template" };
    let id = template.as_ref().map(|template| template.id.clone());
    let (name, title, body, status, impact) = template
        .map(|template| {
            let impact = template.impact.map(|impact| impact.as_str().to_owned()).unwrap_or_default();
            (template.name, template.title, template.body, template.status, impact)
        })
        .unwrap_or_else(|| (String::new(), String::new(), String::new(), IncidentStatus::Investigating, String::new()));
    let (name, title, body) = (RwSignal::new(name), RwSignal::new(title), RwSignal::new(body));
    let (status, impact) = (RwSignal::new(status.as_str().to_owned()), RwSignal::new(impact));
    let save = leptos::prelude::Action::new(move |input: &TemplateInput| {
        save_template(organization.slug.get_untracked(), id.clone(), input.clone())
    });
    Effect::new(move || {
        if let Some(Ok(_)) = save.value().get() {
            toasts.success("Template saved");
            live.refresh();
            open.set(false);
        }
    });
    let error = move || save.value().get().and_then(Result::err);
    let on = move |field: &'static str| Signal::derive(move || error().and_then(|error| error.on(field)));
    let pending = save.pending();
    let submit = move || {
        if pending.get_untracked() {
            return;
        }
        save.dispatch(TemplateInput {
            name: name.get_untracked(),
            title: title.get_untracked(),
            body: body.get_untracked(),
            status: status.get_untracked(),
            impact: impact.get_untracked(),
        });
    };
    view! {
        <form
            class="grid min-w-0 gap-4"
            on:submit=move |event: ev::SubmitEvent| {
                event.prevent_default();
                submit();
            }
            on:keydown=move |event: ev::KeyboardEvent| {
                if sends(&event) {
                    event.prevent_default();
                    submit();
                }
            }
        >
            <FormError message=Signal::derive(move || error().and_then(|error| error.beside(FIELDS))) />
            <TextField label="Name" name="name" id="template-name" maxlength=80_u32 autofocus=true placeholder="Elevated error rates" value=name on_input=move |text| name.set(text) error=on("name") />
            <TextField label="Incident title" name="title" id="template-title" optional=true maxlength=200_u32 value=title on_input=move |text| title.set(text) error=on("title") />
            <div class="grid gap-4 sm:grid-cols-2">
                <SelectField
                    label="Status"
                    name="status"
                    id="template-status"
                    options=Signal::stored(status_choices(IncidentStatus::ALL))
                    value=status
                    on_change=move |word| status.set(word)
                    error=on("status")
                />
                <SelectField
                    label="Impact"
                    name="impact"
                    id="template-impact"
                    options=Signal::stored(impact_choices("Automatic".to_owned()))
                    value=impact
                    on_change=move |word| impact.set(word)
                    error=on("impact")
                />
            </div>
            <MessageField label="Message" id="template-body" value=body error=on("body") rows=6 />
            <Variables />
            <DialogFooter>
                <Button on:click=move |_| open.set(false)>"Cancel"</Button>
                <Button variant=ButtonVariant::Primary submit=true pending>{words}</Button>
            </DialogFooter>
        </form>
    }
}

/// What stands for something else in a template.
#[component]
fn Variables() -> impl IntoView {
    view! {
        <section class="grid gap-1.5 rounded-md border border-border px-3 py-2">
            <h3 class="text-xs font-medium">"Variables for the title and message"</h3>
            <dl class="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-xs">
                {VARIABLES.iter().map(|(name, what)| view! {
                    <dt><code class="rounded-sm bg-muted px-1">{format!("{{{{{name}}}}}")}</code></dt>
                    <dd class="text-muted-foreground">{*what}</dd>
                }).collect_view()}
            </dl>
        </section>
    }
}
