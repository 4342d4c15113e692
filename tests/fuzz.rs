//! Hostile input, made by grammars: messages, cookies, rules of recurrence and files to import. Nothing panics, nothing
//! ends in an internal error, and a message costs a bounded processor time that is linear in its length.
//!
//! The inputs are the same in every run. `CANDOR_FUZZ_SEED` names others, `CANDOR_FUZZ_ROUNDS` makes it more of them
//! (default 1); a failure names the input's own seed.
#![cfg(feature = "ssr")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed, which is its purpose")]

mod support;

use candor::{
    domain::{error::AppError, ids::id_text},
    server::{access::cookies::Cookies, import, markdown::convert, transfer},
};
use reqwest::{
    Method,
    header::{COOKIE, HeaderMap, HeaderValue},
};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use support::{Browser, Dice, TestServer, both_engines};

both_engines!(
    statuspage_files_are_imported_or_refused,
    exports_are_imported_or_refused,
    rules_of_recurrence_are_followed_or_refused,
    cookie_headers_are_passed_over,
);

/// Characters of the longest message.
const LONGEST: usize = 25_000;
/// Processor time that such a message may take: 50 ms where everything is optimised. In a debug build most of the
/// parsers is instantiated here, for types of ours, and is not: what is 30 ms takes about a second.
const MAX_TIME: Duration = Duration::from_millis(if cfg!(debug_assertions) { 2_500 } else { 50 });
/// How much more a text of twice the length may cost. The tree builder's strings check all of themselves at every change
/// where debug assertions are on, which makes a few inputs quadratic that are linear in an optimised build.
const GROWTH: u32 = if cfg!(debug_assertions) { 6 } else { 3 };
/// Differences below this are noise of the machine.
const NOISE: Duration = Duration::from_millis(20);

