//! The rules of docs/ARCHITECTURE.md that reading the source can check.
//!
//! Each rule is a function of one file's path and text that names the lines which break it. Each is
//! tried on a made-up file that breaks it, so that a rule which can no longer fail is found out.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed, which is its purpose")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file of the project: its path from the root, with `/`, and its text.
struct Source {
    path: String,
    text: String,
}

fn files_under(folder: &str, ending: &str) -> Vec<Source> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root.join(folder), &mut found);
    found.sort();
    let sources: Vec<Source> = found
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == ending))
        .map(|path| Source {
            text: fs::read_to_string(&path).unwrap(),
            path: path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/"),
        })
        .collect();
    assert!(!sources.is_empty(), "nothing to check under {folder}");
    sources
}

/// The lines without comments, with their numbers. Good enough: `//` inside a text ends it early,
/// which no rule here minds.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(number, line)| (number + 1, line.split("//").next().unwrap_or(line)))
}

/// A rule: the lines of a file that break it.
type Rule = fn(path: &str, text: &str) -> Vec<usize>;

/// Checks every source file; `broken` are made-up files that break the rule, `kept` such that do not.
fn check(why: &str, rule: Rule, broken: &[(&str, &str)], kept: &[(&str, &str)]) {
    for (path, text) in broken {
        assert!(!rule(path, text).is_empty(), "the rule lets pass what breaks it: {path}: {text:?}");
    }
    for (path, text) in kept {
        assert!(rule(path, text).is_empty(), "the rule refuses what keeps it: {path}: {text:?}");
    }
    let violations: Vec<String> = files_under("src", "rs")
        .iter()
        .flat_map(|file| {
            rule(&file.path, &file.text).into_iter().map(|line| format!("  {}:{line}", file.path)).collect::<Vec<_>>()
        })
        .collect();
    assert!(violations.is_empty(), "{why}\n{}", violations.join("\n"));
}

fn lines_with(text: &str, wrong: impl Fn(&str) -> bool) -> Vec<usize> {
    code(text).filter(|(_, line)| wrong(line)).map(|(number, _)| number).collect()
}

/// The first folder of a path says where a file runs.
#[test]
fn modules_are_conditional_only_in_lib_rs() {
    fn rule(path: &str, text: &str) -> Vec<usize> {
        if path == "src/lib.rs" {
            return Vec::new();
        }
        let mut condition = None;
        let mut found = Vec::new();
        for (number, line) in code(text) {
            let line = line.trim();
            if line.starts_with("#![cfg(") {
                found.push(number);
            } else if line.starts_with("#[cfg") {
                // `#[cfg(test)] mod tests` belongs to every file.
                condition =
                    (!line.starts_with("#[cfg(test)]") && !line.starts_with("#[cfg(all(test,")).then_some(number);
                if line.contains(" mod ") {
                    found.extend(condition.take());
                }
            } else if line.starts_with("mod ") || line.starts_with("pub mod ") || line.starts_with("pub(crate) mod ") {
                found.extend(condition.take());
            } else if !line.is_empty() && !line.starts_with("#[") {
                condition = None;
            }
        }
        found
    }
    check(
        "whether a module runs in the browser is said once, in src/lib.rs: put the file into the world where it runs",
        rule,
        &[
            ("src/ui/x.rs", "#[cfg(feature = \"ssr\")]\nmod server_part;"),
            ("src/ui/x.rs", "#[cfg(not(feature = \"ssr\"))]\n#[expect(dead_code)]\npub mod y {"),
            ("src/rpc/x.rs", "#![cfg(feature = \"ssr\")]\nfn x() {}"),
            ("src/ui/x.rs", "#[cfg_attr(test, x)]\n#[cfg(unix)] mod z;"),
        ],
        &[
            ("src/lib.rs", "#[cfg(feature = \"ssr\")]\npub mod server;"),
            ("src/ui/x.rs", "#[cfg(test)]\nmod tests {"),
            ("src/rpc/x.rs", "#[cfg(feature = \"ssr\")]\nuse x;\nmod y;"),
        ],
    );
}

