//! `/dashboard/{organization}/settings/tokens`: the keys of programs.

use crate::rpc::resource;
use crate::{
    dashboard::{
        account::confirmation,
        frame::{Organization, ScreenHead},
        live::use_live,
        states::keep_last_good,
        time::Ago,
    },
    domain::{
        error::AppError,
        live::Topic,
        role::Role,
        token::{ApiToken, LIVES, NewToken, TokenInput},
    },
    rpc::tokens::{create_token, list_tokens, revoke_token},
    ui::*,
};
use leptos::{ev, prelude::*};

const FIELDS: &[&str] = &["name", "role", "days"];

/// The screen.
#[component]
pub fn TokensScreen() -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let read =
        resource(move || (organization.slug.get(), live.changes(Topic::Organization)), |(slug, _)| list_tokens(slug));
    let asks = RwSignal::new(false);
    view! {
        <ScreenHead title="API tokens">
            <LinkButton href=Signal::derive(move || organization.address("/settings")) icon=IconName::Settings>"Settings"</LinkButton>
            <Button variant=ButtonVariant::Primary icon=IconName::Plus on:click=move |_| asks.set(true)>"New token"</Button>
        </ScreenHead>
        <Dialog
            open=asks
            title="New API token"
            description=Signal::stored(Some("Anything using this token acts for the organization, with the role you choose.".to_owned()))
        >
            <TokenForm open=asks />
        </Dialog>
        <Transition fallback=|| view! { <div class="p-4"><SkeletonRows n=4 /></div> }>
            {keep_last_good(
                move || read.get(),
                || view! { <div class="p-4"><SkeletonRows n=4 /></div> }.into_any(),
                move |tokens| view! { <Tokens tokens asks /> }.into_any(),
            )}
        </Transition>
    }
}

#[component]
fn Tokens(tokens: Signal<Vec<ApiToken>>, asks: RwSignal<bool>) -> impl IntoView {
    move || {
        if tokens.read().is_empty() {
            return view! {
                <EmptyState icon=IconName::KeyRound title="No tokens yet" text="Create a token to set statuses through the API from scripts, pipelines and monitors.">
                    <Button variant=ButtonVariant::Primary on:click=move |_| asks.set(true)>"Create token"</Button>
                </EmptyState>
            }
            .into_any();
        }
        view! {
            <div class="p-4">
                <div class="overflow-hidden rounded-lg border border-border">
                    <Table
                        label="API tokens"
                        head=|| view! {
                            <th scope="col" class=HEAD_CELL>"Name"</th>
                            <th scope="col" class=HEAD_CELL>"Role"</th>
                            <th scope="col" class=format!("{HEAD_CELL} {WIDE_ONLY}")>"Created"</th>
                            <th scope="col" class=format!("{HEAD_CELL} {WIDE_ONLY}")>"Last used"</th>
                            <th scope="col" class=format!("{HEAD_CELL} {WIDE_ONLY}")>"Expires"</th>
                            <th scope="col" class=HEAD_CELL><span class="sr-only">"Revoke"</span></th>
                        }
                    >
                        <For each=move || tokens.get() key=|token| (token.id.clone(), token.last_used_at) let:token>
                            <Row token />
                        </For>
                    </Table>
                </div>
            </div>
        }
        .into_any()
    }
}

#[component]
fn Row(token: ApiToken) -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let ApiToken { id, name, role, ending, created_by, created_at, expires_at, last_used_at, .. } = token;
    let asks = RwSignal::new(false);
    let toasts = use_toasts();
    let told = name.clone();
    // What follows is said here and not by an effect of the row, which may be gone by then.
    let revoke = Action::new(move |(): &()| {
        let (slug, id, told) = (organization.slug.get_untracked(), id.clone(), told.clone());
        async move {
            revoke_token(slug, id).await?;
            asks.try_set(false);
            toasts.success(format!("Token “{told}” revoked"));
            live.refresh();
            Ok::<_, AppError>(())
        }
    });
    let error = Signal::derive(move || revoke.value().get().and_then(Result::err).map(|error| error.to_string()));
    let ends = move || match expires_at {
        Some(at) => {
            view! { <time datetime=at.rfc3339() class="sm:whitespace-nowrap tabular-nums">{at.in_words()}</time> }
                .into_any()
        }
        None => view! { "No expiration" }.into_any(),
    };
    let used = move || match last_used_at {
        Some(at) => view! { <Ago at /> }.into_any(),
        None => view! { "Never" }.into_any(),
    };
    let maker = created_by.clone();
    view! {
        <tr class=ROW>
            <td class=format!("{CELL} min-w-32 max-sm:w-full max-sm:py-2")>
                <span class="font-medium wrap-anywhere">{name.clone()}</span>
                " "
                <code class="font-mono text-xs text-muted-foreground sm:ml-1">{format!("cnd_…{ending}")}</code>
                // On a phone, what the columns say that have no room there.
                <span class="mt-0.5 grid text-xs text-muted-foreground sm:hidden">
                    <span>"Created " <Ago at=created_at /> " by " {maker}</span>
                    <span>"Last used: " {used()}</span>
                    <span>"Expires: " {ends()}</span>
                </span>
            </td>
            <td class=CELL_MUTED>{role.label()}</td>
            <td class=format!("{CELL_MUTED} {WIDE_ONLY}")><Ago at=created_at /> " by " {created_by}</td>
            <td class=format!("{CELL_MUTED} {WIDE_ONLY}")>{used()}</td>
            <td class=format!("{CELL_MUTED} {WIDE_ONLY}")>{ends()}</td>
            <td class=CELL>
                <Button size=ButtonSize::Small aria_label=format!("Revoke {name}") on:click=move |_| asks.set(true)>"Revoke"</Button>
                <ConfirmDialog
                    open=asks
                    title=format!("Revoke token “{name}”?")
                    message="Anything using this token stops working immediately. This can’t be undone."
                    confirm_label="Revoke token"
                    destructive=true
                    pending=revoke.pending()
                    error
                    on_confirm=move |()| { revoke.dispatch(()); }
                />
            </td>
        </tr>
    }
}