#[expect(clippy::disallowed_methods, reason = "a setting of the tests, not of the server")]
fn variable(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// One number for each input of a test.
fn seeds(what: u64, count: u64) -> impl Iterator<Item = u64> {
    let first = variable("CANDOR_FUZZ_SEED", 2_026).wrapping_mul(1_000_003).wrapping_add(what << 40);
    (0..count * variable("CANDOR_FUZZ_ROUNDS", 1)).map(move |number| first.wrapping_add(number) | 1 << 62)
}

/// The processor time of this thread, where the system tells it.
fn processor_time() -> Option<Duration> {
    // Linux brings the count up to date when the thread gives way, else only some times a second.
    std::thread::yield_now();
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// What it makes, and the least processor time of some tries: others on the machine only make it more.
fn measured(tries: u32, work: impl Fn() -> String) -> (String, Duration) {
    let mut best = Duration::MAX;
    let mut made = String::new();
    for _ in 0..tries {
        let before = processor_time();
        made = work();
        let spent = before.zip(processor_time()).map_or(Duration::ZERO, |(before, after)| after - before);
        best = best.min(spent);
    }
    (made, best)
}

/// A text out of a few pieces that come again and again, which is what parsers are slow at.
fn pathological(seed: u64, alphabet: &[&str], characters: usize) -> String {
    let mut dice = Dice::new(seed);
    let parts: Vec<(String, usize)> = (0..=dice.below(4))
        .map(|_| {
            let unit: String = (0..=dice.below(4)).map(|_| alphabet[dice.below(alphabet.len())]).collect();
            let times = match dice.below(4) {
                0 => 1 + dice.below(70),
                1 => 1 + dice.below(500),
                _ => 0,
            };
            (unit, times)
        })
        .collect();
    let endless = parts.iter().filter(|(_, times)| *times == 0).count().max(1);
    let mut text = String::new();
    if dice.below(5) == 0 {
        let whole: String = parts.iter().map(|(unit, times)| unit.repeat((*times).max(3))).collect();
        text = whole.repeat(characters / whole.len() + 1);
    } else {
        for (unit, times) in &parts {
            text += &unit.repeat(if *times == 0 { characters / endless / unit.len() } else { *times });
        }
    }
    text.chars().take(characters).collect()
}

const MARKDOWN: &[&str] = &[
    ">",
    "> ",
    "-",
    "- ",
    "* ",
    "+ ",
    "1. ",
    "1) ",
    "9999999999. ",
    "\n",
    "\n\n",
    " ",
    "  ",
    "    ",
    "\t",
    "\r",
    "[",
    "]",
    "(",
    ")",
    "![",
    "](",
    "]: ",
    "[a]",
    "[a]: /b\n",
    "[a]: /b 'c'\n",
    "<",
    ">",
    "*",
    "**",
    "***",
    "_",
    "__",
    "~",
    "~~",
    "`",
    "``",
    "```\n",
    "~~~",
    "#",
    "# ",
    "=\n",
    "---\n",
    "|",
    "|a",
    "|-",
    "|-|\n",
    ":-",
    "a",
    "b",
    "\\",
    "&",
    "&amp;",
    "&#x0;",
    "\"",
    "'",
    "<!--",
    "-->",
    "<a",
    "</a>",
    "<a href=\"",
    "<?",
    "?>",
    "<![CDATA[",
    "]]>",
    "<div>\n",
    "<pre>",
    "</pre>",
    "<script>",
    "http://a.b",
    "<http:a>",
    "<a@b.c>",
    "\u{a0}",
    "é",
    "\u{1f600}",
    ".",
    "!",
    "(<",
    ">)",
    "[^",
    "^",
    "$",
    ":",
    "\0",
    "[x](javascript:a)",
    "[x](//a.b)",
];

const HTML: &[&str] = &[
    "<div>",
    "</div>",
    "<p>",
    "</p>",
    "<b>",
    "</b>",
    "<i>",
    "</i>",
    "<a>",
    "</a>",
    "<a href=x>",
    "<table>",
    "</table>",
    "<tr>",
    "</tr>",
    "<td>",
    "</td>",
    "<tbody>",
    "<caption>",
    "<colgroup>",
    "<col>",
    "<li>",
    "<ul>",
    "</ul>",
    "<ol>",
    "<dl>",
    "<dd>",
    "<select>",
    "</select>",
    "<option>",
    "<selectedcontent>",
    "<button>",
    "</button>",
    "<form>",
    "<nobr>",
    "<font color=1>",
    "<svg>",
    "</svg>",
    "<math>",
    "<mi>",
    "<desc>",
    "<foreignObject>",
    "<template>",
    "</template>",
    "<object>",
    "<marquee>",
    "<h1>",
    "<ruby>",
    "<rt>",
    "<!--",
    "-->",
    "<",
    "</",
    ">",
    "/>",
    "<br>",
    "<hr>",
    "<img src=x onerror=a>",
    "<input>",
    "<script>",
    "</script>",
    "<style>",
    "</style>",
    "<textarea>",
    "</textarea>",
    "<title>",
    "<noscript>",
    "<frameset>",
    "<body>",
    "<html>",
    "<head>",
    "<pre>",
    "<span>",
    "</span>",
    "<blockquote>",
    "<code>",
    "<x>",
    "</x>",
    "&",
    "&amp;",
    "&#",
    "x",
    " ",
    "\n",
    "\0",
    " a",
    "=",
    "\"",
    "'",
    " b=\"c\"",
    "<b class=1>",
    "<b class=2>",
    "<details>",
    "<plaintext>",
    "<![CDATA[",
    "]]>",
    "<u>",
    "</u>",
    "<em>",
    "<strong>",
    "<a href=javascript:a onclick=b>",
    "<iframe src=x>",
];

/// What is known to be slow in parsers of Markdown, and was in one of ours.
fn known_markdown(characters: usize) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = [
        "> ",
        ">",
        "- ",
        "> - ",
        "- > ",
        "> 1. ",
        "[",
        "![",
        "[a](",
        "[a](<",
        "*a _b ",
        "**a *b ",
        "`a``",
        "<",
        "<!--",
        "&",
        "|a",
        "a|b\n-|-\n",
        "[x]: /a\n\n[x]",
        "\\[",
        "a**b",
        "[a",
        "#",
        "    a\n",
        "~~a ",
        "- - a\n",
    ]
    .iter()
    .map(|unit| (format!("{unit:?} again and again"), unit.repeat(characters / unit.len())))
    .collect();
    for (first, then) in
        [("- ", "\n"), ("> ", "a\n"), ("- ", "a\n"), ("[", "]"), ("*a ", " a*"), ("**a *b ", "c* d** ")]
    {
        let half = characters / 2;
        let text = first.repeat(half / first.len()) + &then.repeat(half / then.len());
        all.push((format!("{first:?}, then {then:?}"), text));
    }
    let sixth = characters / 6;
    let wide = characters / 10;
    all.extend([
        (
            "short rows of a wide table".to_owned(),
            format!("{}\n{}\n{}", "|a".repeat(wide * 2), "|-".repeat(wide * 2), "a\n".repeat(wide)),
        ),
        (
            "a long reference, often".to_owned(),
            format!("[a]: /{}\n\n{}", "&".repeat(characters / 2), "[a]".repeat(sixth)),
        ),
        (
            "longer and longer backticks".to_owned(),
            (1..=(characters * 2).isqrt()).map(|n| "`".repeat(n) + " ").collect(),
        ),
        ("lists in lists".to_owned(), (0..characters.isqrt()).map(|n| "  ".repeat(n) + "- a\n").collect()),
    ]);
    all
}

/// What is known to be slow in parsers of HTML.
fn known_html(characters: usize) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = [
        "<div>",
        "<blockquote>",
        "<p>",
        "<b>",
        "<a>",
        "<i><b>",
        "<b><p>",
        "<table>",
        "<table><b></b>",
        "<ul><li>",
        "<b></p>",
        "<b><div></b>",
        "<svg>",
        "<template>",
        "<!--",
        "<",
        "&",
        "<dd>",
        "<pre>",
        "<select><option>",
        "<nobr>",
        "<object>",
    ]
    .iter()
    .map(|unit| (format!("{unit:?} again and again"), unit.repeat(characters / unit.len())))
    .collect();
    let numbered = |count: usize, part: fn(usize) -> String| (0..count).map(part).collect::<String>();
    all.extend([
        ("left open in each paragraph".to_owned(), numbered(characters / 17, |n| format!("<p><b a={n}></p>"))),
        ("many attributes".to_owned(), format!("<a {}>", numbered(characters / 6, |n| format!(" a{n}")))),
        ("attributes with >".to_owned(), format!("<a {}>", numbered(characters / 10, |n| format!(" a{n}=\">\"")))),
        (
            "thirty left open, then paragraphs".to_owned(),
            format!("<p>{}{}", numbered(30, |n| format!("<b a={n}>")), "<p>x".repeat(characters / 4)),
        ),
    ]);
    all
}

