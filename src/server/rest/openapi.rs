//! The API as an OpenAPI 3.1 document, made of the routes, and the pages that show it.

use super::{
    extract::etag,
    problem::{PROBLEM, Problem},
    status, with_token,
};
use crate::server::{App, requests};
use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use flate2::{Compression, write::GzEncoder};
use std::{
    borrow::Cow,
    collections::HashMap,
    io::Write,
    sync::{Arc, OnceLock},
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Components, Content, Info, LicenseBuilder, OpenApi, Ref, RefOr, Required, ResponseBuilder, Server,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        schema::{ObjectBuilder, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
        tag::{Tag, TagBuilder},
    },
};

/// The introduction of the document.
const DESCRIPTION: &str = "\
Everything you can do in the dashboard, for programs, plus the public data of status pages.

**Authentication.** Send `Authorization: Bearer …` with an organization token, a personal token, or a token (JWT) of the \
OpenID provider that this server uses for sign-in. Endpoints under `/api/v1/status/` need no token.

**Errors** use RFC 9457 Problem Details; `errors` lists each invalid field. Unknown fields and parameters are rejected. \
Resources of other organizations don't exist for you (404).

**Pagination.** Send `next` of a page as `after` to get the next one.

**Concurrency and retries.** Send the `ETag` of what you read as `If-Match` with your change: it fails with 412 if \
someone changed it first. Send an `Idempotency-Key` with a `POST` that you may need to retry: it is only carried out \
once.

**Rate limits** are reported in `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`; a 429 says in \
`Retry-After` when to retry.

Times are RFC 3339, in UTC.";

/// What there is to do, in the order of the document.
const TAGS: &[(&str, &str)] = &[
    ("Me", "The token’s identity."),
    ("Organizations", "Organizations and their settings."),
    ("Members", "The members of an organization and their roles."),
    ("Teams", "Groups of members that own services."),
    ("Invitations", "Pending invitations to an organization."),
    ("Services", "What customers depend on: statuses, order and history."),
    ("Groups", "Groups of services."),
    ("Uptime", "Uptime with numerator and denominator."),
    ("Incidents", "Incidents, their updates and postmortems."),
    ("Templates", "Reusable text for incidents."),
    ("Maintenance", "Windows of planned work."),
    ("API tokens", "Credentials for programs."),
    ("Audit", "Who did what, and when."),
    ("Status page", "Public data. No token needed."),
];

/// The whole document.
pub fn document() -> OpenApi {
    let mut document = with_token().merge(status::routes()).into_openapi();
    let mut info = Info::new("Candor", env!("CARGO_PKG_VERSION"));
    info.description = Some(DESCRIPTION.to_owned());
    let license = env!("CARGO_PKG_LICENSE");
    info.license = Some(LicenseBuilder::new().name(license).build());
    document.info = info;
    document.servers = Some(vec![Server::new("/")]);
    document.tags = Some(TAGS.iter().map(|(name, words)| described(name, words)).collect());
    add_components(document.components.get_or_insert_with(Components::new));
    for item in document.paths.paths.values_mut() {
        complete(&mut item.get, &[]);
        complete(&mut item.post, &["IdempotencyKey"]);
        for operation in [&mut item.put, &mut item.patch, &mut item.delete] {
            complete(operation, &["IfMatch"]);
        }
    }
    document
}

fn described(name: &str, words: &str) -> Tag {
    TagBuilder::new().name(name).description(Some(words)).build()
}

fn add_components(components: &mut Components) {
    let mut schemas = Vec::new();
    Problem::schemas(&mut schemas);
    components.schemas.extend(schemas);
    components.schemas.insert(Problem::name().into_owned(), Problem::schema());
    let refusal = ResponseBuilder::new()
        .description("The request failed.")
        .content(PROBLEM, Content::new(Some(Ref::from_schema_name("Problem"))))
        .build();
    components.responses.insert("Problem".to_owned(), RefOr::T(refusal));
    components.parameters.insert("IdempotencyKey".to_owned(), RefOr::T(idempotency_key()));
    components.parameters.insert("IfMatch".to_owned(), RefOr::T(if_match()));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "An organization token (Settings, API tokens), a personal token (/account/tokens) or a token (JWT) of the OpenID provider.",
        ))
        .build();
    components.security_schemes.insert("bearer".to_owned(), RefOr::T(SecurityScheme::Http(bearer)));
}

fn idempotency_key() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "A unique value that you choose for each request. Repeating the request with the same key within 24 hours has no further effect and returns the first response.",
        ))
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .pattern(Some("^[!-~]+$"))
                .min_length(Some(1))
                .max_length(Some(255)),
        ))
        .build()
}

