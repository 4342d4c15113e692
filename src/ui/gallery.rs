//! Every widget in every state, on one page, for whoever changes the design.

use super::*;
use leptos::prelude::*;

/// The gallery of the design system, shown at `/design` while developing.
#[component]
pub fn Gallery() -> impl IntoView {
    let toasts = provide_toasts();
    view! {
        <main class="mx-auto grid max-w-5xl gap-10 px-4 py-10">
            <h1 class="text-xl font-semibold">"Design system"</h1>
            <Colours />
            <Buttons />
            <Fields />
            <Notices />
            <Lists />
            <Floating toasts />
            <Waiting />
            <Icons />
        </main>
        <Toaster />
    }
}

#[component]
fn Section(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <section class="grid min-w-0 gap-4">
            <h2 class="border-b border-border pb-2 text-sm font-semibold">{title}</h2>
            {children()}
        </section>
    }
}

#[component]
fn Row(children: Children) -> impl IntoView {
    view! { <div class="flex flex-wrap items-center gap-3">{children()}</div> }
}

const fn word(tone: Tone) -> &'static str {
    match tone {
        Tone::Neutral => "Neutral",
        Tone::Accent => "Accent",
        Tone::Green => "Green",
        Tone::Blue => "Blue",
        Tone::Yellow => "Yellow",
        Tone::Orange => "Orange",
        Tone::Red => "Red",
    }
}

const fn shape(tone: Tone) -> IconName {
    match tone {
        Tone::Neutral | Tone::Accent => IconName::Info,
        Tone::Green => IconName::CheckCircle,
        Tone::Blue => IconName::Wrench,
        Tone::Yellow => IconName::MinusCircle,
        Tone::Orange => IconName::AlertTriangle,
        Tone::Red => IconName::AlertOctagon,
    }
}

#[component]
fn Colours() -> impl IntoView {
    let tones = Tone::ALL
        .iter()
        .map(|&tone| {
            view! {
                <div class=format!("flex items-center gap-2 rounded-lg border px-3 py-2 {}", tone.surface())>
                    <StatusDot tone />
                    <ToneIcon tone icon=shape(tone) />
                    <span class=format!("text-13 font-medium {}", tone.text())>{word(tone)}</span>
                    <span class="ml-auto text-13 text-muted-foreground">"note"</span>
                </div>
            }
        })
        .collect_view();
    let badges = Tone::ALL.iter().map(|&tone| view! { <Badge tone>{word(tone)}</Badge> }).collect_view();
    view! {
        <Section title="Tones">
            <div class="grid gap-3 sm:grid-cols-2 lg:grid-cols-4">{tones}</div>
            <Row>{badges}</Row>
            <Row>
                <Avatar name="Ana Silva" />
                <Avatar name="bo@example.com" />
                <Kbd>"⌘K"</Kbd>
                <Kbd>"N"</Kbd>
                <span class="text-13 text-muted-foreground">"Muted text, 13 px"</span>
                <span class="text-xs text-muted-foreground">"Note, 12 px"</span>
                <span class="text-13 tabular-nums">"99.98% 111,000"</span>
                <a href="#" class="text-13 text-brand-text underline underline-offset-2">
                    "A link in text"
                </a>
            </Row>
        </Section>
    }
}

#[component]
fn Buttons() -> impl IntoView {
    let variants = [
        (ButtonVariant::Primary, "Primary"),
        (ButtonVariant::Secondary, "Secondary"),
        (ButtonVariant::Ghost, "Ghost"),
        (ButtonVariant::Destructive, "Destructive"),
    ];
    let rows = variants
        .into_iter()
        .map(|(variant, name)| {
            view! {
                <Row>
                    <Button variant>{name}</Button>
                    <Button variant icon=IconName::Plus>
                        "With icon"
                    </Button>
                    <Button variant shortcut="U">
                        "With key"
                    </Button>
                    <Button variant size=ButtonSize::Small>
                        "Small"
                    </Button>
                    <Button variant pending=true>
                        "Pending"
                    </Button>
                    <Button variant disabled=true>
                        "Disabled"
                    </Button>
                    <LinkButton variant href="#" icon=IconName::ExternalLink>
                        "Link"
                    </LinkButton>
                    <IconButton variant label="More" icon=IconName::Ellipsis />
                </Row>
            }
        })
        .collect_view();
    view! { <Section title="Buttons">{rows}</Section> }
}

