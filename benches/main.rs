//! What Candor promises about speed, measured beside yardsticks in the same run.
//!
//! Every file that is called as a promise measures it: `stampede`, `new_version`, `fanout`, `seen`,
//! `writes`, `footprint`, `returns`, `neighbours`, `tenants`, `worst`. Each takes turns between the server and a
//! yardstick that does the least that the job asks for, and states its goal next to the measurement.
//! `candor` is the server that is measured, `large` an organization with years behind it, `program` the
//! real program in a process of its own, `yardstick` what they stand beside, `statements` those of one
//! change, `visitors` who asks, `rounds` how turns are taken and summed up, `machine` what the system
//! knows, `report` the table and docs/PERFORMANCE.md.
//!
//! A new promise is a function from the [`Bench`] to rows, and a line in [`PROMISES`].
#![allow(missing_docs, reason = "a program, not a library")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that goes wrong has to end")]
#![allow(clippy::print_stdout, reason = "it reports to whoever runs it")]

mod candor;
mod fanout;
mod footprint;
mod large;
mod machine;
mod neighbours;
mod new_version;
mod program;
mod report;
mod returns;
mod rounds;
mod seen;
mod stampede;
mod statements;
mod tenants;
mod visitors;
mod worst;
mod writes;
mod yardstick;

use candor::Candor;
use clap::Parser;
use report::{Report, Row};
use std::{net::SocketAddr, time::Duration};
use tokio::runtime::Runtime;
use yardstick::Yardstick;

/// Measures one promise, or several that are measured together.
type Promise = fn(&Bench) -> Vec<Row>;

/// Each with the name that picks it on the command line.
const PROMISES: &[(&str, Promise)] = &[
    ("page", stampede::page),
    ("page-during-changes", stampede::page_during_changes),
    ("page-identity", stampede::page_uncompressed),
    ("not-modified", stampede::not_modified),
    ("programs", stampede::programs),
    ("cold", stampede::cold),
    ("new-version", new_version::new_version),
    ("fanout", fanout::fanout),
    ("seen", seen::seen),
    ("writes", writes::writes),
    ("start", footprint::start),
    ("idle", footprint::idle),
    ("socket-memory", footprint::socket_memory),
    ("returns", returns::returns),
    ("neighbours", neighbours::neighbours),
    ("tenants", tenants::tenants),
    ("worst", worst::worst),
];

/// Files for everything beside the sockets that are counted.
const OTHER_FILES: usize = 5_000;

/// However slow the machine is, it ends.
const LONGEST: Duration = Duration::from_secs(720);

/// Measures what docs/PERFORMANCE.md promises. Without names: everything, and writes it there.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    /// Only these promises; nothing is written then.
    promises: Vec<String>,
    /// Open sockets in the rows that count them.
    #[arg(long, default_value_t = 10_000)]
    sockets: usize,
    /// A PostgreSQL server in which databases may be made, for the rows that are measured on both engines.
    #[arg(long, env = "CANDOR_TEST_POSTGRES", value_name = "URL")]
    postgres: Option<String>,
    /// Serves the yardstick in a process of its own.
    #[arg(long, hide = true)]
    yardstick: Option<SocketAddr>,
    /// What cargo tells every bench.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What every promise is measured with: the server, its yardstick and their visitors, each on
/// threads of its own.
struct Bench {
    visitors: Runtime,
    candor: Candor,
    yardstick: Yardstick,
    sockets: usize,
    postgres: Option<String>,
}

fn main() {
    let arguments = Arguments::parse();
    if let Some(address) = arguments.yardstick {
        yardstick::serve_alone(address);
        return;
    }
    let known = |name: &str| PROMISES.iter().any(|(known, _)| *known == name);
    if let Some(unknown) = arguments.promises.iter().find(|name| !known(name)) {
        let names: Vec<_> = PROMISES.iter().map(|(name, _)| *name).collect();
        eprintln!("There is no promise {unknown}. There are: {}", names.join(", "));
        std::process::exit(2);
    }
    std::thread::spawn(|| {
        std::thread::sleep(LONGEST);
        eprintln!("Given up: this took longer than {} seconds.", LONGEST.as_secs());
        std::process::exit(1);
    });
    let bench = Bench {
        visitors: machine::threads("visitors"),
        candor: Candor::start(),
        yardstick: Yardstick::new(),
        postgres: arguments.postgres.filter(|url| url != "none"),
        // Where fewer files may be open there are fewer, and every row says how many.
        sockets: arguments.sockets.min(machine::files_most().saturating_sub(OTHER_FILES)).max(100),
    };
    let mut report = Report::begin(&bench);
    for (name, measure) in PROMISES {
        if arguments.promises.is_empty() || arguments.promises.iter().any(|wanted| wanted == name) {
            for row in measure(&bench) {
                report.add(row);
            }
        }
    }
    println!("\n{}", report.notes());
    if arguments.promises.is_empty() {
        report.write();
    }
}
