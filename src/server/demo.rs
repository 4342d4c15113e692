//! A believable organization to look around in.

use super::{
    App,
    access::accounts,
    command::COMMAND,
    organizations,
    services::{self, Mark, NewService},
};
use crate::domain::{
    error::Result,
    ids::id_text,
    live::Topic,
    organization::NewOrganization,
    role::Role,
    service::GroupInput,
    status::{Cause, ServiceStatus},
};

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

/// Name, description, status.
type Row = (&'static str, &'static str, ServiceStatus);

const GROUPS: &[(&str, &[Row])] = &[
    (
        "Core platform",
        &[
            ("Web application", "", ServiceStatus::Operational),
            ("Payments API", "Charges, refunds, payouts", ServiceStatus::PartialOutage),
            ("Webhooks", "", ServiceStatus::Operational),
            ("Sign-in", "", ServiceStatus::Operational),
        ],
    ),
    (
        "Data",
        &[
            ("Search", "", ServiceStatus::Operational),
            ("Exports", "CSV and Parquet", ServiceStatus::Operational),
            ("Warehouse sync", "", ServiceStatus::UnderMaintenance),
        ],
    ),
];

const ALONE: &[(&str, &str)] = &[("Documentation", ""), ("Support desk", "Weekdays, 8 to 18 UTC")];

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
        for (group, inside) in GROUPS {
            let group_id = services::add_group(&mut write, &texts(group, ""), None).await?;
            for (name, description, status) in *inside {
                let new = NewService { group_id: Some(group_id.clone()), ..service(name, description, *status) };
                services::add(&mut write, new).await?;
            }
        }
        for (name, description) in ALONE {
            services::add(&mut write, service(name, description, ServiceStatus::Operational)).await?;
        }
        write.commit(&[Topic::Services]).await?;
    }
    Ok(SignIn { slug: SLUG, email: EMAIL, password })
}

fn texts(name: &str, description: &str) -> GroupInput {
    GroupInput { name: name.to_owned(), description: description.to_owned() }
}

fn service(name: &str, description: &str, status: ServiceStatus) -> NewService {
    NewService {
        texts: texts(name, description),
        group_id: None,
        team_id: None,
        status,
        source_id: None,
        mark: Mark::by(Cause::Manual),
        created_at: None,
    }
}