/// Nothing in it that a browser would run or fetch, and no deeper than any message has to be.
fn assert_safe(html: &str, source: &str, name: &str) {
    assert!(html.len() <= source.len() * 8 + 16 * 1024, "{name}: {} bytes of {}", html.len(), source.len());
    let (mut depth, mut deepest) = (0_usize, 0);
    for tag in html.split('<').skip(1).map(|part| part.split('>').next().unwrap_or_default()) {
        let word = tag.split([' ', '/']).find(|word| !word.is_empty()).unwrap_or_default();
        let bad = ["script", "style", "img", "iframe", "svg", "math", "object", "form", "input", "template", "button"];
        assert!(!bad.contains(&word), "{name}: <{tag}>");
        assert!(
            !["javascript:", "onclick", "onerror", "href=\"/", "href=\"x"].iter().any(|bad| tag.contains(bad)),
            "{name}: <{tag}>"
        );
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
        } else if !["br", "hr", "col", "wbr"].contains(&word) {
            depth += 1;
            deepest = deepest.max(depth);
        }
    }
    assert!(deepest <= 80, "{name}: {deepest} levels");
}

/// Renders known and made-up inputs, which has to be safe, quick and linear.
fn render_all(
    render: fn(&str) -> String,
    known: fn(usize) -> Vec<(String, String)>,
    alphabet: &[&str],
    what: u64,
    count: u64,
) {
    let check = |name: &str, text: &str, twice: &dyn Fn() -> String| {
        let (html, mut spent) = measured(1, || render(text));
        if spent > MAX_TIME / 2 {
            spent = measured(5, || render(text)).1;
        }
        assert_safe(&html, text, name);
        assert!(spent <= MAX_TIME, "{name} takes {spent:?}");
        let (plain, reading) = measured(1, || convert::to_text(&html));
        assert!(plain.len() <= html.len() && reading <= MAX_TIME, "{name}: to_text takes {reading:?}");
        // Where it takes long enough to be told from noise.
        if spent > NOISE / 4 {
            let longer = twice();
            let (_, double) = measured(3, || render(&longer));
            assert!(double <= spent * GROWTH + NOISE, "{name}: {spent:?}, and twice as long {double:?}");
        }
        spent
    };
    let mut slowest = (Duration::ZERO, String::new());
    for ((name, text), (_, longer)) in known(LONGEST).into_iter().zip(known(2 * LONGEST)) {
        let spent = check(&name, &text, &|| longer.clone());
        slowest = slowest.max((spent, name));
    }
    for seed in seeds(what, count) {
        let name = format!("seed {seed}");
        let spent = check(&name, &pathological(seed, alphabet, LONGEST), &|| pathological(seed, alphabet, 2 * LONGEST));
        slowest = slowest.max((spent, name));
    }
    support::aloud(&format!("slowest: {:?} for {}", slowest.0, slowest.1));
}