/// "`store.rs` = SQL, private to its folder" (architecture).
#[test]
fn sql_stands_only_in_store_rs() {
    fn rule(path: &str, text: &str) -> Vec<usize> {
        if path.ends_with("/store.rs") {
            return Vec::new();
        }
        // The settings of a connection belong to the pool.
        lines_with(text, |line| {
            let called = ["query", "query_as", "query_scalar", "query_with", "raw_sql", "QueryBuilder"]
                .iter()
                .any(|name| line.contains(&format!("sqlx::{name}")));
            called && !(path == "src/server/db/mod.rs" && line.contains("raw_sql(settings)"))
        })
    }
    check(
        "SQL stands only in files called store.rs, so that every statement of a noun is found in one place",
        rule,
        &[
            ("src/server/services/mod.rs", "let x = sqlx::query(\"select 1\");"),
            ("src/server/rest/mod.rs", "sqlx::query_as::<_, (i64,)>(text)"),
            ("src/server/db/mod.rs", "sqlx::raw_sql(text)"),
        ],
        &[
            ("src/server/services/store.rs", "sqlx::query(\"select 1\")"),
            ("src/server/db/mod.rs", "sqlx::raw_sql(settings)"),
        ],
    );
}

/// Private modules are what makes `store.rs` private: nobody else can even name it.
#[test]
fn stores_are_private() {
    fn rule(_: &str, text: &str) -> Vec<usize> {
        lines_with(text, |line| {
            let line = line.trim();
            (line.starts_with("pub") && line.contains("mod store"))
                || (line.starts_with("pub use") && line.contains("store::"))
                || line.contains("db::store::")
        })
    }
    check(
        "a store is private to its folder: call the verb",
        rule,
        &[
            ("src/server/x/mod.rs", "pub mod store;"),
            ("src/server/x/mod.rs", "pub(crate) mod store;"),
            ("src/server/x/mod.rs", "pub use store::find;"),
        ],
        &[("src/server/x/mod.rs", "mod store;\nuse store::find;")],
    );
}

/// "`store.rs` takes the organization from the scope, never from input": a `QueryBuilder` of `Any`
/// also writes `?`, which PostgreSQL does not know.
#[test]
fn statements_are_fixed_texts() {
    fn rule(path: &str, text: &str) -> Vec<usize> {
        if !path.ends_with("/store.rs") {
            return Vec::new();
        }
        lines_with(text, |line| {
            line.contains("AssertSqlSafe")
                || line.contains("QueryBuilder")
                || (line.contains("format!(")
                    && ["select ", "update ", "insert ", "delete "].iter().any(|word| line.contains(word)))
        })
    }
    check(
        "a statement is a fixed text with $1, never put together from values",
        rule,
        &[
            ("src/server/x/store.rs", "sqlx::query(&format!(\"select {name}\"))"),
            ("src/server/x/store.rs", "sqlx::query(AssertSqlSafe(text))"),
        ],
        &[("src/server/x/store.rs", "let pattern = format!(\"%{search}%\");")],
    );
}

/// "pure types and rules: no I/O, no clock, no async" (architecture).
#[test]
fn the_domain_does_nothing() {
    fn rule(path: &str, text: &str) -> Vec<usize> {
        if !path.starts_with("src/domain/") {
            return Vec::new();
        }
        let banned = [
            "sqlx",
            "tokio",
            "axum",
            "reqwest",
            "rand::",
            "std::fs",
            "std::net",
            "std::env",
            "std::process",
            "std::thread",
            "Utc::now",
            "Local::now",
            "SystemTime",
            "Instant::now",
            "async fn",
            "async move",
            "crate::server",
            "crate::api",
            "crate::ui",
            "crate::dashboard",
            "web_sys",
        ];
        lines_with(text, |line| banned.iter().any(|word| line.contains(word)))
    }
    check(
        "src/domain is pure: no I/O, no clock, no async, and it knows nobody else; give it the moment or the value as an argument",
        rule,
        &[
            ("src/domain/x.rs", "use tokio::time;"),
            ("src/domain/x.rs", "let now = chrono::Utc::now();"),
            ("src/domain/x.rs", "pub async fn x() {}"),
            ("src/domain/x.rs", "use crate::server::db;"),
            ("src/domain/x.rs", "std::fs::read(path)"),
        ],
        &[("src/server/x.rs", "use tokio::time;"), ("src/domain/x.rs", "// axum calls this\nuse chrono::Utc;")],
    );
}

