//! How much is kept: a level, or levels for parts of the program.

use tracing_subscriber::filter::{LevelFilter, Targets};

/// A level (`off`, `error`, `warn`, `info`, `debug`, `trace`) for what this program and FFmpeg tell, or a list as in
/// `warn,avar=info,ffmpeg=debug`, where a part of the program goes by its name in the log.
pub const LEVEL_VARIABLE: &str = "AVAR_LOG";

/// The parts that a lone level is for; all others, such as the driver of the display, tell what is wrong.
const OURS: [&str; 2] = ["avar", "ffmpeg"];
const OF_OTHERS: LevelFilter = LevelFilter::WARN;

/// [`LEVEL_VARIABLE`] cannot be read; what is kept is then the default.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{LEVEL_VARIABLE} is neither a level (off, error, warn, info, debug, trace) nor a list such as \
     warn,avar=info,ffmpeg=debug, and is passed over: {value}"
)]
pub struct LevelError {
    value: String,
}

/// What is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Levels(Targets);

impl Default for Levels {
    fn default() -> Self {
        Self::of_ours(LevelFilter::INFO)
    }
}

impl Levels {
    pub(crate) fn from_environment() -> Result<Self, LevelError> {
        match std::env::var_os(LEVEL_VARIABLE) {
            Some(value) => Self::from_text(&value.to_string_lossy()),
            None => Ok(Self::default()),
        }
    }

    fn from_text(text: &str) -> Result<Self, LevelError> {
        let refused = || LevelError { value: text.to_owned() };
        match text.trim().parse::<LevelFilter>() {
            _ if text.trim().is_empty() => Ok(Self::default()),
            Ok(LevelFilter::OFF) => Ok(Self(Targets::new())),
            Ok(level) => Ok(Self::of_ours(level)),
            Err(_) if text.contains('=') => text.trim().parse().map(Self).map_err(|_| refused()),
            Err(_) => Err(refused()),
        }
    }

    /// `None` where nothing is kept.
    pub(crate) fn targets(&self) -> Option<Targets> {
        let is_off = |(_, level): (&str, LevelFilter)| level == LevelFilter::OFF;
        let is_silent =
            self.0.iter().all(is_off) && self.0.default_level().is_none_or(|level| level == LevelFilter::OFF);
        (!is_silent).then(|| self.0.clone())
    }

    fn of_ours(level: LevelFilter) -> Self {
        Self(Targets::new().with_default(OF_OTHERS).with_targets(OURS.map(|target| (target, level))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    fn keeps(text: &str, target: &str, level: Level) -> bool {
        Levels::from_text(text).unwrap().targets().is_some_and(|targets| targets.would_enable(target, &level))
    }

    #[test]
    fn a_level_is_for_this_program_and_for_ffmpeg() {
        assert!(keeps("debug", "avar::media::open", Level::DEBUG) && keeps("debug", "ffmpeg", Level::DEBUG));
        assert!(!keeps("debug", "wgpu_core::device", Level::INFO) && keeps("debug", "wgpu_core::device", Level::WARN));
        assert!(keeps(" Error ", "avar_media", Level::ERROR) && !keeps("error", "avar_media", Level::WARN));
    }

    #[test]
    fn a_list_is_taken_as_it_is() {
        let list = "warn,avar=trace,ffmpeg=off";
        assert!(keeps(list, "avar::media", Level::TRACE) && keeps(list, "naga", Level::WARN));
        assert!(!keeps(list, "ffmpeg", Level::ERROR));
    }

    #[test]
    fn off_keeps_nothing_and_no_file() {
        assert_eq!(Levels::from_text("off").unwrap().targets(), None);
        assert!(Levels::default().targets().is_some());
    }

    #[test]
    fn what_is_no_level_is_refused_by_name() {
        assert_eq!(Levels::from_text(" "), Ok(Levels::default()), "a variable without a value is as good as none");
        for text in ["verbose", "avar=loud"] {
            let sentence = Levels::from_text(text).unwrap_err().to_string();
            assert!(sentence.starts_with("AVAR_LOG is neither") && sentence.ends_with(text), "{sentence}");
        }
    }
}
