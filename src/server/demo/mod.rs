//! A believable organization to look around in.

mod incidents;
mod windows;
mod year;

use super::{
    App,
    access::accounts,
    command::COMMAND,
    db::Write,
    incidents::templates,
    organizations,
    services::{self, Mark, NewService},
};
use crate::domain::{
    error::Result,
    ids::id_text,
    incident::TemplateInput,
    live::Topic,
    organization::NewOrganization,
    role::Role,
    service::GroupInput,
    status::{Cause, ServiceStatus},
    time::Time,
};
use year::Services;

const SLUG: &str = "northwind";
const EMAIL: &str = "ana@northwind.example";

/// How to sign in to the demo.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The organization.
    pub slug: &'static str,
    /// The owner's address.
    pub email: &'static str,
    /// Made anew each time the demo is filled.
    pub password: String,
}

/// Name and description.
type Row = (&'static str, &'static str);

const GROUPS: &[(&str, &[Row])] = &[
    (
        "Core platform",
        &[("Web application", ""), ("Payments API", "Charges, refunds, payouts"), ("Webhooks", ""), ("Sign-in", "")],
    ),
    ("Data", &[("Search", ""), ("Exports", "CSV and Parquet"), ("Warehouse sync", "")]),
];

const ALONE: &[Row] = &[("Documentation", ""), ("Support desk", "Weekdays, 8 to 18 UTC")];

/// Name, title, status, impact, message.
const TEMPLATES: &[(&str, &str, &str, &str, &str)] = &[
    (
        "Outage: first word",
        "{{service}} unavailable",
        "investigating",
        "",
        "We see problems with {{service}} since {{time}} and are looking into it. The next update follows within 30 \
         minutes.",
    ),
    (
        "Fix is in place",
        "",
        "monitoring",
        "",
        "We have mended the cause and {{service}} is recovering. We keep watching for the next hour.",
    ),
    (
        "Trouble at a provider",
        "{{service}}: trouble at a provider",
        "identified",
        "minor",
        "One of our providers has confirmed trouble that makes {{service}} {{status}}. We are moving traffic away \
         from them where we can.",
    ),
    (
        "All clear",
        "",
        "resolved",
        "",
        "{{service}} has been well for an hour. Thank you for your patience; if you still see something, our support \
         desk is glad to hear of it.",
    ),
];

/// Fills the demo organization, or leaves it as it is and only gives its owner a new password.
///
/// # Errors
/// When the database refuses.
pub async fn fill(app: &App) -> Result<SignIn> {
    let password = format!("{}-{}", id_text(rand::random()), id_text(rand::random()));
    let user = accounts::set_password(app, COMMAND, EMAIL, "Ana Lindqvist", password.clone()).await?;
    let new = NewOrganization {
        name: "Northwind".to_owned(),
        slug: SLUG.to_owned(),
        time_zone: "Europe/Vienna".to_owned(),
        listed: true,
    };
    let (id, made) = organizations::find_or_create(app, COMMAND, new).await?;
    if made {
        organizations::add_member(app, COMMAND, &id, &user, Role::Owner).await?;
        let mut write = COMMAND.write(app, &id).await?;
        let services = add_services(&mut write).await?;
        add_templates(&mut write).await?;
        year::play(&mut write, &services).await?;
        write.commit(&[Topic::Services, Topic::Incidents, Topic::Maintenance]).await?;
    }
    Ok(SignIn { slug: SLUG, email: EMAIL, password })
}

/// The services, which have been well since a year ago as far as they themselves know.
async fn add_services(write: &mut Write) -> Result<Services> {
    let born = year::DemoTime::Day(365, 0, 0).time(write.at);
    let mut services = Services::new();
    for (group, inside) in GROUPS {
        let group_id = services::add_group(write, &texts(group, ""), None).await?;
        for row in *inside {
            let new = NewService { group_id: Some(group_id.clone()), ..service(*row, born) };
            services.insert(row.0, services::add(write, new).await?);
        }
    }
    for row in ALONE {
        services.insert(row.0, services::add(write, service(*row, born)).await?);
    }
    Ok(services)
}

async fn add_templates(write: &mut Write) -> Result<()> {
    for (name, title, status, impact, body) in TEMPLATES {
        let input = TemplateInput {
            name: (*name).to_owned(),
            title: (*title).to_owned(),
            body: (*body).to_owned(),
            status: (*status).to_owned(),
            impact: (*impact).to_owned(),
        };
        templates::add(write, &input).await?;
    }
    Ok(())
}

fn texts(name: &str, description: &str) -> GroupInput {
    GroupInput { name: name.to_owned(), description: description.to_owned() }
}

fn service((name, description): Row, born: Time) -> NewService {
    NewService {
        texts: texts(name, description),
        group_id: None,
        team_id: None,
        status: ServiceStatus::Operational,
        source_id: None,
        mark: Mark::by(Cause::Manual),
        created_at: Some(born),
        observed_since: Some(born),
    }
}
