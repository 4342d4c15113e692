//! XML as far as our documents use it. What is not well-formed fails the test.

/// An element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// As it is written, with its prefix.
    pub name: String,
    /// In order.
    pub attributes: Vec<(String, String)>,
    /// Its own text, without that of its children.
    pub text: String,
    /// In order.
    pub children: Vec<Element>,
}

impl Element {
    /// The root of a document.
    #[track_caller]
    pub fn read(document: &str) -> Self {
        let bad = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t');
        assert!(!document.contains(bad), "a control character: {document:?}");
        let mut open = vec![Self::default()];
        let mut rest = document.split_once("?>").map_or(document, |(_, rest)| rest);
        while let Some(start) = rest.find('<') {
            let (text, tag) = (unescaped(&rest[..start]), &rest[start + 1..]);
            open.last_mut().unwrap().text.push_str(&text);
            let end = tag.find('>').unwrap_or_else(|| panic!("a tag does not end: {tag}"));
            let (tag, after) = (&tag[..end], &tag[end + 1..]);
            if let Some(name) = tag.strip_prefix('/') {
                let done = open.pop().unwrap();
                assert_eq!(done.name, name, "it ends what was begun last");
                open.last_mut().unwrap().children.push(done);
            } else if let Some(tag) = tag.strip_suffix('/') {
                open.last_mut().unwrap().children.push(begun(tag));
            } else {
                open.push(begun(tag));
            }
            rest = after;
        }
        assert!(rest.trim().is_empty() && open.len() == 1, "the document ends early or late: {rest:?}");
        let mut document = open.pop().unwrap();
        assert!(document.children.len() == 1 && document.text.trim().is_empty(), "one root: {document:?}");
        document.children.pop().unwrap()
    }

    /// The children of this name.
    pub fn all(&self, name: &str) -> Vec<&Self> {
        self.children.iter().filter(|child| child.name == name).collect()
    }

    /// The only child of this name.
    #[track_caller]
    pub fn one(&self, name: &str) -> &Self {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "{name} in {}", self.name);
        all[0]
    }

    /// An attribute, empty when it is missing.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(is, _)| is == name).map_or("", |(_, value)| value)
    }
}

fn begun(tag: &str) -> Element {
    let (name, mut rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let named = name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, ':' | '-'));
    assert!(named && !name.is_empty(), "no name: {tag:?}");
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        let (name, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("no attribute: {rest:?} in {tag:?}"));
        let (value, after) = value.split_once('"').unwrap_or_else(|| panic!("no end: {value:?} in {tag:?}"));
        assert!(!value.contains('<'), "{value:?}");
        attributes.push((name.to_owned(), unescaped(value)));
        rest = after;
    }
    Element { name: name.to_owned(), attributes, ..Element::default() }
}

/// Text as it was before it was written; every `&` has to begin something that XML knows.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, after) = part.split_once(';').unwrap_or_else(|| panic!("a bare & before {part:?}"));
        plain.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" | "#39" => '\'',
            other => panic!("&{other}; is not of XML"),
        });
        plain.push_str(after);
    }
    plain
}
