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
