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
    services::{self, NewService},
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

const ALONE: &[Row] = &[("Documentation", ""), ("Support desk", "Weekdays, 08:00–18:00 UTC")];

/// Name, title, status, impact, message.
const TEMPLATES: &[(&str, &str, &str, &str, &str)] = &[
    (
        "Outage: first update",
        "{{service}} unavailable",
        "investigating",
        "",
        "We have been seeing problems with {{service}} since {{time}} and are investigating. We’ll post the next update within 30 minutes.",
    ),
    (
        "Fix is in place",
        "",
        "monitoring",
        "",
        "We fixed the cause and {{service}} is recovering. We’ll keep monitoring for the next hour.",
    ),
    (
        "Issue at a provider",
        "{{service}}: issue at a provider",
        "identified",
        "minor",
        "One of our providers has confirmed an issue that affects {{service}} ({{status}}). We are moving traffic away from them where we can.",
    ),
    (
        "All clear",
        "",
        "resolved",
        "",
        "{{service}} has been stable for an hour. Thank you for your patience. If you still see problems, please contact our support desk.",
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
        cause: Cause::Manual,
        created_at: Some(born),
        observed_since: Some(born),
    }
}
