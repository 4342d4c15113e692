//! An organization with many services and years behind it, and what is changed in it.

use crate::{
    candor::{BENCH, database_url},
    machine::Folder,
};
use candor::{
    domain::{
        ids::{OrganizationId, ServiceId, UserId},
        live::Topic,
        organization::NewOrganization,
        role::Role,
        service::GroupInput,
        status::{Cause, ServiceStatus},
    },
    server::{
        App,
        access::PublicPage,
        organizations,
        services::{self, NewService},
    },
};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Services of such an organization, in groups of twenty.
pub const SERVICES: usize = 400;

/// An organization, and which of its services change.
pub struct Organization {
    pub page: PublicPage,
    pub slug: &'static str,
    pub services: Vec<ServiceId>,
    changes: AtomicUsize,
}

impl Organization {
    /// The one of this slug, of which so many services change.
    pub async fn find(app: &App, slug: &'static str, changing: usize) -> Self {
        let page = PublicPage::find(app, slug).await.unwrap();
        let list = services::list_public(&page, &mut app.db.read(&page).await.unwrap()).await.unwrap();
        let services = list.services.into_iter().take(changing).map(|service| service.id).collect();
        Self { page, slug, services, changes: AtomicUsize::new(0) }
    }

    /// The service to change next and its new status: never the one that it has.
    pub fn next_change(&self) -> (ServiceId, ServiceStatus) {
        let number = self.changes.fetch_add(1, Ordering::Relaxed);
        let status = if (number / self.services.len()).is_multiple_of(2) {
            ServiceStatus::DegradedPerformance
        } else {
            ServiceStatus::Operational
        };
        (self.services[number % self.services.len()].clone(), status)
    }
}

/// Makes one of this slug that is so many months old and has this owner.
pub async fn fill(app: &App, folder: &Folder, owner: &UserId, slug: &'static str, months: usize) -> Organization {
    let new = NewOrganization {
        name: format!("The {slug} one"),
        slug: slug.to_owned(),
        time_zone: "Europe/Vienna".to_owned(),
        listed: true,
    };
    let (id, _) = organizations::find_or_create(app, BENCH, new).await.unwrap();
    organizations::add_member(app, BENCH, &id, owner, Role::Owner).await.unwrap();
    let mut write = BENCH.write(app, &id).await.unwrap();
    let texts = |name: String| GroupInput { name, description: String::new() };
    for group in 0..SERVICES / 20 {
        let group_id = services::add_group(&mut write, &texts(format!("Region {group}")), None).await.unwrap();
        for number in 0..20 {
            let new = NewService {
                texts: texts(format!("Service {number} in region {group}")),
                group_id: Some(group_id.clone()),
                team_id: None,
                status: ServiceStatus::Operational,
                source_id: None,
                cause: Cause::Manual,
                created_at: None,
                observed_since: None,
            };
            services::add(&mut write, new).await.unwrap();
        }
    }
    write.commit(&[Topic::Services]).await.unwrap();
    remember(folder, &id, months).await;
    Organization::find(app, slug, SERVICES).await
}

/// Puts what was before the present.
async fn remember(folder: &Folder, organization: &OrganizationId, months: usize) {
    let script = include_str!("years.sql").replace("{organization}", organization.as_str());
    let script = script.replace("{months}", &months.to_string());
    let mut database = SqliteConnection::connect(&database_url(folder)).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut database).await.unwrap();
    let (intervals,): (i64,) = sqlx::query_as("select count(*) from status_history where organization_id = $1")
        .bind(organization.as_str())
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert_eq!(intervals as usize, SERVICES * (2 * months + 1), "every month is there");
    database.close().await.unwrap();
}