fn if_match() -> Parameter {
    ParameterBuilder::new()
        .name("If-Match")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("The `ETag` of the version you read. The request fails with 412 if it has changed since."))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

/// Adds what all operations have: how they refuse, and with a token the headers that they understand.
fn complete(operation: &mut Option<Operation>, headers: &[&str]) {
    let Some(operation) = operation else { return };
    operation.responses.responses.insert("default".to_owned(), RefOr::Ref(Ref::from_response_name("Problem")));
    if operation.security.as_ref().is_some_and(|security| !security.is_empty()) && !headers.is_empty() {
        let parameters = headers.iter().map(|name| RefOr::Ref(Ref::new(format!("#/components/parameters/{name}"))));
        operation.parameters.get_or_insert_with(Vec::new).extend(parameters);
    }
}

/// The document as it is printed and served, with a line's end.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn text() -> Result<String, serde_json::Error> {
    document().to_pretty_json().map(|text| text + "\n")
}

/// `GET /api/openapi.json`
pub async fn answer() -> Response {
    static TEXT: OnceLock<Option<(String, String)>> = OnceLock::new();
    let made = || {
        let text =
            text().inspect_err(|error| tracing::error!(%error, "OpenAPI document could not be generated")).ok()?;
        Some((etag(text.as_bytes()), text))
    };
    match TEXT.get_or_init(made) {
        Some((tag, text)) => {
            let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
            (headers, [(header::ETAG, tag.as_str())], text.as_str()).into_response()
        }
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The pages at `/docs`: Swagger UI, all of it from here.
pub fn docs() -> Router<App> {
    Router::new()
        .route("/docs", get(|| async { Redirect::permanent("/docs/") }))
        .route("/docs/", get(|headers: HeaderMap| async move { page("index.html", &headers).await }))
        .route(
            "/docs/{file}",
            get(|Path(file): Path<String>, headers: HeaderMap| async move { page(&file, &headers).await }),
        )
}

/// What the page is made of.
const FILES: &[&str] = &[
    "index.html",
    "index.css",
    "swagger-ui.css",
    "swagger-ui-bundle.js",
    "swagger-ui-standalone-preset.js",
    "swagger-initializer.js",
    "favicon-32x32.png",
    "favicon-16x16.png",
];

/// Everything from here. Swagger UI sets its styles by script, property by property, which needs no leave.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// One file of the page.
struct File {
    kind: String,
    tag: String,
    plain: Vec<u8>,
    gzip: Vec<u8>,
}

fn files() -> &'static HashMap<&'static str, File> {
    static ALL: OnceLock<HashMap<&'static str, File>> = OnceLock::new();
    ALL.get_or_init(|| {
        let config = utoipa_swagger_ui::Config::new(["/api/openapi.json"])
            .use_base_layout()
            .validator_url("none")
            .persist_authorization(false)
            .with_credentials(false)
            .query_config_enabled(false)
            .deep_linking(true)
            .default_models_expand_depth(0)
            .display_request_duration(true);
        let config = Arc::new(config);
        FILES.iter().filter_map(|name| Some((*name, file(name, config.clone())?))).collect()
    })
}

fn file(name: &str, config: Arc<utoipa_swagger_ui::Config<'static>>) -> Option<File> {
    let found = utoipa_swagger_ui::serve(name, config)
        .inspect_err(|error| tracing::error!(%error, name, "file of /docs could not be generated"))
        .ok()??;
    let plain = match (name, found.bytes) {
        ("index.html", bytes) => String::from_utf8_lossy(&bytes).replace("Swagger UI", "Candor API").into_bytes(),
        (_, Cow::Borrowed(bytes)) => bytes.to_vec(),
        (_, Cow::Owned(bytes)) => bytes,
    };
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&plain).ok()?;
    Some(File { kind: found.content_type, tag: etag(&plain), plain, gzip: gzip.finish().ok()? })
}

async fn page(name: &str, headers: &HeaderMap) -> Response {
    // Packed when first asked for, which takes a moment.
    let Ok(files) = tokio::task::spawn_blocking(files).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let Some(File { kind, tag, plain, gzip }) = files.get(name) else { return StatusCode::NOT_FOUND.into_response() };
    let fixed = [
        (header::CONTENT_TYPE, kind.as_str()),
        (header::ETAG, tag.as_str()),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::VARY, "accept-encoding"),
    ];
    if requests::accepts_encoding(headers, "gzip") {
        (fixed, [(header::CONTENT_ENCODING, "gzip")], gzip.as_slice()).into_response()
    } else {
        (fixed, plain.as_slice()).into_response()
    }
}