#[component]
fn Fields() -> impl IntoView {
    let text = RwSignal::new("Something typed".to_owned());
    let choice = RwSignal::new("two".to_owned());
    let ticked = RwSignal::new(true);
    let on = RwSignal::new(true);
    let options: Vec<(String, String)> = [("one", "The first"), ("two", "The second")]
        .into_iter()
        .map(|(key, label)| (key.to_owned(), label.to_owned()))
        .collect();
    view! {
        <Section title="Fields">
            <FormError message=Some(
                "That URL is already taken. Choose another.".to_owned(),
            ) />
            <div class="grid items-start gap-5 sm:grid-cols-2">
                <TextField
                    label="Name"
                    name="name"
                    value=text
                    on_input=move |value| text.set(value)
                    hint="Shown to everyone."
                />
                <TextField
                    label="Email"
                    name="email"
                    kind="email"
                    value="not an address"
                    error="Enter a valid email address."
                    hint="We send a confirmation."
                    required=true
                />
                <TextField
                    label="Address"
                    name="slug"
                    prefix="status.example.com/status/"
                    placeholder="northwind"
                    spellcheck=false
                />
                <TextField
                    label="Note"
                    name="note"
                    placeholder="An example of what to write"
                    optional=true
                />
                <TextField label="Disabled" name="disabled" value="Fixed" disabled=true />
                <SelectField
                    label="Choice"
                    name="choice"
                    options=options
                    value=choice
                    on_change=move |value| choice.set(value)
                />
                <TextArea
                    label="Message"
                    name="message"
                    value="Several lines\nof text </textarea>"
                    hint="Plain text only."
                />
                <div class="grid gap-3">
                    <Checkbox
                        label="Notify everyone"
                        name="tell"
                        checked=ticked
                        on_change=move |value| ticked.set(value)
                        hint="Sends one message to each subscriber."
                    />
                    <Checkbox label="Not ticked" name="unticked" />
                    <Switch
                        label="Switched on"
                        name="on"
                        checked=on
                        on_change=move |value| on.set(value)
                    />
                    <Switch label="Switched off" name="off" hint="No messages are sent." />
                </div>
                <SearchField label="Filter the list" />
            </div>
        </Section>
    }
}

#[component]
fn Notices() -> impl IntoView {
    view! {
        <Section title="Notices">
            <Alert
                tone=Tone::Orange
                icon=IconName::AlertTriangle
                title="Elevated error rates"
                actions=|| {
                    view! {
                        <Button size=ButtonSize::Small shortcut="U">
                            "Post update"
                        </Button>
                    }
                }
            >
                "Identified · 14 min"
            </Alert>
            <Alert tone=Tone::Red icon=IconName::AlertOctagon title="The list could not be loaded">
                "Your changes are still here. Try again."
            </Alert>
            <Alert tone=Tone::Yellow icon=IconName::MinusCircle>
                "The connection is slow."
            </Alert>
            <Alert tone=Tone::Blue icon=IconName::Wrench>
                "Maintenance starts in 9 hours."
            </Alert>
            <Alert tone=Tone::Green icon=IconName::CheckCircle>
                "All services operational."
            </Alert>
            <Alert tone=Tone::Accent icon=IconName::Info>
                "Two steps left."
            </Alert>
            <Alert icon=IconName::Info>"Nothing to show."</Alert>
        </Section>
    }
}

