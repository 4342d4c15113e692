//! The files that a server keeps: nobody else on the machine reads them.

use crate::support::{Engine, TestServer};
use candor::server::{
    config::{Command, CommandLine, SecretKey, secret_key},
    db::Db,
};
use clap::Parser;
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

fn folder() -> PathBuf {
    let name = candor::domain::ids::id_text(rand::random());
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("candor_files_{name}"))
}

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn database_files_are_private() {
    let server = TestServer::start(Engine::Sqlite).await.unwrap();
    server.person("ana").await;
    let file = server.database_url().strip_prefix("sqlite:").unwrap();
    for beside in ["", "-wal", "-shm"] {
        assert_eq!(mode(format!("{file}{beside}")), 0o600, "{beside}");
    }
    // What an older version, or a restored back-up, left open is closed at the next start.
    for beside in ["", "-wal", "-shm"] {
        fs::set_permissions(format!("{file}{beside}"), Permissions::from_mode(0o644)).unwrap();
    }
    let _second = server.second().await;
    for beside in ["", "-wal", "-shm"] {
        assert_eq!(mode(format!("{file}{beside}")), 0o600, "{beside}");
    }
}

#[tokio::test]
async fn database_folder_is_private() {
    let folder = folder();
    let file = folder.join("data/candor.db");
    drop(Db::open(&format!("sqlite:{}", file.display())).await.unwrap());
    assert_eq!((mode(&folder), mode(folder.join("data")), mode(&file)), (0o700, 0o700, 0o600));
    fs::remove_dir_all(folder).unwrap();
}

fn key_beside(database: &Path) -> std::io::Result<SecretKey> {
    let url = format!("sqlite:{}", database.display());
    let line = CommandLine::try_parse_from(["candor", "serve", "--database-url", &url]).unwrap();
    let Command::Serve(args) = line.command else { panic!("not serve") };
    secret_key(&args)
}

/// A key that was not written whole does not stop the next start; one that was is not replaced.
#[test]
fn key_file_is_private_and_survives_a_crash() {
    let folder = folder();
    let (database, file) = (folder.join("candor.db"), folder.join("candor.key"));
    let first = key_beside(&database).unwrap();
    assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
    assert_eq!(key_beside(&database).unwrap().0, first.0, "it stays");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");

    fs::write(&file, "").unwrap();
    fs::write(folder.join("candor.key.partial"), "0123").unwrap();
    let second = key_beside(&database).unwrap();
    assert_ne!(second.0, first.0);
    assert_eq!((key_beside(&database).unwrap().0, mode(&file)), (second.0, 0o600));

    fs::write(&file, "0123").unwrap();
    let error = key_beside(&database).unwrap_err().to_string();
    assert!(
        error.contains("candor.key") && error.contains("delete it") && error.contains("CANDOR_SECRET_KEY"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&file).unwrap(), "0123", "it may be somebody's");
    fs::remove_dir_all(folder).unwrap();
}
