//! Texts to begin an incident or an update with.

mod store;

use crate::{
    domain::{
        account::single_line,
        error::{AppError, FieldErrors, Result},
        ids::TemplateId,
        incident::{IncidentStatus, MAX_TITLE_LENGTH, Template, TemplateInput, body, impact, status},
        live::Topic,
        role::allowed,
    },
    server::{
        access::Scope,
        db::{AuditEntry, Write, random_id},
    },
};

/// Most templates of an organization.
const MAX_TEMPLATES: usize = 200;

fn no_template() -> AppError {
    AppError::NotFound("template".to_owned())
}

/// Every template, by name.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn list(scope: Scope<allowed::Read>) -> Result<Vec<Template>> {
    store::templates(&mut scope.read().await?, scope.id()).await
}

fn check(id: TemplateId, input: &TemplateInput) -> Result<Template> {
    let mut errors = FieldErrors::default();
    let name = errors.take("name", single_line("the template’s name", &input.name, 80)).unwrap_or_default();
    let title = match input.title.trim() {
        "" => String::new(),
        title => errors.take("title", single_line("the incident’s title", title, MAX_TITLE_LENGTH)).unwrap_or_default(),
    };
    let body = errors.take("body", body(&input.body)).unwrap_or_default();
    let status = errors.take("status", status(&input.status, IncidentStatus::Investigating));
    let impact = errors.take("impact", impact(&input.impact)).unwrap_or_default();
    errors.finish()?;
    Ok(Template { id, name, title, body, status: status.unwrap_or(IncidentStatus::Investigating), impact })
}

/// Keeps a template: a new one, or instead of the one of this id.
///
/// # Errors
/// [`AppError::NotFound`], [`AppError::Invalid`] with everything that is wrong.
pub async fn save(
    scope: Scope<allowed::ReportIncidents>,
    id: Option<TemplateId>,
    input: TemplateInput,
) -> Result<TemplateId> {
    scope.require(None)?;
    let template = check(id.clone().unwrap_or_else(|| TemplateId::from_random(random_id())), &input)?;
    let mut write = scope.write().await?;
    let action = match id {
        Some(_) => {
            if !store::update_template(&mut write, &template).await? {
                return Err(no_template());
            }
            "template.updated"
        }
        None => {
            if store::count_templates(&mut write).await? >= MAX_TEMPLATES {
                return Err(AppError::Conflict(format!(
                    "You already have {MAX_TEMPLATES} templates. Delete some first."
                )));
            }
            store::insert_template(&mut write, &template).await?;
            "template.created"
        }
    };
    write.audit(AuditEntry::new(action, &template.id, &template.name));
    write.commit(&[Topic::Incidents]).await?;
    Ok(template.id)
}

/// Adds a template within a write: the part that doors share.
///
/// # Errors
/// [`AppError::Invalid`] with everything that is wrong.
pub async fn add(write: &mut Write, input: &TemplateInput) -> Result<TemplateId> {
    let template = check(TemplateId::from_random(random_id()), input)?;
    store::insert_template(write, &template).await?;
    write.audit(AuditEntry::new("template.created", &template.id, &template.name));
    Ok(template.id)
}

/// Deletes a template.
///
/// # Errors
/// [`AppError::NotFound`].
pub async fn delete(scope: Scope<allowed::ReportIncidents>, id: TemplateId) -> Result<()> {
    scope.require(None)?;
    let mut write = scope.write().await?;
    let name = store::delete_template(&mut write, &id).await?.ok_or_else(no_template)?;
    write.audit(AuditEntry::new("template.deleted", &id, name));
    write.commit(&[Topic::Incidents]).await
}