/// One clock, so that tests and imports can say what time it is.
#[test]
fn only_the_clock_knows_the_time() {
    fn rule(path: &str, text: &str) -> Vec<usize> {
        if path == "src/server/clock.rs" {
            Vec::new()
        } else {
            lines_with(text, |line| {
                line.contains("Utc::now") || line.contains("Local::now") || line.contains("SystemTime::now")
            })
        }
    }
    check(
        "what time it is comes from src/server/clock.rs",
        rule,
        &[("src/server/x.rs", "let now = Utc::now();")],
        &[("src/server/clock.rs", "Utc::now()"), ("src/server/x.rs", "Instant::now()")],
    );
}

/// The worlds that both sides compile know nothing of each other's nouns: the design system "knows
/// no product noun", and the server never leans on the dashboard's screens.
#[test]
fn the_design_system_knows_no_product() {
    fn rule(path: &str, text: &str) -> Vec<usize> {
        if !path.starts_with("src/ui/") {
            return Vec::new();
        }
        lines_with(text, |line| {
            ["crate::api", "crate::server", "crate::dashboard", "crate::domain"].iter().any(|word| line.contains(word))
        })
    }
    check(
        "src/ui knows no product noun: hand it texts, tones and signals",
        rule,
        &[("src/ui/x.rs", "use crate::domain::status::ServiceStatus;")],
        &[("src/dashboard/x.rs", "use crate::domain::status::ServiceStatus;")],
    );
}

/// One text area that grows, counts and reports its errors, not five.
#[test]
fn text_areas_come_from_ui() {
    fn rule(path: &str, text: &str) -> Vec<usize> {
        if path.starts_with("src/ui/") { Vec::new() } else { lines_with(text, |line| line.contains("<textarea")) }
    }
    check(
        "a <textarea> outside src/ui misses label, counter and error: use ui's",
        rule,
        &[("src/dashboard/x.rs", "view! { <textarea name=\"x\"></textarea> }")],
        &[("src/ui/textarea.rs", "<textarea")],
    );
}

/// What the framework writes without escaping stands in few places: the title of a document, the children of
/// raw-text elements, HTML as a text.
#[test]
fn unescaped_output_has_its_places() {
    /// What is written raw, and the files that may.
    const SINKS: &[(&str, &[&str])] = &[
        ("leptos_meta", &["src/ui/title.rs", "src/dashboard/app.rs"]),
        ("<Title", &["src/ui/title.rs"]),
        (
            "inner_html",
            &[
                "src/dashboard/incidents/marks.rs",
                "src/server/document.rs",
                "src/server/status_page/views/",
                "src/ui/icon.rs",
                "src/ui/textarea.rs",
            ],
        ),
        ("outer_html", &[]),
        ("insert_adjacent_html", &[]),
        ("InertElement", &[]),
        ("html::script", &[]),
        ("html::style", &["src/server/document.rs"]),
        ("html::noscript", &[]),
        ("<script", &["src/server/document.rs"]),
        ("<style", &[]),
        ("<textarea", &["src/ui/textarea.rs"]),
        // With fixed words in them.
        ("<noscript", &["src/dashboard/account.rs", "src/server/status_page/diagnostics.rs"]),
    ];
    /// Whether it stands in the code of the line, outside of texts.
    fn names(line: &str, sink: &str) -> bool {
        line.match_indices(sink).any(|(at, _)| {
            let ends = !line[at + sink.len()..].starts_with(|c: char| c.is_ascii_alphanumeric());
            ends && line[..at].matches('"').count().is_multiple_of(2)
        })
    }
    fn rule(path: &str, text: &str) -> Vec<usize> {
        lines_with(text, |line| {
            let sink = SINKS
                .iter()
                .any(|(sink, places)| names(line, sink) && !places.iter().any(|place| path.starts_with(place)));
            // The application's root takes the rest of leptos_meta, never its Title.
            let title = line.contains("leptos_meta") && (line.contains("Title") || line.contains('*'));
            sink || (title && path != "src/ui/title.rs")
        })
    }
    check(
        "the framework does not escape this: use PageTitle, TextArea or Prose, or an element with text in it",
        rule,
        &[
            ("src/dashboard/frame.rs", "view! { <leptos_meta::Title text /> }"),
            ("src/dashboard/app.rs", "use leptos_meta::{MetaTags, Title, provide_meta_context};"),
            ("src/dashboard/app.rs", "use leptos_meta::*;"),
            ("src/dashboard/app.rs", "view! { <Title text=name /> }"),
            ("src/dashboard/x.rs", "use leptos_meta::Meta;"),
            ("src/dashboard/x.rs", "view! { <p inner_html=name></p> }"),
            ("src/ui/x.rs", "element.set_inner_html(&name);"),
            ("src/server/x.rs", "view! { <script>{data}</script> }"),
            ("src/server/x.rs", "leptos::html::script().child(data)"),
            ("src/ui/field.rs", "view! { <textarea>{value}</textarea> }"),
        ],
        &[
            ("src/ui/title.rs", "view! { <Title text /> }"),
            ("src/dashboard/app.rs", "use leptos_meta::{MetaTags, provide_meta_context};"),
            ("src/dashboard/x.rs", "view! { <TitleFormat format /> }"),
            ("src/server/status_page/views/services.rs", "<ul inner_html=rows></ul>"),
            ("src/server/x.rs", "assert_eq!(escape(\"<script>\"), \"\");"),
            ("src/ui/x.rs", "view! { <PageTitle text=name /> } // not <Title"),
        ],
    );
}

