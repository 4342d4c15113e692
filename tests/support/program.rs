//! The real program in a process of its own: what a test can stop, kill and starve.

use super::{
    Browser, aloud,
    database::{Database, Engine},
    eventually,
};
use std::{
    fs::File,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
};

/// `candor serve`, until this value goes away. It stays at its address when it is started again.
pub struct Program {
    child: Child,
    address: SocketAddr,
    client: reqwest::Client,
    log: PathBuf,
    database_url: String,
    // Dropped last: it takes the database away.
    database: Option<Database>,
}

impl Program {
    /// Serves a SQLite file that nobody else has.
    pub async fn start() -> Self {
        let database = Database::create(Engine::Sqlite).await.unwrap();
        Self::serve(database.url().to_owned(), Some(database)).await
    }

    /// Serves a database that is somebody else's.
    pub async fn on(database_url: &str) -> Self {
        Self::serve(database_url.to_owned(), None).await
    }

    async fn serve(database_url: String, database: Option<Database>) -> Self {
        // Somebody else might take it before the program does, but hardly on loopback.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .pool_max_idle_per_host(0)
            .build()
            .unwrap();
        let name = format!("candor_program_{}.log", candor::domain::ids::id_text(rand::random()));
        let log = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let child = spawn(&[], address, &database_url, &log);
        let this = Self { child, address, client, log, database_url, database };
        this.answers().await;
        this
    }

    /// Starts it again once it has ended, behind the words of another program that runs it.
    pub async fn start_again(&mut self, behind: &[&str]) {
        assert!(self.child.try_wait().unwrap().is_some(), "it has ended");
        self.child = spawn(behind, self.address, &self.database_url, &self.log);
        self.answers().await;
    }

    async fn answers(&self) {
        let health = format!("{}/health", self.url());
        eventually("the program answers", async || {
            let answer = self.client.get(&health).send().await;
            answer.is_ok_and(|answer| answer.status().is_success()).then_some(())
        })
        .await;
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A browser without any cookie.
    pub fn browser(&self) -> Browser {
        Browser::new(self.client.clone(), self.url(), self.address)
    }

    /// Sends it a signal: `TERM`, `KILL`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status();
        assert!(sent.unwrap().success(), "{name} is sent");
    }

    /// Waits until it has ended, at most ten seconds.
    pub async fn ended(&mut self) -> ExitStatus {
        let child = &mut self.child;
        eventually("the program ends", || std::future::ready(child.try_wait().unwrap())).await
    }

    /// From now on no file that it writes may become longer than so many bytes: as on a disk that is full.
    /// `None` lifts that.
    pub fn leave_room(&self, bytes: Option<u64>) {
        let most = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
        let process = self.child.id().to_string();
        let said = Command::new("prlimit").args(["--pid", &process, &format!("--fsize={most}:")]).status();
        assert!(said.unwrap().success(), "the room is limited to {most}");
    }

    /// Whether this machine can limit the room of a process, and if not, says so aloud.
    pub fn room_can_be_limited() -> bool {
        let there = Command::new("prlimit").arg("--version").stdout(Stdio::null()).status().is_ok();
        if !there {
            aloud("SKIPPED: without the program prlimit no disk can be full here");
        }
        there
    }

    /// The file of its database.
    pub fn file(&self) -> &Path {
        Path::new(self.database_url.strip_prefix("sqlite:").unwrap())
    }

    /// Runs one statement past the program.
    pub async fn execute(&self, statement: &str) {
        self.database.as_ref().unwrap().execute(statement).await;
    }

    /// The first column of what a query finds, as text, read past the program.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        self.database.as_ref().unwrap().texts(query).await
    }
}

/// Runs it with nobody's settings but these. A write beyond the room that is left shall fail as one
/// on a full disk does, not end the process: the shell sees to that.
fn spawn(behind: &[&str], address: SocketAddr, database_url: &str, log: &Path) -> Child {
    let log = File::options().create(true).append(true).open(log).unwrap();
    Command::new("/bin/sh")
        .args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"])
        .args(behind)
        .args([env!("CARGO_BIN_EXE_candor"), "serve", "--database-url", database_url])
        .args(["--addr", &address.to_string(), "--url", &format!("http://{address}")])
        .args(["--secret-key", &"0123456789abcdef".repeat(8)])
        .env_clear()
        // Where no .env lies, nor above it.
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            aloud(&std::fs::read_to_string(&self.log).unwrap_or_default());
        }
        let _ = std::fs::remove_file(&self.log);
    }
}
