//! What the system tells about itself and about processes.

use std::{
    collections::HashMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Runtime};

/// As many threads as the server would have, of this name.
pub fn threads(name: &str) -> Runtime {
    Builder::new_multi_thread().thread_name(name).enable_all().build().unwrap()
}

/// Processor time that all threads with such a name have taken so far.
pub fn processor_time(names: &[&str]) -> Duration {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return Duration::ZERO };
    let nanoseconds = tasks.flatten().filter_map(|task| {
        let name = fs::read_to_string(task.path().join("comm")).ok()?;
        names.iter().any(|wanted| name.starts_with(wanted)).then_some(())?;
        fs::read_to_string(task.path().join("schedstat")).ok()?.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// Processor time since the machine started, in ticks: all there was, what was used, and what this
/// process and those that it started used of it.
#[derive(Debug, Clone, Copy)]
pub struct Ticks {
    all: f64,
    used: f64,
    own: f64,
}

impl Ticks {
    pub fn now() -> Self {
        let numbers = |text: &str, from: usize, most: usize| -> Vec<f64> {
            text.split_whitespace().skip(from).take(most).map_while(|number| number.parse().ok()).collect()
        };
        // User, nice, system; then idle, waiting for disks, interrupts (also those of our packets), stolen.
        let machine = numbers(&fs::read_to_string("/proc/stat").unwrap_or_default(), 1, 8);
        let (all, used) = (machine.iter().sum(), machine.iter().take(3).sum());
        // Behind the name, which may hold spaces: of this process and of those it waited for.
        let own = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let own = numbers(own.rsplit(')').next().unwrap_or_default(), 11, 4).iter().sum();
        Self { all, used, own }
    }
    /// The part of the machine that others used since then, in percent.
    pub fn others_since(self, then: Self) -> f64 {
        100.0 * ((self.used - then.used) - (self.own - then.own)).max(0.0) / (self.all - then.all).max(1.0)
    }
}

/// Resident memory of a process in KiB; without one, of this.
pub fn resident_kib(process: Option<u32>) -> f64 {
    let process = process.map_or_else(|| "self".to_owned(), |id| id.to_string());
    field(&format!("/proc/{process}/status"), "VmRSS").split(' ').next().unwrap_or_default().parse().unwrap_or(f64::NAN)
}

/// Files that this process may have open.
pub fn files_most() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits.lines().find(|line| line.starts_with("Max open files"));
    files.and_then(|line| line.split_whitespace().nth(3)?.parse().ok()).unwrap_or(usize::MAX)
}

fn field(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let lines: HashMap<&str, &str> = text
        .lines()
        .rev()
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.trim(), value.trim()))
        .collect();
    lines.get(name).copied().unwrap_or("unknown").to_owned()
}

/// The machine in one line; `folder` is on the disk that is measured.
pub fn in_words(folder: &Path) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory: f64 = field("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse().unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{cores} cores of {} MHz ({}), {:.0} GiB of memory, Linux {}; a write of 4 KiB is on the disk after {:.1} ms (median)",
        field("/proc/cpuinfo", "cpu MHz").split('.').next().unwrap_or_default(),
        field("/proc/cpuinfo", "model name"),
        memory / 1024.0 / 1024.0,
        kernel.trim(),
        sync_milliseconds(folder),
    )
}

fn sync_milliseconds(folder: &Path) -> f64 {
    let mut file = fs::File::create(folder.join("sync")).unwrap();
    let times = (0..31).map(|_| {
        let started = Instant::now();
        file.write_all(&[0; 4096]).unwrap();
        file.sync_data().unwrap();
        started.elapsed().as_secs_f64() * 1e3
    });
    crate::rounds::median(times.collect())
}

/// A folder that goes away with this value.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        // Beside what cargo builds: a folder for temporary files may be in memory, where nothing is durable.
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
    /// An empty one in this one.
    pub fn within(parent: &Self, name: &str) -> Self {
        let path = parent.0.join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
