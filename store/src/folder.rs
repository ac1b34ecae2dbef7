//! The data folder of the embedded stores belongs to one process.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// The file in the folder that carries the lock and names its holder.
const LOCK_FILE: &str = "bursar.lock";

/// The right to use a folder, until it is dropped or the process ends, however it ends: the operating system keeps it.
#[derive(Debug)]
pub struct FolderLock {
    // Held for its lock.
    _file: File,
}

/// Why a folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderLockError {
    /// Another process has it.
    #[error("{folder} is in use by {}; what is embedded belongs to one process, several need Postgres and Redis", holder.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}")))]
    Held {
        /// The folder.
        folder: PathBuf,
        /// The holder's process id, if it could be read.
        holder: Option<u32>,
    },
    /// It can't be made or written to.
    #[error("{path} can't be used")]
    Unusable {
        /// The folder, or the file in it that carries the lock.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Makes a folder that nobody but its owner may look into; one that is there is left as it is.
///
/// # Errors
/// Where it can't be made.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Takes a folder for this process, and makes it first if there is none.
///
/// # Errors
/// [`FolderLockError::Held`] names the process that has it.
pub fn lock_folder(folder: &Path) -> Result<FolderLock, FolderLockError> {
    let unusable = |path: &Path| {
        let path = path.to_owned();
        move |source| FolderLockError::Unusable { path: path.clone(), source }
    };
    make_folder(folder).map_err(unusable(folder))?;
    let path = folder.join(LOCK_FILE);
    let unusable = unusable(&path);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(&unusable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let holder = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
            return Err(FolderLockError::Held { folder: folder.to_owned(), holder });
        }
        Err(TryLockError::Error(source)) => return Err(unusable(source)),
    }
    // Only the holder writes; what the one before left behind goes.
    file.set_len(0).map_err(&unusable)?;
    file.rewind().map_err(&unusable)?;
    writeln!(file, "{}", std::process::id()).map_err(&unusable)?;
    file.sync_data().map_err(&unusable)?;
    Ok(FolderLock { _file: file })
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_folder_belongs_to_one_and_the_other_hears_to_whom() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("new").join("data");
        let lock = lock_folder(&folder).unwrap();
        match lock_folder(&folder) {
            Err(FolderLockError::Held { holder, .. }) => assert_eq!(holder, Some(std::process::id())),
            other => panic!("{other:?}"),
        }
        let words = lock_folder(&folder).unwrap_err().to_string();
        assert!(words.contains(&format!("is in use by process {};", std::process::id())), "{words}");
        drop(lock);
        lock_folder(&folder).unwrap();
    }

    #[test]
    fn what_is_made_is_for_its_owner_alone_and_what_is_there_stays_as_it_is() {
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        let parent = tempfile::tempdir().unwrap();
        let (made, there) = (parent.path().join("made"), parent.path().join("there"));
        std::fs::create_dir(&there).unwrap();
        std::fs::set_permissions(&there, Permissions::from_mode(0o755)).unwrap();
        make_folder(&made).unwrap();
        make_folder(&there).unwrap();
        assert_eq!((mode(&made), mode(&there)), (0o700, 0o755));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = lock_folder(&file).unwrap_err();
        assert!(matches!(error, FolderLockError::Unusable { .. }), "{error:?}");
        assert!(error.to_string().contains("file"));
    }
}