#[component]
fn TokenForm(open: RwSignal<bool>) -> impl IntoView {
    let organization = Organization::get();
    let live = use_live();
    let (name, role, days) = (
        RwSignal::new(String::new()),
        RwSignal::new(Role::StatusReporter.as_str().to_owned()),
        RwSignal::new("365".to_owned()),
    );
    let mine = Memo::new(move |_| organization.frame.read().organization.role);
    let roles = Signal::derive(move || {
        let options = Role::ALL.iter().rev().filter(|role| **role <= mine.get());
        options.map(|role| (role.as_str().to_owned(), role.label().to_owned())).collect::<Vec<_>>()
    });
    let lives: Vec<(String, String)> =
        LIVES.iter().map(|(days, label)| ((*days).to_owned(), (*label).to_owned())).collect();
    let make = Action::new(move |input: &TokenInput| create_token(organization.slug.get_untracked(), input.clone()));
    let made = RwSignal::new(None::<NewToken>);
    Effect::new(move || {
        if let Some(Ok(token)) = make.value().get() {
            made.set(Some(token));
            live.refresh();
        }
    });
    // Closed, the token is gone from the page for good.
    Effect::new(move || {
        if !open.get() {
            made.set(None);
            name.set(String::new());
        }
    });
    let error = move || make.value().get().and_then(Result::err);
    let on = move |field: &'static str| Signal::derive(move || error().and_then(|error: AppError| error.on(field)));
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        make.dispatch(TokenInput {
            name: name.get_untracked(),
            role: role.get_untracked(),
            days: days.get_untracked(),
        });
    };
    let lives = StoredValue::new(lives);
    move || {
        match made.get() {
        Some(token) => view! { <Made token open /> }.into_any(),
        None => view! {
            <form class="grid gap-4" on:submit=submit>
                <FormError message=Signal::derive(move || error().filter(|error| !is_to_confirm(error)).and_then(|error| error.beside(FIELDS))) />
                {move || error().is_some_and(|error| is_to_confirm(&error)).then(|| view! { <ConfirmFirst /> })}
                <TextField label="Name" name="name" id="token-name" required=true maxlength=60_u32 autofocus=true placeholder="Deploy pipeline" value=name on_input=move |text| name.set(text) error=on("name") />
                <SelectField
                    label="Role"
                    name="role"
                    id="token-role"
                    options=roles
                    value=role
                    on_change=move |word| role.set(word)
                    hint=Signal::derive(move || role.get().parse::<Role>().ok().map(|role| role.describe().to_owned()))
                    error=on("role")
                />
                <SelectField label="Expires in" name="days" id="token-days" options=Signal::stored(lives.get_value()) value=days on_change=move |text| days.set(text) error=on("days") />
                <DialogFooter>
                    <Button on:click=move |_| open.set(false)>"Cancel"</Button>
                    <Button variant=ButtonVariant::Primary submit=true pending=make.pending()>"Create token"</Button>
                </DialogFooter>
            </form>
        }
        .into_any(),
    }
    }
}

fn is_to_confirm(error: &AppError) -> bool {
    *error == AppError::ReauthenticationRequired
}

/// The way to confirm the session, in another tab, so that what was typed stays.
#[component]
fn ConfirmFirst() -> impl IntoView {
    let organization = Organization::get();
    let href = Signal::derive(move || confirmation(&organization.address("/settings/tokens")));
    view! {
        <Alert
            tone=Tone::Red
            icon=IconName::AlertTriangle
            urgent=true
            actions=move || view! { <LinkButton href external=true>"Confirm that it is you"</LinkButton> }
        >
            {AppError::ReauthenticationRequired.to_string()}
            " Then create the token."
        </Alert>
    }
}

/// The token, this once.
#[component]
fn Made(token: NewToken, open: RwSignal<bool>) -> impl IntoView {
    let NewToken { name, token, .. } = token;
    let text = token.clone();
    view! {
        <div class="grid gap-4">
            <Alert tone=Tone::Green icon=IconName::CheckCircle title=format!("Token “{name}” created")>
                "Copy this token now. You won’t be able to see it again."
            </Alert>
            <TextField label="Token" name="token" id="token-made" spellcheck=false mono=true value=Signal::stored(token) />
            <DialogFooter>
                <CopyButton text />
                <Button variant=ButtonVariant::Primary on:click=move |_| open.set(false)>"Done"</Button>
            </DialogFooter>
        </div>
    }
}
