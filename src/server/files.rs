//! Files that only the account that runs Candor may read: the database, its key, exports.

use std::{
    fs::{DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// A new file that nobody else may read or write.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] when there is one, and whatever the system says.
pub fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes the folder of a file and those above it where they are missing; nobody else may enter what is made.
///
/// # Errors
/// Whatever the system says.
pub fn create_folder_of(file: &Path) -> io::Result<()> {
    let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Takes a file that is there from everybody else. Where that cannot be done, because it belongs to another
/// account, the log says so.
pub fn close_to_others(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let Ok(there) = std::fs::metadata(path) else { return };
        let mode = there.permissions().mode() & 0o777;
        if mode & 0o077 == 0 {
            return;
        }
        match std::fs::set_permissions(path, Permissions::from_mode(mode & 0o700)) {
            Ok(()) => {
                tracing::warn!(file = %path.display(), "file was readable by other users; permissions fixed");
            }
            Err(error) => {
                tracing::warn!(file = %path.display(), %error, "file is readable by other users; run chmod 600 on it, or make the user that runs Candor its owner");
            }
        }
    }
}

/// Where a file is written until it is whole.
pub fn partial(path: &Path) -> PathBuf {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    partial.into()
}

/// Writes a file that nobody else may read: whole, or not at all.
///
/// # Errors
/// Whatever the system says.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let partial = partial(path);
    let written = begin(&partial).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        finish(&file, &partial, path)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    written
}

/// Creates the partial file anew: one that was left behind may be readable by others.
///
/// # Errors
/// Whatever the system says.
pub fn begin(partial: &Path) -> io::Result<File> {
    let _ = std::fs::remove_file(partial);
    create_new(partial)
}

/// Gives a partial file, which is whole now, its name.
///
/// # Errors
/// Whatever the system says.
pub fn finish(file: &File, partial: &Path, path: &Path) -> io::Result<()> {
    file.sync_all()?;
    std::fs::rename(partial, path)?;
    // The name outlives a power failure only once the folder is on the disk too.
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