fn tone_items() -> Vec<MenuItem> {
    [Tone::Green, Tone::Yellow, Tone::Orange, Tone::Red, Tone::Blue]
        .into_iter()
        .enumerate()
        .map(|(at, tone)| MenuItem {
            tone: Some(tone),
            shortcut: Some((at + 1).to_string()),
            checked: tone == Tone::Orange,
            ..MenuItem::new(word(tone), word(tone))
        })
        .collect()
}

#[component]
fn Lists() -> impl IntoView {
    let rows = [
        ("Web application", Tone::Green, "Web", "99.98%"),
        ("Payments", Tone::Orange, "Payments", "99.71%"),
        ("A name so long that it has to be cut off somewhere because it doesn’t fit", Tone::Blue, "Data", "100%"),
    ]
    .into_iter()
    .map(|(name, tone, team, number)| {
        view! {
            <tr class=ROW data-selected=(tone == Tone::Orange).then_some("")>
                <td class=CELL>
                    <span class="block max-w-72 truncate font-medium" title=name>
                        {name}
                    </span>
                </td>
                <td class=CELL>
                    <Menu
                        label=format!("State of {name}: {}", word(tone))
                        trigger=move || {
                            view! {
                                <StatusDot tone />
                                <span>{word(tone)}</span>
                                <Icon name=IconName::ChevronDown class="size-3.5 text-muted-foreground" />
                            }
                        }
                        note=Some(format!("{name} is held by 1 thing"))
                        items=tone_items()
                    />
                </td>
                <td class=format!("{CELL_MUTED} {WIDE_ONLY}")>{team}</td>
                <td class=CELL_NUMBER>{number}</td>
                <td class=CELL_NUMBER>
                    <Menu
                        label=format!("More actions for {name}")
                        trigger=|| view! { <Icon name=IconName::Ellipsis /> }
                        trigger_class=MENU_ICON
                        align=Align::End
                        items=vec![
                            MenuItem {
                                icon: Some(IconName::Pencil),
                                ..MenuItem::new("edit", "Edit")
                            },
                            MenuItem {
                                icon: Some(IconName::ArrowUp),
                                disabled: true,
                                ..MenuItem::new("up", "Move up")
                            },
                            MenuItem {
                                icon: Some(IconName::Trash2),
                                destructive: true,
                                ..MenuItem::new("delete", "Delete")
                            },
                        ]
                    />
                </td>
            </tr>
        }
    })
    .collect_view();
    view! {
        <Section title="Lists">
            <Card
                title="A box"
                description="With a full-width table."
                flush=true
                actions=|| view! { <Button icon=IconName::Plus>"Add"</Button> }
            >
                <Table
                    label="An example"
                    head=|| {
                        view! {
                            <th scope="col" class=HEAD_CELL>
                                "Name"
                            </th>
                            <th scope="col" class=HEAD_CELL>
                                "State"
                            </th>
                            <th scope="col" class=format!("{HEAD_CELL} {WIDE_ONLY}")>
                                "Team"
                            </th>
                            <th scope="col" class=HEAD_NUMBER>
                                "Share"
                            </th>
                            <th scope="col" class=HEAD_CELL>
                                <span class="sr-only">"More"</span>
                            </th>
                        }
                    }
                >
                    <tr class=GROUP_ROW>
                        <th scope="rowgroup" colspan="5" class=GROUP_CELL>
                            "Group · 3"
                        </th>
                    </tr>
                    {rows}
                </Table>
            </Card>
            <Card flush=true>
                <EmptyState
                    icon=IconName::Layers
                    title="Nothing here yet"
                    text="Add your first one. All it needs is a name."
                >
                    <Button variant=ButtonVariant::Primary icon=IconName::Plus>
                        "Add the first"
                    </Button>
                </EmptyState>
            </Card>
        </Section>
    }
}