#[test]
fn markdown_is_rendered_safely_and_in_linear_time() {
    render_all(convert::to_html, known_markdown, MARKDOWN, 1, 200);
}

#[test]
fn html_is_cleaned_safely_and_in_linear_time() {
    render_all(convert::clean, known_html, HTML, 2, 400);
}

/// Texts that programs stumble over.
const ODD: &[&str] = &[
    "",
    " ",
    "0",
    "-1",
    "null",
    "\u{0}",
    "\u{202e}abc",
    "é\u{301}",
    "\u{1f468}\u{200d}\u{1f469}",
    "a\r\nb",
    "\u{1b}[31m",
    "../../etc",
    "' or 1=1 --",
    "<script>alert(1)</script>",
    "%00",
    "2026-02-30T25:61:61Z",
    "9999-12-31T23:59:59Z",
    "-271821-04-20T00:00:00Z",
    "{{service}}",
    "\u{fffd}",
    "=cmd|' /C calc'!A0",
];

/// Changes some places of a document: other values, other types, lists and texts that are too long, keys that are gone.
fn mutate(document: &mut Value, dice: &mut Dice) {
    for _ in 0..=dice.below(6) {
        let mut place = &mut *document;
        // Down to a place at random, not always to a leaf.
        while dice.below(8) > 0 {
            let length = match &*place {
                Value::Array(list) => list.len(),
                Value::Object(map) => map.len(),
                _ => 0,
            };
            if length == 0 {
                break;
            }
            let chosen = dice.below(length);
            place = match place {
                Value::Array(list) => &mut list[chosen],
                Value::Object(map) => map.values_mut().nth(chosen).unwrap(),
                _ => unreachable!("it has a length"),
            };
        }
        match (dice.below(10), &mut *place) {
            (0, Value::Object(map)) => {
                let keys: Vec<String> = map.keys().cloned().collect();
                if !keys.is_empty() {
                    map.remove(&keys[dice.below(keys.len())]);
                }
            }
            (1, Value::Array(list)) if !list.is_empty() => {
                let again = list[dice.below(list.len())].clone();
                list.push(again);
            }
            (2, other) => *other = Value::Null,
            (3, other) => *other = json!([-1, 0, 1, i64::MAX, i64::MIN, 4_102_444_800_000_000_i64][dice.below(6)]),
            (4, other) => *other = json!([[], {}, [[[]]], true, 1.5])[dice.below(5)].clone(),
            (5, other @ Value::String(_)) => *other = json!(pathological(1 + dice.below(1 << 30) as u64, HTML, 2_000)),
            (6, other @ Value::String(_)) => *other = json!("a".repeat(70_000)),
            (7, other @ Value::Number(_)) => {
                let number = other.as_i64().unwrap_or(0);
                *other = json!(number.wrapping_mul([-1, 2, 1_000][dice.below(3)]));
            }
            (_, other) => *other = json!(ODD[dice.below(ODD.len())]),
        }
    }
}

fn some_file(text: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.json", id_text(rand::random())));
    fs::write(&file, text).unwrap();
    file
}

/// A refusal that says what is wrong.
fn assert_in_words(error: &impl ToString, seed: u64) {
    let words = error.to_string();
    let ours = [AppError::Internal, AppError::Unavailable, AppError::Offline].map(|error| error.to_string());
    assert!(!words.is_empty() && !ours.contains(&words), "seed {seed}: {words}");
}

