//! What the server writes into its log about security, for all tests of a process.

use std::{
    io,
    sync::{Arc, LazyLock, Mutex},
};

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

static BUFFER: LazyLock<Buffer> = LazyLock::new(|| {
    let buffer = Buffer::default();
    let writer = buffer.clone();
    tracing_subscriber::fmt()
        .with_env_filter("off,candor::security=info")
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    buffer
});

/// Begins to keep the events of security. Tests run side by side: ask for words that are one test's alone.
pub fn keep_security_log() {
    LazyLock::force(&BUFFER);
}

/// The lines with all of these words.
pub fn security_log(words: &[&str]) -> Vec<String> {
    let text = String::from_utf8(BUFFER.0.lock().unwrap().clone()).unwrap();
    text.lines().filter(|line| words.iter().all(|word| line.contains(word))).map(str::to_owned).collect()
}
