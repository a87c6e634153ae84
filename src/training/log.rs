//! The log of a training: one event a line, as JSON, in the folder of its checkpoints. Whoever holds it holds the folder.

use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;

use super::error::TrainingError;
use super::progress::{Listen, TrainingEvent};
use avar_base::files::WriteError;

const LOG_FILE: &str = "log.jsonl";

/// Runs `work` with its events going to `listen` and, but for mere progress, to the log in `folder`, where those of
/// earlier runs stay. Two at once would write over each other's checkpoints: the second one is refused.
pub fn recorded<T>(
    folder: &Path,
    listen: Listen,
    work: impl FnOnce(Listen) -> Result<T, TrainingError>,
) -> Result<T, TrainingError> {
    let path = folder.join(LOG_FILE);
    let open = || {
        std::fs::create_dir_all(folder)?;
        File::options().create(true).append(true).open(&path)
    };
    let log = open().map_err(|reason| WriteError { path: path.clone(), reason })?;
    // Where the file system knows no locks, there is none.
    if let Err(TryLockError::WouldBlock) = log.try_lock() {
        return Err(TrainingError::FolderInUse(folder.to_owned()));
    }
    let log = Mutex::new(log);
    work(&|event: TrainingEvent| {
        if let (false, Ok(json)) = (matches!(event, TrainingEvent::Progress { .. }), serde_json::to_string(&event)) {
            let mut log = log.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            // A record beside the checkpoints: a full disk ends the training where it writes those.
            let _ = writeln!(log, "{json}");
        }
        listen(event);
    })
}

/// What earlier runs in `folder` told; lines that are none of ours are passed over.
pub fn told_before(folder: &Path) -> Vec<TrainingEvent> {
    let text = std::fs::read_to_string(folder.join(LOG_FILE)).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_which_one_trains_is_refused_to_another_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let train = |work: &dyn Fn() -> Result<(), TrainingError>| recorded(folder.path(), &|_| {}, |_| work());
        train(&|| {
            let error = train(&|| Ok(())).unwrap_err();
            assert!(matches!(error, TrainingError::FolderInUse(_)), "{error}");
            Ok(())
        })
        .unwrap();
        train(&|| Ok(())).unwrap();
    }
}
