//! A browser as far as the server can tell: its own cookies, and the headers that browsers send.

use super::socket::{self, Refused, Socket};
use reqwest::{
    Method, RequestBuilder,
    header::{HeaderMap, HeaderName},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

/// The password of everybody in these tests.
pub const PASSWORD: &str = "copper lantern walks north";

/// Server functions that take JSON; the others take a form, so that they work without a script.
const TAKE_JSON: &[&str] = &[
    "create_services",
    "list_incidents",
    "report_incident",
    "post_incident_update",
    "edit_incident_update",
    "delete_incident_update",
    "edit_incident",
    "delete_incident",
    "save_postmortem",
    "link_incidents",
    "preview_message",
    "save_template",
    "delete_template",
    "list_maintenance",
    "schedule_maintenance",
    "edit_maintenance",
    "update_maintenance",
    "end_maintenance_series",
    "delete_maintenance",
    "maintenance_windows",
    "create_token",
    "revoke_token",
    "delete_service",
    "restore_service",
    "set_status",
    "move_item",
    "create_group",
    "update_group",
    "delete_group",
    "change_role",
    "remove_member",
    "leave_organization",
    "invite",
    "resend_invitation",
    "revoke_invitation",
    "create_team",
    "delete_team",
    "rename_team",
    "set_team_member",
    "remove_team_member",
    "delete_organization",
    "read_uptime",
    "read_audit",
];

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Every header.
    pub headers: HeaderMap,
    /// The bytes as they came, not decompressed.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
    /// The body as JSON, `null` when it is empty.
    #[track_caller]
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }
    /// One header, empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
    /// Where it leads.
    pub fn location(&self) -> &str {
        self.header("location")
    }
    /// The JSON of an answer that has to be right.
    #[track_caller]
    pub fn right(&self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }
    /// The kind and the detail of a refusal with this status.
    #[track_caller]
    pub fn refused(&self, status: u16, kind: &str) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        let error = self.json();
        assert_eq!(error["error"], kind, "{error}");
        error["detail"].clone()
    }
    /// The names of the fields that were refused with 422.
    #[track_caller]
    pub fn wrong_fields(&self) -> Vec<String> {
        let detail = self.refused(422, "invalid");
        let fields = detail.as_array().unwrap();
        assert!(
            fields.iter().all(|field| field["message"].as_str().is_some_and(|text| text.ends_with('.'))),
            "a sentence for each: {detail}"
        );
        fields.iter().map(|field| field["field"].as_str().unwrap().to_owned()).collect()
    }
}

