//! Every server function: the whole list of what the dashboard may ask of the server.
//!
//! A body is "scope, then verb": the scope says who may, the verb does it in a task of its own.

#[expect(missing_docs, reason = "of the structs that the macro makes")]
pub mod incidents;
#[expect(missing_docs, reason = "of the structs that the macro makes")]
pub mod maintenance;
#[expect(missing_docs, reason = "of the structs that the macro makes")]
pub mod members;
#[expect(missing_docs, reason = "of the structs that the macro makes")]
pub mod organizations;
#[expect(missing_docs, reason = "of the structs that the macro makes")]
pub mod reports;
#[expect(missing_docs, reason = "of the structs that the macro makes")]
pub mod services;
#[expect(missing_docs, reason = "of the structs that the macro makes")]
pub mod tokens;

use leptos::prelude::Resource;

/// A resource of a screen: made at the top of the screen, never inside what waits for another one.
///
/// The server makes a screen more than once before it is sent, and the browser takes the answers of
/// the first time; what the first screen knew from the frame around it is gone by then. So whoever
/// asks is noted when the resource is made.
pub fn resource<S, T, F>(
    source: impl Fn() -> S + Send + Sync + 'static,
    fetcher: impl Fn(S) -> F + Send + Sync + 'static,
) -> Resource<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static,
    F: Future<Output = T> + Send + 'static,
{
    #[cfg(feature = "ssr")]
    let fetcher = {
        let context = crate::server::access::RequestContext::here();
        move |source| crate::server::access::with_request_context(context.clone(), fetcher(source))
    };
    Resource::new(source, fetcher)
}

/// Gives the answer that the server renders now this status; in the browser there is none to give.
pub fn answer_with(status: u16) {
    #[cfg(feature = "ssr")]
    if let (Some(response), Ok(status)) =
        (leptos::prelude::use_context::<leptos_axum::ResponseOptions>(), axum::http::StatusCode::from_u16(status))
    {
        response.set_status(status);
    }
    #[cfg(not(feature = "ssr"))]
    let _ = status;
}
