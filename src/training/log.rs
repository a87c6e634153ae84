//! The log of a training: one event a line, as JSON, in the folder of its checkpoints. Whoever holds it holds the folder.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

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
    let has_failed = AtomicBool::new(false);
    work(&|event: TrainingEvent| {
        if !matches!(event, TrainingEvent::Progress { .. })
            && let Err(reason) = write_line(&log, &event)
            && !has_failed.swap(true, Ordering::Relaxed)
        {
            // Said once: a record beside the checkpoints. A full disk ends the training where it writes those.
            let text =
                format!("the log cannot be written ({reason}), so it lacks lines from here on: {}", path.display());
            listen(TrainingEvent::Note { stage: event.stage(), text });
        }
        listen(event);
    })
}

fn write_line(log: &Mutex<impl Write>, event: &TrainingEvent) -> io::Result<()> {
    let json = serde_json::to_string(event)?;
    let mut log = log.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    writeln!(log, "{json}")
}

/// What earlier runs in `folder` told, nothing where there were none; lines that are none of ours are passed over.
pub fn told_before(folder: &Path) -> Result<Vec<TrainingEvent>, TrainingError> {
    let path = folder.join(LOG_FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()),
        Err(reason) if reason.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(reason) => Err(TrainingError::Log { reason, path }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::progress::Stage;
    use super::*;

    fn note(text: &str) -> TrainingEvent {
        TrainingEvent::Note { stage: Stage::Data, text: text.to_owned() }
    }

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

    #[test]
    fn what_was_told_is_read_again_and_what_is_none_of_ours_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(told_before(folder.path()).unwrap(), []);
        let tell = |listen: Listen| {
            listen(note("one"));
            listen(TrainingEvent::Progress { stage: Stage::Data, done: 1, of: 2 });
            Ok(())
        };
        recorded(folder.path(), &|_| {}, tell).unwrap();
        let mut log = File::options().append(true).open(folder.path().join(LOG_FILE)).unwrap();
        log.write_all(b"{\"event\": \"note\", \"sta").unwrap();
        assert_eq!(told_before(folder.path()).unwrap(), [note("one")]);
    }

    #[test]
    fn a_log_that_cannot_be_read_is_said_by_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(LOG_FILE), [0xff, 0xfe]).unwrap();
        let sentence = told_before(folder.path()).unwrap_err().to_string();
        assert!(sentence.ends_with(LOG_FILE), "{sentence}");
    }

    /// Where every write fails as on a full disk.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_line_that_cannot_be_written_is_told_once_and_ends_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/full", folder.path().join(LOG_FILE)).unwrap();
        let told = Mutex::new(Vec::new());
        let tell = |listen: Listen| {
            ["one", "two"].iter().for_each(|text| listen(note(text)));
            Ok(())
        };
        recorded(folder.path(), &|event| told.lock().unwrap().push(event), tell).unwrap();
        let told = told.into_inner().unwrap();
        let [TrainingEvent::Note { text, .. }, one, two] = &told[..] else { panic!("{told:?}") };
        assert!(text.starts_with("the log cannot be written") && text.ends_with(LOG_FILE), "{text}");
        assert_eq!((one, two), (&note("one"), &note("two")));
    }
}
