//! The table, on the screen as it grows and in docs/PERFORMANCE.md at the end.

use crate::{
    Bench,
    machine::{self, Ticks},
    rounds::Rounds,
};
use std::{fmt::Write, fs, path::Path, time::Instant};

/// What a row has to reach.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    /// This part of the yardstick's.
    AtLeast(f64),
    /// This multiple of the yardstick's.
    AtMost(f64),
    /// This much, in the row's unit.
    Under(f64),
    /// It is there to explain another row.
    None,
}

/// One promise and what became of it.
#[derive(Debug)]
pub struct Row {
    pub what: String,
    pub goal: Goal,
    pub rounds: Rounds,
    pub unit: &'static str,
    /// What else was found.
    pub detail: String,
    /// Why it may miss its goal; shown when it does.
    pub hint: &'static str,
}

/// Why a goal may be missed, where the documentation says it at length.
pub const SEE_BELOW: &str = "see “What limits it”";

impl Row {
    fn verdict(&self) -> Option<bool> {
        match self.goal {
            Goal::AtLeast(least) => Some(self.rounds.ratio() >= least),
            Goal::AtMost(most) => Some(self.rounds.ratio() <= most),
            Goal::Under(most) => Some(self.rounds.medians().0 <= most),
            Goal::None => None,
        }
    }

    /// What, goal, here, beside, ratio, verdict.
    fn cells(&self) -> [String; 6] {
        let (subject, yardstick) = self.rounds.medians();
        let with_unit =
            |number: f64| if number.is_nan() { "–".to_owned() } else { format!("{} {}", short(number), self.unit) };
        let ratio = self.rounds.ratio();
        let (low, high) = self.rounds.spread();
        [
            self.what.clone(),
            match self.goal {
                Goal::AtLeast(least) => format!("≥ {least:.2} ×"),
                Goal::AtMost(most) => format!("≤ {most:.2} ×"),
                Goal::Under(most) => format!("≤ {most} {}", self.unit),
                Goal::None => String::new(),
            },
            with_unit(subject),
            with_unit(yardstick),
            if ratio.is_nan() { String::new() } else { format!("{ratio:.2} × ({low:.2} to {high:.2})") },
            match self.verdict() {
                Some(true) => "met",
                Some(false) => "**missed**",
                None => "",
            }
            .to_owned(),
        ]
    }
}

fn short(number: f64) -> String {
    match number {
        n if n >= 1000.0 => {
            let digits = format!("{n:.0}");
            let (thousands, rest) = digits.split_at(digits.len() - 3);
            format!("{thousands},{rest}")
        }
        n if n >= 100.0 || n.fract() == 0.0 => format!("{n:.0}"),
        n => format!("{n:.1}"),
    }
}

const HEADINGS: [&str; 6] = ["What", "Goal", "Candor", "Yardstick", "Ratio (half of the rounds)", ""];

/// The rows so far.
pub struct Report {
    machine: String,
    started: Instant,
    ticks: Ticks,
    rows: Vec<Row>,
}

impl Report {
    pub fn begin(bench: &Bench) -> Self {
        let machine = machine::in_words(&bench.candor.folder.0);
        println!("{machine}\n\n{}", line(&HEADINGS.map(str::to_owned)));
        Self { machine, started: Instant::now(), ticks: Ticks::now(), rows: Vec::new() }
    }

    pub fn add(&mut self, row: Row) {
        println!("{}", line(&row.cells()));
        self.rows.push(row);
    }

    /// What the numbers do not say.
    pub fn notes(&self) -> String {
        let others = Ticks::now().others_since(self.ticks);
        let mut notes = format!("- Meanwhile other programs had {others:.0} % of the processors.");
        notes += if others > 15.0 { " That is too much: measure again.\n" } else { "\n" };
        for row in &self.rows {
            if !row.detail.is_empty() {
                let _ = writeln!(notes, "- {}: {}.", row.what, row.detail);
            }
            if row.verdict() == Some(false) {
                let _ = writeln!(notes, "- **Missed**, {}: {}.", row.what, row.hint);
            }
        }
        notes
    }

    /// Puts the table into docs/PERFORMANCE.md, between its marks.
    pub fn write(&self) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/PERFORMANCE.md");
        let text = fs::read_to_string(&file).unwrap();
        let (before, rest) = text.split_once(BEGIN).expect("the mark where the results begin");
        let (_, after) = rest.split_once(END).expect("the mark where the results end");
        let rows: String = self
            .rows
            .iter()
            .map(|row| format!("|{}|\n", row.cells().map(|cell| format!(" {cell} ")).join("|")))
            .collect();
        let results = format!(
            "{BEGIN}\nMeasured on {} by `bin/bench` in {} seconds, Candor {}. {}.\n\n| {} |\n|---|---|---|---|---|---|\n{rows}\n{}\n{END}",
            candor::server::clock::now().utc().format("%-d %B %Y"),
            self.started.elapsed().as_secs(),
            env!("CARGO_PKG_VERSION"),
            self.machine,
            HEADINGS.join(" | "),
            self.notes(),
        );
        fs::write(&file, format!("{before}{results}{after}")).unwrap();
        println!("Written to docs/PERFORMANCE.md.");
    }
}

const BEGIN: &str = "<!-- results: written by bin/bench -->";
const END: &str = "<!-- end of results -->";

fn line(cells: &[String; 6]) -> String {
    let [what, goal, here, beside, ratio, verdict] = cells;
    format!("{what:<86.86}  {goal:>9}  {here:>18}  {beside:>18}  {ratio:<24}  {}", verdict.replace('*', ""))
}
