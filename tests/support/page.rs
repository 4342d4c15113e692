//! What a visitor sees, read from the markup of a public page.

/// A heading with what stands under it, or a run of services without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The group's name and the status beside it.
    pub group: Option<(String, String)>,
    /// Name and status word of each service.
    pub services: Vec<(String, String)>,
}

/// Text as it was before it was written into markup.
pub fn unescape(html: &str) -> String {
    html.replace("<!>", "")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
        .trim()
        .to_owned()
}

fn between<'a>(html: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let from = html.find(start)? + start.len();
    Some(&html[from..from + html[from..].find(end)?])
}

fn state(html: &str) -> String {
    between(html, "<span class=\"state ", "\"").expect("a status").to_owned()
}

fn service(html: &str) -> (String, String) {
    let name = between(html, "<div class=\"name\">", "</div>").expect("a name");
    (unescape(name.split("<span class=\"note\"").next().unwrap()), state(html))
}

/// The page's indicator and its description.
pub fn banner(html: &str) -> (String, String) {
    let banner = between(html, "<section id=\"banner\"", "</section>").expect("a banner");
    (between(banner, "class=\"banner ", "\"").unwrap().to_owned(), unescape(between(banner, "<h1>", "</h1>").unwrap()))
}

/// Every section, in the order in which it stands on the page.
pub fn sections(html: &str) -> Vec<Section> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(start) = ["<details id=\"g-", "<section id=\"l-"].iter().filter_map(|mark| rest.find(mark)).min() {
        let grouped = rest[start..].starts_with("<details");
        let end = start + rest[start..].find(if grouped { "</details>" } else { "</section>" }).expect("an end");
        let section = &rest[start..end];
        let group = grouped.then(|| (unescape(between(section, "<h2>", "</h2>").expect("a heading")), state(section)));
        let services = section.split("<li id=\"s-").skip(1).map(service).collect();
        found.push(Section { group, services });
        rest = &rest[end..];
    }
    found
}
