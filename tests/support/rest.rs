//! A program as far as the server can tell: a token, JSON, no cookie and no origin.

use super::{Answer, Browser, TestServer};
use reqwest::header::HeaderName;
use serde_json::{Value, json};

/// A program that asks with a token. Its paths are below an organization, unless they begin with `/api/`.
#[derive(Debug, Clone)]
pub struct Bearer {
    browser: Browser,
    root: String,
    /// Its token.
    pub token: String,
}

impl Bearer {
    /// With this token.
    pub fn new(server: &TestServer, slug: &str, token: &str) -> Self {
        let root = format!("/api/v1/organizations/{slug}");
        Self { browser: server.browser(), root, token: token.to_owned() }
    }

    /// With a new token of the organization, which is called `for` its role.
    pub async fn of(server: &TestServer, owner: &Browser, slug: &str, role: &str) -> Self {
        let input = json!({ "name": format!("for {role}"), "role": role, "days": "30" });
        let made = owner.rpc("create_token", json!({ "organization": slug, "input": input })).await.right();
        Self::new(server, slug, made["token"].as_str().unwrap())
    }

    /// With a new token of a person, which stops at this role.
    pub async fn personal(server: &TestServer, person: &Browser, slug: &str, role: &str) -> Self {
        let fields = [("what", "create"), ("name", "laptop"), ("role", role), ("days", "")];
        let page = person.post("/account/tokens", &fields).await;
        assert_eq!(page.status, 200);
        let page = page.text();
        let start = page.find("cnd_").unwrap();
        let token: String =
            page[start..].chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
        Self::new(server, slug, &token)
    }

    /// Asks, with headers of the test's own.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(&'static str, &str)],
    ) -> Answer {
        let path = if path.starts_with("/api/") { path.to_owned() } else { format!("{}{path}", self.root) };
        let request = self.browser.request(method.parse().unwrap(), &path);
        let mut request = request.header("authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(HeaderName::from_static(name), *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        self.browser.send(request).await
    }

    /// `GET`
    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, None, &[]).await
    }

    /// `POST` with a body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, Some(&body), &[]).await
    }

    /// `PATCH`
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask("PATCH", path, Some(&body), &[]).await
    }

    /// `PUT`
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.ask("PUT", path, Some(&body), &[]).await
    }

    /// `DELETE`
    pub async fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, None, &[]).await
    }

    /// `POST` of something new, which has to work and to be found at the address that the answer names; its id.
    pub async fn make(&self, path: &str, body: Value) -> String {
        let made = self.post(path, body).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let id = made.json()["id"].as_str().unwrap().to_owned();
        assert!(made.location().ends_with(&format!("{path}/{id}")), "{}", made.location());
        assert_eq!(self.get(made.location()).await.right()["id"], id);
        id
    }
}

/// The names of the fields that were refused by a problem with 422, each with a sentence.
#[track_caller]
pub fn problem_fields(answer: &Answer) -> Vec<String> {
    assert_eq!((answer.status, answer.header("content-type")), (422, "application/problem+json"), "{}", answer.text());
    let problem = answer.json();
    let errors = problem["errors"].as_array().unwrap();
    assert!(
        errors.iter().all(|error| error["message"].as_str().is_some_and(|text| text.ends_with('.'))),
        "a sentence for each: {problem}"
    );
    errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
}