/// Rendering takes processor time, which the threads that answer requests do not have: `markdown::render` has threads
/// of its own.
#[test]
fn messages_are_rendered_on_threads_of_their_own() {
    fn rule(path: &str, text: &str) -> Vec<usize> {
        if path.starts_with("src/server/markdown") {
            return Vec::new();
        }
        lines_with(text, |line| {
            ["markdown::convert", "convert::to_html", "convert::clean", "ammonia", "pulldown_cmark", "html5ever"]
                .iter()
                .any(|word| line.contains(word))
        })
    }
    check(
        "HTML is made of a message by markdown::render, which does not run where requests are answered",
        rule,
        &[
            ("src/server/x.rs", "let html = markdown::convert::to_html(&body);"),
            ("src/server/x.rs", "use crate::server::markdown::convert;"),
            ("src/server/x.rs", "ammonia::clean(&html)"),
        ],
        &[
            ("src/server/x.rs", "let text = markdown::to_text(&update.html);"),
            ("src/server/markdown.rs", "Self::Markdown(text) => convert::to_html(text),"),
        ],
    );
}

/// The content security policy allows no inline style, so an attribute would silently do nothing.
#[test]
fn views_have_no_style_attribute() {
    fn rule(_: &str, text: &str) -> Vec<usize> {
        lines_with(text, |line| {
            [" style=", "\tstyle=", " style:", "inner_style"].iter().any(|word| line.contains(word))
                && !line.contains("let style")
                && !line.contains("style: Style")
        })
    }
    check(
        "the policy forbids inline styles: use a class, or set the property through the DOM in an effect",
        rule,
        &[
            ("src/ui/x.rs", "view! { <p style=\"color: red\">\"x\"</p> }"),
            ("src/ui/x.rs", "<p style:width=width>"),
            ("src/ui/x.rs", "    style=format!(\"…\")"),
        ],
        &[("src/server/document.rs", "let style = Style::Site;"), ("src/ui/x.rs", "// style=\"\" is forbidden")],
    );
}

/// A file that does not fit into a head is two files.
#[test]
fn files_stay_short() {
    const MAX_LINES: usize = 700;
    fn rule(path: &str, text: &str) -> Vec<usize> {
        // A file of tests may be a long list of cases.
        let is_tests = path.ends_with("/tests.rs");
        let lines = text.lines().count();
        if lines > MAX_LINES && !is_tests { vec![lines] } else { Vec::new() }
    }
    let long = "x\n".repeat(MAX_LINES + 1);
    check(
        "a file has at most 700 lines: give the second thing that it does a file of its own",
        rule,
        &[("src/server/x.rs", &long)],
        &[("src/server/x.rs", "x\n"), ("src/server/x/tests.rs", &long)],
    );
}

