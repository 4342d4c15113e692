//! The file: one JSON document, a line for each row, the same bytes for the same organization.
//!
//! `format` and `version` stand first, so that a file of another kind, or of a Candor to come, is known as
//! such before anything else of it is read. A version that is older than [`VERSION`] has to be brought up
//! to date while it is read; there is none yet.

use super::tables::{Column, Kind, MEMBERS, ORGANIZATION, Row, TABLES, Table, Value};
use crate::domain::{error::FieldErrors, ids::AuditId, service::MAX_SERVICES, status::StatusLabels, time::Time};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value as Json;
use std::{
    cmp::Ordering,
    collections::{HashMap, HashSet},
    fmt, io,
};

/// What the file says that it is.
const FORMAT: &str = "candor";
/// The version that is written, and the newest that is read.
const VERSION: u64 = 1;

/// Writes the beginning, with the organization itself.
pub(super) fn begin(out: &mut impl io::Write, organization: &[Value]) -> io::Result<()> {
    write!(out, "{{\n  \"format\": \"{FORMAT}\",\n  \"version\": {VERSION},\n  \"organization\": {{")?;
    for (place, (column, value)) in ORGANIZATION.columns.iter().zip(organization).enumerate() {
        out.write_all(if place == 0 { "\n    " } else { ",\n    " }.as_bytes())?;
        cell(out, column, value)?;
    }
    out.write_all(b"\n  }")
}

/// Writes the list of a table.
pub(super) fn list(out: &mut impl io::Write, table: &Table, rows: &[Row]) -> io::Result<()> {
    write!(out, ",\n  \"{}\": [", table.name)?;
    for (place, row) in rows.iter().enumerate() {
        out.write_all(if place == 0 { "\n    {" } else { ",\n    {" }.as_bytes())?;
        for (place, (column, value)) in table.columns.iter().zip(row).enumerate() {
            if place > 0 {
                out.write_all(b", ")?;
            }
            cell(out, column, value)?;
        }
        out.write_all(b"}")?;
    }
    out.write_all(if rows.is_empty() { "]" } else { "\n  ]" }.as_bytes())
}

/// Writes the end.
pub(super) fn end(out: &mut impl io::Write) -> io::Result<()> {
    out.write_all(b"\n}\n")
}

fn cell(out: &mut impl io::Write, column: &Column, value: &Value) -> io::Result<()> {
    write!(out, "\"{}\": ", column.name)?;
    match (column.kind, value) {
        (_, Value::Null) => out.write_all(b"null"),
        (Kind::Time, Value::Number(micros)) => {
            serde_json::to_writer(out, &Time::from_micros(*micros)).map_err(io::Error::from)
        }
        (Kind::Flag, Value::Number(flag)) => write!(out, "{}", *flag != 0),
        (_, Value::Number(number)) => write!(out, "{number}"),
        (Kind::Labels, Value::Text(text)) => out.write_all(StatusLabels::from_json(text).to_json().as_bytes()),
        (_, Value::Text(text)) => serde_json::to_writer(out, text).map_err(io::Error::from),
    }
}

/// Brings rows into the order of the file, whatever that of the database was, and takes out who is no
/// member.
pub(super) fn prepare(table: &Table, rows: &mut [Row], members: &HashSet<String>) {
    for (place, column) in table.columns.iter().enumerate() {
        if matches!(column.kind, Kind::Person) {
            for cell in rows.iter_mut().map(|row| &mut row[place]) {
                if cell.text().is_some_and(|id| !members.contains(id)) {
                    *cell = Value::Null;
                }
            }
        }
    }
    let places = table.places(table.order);
    rows.sort_unstable_by(|a, b| {
        places.iter().map(|place| a[*place].cmp(&b[*place])).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
}

/// What a file holds; each row is known to be one, what they say of each other is not.
#[derive(Debug)]
pub(super) struct Document {
    pub organization: Row,
    /// In the order of [`TABLES`].
    pub lists: Vec<Vec<Row>>,
}

/// Reads a file.
///
/// # Errors
/// Where it is not what it should be: the path in the document, the line and the column.
pub(super) fn read(file: impl io::Read) -> serde_json::Result<Document> {
    let mut deserializer = serde_json::Deserializer::from_reader(file);
    let document = Document::deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(document)
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(WholeDocument)
    }
}

const NOT_OURS: &str = "it is not a Candor export: exports begin with \"format\": \"candor\" and a version";

struct WholeDocument;

impl<'de> Visitor<'de> for WholeDocument {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Candor export")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        if map.next_key::<String>()?.as_deref() != Some("format") || map.next_value::<Json>()? != FORMAT {
            return Err(A::Error::custom(NOT_OURS));
        }
        if map.next_key::<String>()?.as_deref() != Some("version") {
            return Err(A::Error::custom(NOT_OURS));
        }
        match map.next_value::<Json>()?.as_u64() {
            Some(VERSION) => {}
            Some(newer) if newer > VERSION => {
                return Err(A::Error::custom(format!(
                    "it uses format version {newer}, and this version of Candor supports versions up to {VERSION}: import it with the version of Candor that wrote it, or a newer one"
                )));
            }
            _ => return Err(A::Error::custom(NOT_OURS)),
        }
        let twice = |name: &str| A::Error::custom(format!("{name} appears twice"));
        let missing = |name: &str| A::Error::custom(format!("{name} is missing"));
        let mut organization: Option<Row> = None;
        let mut lists: Vec<Option<Vec<Row>>> = TABLES.iter().map(|_| None).collect();
        while let Some(name) = map.next_key::<String>()? {
            if name == ORGANIZATION.name {
                let row = map.next_value_seed(OneRow { path: name.clone(), columns: ORGANIZATION.columns })?;
                if organization.replace(row).is_some() {
                    return Err(twice(&name));
                }
                continue;
            }
            let place = TABLES.iter().position(|table| table.name == name);
            let place = place.ok_or_else(|| A::Error::custom(format!("{name:?} is not a known field")))?;
            if lists[place].replace(map.next_value_seed(OneList(&TABLES[place]))?).is_some() {
                return Err(twice(&name));
            }
        }
        let organization = organization.ok_or_else(|| missing(ORGANIZATION.name))?;
        let lists = lists.into_iter().zip(TABLES).map(|(list, table)| list.ok_or_else(|| missing(table.name)));
        Ok(Document { organization, lists: lists.collect::<Result<_, _>>()? })
    }
}