/// A browser. Clones share their cookies, as windows do.
#[derive(Debug, Clone)]
pub struct Browser {
    client: reqwest::Client,
    origin: String,
    address: SocketAddr,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Browser {
    pub(super) fn new(client: reqwest::Client, origin: String, address: SocketAddr) -> Self {
        Self { client, origin, address, cookies: Arc::default() }
    }

    /// Another browser with the cookies that this one has now.
    pub fn copy(&self) -> Self {
        Self { cookies: Arc::new(Mutex::new(self.cookies.lock().unwrap().clone())), ..self.clone() }
    }

    /// The address of the server.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The session's cookie, if there is one.
    pub fn session(&self) -> Option<String> {
        let cookies = self.cookies.lock().unwrap();
        ["candor", "__Host-candor"].iter().find_map(|name| cookies.get(*name).cloned())
    }

    /// A cookie, if the browser has it.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// Sets a cookie, as a theft or an old tab would.
    pub fn set_cookie(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// The names of all its cookies.
    pub fn cookie_names(&self) -> Vec<String> {
        self.cookies.lock().unwrap().keys().cloned().collect()
    }

    fn cookie_header(&self) -> Option<String> {
        let cookies = self.cookies.lock().unwrap();
        (!cookies.is_empty())
            .then(|| cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; "))
    }

    /// A request with the cookies and nothing else.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.origin));
        match self.cookie_header() {
            Some(cookies) => request.header("cookie", cookies),
            None => request,
        }
    }

    /// Sends it and keeps the cookies that come back.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        for cookie in headers.get_all("set-cookie") {
            let (pair, flags) = cookie.to_str().unwrap().split_once(';').unwrap_or((cookie.to_str().unwrap(), ""));
            let (name, value) = pair.split_once('=').unwrap();
            let mut cookies = self.cookies.lock().unwrap();
            if value.is_empty() || flags.to_lowercase().contains("max-age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Answer { status, headers, body: response.bytes().await.unwrap().to_vec() }
    }

    /// What a link does.
    pub async fn get(&self, path: &str) -> Answer {
        let request =
            self.request(Method::GET, path).header("accept", "text/html").header("sec-fetch-site", "same-origin");
        self.send(request).await
    }

    /// `GET` with headers of the test's own.
    pub async fn get_with(&self, path: &str, headers: &[(&'static str, &str)]) -> Answer {
        let request = headers.iter().fold(self.request(Method::GET, path), |request, (name, value)| {
            request.header(HeaderName::from_static(name), *value)
        });
        self.send(request).await
    }

    /// What a form on one of our pages does.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        self.request(Method::POST, path)
            .header("accept", "text/html")
            .header("sec-fetch-site", "same-origin")
            .header("origin", &self.origin)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encode(fields))
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(self.form(path, fields)).await
    }

    /// The request of a server function, encoded as the function takes it.
    pub fn call(&self, function: &str, arguments: &Value) -> RequestBuilder {
        let request = self
            .request(Method::POST, &format!("/rpc/{function}"))
            .header("accept", "application/json")
            .header("sec-fetch-site", "same-origin")
            .header("origin", &self.origin);
        if TAKE_JSON.contains(&function) {
            request.header("content-type", "application/json").body(arguments.to_string())
        } else {
            let mut fields = Vec::new();
            flatten(String::new(), arguments, &mut fields);
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            request.header("content-type", "application/x-www-form-urlencoded").body(encode(&fields))
        }
    }

    /// Calls a server function.
    pub async fn rpc(&self, function: &str, arguments: Value) -> Answer {
        self.send(self.call(function, &arguments)).await
    }

    /// Signs up as somebody new.
    #[track_caller]
    pub fn sign_up(&self, name: &str) -> impl Future<Output = ()> {
        let (browser, email) = (self.clone(), format!("{name}@example.com"));
        let name = name.to_owned();
        async move {
            let answer = browser.post("/sign-up", &[("name", &name), ("email", &email), ("password", PASSWORD)]).await;
            assert_eq!((answer.status, answer.location()), (303, "/dashboard"), "{}", answer.text());
        }
    }

    /// Tries to sign in.
    pub async fn sign_in(&self, name: &str, password: &str) -> Answer {
        self.post("/sign-in", &[("email", &format!("{name}@example.com")), ("password", password)]).await
    }

    /// Whether the server knows who this is.
    pub async fn is_signed_in(&self) -> bool {
        match self.rpc("who_am_i", json!({})).await.status {
            200 => true,
            401 => false,
            other => panic!("neither signed in nor out: {other}"),
        }
    }

    /// Creates an organization that is called as its slug.
    pub async fn create_organization(&self, slug: &str) {
        let input = json!({ "name": slug, "slug": slug, "time_zone": "Europe/Vienna", "listed": true });
        let made = self.rpc("create_organization", json!({ "input": input })).await.right();
        assert_eq!(made["slug"], slug);
    }

    /// Creates a service, in a group or in none (an empty id); its id.
    pub async fn create_service(&self, organization: &str, name: &str, group: &str) -> String {
        let arguments = json!({ "organization": organization, "input": { "name": name, "group_id": group } });
        text(&self.rpc("create_service", arguments).await.right())
    }

    /// Creates a group; its id.
    pub async fn create_group(&self, organization: &str, name: &str) -> String {
        text(
            &self.rpc("create_group", json!({ "organization": organization, "input": { "name": name } })).await.right(),
        )
    }

    /// Sets a status, which has to work.
    pub async fn set_status(&self, organization: &str, ids: &[&str], status: &str) {
        self.rpc("set_status", json!({ "organization": organization, "ids": ids, "status": status })).await.right();
    }

    /// The list of groups and services.
    pub async fn services(&self, organization: &str) -> Value {
        self.rpc("list_services", json!({ "organization": organization })).await.right()
    }

    /// The id of the person who is signed in.
    pub async fn user_id(&self) -> String {
        text(&self.rpc("who_am_i", json!({})).await.right()["id"])
    }

    /// Creates a team; its id.
    pub async fn create_team(&self, organization: &str, name: &str) -> String {
        text(&self.rpc("create_team", json!({ "organization": organization, "name": name })).await.right())
    }

    /// Invites `name@example.com`, which has to work; the token of the link that is to be passed on.
    pub async fn invite(&self, organization: &str, name: &str, role: &str) -> String {
        self.invite_into(organization, name, role, "", "").await
    }

    /// Invites somebody into a team as well.
    pub async fn invite_into(&self, organization: &str, name: &str, role: &str, team: &str, team_role: &str) -> String {
        let input = json!({
            "email": format!("{name}@example.com"), "role": role, "team_id": team, "team_role": team_role,
        });
        token(&self.rpc("invite", json!({ "organization": organization, "input": input })).await.right())
    }

    /// Accepts an invitation: as who is signed in, or else with a new account of this name.
    pub async fn accept(&self, token: &str, name: &str) -> Answer {
        self.post("/accept-invitation", &[("token", token), ("name", name), ("password", PASSWORD)]).await
    }

    /// Everybody of an organization.
    pub async fn people(&self, organization: &str) -> Value {
        self.rpc("read_people", json!({ "organization": organization })).await.right()
    }

    /// The newest page of the audit log, newest line first.
    pub async fn audit(&self, organization: &str, words: &str, noun: &str) -> Vec<Value> {
        let filter = json!({ "words": words, "noun": noun, "before": null });
        let page = self.rpc("read_audit", json!({ "organization": organization, "filter": filter })).await.right();
        page["lines"].as_array().unwrap().clone()
    }

    /// Opens a socket as a page of ours would.
    pub async fn socket(&self, path: &str) -> Result<Socket, Refused> {
        self.socket_from(path, Some(&self.origin.clone())).await
    }

    /// The status of the answer to an upgrade with these headers alone, byte by byte.
    pub async fn upgrade(&self, path: &str, headers: &[(&str, &[u8])]) -> u16 {
        socket::upgrade(self.address, path, headers).await
    }

    /// Opens a socket as a page of another origin would, or as a program without one.
    pub async fn socket_from(&self, path: &str, origin: Option<&str>) -> Result<Socket, Refused> {
        Socket::open(self.address, path, origin, self.cookie_header()).await
    }
}

/// The token in the link of an invitation that was to be passed on by hand.
pub fn token(sent: &Value) -> String {
    let link = sent["link"].as_str().unwrap_or_else(|| panic!("no link to pass on: {sent}"));
    link.split_once("/accept-invitation?token=").unwrap_or_else(|| panic!("not an invitation: {link}")).1.to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// `{"input": {"name": "x"}}` becomes `input[name]=x`, as browsers and server functions spell it.
fn flatten(name: String, value: &Value, fields: &mut Vec<(String, String)>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let name = if name.is_empty() { key.clone() } else { format!("{name}[{key}]") };
                flatten(name, value, fields);
            }
        }
        Value::Null => {}
        Value::String(text) => fields.push((name, text.clone())),
        other => fields.push((name, other.to_string())),
    }
}

/// Fields as a form sends them.
pub fn encode(fields: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
                b' ' => "+".to_owned(),
                other => format!("%{other:02X}"),
            })
            .collect()
    };
    fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect::<Vec<_>>().join("&")
}