/// "No `utils`, `common`, `helpers`, no folder called `components`": component is a product word.
#[test]
fn folders_and_files_are_called_by_what_is_in_them() {
    fn rule(path: &str, _: &str) -> Vec<usize> {
        let vague = ["components", "component", "utils", "util", "common", "helpers", "helper", "misc", "shared"];
        if path.split('/').any(|part| vague.contains(&part.trim_end_matches(".rs"))) { vec![1] } else { Vec::new() }
    }
    check(
        "a name like utils says nothing: call it by the noun that it is about",
        rule,
        &[("src/ui/components/button.rs", ""), ("src/server/utils.rs", "")],
        &[("src/server/services/mod.rs", "")],
    );
}

/// Where leptos_axum's free redirects and contexts are used, the edge is.
/// A name is what a reader of RFCs, PostgreSQL's documentation or GitHub's API would search for (CONTRIBUTING.md).
#[test]
fn names_are_the_terms_of_the_field() {
    /// Words that said nothing to anybody else, as names of types and modules, and their terms.
    const PRIVATE: &[&str] = &[
        "Asked", "Told", "Said", "Kept", "Shelf", "Flight", "Finished", "Stamp", "Below", "Course", "Stretch", "Step",
        "Leave", "Reach", "Gate", "Turn", "Turns", "Mark", "Moment", "Held", "Shown", "Gone", "Wanted", "Found",
        "Seen", "Known", "Whose", "Whoever", "Which", "Trouble", "Look", "News", "Happened", "Watched", "Asker",
        "Teller",
    ];
    fn rule(_: &str, text: &str) -> Vec<usize> {
        lines_with(text, |line| {
            let mut words =
                line.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty());
            let Some(kind) = words
                .by_ref()
                .find(|word| ["struct", "enum", "trait", "type", "mod", "const", "static"].contains(word))
            else {
                return false;
            };
            let Some(name) = words.next() else { return false };
            match kind {
                "mod" => PRIVATE.iter().any(|word| word.to_lowercase() == name),
                "const" | "static" => name.ends_with("_MOST") || name.contains("PATIENCE") || name.starts_with("MOST_"),
                _ => PRIVATE.contains(&name),
            }
        })
    }
    check(
        "search for the standard term of this and call it that",
        rule,
        &[
            ("src/server/x.rs", "pub struct Told {"),
            ("src/server/x.rs", "pub(super) enum Asked<T> {"),
            ("src/server/x.rs", "type Kept = ();"),
            ("src/server/x.rs", "pub mod shelf;"),
            ("src/server/x.rs", "const TITLE_MOST: usize = 1;"),
            ("src/server/x.rs", "static HEAD_PATIENCE: Duration = X;"),
        ],
        &[
            ("src/server/x.rs", "pub struct PublishedIncident {"),
            ("src/server/x.rs", "let told = 1;"),
            ("src/server/x.rs", "mod document_cache;"),
            ("src/server/x.rs", "const MAX_TITLE_LENGTH: usize = 1;"),
            ("src/server/x.rs", "struct StepBack;"),
        ],
    );
}

#[test]
fn leptos_axum_stays_at_the_edge() {
    fn rule(path: &str, text: &str) -> Vec<usize> {
        let edge =
            path == "src/server/router.rs" || path.starts_with("src/server/access/") || path.starts_with("src/rpc/");
        if edge { Vec::new() } else { lines_with(text, |line| line.contains("leptos_axum")) }
    }
    check(
        "leptos_axum is for the doors: the router, access/ and rpc/",
        rule,
        &[
            ("src/server/services/mod.rs", "leptos_axum::redirect(\"/\")"),
            ("src/dashboard/x.rs", "use leptos_axum::ResponseOptions;"),
        ],
        &[("src/server/router.rs", "use leptos_axum::LeptosRoutes;")],
    );
}