async fn assert_reads(server: &TestServer, visitor: &Browser, slug: &str, seed: u64) {
    for path in ["", "/history", "/feed.json", "/calendar.ics"] {
        let answer = visitor.get(&format!("/status/{slug}{path}")).await;
        assert!(answer.status < 500, "seed {seed}: {path} of {slug} at {}: {}", server.url, answer.status);
    }
}

/// Files of the Statuspage API with a few places changed are imported or refused in words, and what they make can be read.
async fn statuspage_files_are_imported_or_refused(server: TestServer) {
    let visitor = server.browser();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/statuspage");
    let names = ["summary.json", "incidents.json", "scheduled-maintenances.json", "odd.json", "imitation.json"];
    let documents: Vec<Value> = names
        .iter()
        .map(|name| serde_json::from_str(&fs::read_to_string(folder.join(name)).unwrap()).unwrap())
        .collect();
    for (number, seed) in seeds(3, 40).enumerate() {
        let mut dice = Dice::new(seed);
        let mut document = documents[number % documents.len()].clone();
        mutate(&mut document, &mut dice);
        let (file, slug) = (some_file(&document.to_string()), format!("fuzz-{number}"));
        let outcome = import::statuspage(&server.app, std::slice::from_ref(&file), &slug, |_, _| {}).await;
        fs::remove_file(file).unwrap();
        match outcome {
            Ok(_) => assert_reads(&server, &visitor, &slug, seed).await,
            Err(error) => assert_in_words(&error, seed),
        }
    }
}

/// Exports with a few places changed are imported or refused in words, and what they make can be read.
async fn exports_are_imported_or_refused(server: TestServer) {
    let owner = server.owner("northwind").await;
    let group = owner.create_group("northwind", "Core").await;
    let service = owner.create_service("northwind", "API", &group).await;
    let input =
        json!({ "title": "Outage", "body": "*a*", "services": [{ "service_id": service, "status": "major_outage" }] });
    owner.rpc("report_incident", json!({ "organization": "northwind", "input": input })).await.right();
    let window = json!({ "title": "W", "body": "*b*", "services": [service], "starts_at": "2099-01-01T10:00", "ends_at": "2099-01-01T11:00", "repeat": "monthly" });
    owner.rpc("schedule_maintenance", json!({ "organization": "northwind", "input": window })).await.right();
    let file = transfer::export(&server.app, "northwind", Vec::new()).await.unwrap();
    let document: Value = serde_json::from_slice(&file).unwrap();
    server.execute("delete from organizations").await;
    let visitor = server.browser();
    for (number, seed) in seeds(4, 80).enumerate() {
        let mut dice = Dice::new(seed);
        let mut document = document.clone();
        mutate(&mut document, &mut dice);
        let (file, slug) = (some_file(&document.to_string()), format!("fuzz-{number}"));
        let outcome = transfer::import(&server.app, &file, Some(&slug), |_, _| {}).await;
        fs::remove_file(file).unwrap();
        match outcome {
            Ok(_) => {
                assert_reads(&server, &visitor, &slug, seed).await;
                let id = document["organization"]["id"].as_str().unwrap().to_owned();
                server.execute(&format!("delete from organizations where id = '{id}'")).await;
            }
            Err(error) => assert_in_words(&error, seed),
        }
    }
}

const RULES: &[&str] = &[
    "FREQ=YEARLY",
    "FREQ=MONTHLY",
    "FREQ=WEEKLY",
    "FREQ=DAILY",
    "FREQ=HOURLY",
    "FREQ=SECONDLY",
    "INTERVAL=0",
    "INTERVAL=1",
    "INTERVAL=65535",
    "INTERVAL=4294967296",
    "COUNT=0",
    "COUNT=1",
    "COUNT=99999",
    "UNTIL=19700101T000000Z",
    "UNTIL=99991231T235959Z",
    "UNTIL=x",
    "BYMONTH=2",
    "BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12",
    "BYMONTHDAY=30",
    "BYMONTHDAY=31",
    "BYMONTHDAY=-31",
    "BYMONTHDAY=1,2,3,4,5,6,7,8,9",
    "BYYEARDAY=366",
    "BYYEARDAY=-366",
    "BYYEARDAY=1,2,3",
    "BYWEEKNO=53",
    "BYWEEKNO=-53",
    "BYWEEKNO=1",
    "BYDAY=MO",
    "BYDAY=53MO",
    "BYDAY=-53SU",
    "BYDAY=MO,TU,WE,TH,FR,SA,SU",
    "BYDAY=5FR",
    "BYSETPOS=1",
    "BYHOUR=0",
    "BYEASTER=1",
    "WKST=SU",
    "BYDAY=",
    "FREQ=",
    "=",
    ";",
    "RRULE:FREQ=DAILY",
    "DTSTART:20260101T000000Z",
];

