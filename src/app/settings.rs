//! What the window remembers from one time to the next: one small file in the user's folder for settings.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use avar_base::files::write_whole;
use avar_labels::Hysteresis;

use super::APP_ID;
use super::keymap::KeyMap;
use super::state::{Panels, SCALES, State};

/// As they are written; what a file does not say is as at first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub is_dark: bool,
    pub has_overlay: bool,
    pub panels: Panels,
    /// All sizes are multiplied by this.
    pub scale: f32,
    /// 0 to 1.
    pub volume: f32,
    pub is_muted: bool,
    /// How much later than its device says the sound is heard.
    pub extra_latency_ms: i32,
    /// When events open and close, of recordings whose review has no rule of its own.
    pub rule: Hysteresis,
    /// Who decides; empty: as the system names who is at work.
    pub author: String,
    pub keys: KeyMap,
    /// For reviews of recordings whose own folder cannot be written; empty: none.
    pub review_folder: PathBuf,
    /// The recordings that were open last, by absolute paths; those without a name in Unicode are not remembered.
    pub queue: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            is_dark: true,
            has_overlay: true,
            panels: Panels::default(),
            scale: 1.0,
            volume: 1.0,
            is_muted: false,
            extra_latency_ms: 0,
            rule: Hysteresis::default(),
            author: String::new(),
            keys: KeyMap::default(),
            review_folder: PathBuf::new(),
            queue: Vec::new(),
        }
    }
}

/// A page of settings and a long queue, and not a disk image.
const MOST_BYTES: u64 = 16 << 20;
const LONGEST_QUEUE: usize = 10_000;

/// What is open; where that is nothing, what was open last time.
fn queue_of(state: &State) -> Vec<String> {
    if state.queue.is_empty() {
        return state.last_queue.clone();
    }
    let named = |path: &PathBuf| std::path::absolute(path).ok()?.to_str().map(str::to_owned);
    state.queue.iter().filter_map(|recording| named(&recording.path)).take(LONGEST_QUEUE).collect()
}

impl Settings {
    /// Where they lie for this user.
    pub fn path() -> PathBuf {
        let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config"));
        config.or_else(home).unwrap_or_else(std::env::temp_dir).join(APP_ID).join("settings.json")
    }

    /// Those of a file, and where it cannot be read those at first with a sentence that says so.
    pub fn read(path: &Path) -> (Self, Option<String>) {
        let read = || -> io::Result<Self> {
            if std::fs::metadata(path)?.len() > MOST_BYTES {
                return Err(io::Error::other("it is larger than any settings are"));
            }
            Ok(serde_json::from_slice::<Self>(&std::fs::read(path)?)?.within_bounds())
        };
        match read() {
            Ok(settings) => (settings, None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Self::default(), None),
            Err(error) => {
                let sentence = format!(
                    "The settings cannot be read ({error}), so they are as at first; the next change writes them anew: {}",
                    path.display()
                );
                (Self::default(), Some(sentence))
            }
        }
    }

    /// Anybody may have edited the file.
    fn within_bounds(mut self) -> Self {
        let first = Self::default();
        self.volume = if self.volume.is_finite() { self.volume.clamp(0.0, 1.0) } else { first.volume };
        self.scale =
            if self.scale.is_finite() { self.scale.clamp(*SCALES.start(), *SCALES.end()) } else { first.scale };
        self.panels = self.panels.within_bounds();
        self.extra_latency_ms = self.extra_latency_ms.clamp(-1000, 1000);
        let Hysteresis { onset, offset, min_on_s, min_off_s } = self.rule;
        let is_share = |share: f32| (0.0..=1.0).contains(&share);
        let is_time = |seconds: f64| (0.0..=3600.0).contains(&seconds);
        let is_rule = is_share(onset) && is_share(offset) && offset <= onset && is_time(min_on_s) && is_time(min_off_s);
        self.rule = if is_rule { self.rule } else { first.rule };
        self
    }

    /// As the window is now.
    pub fn of(state: &State) -> Self {
        Self {
            is_dark: state.view.is_dark,
            has_overlay: state.view.has_overlay,
            panels: state.view.panels,
            scale: state.view.scale,
            volume: state.transport.volume,
            is_muted: state.transport.is_muted,
            extra_latency_ms: state.transport.extra_latency_ms,
            rule: state.own_rule,
            author: state.chosen_author.clone(),
            keys: state.keys.as_ref().clone(),
            review_folder: state.review_folder.clone().unwrap_or_default(),
            queue: queue_of(state),
        }
    }

    /// Makes the window so.
    pub fn apply(&self, state: &mut State) {
        state.view.is_dark = self.is_dark;
        state.view.has_overlay = self.has_overlay;
        state.view.panels = self.panels;
        state.view.scale = self.scale;
        state.transport.volume = self.volume;
        state.transport.is_muted = self.is_muted;
        state.transport.extra_latency_ms = self.extra_latency_ms;
        (state.hysteresis, state.own_rule) = (self.rule, self.rule);
        state.keys = Arc::new(self.keys.clone());
        state.review_folder = Some(self.review_folder.clone()).filter(|folder| folder.is_absolute());
        state.last_queue = self.queue.clone();
        state.chosen_author = self.author.clone();
        if !self.author.is_empty() {
            state.author = self.author.clone();
        }
    }

    /// Writes them, whole or not at all.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let failed = |reason: String| format!("The settings cannot be kept ({reason}): {}", path.display());
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.to_string()))?;
        write_whole(path, |file| file.write_all(&text)).map_err(|error| failed(error.reason.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_what_a_file_does_not_say_is_as_at_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/settings.json");
        assert_eq!(Settings::read(&path), (Settings::default(), None));
        let changed = Settings { is_dark: false, volume: 0.25, author: "K. Müller".to_owned(), ..Settings::default() };
        changed.write(&path).unwrap();
        assert_eq!(Settings::read(&path), (changed, None));
        std::fs::write(&path, r#"{"is_muted": true, "of a later program": 3}"#).unwrap();
        assert_eq!(Settings::read(&path), (Settings { is_muted: true, ..Settings::default() }, None));
    }

    #[test]
    fn a_damaged_file_is_told_and_nonsense_in_one_is_as_at_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        std::fs::write(&path, "{").unwrap();
        let (settings, sentence) = Settings::read(&path);
        assert_eq!(settings, Settings::default());
        assert!(sentence.unwrap().ends_with("settings.json"));
        let nonsense = r#"{"volume": 7, "extra_latency_ms": -99999,
            "rule": {"onset": 0.2, "offset": 0.9, "min_on_s": 1, "min_off_s": 1}}"#;
        std::fs::write(&path, nonsense).unwrap();
        let expected = Settings { extra_latency_ms: -1000, ..Settings::default() };
        assert_eq!(Settings::read(&path), (expected, None));
    }
}
