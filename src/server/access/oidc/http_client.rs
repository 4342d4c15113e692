//! What reads a provider's answers: no redirects, a time limit, a size limit.

use super::LONGEST_ANSWER;
use openidconnect::{
    AsyncHttpClient, HttpRequest, HttpResponse, http,
    reqwest::{self, redirect},
};
use std::{pin::Pin, time::Duration};

/// Asks a provider: follows no redirect, waits not long, reads not much.
pub(super) struct Http(reqwest::Client);

impl Http {
    pub(super) fn new(https_only: bool, local: bool) -> Result<Self, reqwest::Error> {
        let mut builder = reqwest::Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(10))
            .https_only(https_only)
            .user_agent(concat!("candor/", env!("CARGO_PKG_VERSION")));
        if local {
            builder = builder.no_proxy();
        }
        builder.build().map(Self)
    }

    pub(super) async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let mut response = self.0.execute(request.try_into()?).await?;
        let mut answer = http::Response::new(Vec::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        while let Some(chunk) = response.chunk().await? {
            if answer.body().len() + chunk.len() > LONGEST_ANSWER {
                return Err(HttpError::TooLong);
            }
            answer.body_mut().extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

/// Why a provider gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    #[error("the request failed")]
    Request(#[from] reqwest::Error),
    #[error("the response is longer than {LONGEST_ANSWER} bytes")]
    TooLong,
}