/// "Doors hold no rules and no SQL": a server function asks for a scope and calls a verb.
#[test]
fn server_functions_ask_who_it_is() {
    fn rule(path: &str, text: &str) -> Vec<usize> {
        if !path.starts_with("src/rpc/") {
            return Vec::new();
        }
        let lines: Vec<(usize, &str)> = code(text).collect();
        let starts: Vec<usize> = lines
            .iter()
            .enumerate()
            // `#[server(default)]` is an argument's.
            .filter(|(_, (_, line))| line.trim_start().starts_with("#[server") && !line.contains("#[server(default)]"))
            .map(|(index, _)| index)
            .collect();
        let mut found = Vec::new();
        for (position, start) in starts.iter().enumerate() {
            let end = starts.get(position + 1).copied().unwrap_or(lines.len());
            let asks =
                lines[*start..end].iter().any(|(_, line)| line.contains("signed_in()") || line.contains("scope::<"));
            if !asks {
                found.push(lines[*start].0);
            }
        }
        found
    }
    check(
        "a server function begins with access::signed_in() or scope::<…>(): nothing is for everybody under /rpc/",
        rule,
        &[(
            "src/rpc/x.rs",
            "#[server(prefix = \"/rpc\")]\npub async fn open() -> X {\n    all().await\n}\n#[server]\npub async fn closed() { signed_in().await? }",
        )],
        &[("src/rpc/x.rs", "#[server]\nasync fn a() { scope::<allowed::Read>(&x).await? }")],
    );
}

/// Nothing here needs it.
#[test]
fn unsafe_code_is_forbidden() {
    for file in ["src/lib.rs", "src/main.rs"] {
        let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        assert!(
            text.contains("#![forbid(unsafe_code)]"),
            "{file} forbids unsafe code, so that nobody can allow it further down"
        );
    }
}

/// `Any` cannot decode a SQLite column that is declared BOOLEAN, and neither knows other types on
/// both engines.
#[test]
fn migrations_use_types_that_both_engines_know() {
    fn wrong(text: &str) -> Vec<String> {
        let statements: String = text
            .lines()
            .map(|line| line.split("--").next().unwrap_or(line))
            .collect::<Vec<_>>()
            .join("\n")
            .to_lowercase();
        let banned = [
            "boolean",
            "bool",
            "timestamp",
            "timestamptz",
            "datetime",
            "uuid",
            "json",
            "jsonb",
            "serial",
            "bigserial",
            "autoincrement",
            "varchar",
            "blob",
            "bytea",
            "integer",
            "int",
        ];
        statements
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .filter(|word| banned.contains(word))
            .map(str::to_owned)
            .collect()
    }
    assert!(
        !wrong("create table x (y boolean not null);").is_empty() && !wrong("y TIMESTAMP").is_empty(),
        "the rule lets pass what breaks it"
    );
    assert!(wrong("y bigint, -- 0 or 1, no boolean\n z text").is_empty());
    for file in files_under("migrations", "sql") {
        let found = wrong(&file.text);
        assert!(
            found.is_empty(),
            "{}: {found:?}: columns are text or bigint, which both engines and sqlx's Any know (a flag is a moment or 0/1)",
            file.path
        );
    }
}

/// docs/SECURITY.md names the test that holds each promise: `file::test` or `file::*` below tests/http (or
/// `architecture::test`), a test alone anywhere, and paths.
#[test]
fn promises_of_security_name_tests_that_exist() {
    let sources: Vec<Source> = files_under("tests", "rs").into_iter().chain(files_under("src", "rs")).collect();
    let has = |file: &Source, test: &str| file.text.contains(&format!("fn {test}("));
    let exists = |name: &str| match name.split_once("::") {
        Some((file, test)) => {
            let paths = [format!("tests/http/{file}.rs"), format!("tests/{file}.rs")];
            sources.iter().any(|source| paths.contains(&source.path) && (test == "*" || has(source, test)))
        }
        None => sources.iter().any(|source| has(source, name)),
    };
    assert!(exists("permissions::*") && !exists("permissions::nothing_of_the_kind") && !exists("nothing_of_the_kind"));
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/SECURITY.md")).unwrap();
    let is_name = |word: &str| {
        let words = word.trim_end_matches("::*").replace("::", "_");
        let plain = words.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
        plain && (words.matches('_').count() > 1 || word.contains("::")) && word != "candor::security"
    };
    let missing: Vec<&str> = text.split('`').skip(1).step_by(2).filter(|word| is_name(word) && !exists(word)).collect();
    assert!(missing.is_empty(), "docs/SECURITY.md names tests that do not exist: {missing:?}");
}
