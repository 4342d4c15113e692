//! Everything that a public page shows, read in one transaction.

use crate::{
    domain::{
        error::Result,
        service::ServiceList,
        status::{PageStatus, ServiceStatus},
        time::Time,
    },
    server::{
        App,
        access::PublicPage,
        clock,
        organizations::{self, PublicOrganization},
        services,
    },
};

/// One moment of an organization.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// Name, slug, version.
    pub organization: PublicOrganization,
    /// Groups and services, in order.
    pub services: ServiceList,
    /// What they add up to.
    pub status: PageStatus,
    /// When it was read.
    pub made_at: Time,
}

impl Snapshot {
    /// Reads it.
    ///
    /// # Errors
    /// [`crate::domain::error::AppError::Unavailable`] when the database does not answer.
    pub async fn read(app: &App, page: &PublicPage) -> Result<Self> {
        let mut read = app.db.read(page).await?;
        let organization = organizations::public(&mut read, &page.id).await?;
        let services = services::list_public(page, &mut read).await?;
        let status = PageStatus::of(services.services.iter().map(|service| service.status), []);
        Ok(Self { organization, services, status, made_at: clock::now() })
    }

    /// Number of services that are not operational.
    pub fn affected(&self) -> usize {
        self.services.services.iter().filter(|service| service.status != ServiceStatus::Operational).count()
    }
}