/// Rules of recurrence are followed or refused in words, also those by which nothing ever comes again.
async fn rules_of_recurrence_are_followed_or_refused(server: TestServer) {
    let owner = server.owner("northwind").await;
    let known = [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;INTERVAL=65535",
        "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=4",
        "FREQ=WEEKLY;INTERVAL=65535;BYDAY=MO",
        "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTH=7",
        "FREQ=DAILY;BYMONTHDAY=31;BYMONTH=2",
        "FREQ=DAILY;UNTIL=99991231T235959Z",
        "FREQ=YEARLY;BYYEARDAY=366;INTERVAL=3",
    ];
    let mut rules: Vec<(String, u64)> = known.iter().map(|rule| ((*rule).to_owned(), 0)).collect();
    for seed in seeds(5, 60) {
        let mut dice = Dice::new(seed);
        let parts: Vec<&str> = (0..=dice.below(5)).map(|_| RULES[dice.below(RULES.len())]).collect();
        rules.push((parts.join(";"), seed));
    }
    for (number, (rule, seed)) in rules.into_iter().enumerate() {
        let starts = ["2099-02-28T10:00", "2096-02-29T23:59", "2262-01-01T00:00", "2099-12-31T23:59"][number % 4];
        let ends = ["2099-02-28T11:00", "2096-03-01T00:30", "2262-01-01T01:00", "2100-01-01T00:30"][number % 4];
        let input =
            json!({ "title": "W", "body": "", "services": [], "starts_at": starts, "ends_at": ends, "repeat": rule });
        let answer = owner.rpc("schedule_maintenance", json!({ "organization": "northwind", "input": input })).await;
        assert!([200, 409, 422].contains(&answer.status), "{rule} (seed {seed}): {} {}", answer.status, answer.text());
        if answer.status == 200 {
            let id = json!({ "organization": "northwind", "id": answer.json() });
            let _ = owner.rpc("end_maintenance_series", id.clone()).await;
            owner.rpc("delete_maintenance", id).await.right();
        }
    }
}

const COOKIES: &[&str] = &[
    "candor",
    "__Host-candor",
    "__%48ost-candor",
    "candor-oidc-",
    "theme",
    "light",
    "candor-form-error",
    "=",
    ";",
    "; ",
    ",",
    " ",
    "\"",
    "%",
    "%00",
    "%zz",
    "a",
    "\t",
    "\\",
    "$Version=1",
    "AAAAAAAAAAAAAAAAAAAAAA",
    "===",
    "\u{e9}",
    "\u{1f600}",
    "==;;",
    "candor=",
    "; candor=x; candor=y",
    "Path=/",
];

fn cookie_header(seed: u64) -> HeaderValue {
    let text = pathological(seed, COOKIES, 1 + Dice::new(seed).below(3_000));
    HeaderValue::from_bytes(text.as_bytes()).unwrap()
}

/// Cookie headers of any shape are read, twice alike.
#[test]
fn cookie_headers_are_read() {
    for seed in seeds(6, 2_000) {
        let headers = HeaderMap::from_iter([(COOKIE, cookie_header(seed)), (COOKIE, cookie_header(seed ^ 1))]);
        for secure in [false, true] {
            assert_eq!(Cookies::read(&headers, secure), Cookies::read(&headers, secure), "seed {seed}");
        }
    }
}

/// Cookies of any shape are passed over: a page that asks for a session leads to signing in.
async fn cookie_headers_are_passed_over(server: TestServer) {
    let visitor = server.browser();
    for seed in seeds(7, 150) {
        let request = visitor.request(Method::GET, "/dashboard").header("cookie", cookie_header(seed));
        let answer = visitor.send(request).await;
        assert_eq!(answer.status, 303, "seed {seed}: {}", answer.text());
    }
}