#[component]
fn Floating(toasts: Toasts) -> impl IntoView {
    let dialog = RwSignal::new(false);
    let confirm = RwSignal::new(false);
    let typed = RwSignal::new(false);
    let palette = RwSignal::new(false);
    let commands: Vec<Command> = [
        ("Report", "Create", IconName::AlertTriangle, Some("I")),
        ("Add a row", "Create", IconName::Plus, Some("N")),
        ("Overview", "Go to", IconName::Home, None),
        ("Settings", "Go to", IconName::Settings, None),
        ("Dark theme", "Look", IconName::Moon, None),
    ]
    .into_iter()
    .map(|(label, group, icon, shortcut)| Command {
        id: label.to_owned(),
        label: label.to_owned(),
        group: group.to_owned(),
        icon,
        keywords: String::new(),
        shortcut: shortcut.map(str::to_owned),
        run: Callback::new(move |()| toasts.success(label)),
    })
    .collect();
    view! {
        <Section title="Overlays">
            <Row>
                <Button on:click=move |_| dialog.set(true)>"Dialog"</Button>
                <Button on:click=move |_| confirm.set(true)>"Confirm"</Button>
                <Button on:click=move |_| typed.set(true)>"Type to confirm"</Button>
                <Button on:click=move |_| palette.set(true) shortcut="⌘K">
                    "Palette"
                </Button>
                <Button on:click=move |_| toasts.success("Update posted")>"Toast"</Button>
                <Button on:click=move |_| {
                    toasts.error("Couldn’t post the update. You’re offline; your draft is safe.");
                }>"Error"</Button>
                <Button on:click=move |_| {
                    toasts
                        .with_action(
                            "Removed",
                            "Undo",
                            move || toasts.success("Restored"),
                        );
                }>"Undo"</Button>
            </Row>
        </Section>
        <Dialog open=dialog title="Add a row" description="It appears at the end of the list.">
            <form class="grid gap-4" on:submit=move |ev| ev.prevent_default()>
                <TextField label="Name" name="row" required=true />
                <DialogFooter>
                    <Button on:click=move |_| dialog.set(false)>"Cancel"</Button>
                    <Button variant=ButtonVariant::Primary submit=true>
                        "Add row"
                    </Button>
                </DialogFooter>
            </form>
        </Dialog>
        <ConfirmDialog
            open=confirm
            title="Delete this row?"
            message="This also deletes its 90 days of history. It can’t be undone."
            confirm_label="Delete row"
            destructive=true
            on_confirm=move |()| confirm.set(false)
        />
        <ConfirmDialog
            open=typed
            title="Delete everything?"
            message="This deletes all rows for everyone. It can’t be undone."
            confirm_label="Delete everything"
            destructive=true
            type_to_confirm="northwind"
            on_confirm=move |()| typed.set(false)
        />
        <CommandPalette open=palette commands=commands />
    }
}

#[component]
fn Waiting() -> impl IntoView {
    view! {
        <Section title="Loading">
            <Card flush=true>
                <SkeletonRows n=4 />
            </Card>
            <Skeleton class="h-8 w-48" />
        </Section>
    }
}

#[component]
fn Icons() -> impl IntoView {
    let icons = IconName::ALL
        .iter()
        .map(|&name| {
            view! {
                <span
                    class="inline-flex size-8 items-center justify-center rounded-md border border-border"
                    title=format!("{name:?}")
                >
                    <Icon name />
                </span>
            }
        })
        .collect_view();
    view! {
        <Section title="Icons">
            <Row>{icons}</Row>
        </Section>
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::Gallery;
    use leptos::prelude::*;

    #[test]
    fn no_widget_writes_a_style_attribute_or_a_script() {
        let html = Owner::new().with(|| view! { <Gallery /> }.to_html());
        for refused in ["style", "onclick", "onload"] {
            let attribute = format!(" {refused}=");
            assert!(!html.contains(&attribute), "the policy refuses {refused}");
        }
        assert!(!html.contains("<script"), "the policy refuses inline scripts");
        assert_eq!(html.matches("</textarea>").count(), 1);
    }
}
