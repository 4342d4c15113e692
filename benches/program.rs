//! The real program, and the yardstick, in processes of their own.

use crate::{
    candor::settings,
    machine::{self, Folder},
    visitors::request,
};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long anything may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// A program that serves, until this value goes away.
pub struct Program {
    child: Child,
    pub address: SocketAddr,
    /// From before it was started to its first answer.
    pub first_answer: Duration,
}

impl Program {
    /// `candor serve` on this database.
    pub fn candor(folder: &Folder, database_url: &str, more: &[&str], path: &str) -> Self {
        Self::candor_at(free_address(), folder, database_url, more, path)
    }

    /// The same at this address.
    pub fn candor_at(address: SocketAddr, folder: &Folder, database_url: &str, more: &[&str], path: &str) -> Self {
        let settings = settings(database_url, address);
        let words = settings.iter().map(String::as_str).chain(more.iter().copied());
        Self::start(Path::new(env!("CARGO_BIN_EXE_candor")), words, folder, address, path)
    }

    /// The yardstick, alone.
    pub fn yardstick(folder: &Folder) -> Self {
        let address = free_address();
        let this = std::env::current_exe().unwrap();
        Self::start(&this, ["--yardstick", &address.to_string()].into_iter(), folder, address, "/")
    }

    fn start<'a>(
        program: &Path,
        words: impl Iterator<Item = &'a str>,
        folder: &Folder,
        address: SocketAddr,
        path: &str,
    ) -> Self {
        let mut command = Command::new(program);
        // Nobody's settings but these.
        command.args(words).env_clear().current_dir(&folder.0).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Instant::now();
        let mut this = Self { child: command.spawn().unwrap(), address, first_answer: Duration::ZERO };
        let asked = request("GET", path, address, &[("connection", "close")], "");
        while !this.answers(&asked) {
            assert!(started.elapsed() < TIMEOUT, "{} answers", program.display());
            thread::sleep(Duration::from_millis(1));
        }
        this.first_answer = started.elapsed();
        this
    }

    fn answers(&self, request: &[u8]) -> bool {
        let Ok(mut stream) = TcpStream::connect(self.address) else { return false };
        let mut answer = Vec::new();
        stream.write_all(request).and_then(|()| stream.read_to_end(&mut answer)).is_ok()
            && answer.starts_with(b"HTTP/1.1 200")
    }

    /// Tells it to end, as a supervisor does, and waits until it has; how long that took.
    pub fn stop(mut self) -> Duration {
        let told = Instant::now();
        let kill = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(kill.unwrap().success(), "it is told to end");
        while self.child.try_wait().unwrap().is_none() {
            assert!(told.elapsed() < TIMEOUT, "it ends");
            thread::sleep(Duration::from_millis(1));
        }
        told.elapsed()
    }

    /// Resident memory.
    pub fn resident_kib(&self) -> f64 {
        machine::resident_kib(Some(self.child.id()))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