struct OneList(&'static Table);

impl<'de> DeserializeSeed<'de> for OneList {
    type Value = Vec<Row>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Row>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for OneList {
    type Value = Vec<Row>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the list {}", self.0.name)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Row>, A::Error> {
        let mut rows = Vec::new();
        loop {
            let path = format!("{}[{}]", self.0.name, rows.len());
            match list.next_element_seed(OneRow { path, columns: self.0.columns })? {
                Some(row) => rows.push(row),
                None => return Ok(rows),
            }
        }
    }
}

struct OneRow {
    path: String,
    columns: &'static [Column],
}

impl<'de> DeserializeSeed<'de> for OneRow {
    type Value = Row;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Row, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OneRow {
    type Value = Row;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object at {}", self.path)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
        let Self { path, columns } = self;
        let wrong = |name: &str, words: &str| A::Error::custom(format!("{path}.{name}: {words}"));
        let mut row: Vec<Option<Value>> = columns.iter().map(|_| None).collect();
        while let Some(name) = map.next_key::<String>()? {
            let place = columns.iter().position(|column| column.name == name);
            let place = place.ok_or_else(|| wrong(&name, "is not a known field"))?;
            let value = value(&columns[place], map.next_value()?).map_err(|words| wrong(&name, &words))?;
            if row[place].replace(value).is_some() {
                return Err(wrong(&name, "appears twice"));
            }
        }
        let cells = row.into_iter().zip(columns).map(|(value, column)| match value {
            Some(value) => Ok(value),
            None if column.optional => Ok(Value::Null),
            None => Err(wrong(column.name, "is missing")),
        });
        cells.collect()
    }
}

/// What stands in a column, or why it cannot.
fn value(column: &Column, json: Json) -> Result<Value, String> {
    match (column.kind, json) {
        (_, Json::Null) if column.optional => Ok(Value::Null),
        (Kind::Organization | Kind::Id | Kind::Of(_) | Kind::Person, Json::String(text)) => {
            text.parse::<AuditId>().map_err(|error| format!("{text:?} is not a valid ID: {error}"))?;
            Ok(Value::Text(text))
        }
        (Kind::Text(check) | Kind::Account(check), Json::String(text)) => {
            if text.contains('\0') {
                return Err("contains the character U+0000, which isn’t allowed".to_owned());
            }
            check(&text)?;
            Ok(Value::Text(text))
        }
        (Kind::Time, json @ Json::String(_)) => {
            let time: Time = serde_json::from_value(json).map_err(|error| error.to_string())?;
            Ok(Value::Number(time.micros()))
        }
        (Kind::Number, Json::Number(number)) => {
            let counts = number.as_i64().filter(|number| number.unsigned_abs() <= 1 << 53);
            counts.map(Value::Number).ok_or_else(|| format!("{number} is not an integer in the supported range"))
        }
        (Kind::Flag, Json::Bool(flag)) => Ok(Value::Number(i64::from(flag))),
        (Kind::Labels, json @ Json::Object(_)) => {
            let labels: StatusLabels = serde_json::from_value(json).map_err(|error| error.to_string())?;
            let mut errors = FieldErrors::default();
            let labels = labels.check(&mut errors);
            errors.finish().map_err(|error| error.to_string())?;
            Ok(Value::Text(labels.to_json()))
        }
        (kind, json) => {
            let wanted = match kind {
                Kind::Time => "a time such as \"2026-11-21T14:32:00Z\"",
                Kind::Number => "an integer",
                Kind::Flag => "true or false",
                Kind::Labels => "an object of names",
                _ => "a string",
            };
            let mut given = json.to_string();
            given.truncate(given.char_indices().nth(40).map_or(given.len(), |(end, _)| end));
            Err(format!("expected {wanted}, found {given}"))
        }
    }
}

/// Checks what the rows say of each other.
///
/// # Errors
/// In words, with the path in the document.
pub(super) fn check(document: &Document) -> Result<(), String> {
    let mut ids: HashMap<&str, HashMap<&str, usize>> = HashMap::new();
    for (table, rows) in TABLES.iter().zip(&document.lists) {
        let Some(place) = table.id() else { continue };
        let known = ids.entry(table.name).or_default();
        for (number, row) in rows.iter().enumerate() {
            let Some(id) = row[place].text() else { continue };
            if let Some(other) = known.insert(id, number) {
                let (list, column) = (table.name, table.columns[place].name);
                return Err(format!("{list}[{number}].{column}: {list}[{other}] also has the ID {id:?}"));
            }
        }
    }
    for (table, rows) in TABLES.iter().zip(&document.lists) {
        for (place, column) in table.columns.iter().enumerate() {
            let list = match column.kind {
                Kind::Of(list) => list,
                Kind::Person => MEMBERS,
                _ => continue,
            };
            let known = ids.get(list);
            for (number, row) in rows.iter().enumerate() {
                if let Some(id) = row[place].text()
                    && !known.is_some_and(|known| known.contains_key(id))
                {
                    let (name, column) = (table.name, column.name);
                    return Err(format!("{name}[{number}].{column}: there is no {id:?} in {list}"));
                }
            }
        }
        unique(table, rows)?;
        ordered(table, rows)?;
        if let Some(place) = table.place("deleted_at") {
            let there = rows.iter().filter(|row| row[place] == Value::Null).count();
            if there > MAX_SERVICES {
                return Err(format!("{}: an organization can have at most {MAX_SERVICES}, found {there}", table.name));
            }
        }
    }
    Ok(())
}

fn unique(table: &Table, rows: &[Row]) -> Result<(), String> {
    for rule in table.unique {
        let (columns, among) = (table.places(rule.columns), table.places(rule.among));
        let mut known: HashMap<Vec<Value>, usize> = HashMap::new();
        for (number, row) in rows.iter().enumerate() {
            let outside = among.iter().any(|place| row[*place] != Value::Null)
                || (!rule.empty_counts && columns.iter().any(|place| row[*place] == Value::Null));
            if outside {
                continue;
            }
            let alike = |place: &usize| match (table.columns[*place].kind, &row[*place]) {
                // Addresses that differ only in case are one.
                (Kind::Account(_), Value::Text(text)) => Value::Text(text.to_lowercase()),
                (_, value) => value.clone(),
            };
            if let Some(other) = known.insert(columns.iter().map(alike).collect(), number) {
                let (list, names) = (table.name, rule.columns.join(" and "));
                return Err(format!("{list}[{number}]: {list}[{other}] has the same {names}"));
            }
        }
    }
    Ok(())
}

fn ordered(table: &Table, rows: &[Row]) -> Result<(), String> {
    for (number, row) in rows.iter().enumerate() {
        let value = |name: &str| table.place(name).map(|place| &row[place]).filter(|value| **value != Value::Null);
        for (former, latter, less) in table.ordered {
            let (Some(one), Some(other)) = (value(former), value(latter)) else { continue };
            if one > other || (*less && one == other) {
                return Err(format!("{}[{number}].{latter}: it must be greater than {former}", table.name));
            }
        }
        if let Some((one, other)) = table.either
            && value(one).is_some()
            && value(other).is_some()
        {
            return Err(format!("{}[{number}]: {one} and {other} are mutually exclusive", table.name));
        }
    }
    Ok(())
}

/// What is searched in of each row of a table whose titles and messages can be searched, by its id.
pub(super) fn searches(document: &Document, table: &Table) -> HashMap<String, String> {
    let mut texts: HashMap<String, String> = HashMap::new();
    let Some((messages, parent)) = table.messages else { return texts };
    let list = |name: &str| TABLES.iter().zip(&document.lists).find(|(table, _)| table.name == name);
    let mut add = |rows: &[Row], id: Option<usize>, text: Option<usize>| {
        let (Some(id), Some(text)) = (id, text) else { return };
        for row in rows {
            let (Some(id), Some(text)) = (row[id].text(), row[text].text()) else { continue };
            let all = texts.entry(id.to_owned()).or_default();
            if !all.is_empty() {
                all.push('\n');
            }
            all.push_str(&text.to_lowercase());
        }
    };
    if let Some((table, rows)) = list(table.name) {
        add(rows, table.id(), table.place("title"));
    }
    if let Some((table, rows)) = list(messages) {
        add(rows, table.place(parent), table.place("body"));
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> String {
        let mut out = Vec::new();
        let text = |text: &str| Value::Text(text.to_owned());
        let at = Value::Number(1_793_000_000_123_456);
        let organization = vec![
            text("organizatio1"),
            text("northwind"),
            text("Nörd \"wind\""),
            text(""),
            text("Europe/Vienna"),
            text(""),
            text(r#"{"operational":"Fine"}"#),
            Value::Null,
            at.clone(),
            Value::Number(7),
            at.clone(),
            at.clone(),
            at.clone(),
        ];
        begin(&mut out, &organization).expect("memory");
        for table in TABLES {
            let mut rows = match table.name {
                "teams" => vec![
                    vec![text("bbbbbbbbbbbb"), text("Two"), text("two"), at.clone(), at.clone()],
                    vec![text("aaaaaaaaaaaa"), text("One"), text("one"), at.clone(), at.clone()],
                ],
                _ => Vec::new(),
            };
            prepare(table, &mut rows, &HashSet::new());
            list(&mut out, table, &rows).expect("memory");
        }
        end(&mut out).expect("memory");
        String::from_utf8(out).expect("text")
    }

    fn refused(text: &str) -> String {
        match read(text.as_bytes()) {
            Ok(document) => check(&document).expect_err("is refused"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let text = document();
        let read = read(text.as_bytes()).expect("an export");
        assert_eq!(check(&read), Ok(()));
        let mut out = Vec::new();
        begin(&mut out, &read.organization).expect("memory");
        for (table, rows) in TABLES.iter().zip(&read.lists) {
            list(&mut out, table, rows).expect("memory");
        }
        end(&mut out).expect("memory");
        assert_eq!(String::from_utf8(out).expect("text"), text);
        assert!(text.find("\"One\"") < text.find("\"Two\""), "by id, of the same moment: {text}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_path() {
        let text = document();
        let length = text.len();
        for (wrong, words) in [
            (text.replace("\"candor\"", "\"statuspage\""), "not a Candor export"),
            (text.replace("\"version\": 1,", "\"version\": 2,"), "version 2"),
            (text.replace("\"version\": 1,", "\"version\": \"1\","), "not a Candor export"),
            (text.replace("\"Europe/Vienna\"", "\"Europe/Northwind\""), "organization.time_zone"),
            (text.replace("\"version\": 7", "\"version\": 7.5"), "organization.version: 7.5 is not an integer"),
            (text.replace("bbbbbbbbbbbb", "bbb"), "teams[1].id: \"bbb\" is not a valid ID"),
            (text.replace("bbbbbbbbbbbb", "aaaaaaaaaaaa"), "teams[1].id: teams[0] also has the ID"),
            (text.replace("\"two\"", "\"one\""), "teams[1]: teams[0] has the same name_key"),
            (text.replace("\"name_key\": \"two\", ", ""), "teams[1].name_key: is missing"),
            (text.replace("\"name_key\": \"two\"", "\"nickname\": \"two\""), "teams[1].nickname: is not a known field"),
            (text.replace("\"name_key\": \"two\"", "\"name_key\": 2"), "a string"),
            (text.replace("\"services\": []", "\"servants\": []"), "\"servants\" is not a known field"),
            (text.replace(",\n  \"services\": []", ""), "services is missing"),
            (text.replace("\"services\": []", "\"services\": {}"), "the list services"),
            (text[..length / 2].to_owned(), "EOF"),
            (format!("{text}{{}}"), "trailing"),
            ("[]".to_owned(), "a Candor export"),
            (String::new(), "EOF"),
        ] {
            assert_ne!(wrong, text, "{words}");
            let told = refused(&wrong);
            assert!(told.contains(words), "{words}: {told}");
        }
    }

    #[test]
    fn what_rows_say_of_each_other_is_checked() {
        let team = r#""team_members": [{"team_id": "aaaaaaaaaaaa", "user_id": "uuuuuuuuuuuu", "role": "team_admin", "created_at": "2026-01-01T00:00:00Z"}]"#;
        let told = refused(&document().replace("\"team_members\": []", team));
        assert!(told.starts_with("team_members[0].user_id: there is no \"uuuuuuuuuuuu\""), "{told}");
        let link = r#""incident_links": [{"incident_id": "bbbbbbbbbbbb", "other_id": "aaaaaaaaaaaa"}]"#;
        let told = refused(&document().replace("\"incident_links\": []", link));
        assert!(told.starts_with("incident_links[0].incident_id"), "{told}");
    }
}
