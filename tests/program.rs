//! The built program, run.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// How a run of the program ended.
pub(crate) struct Run {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    pub(crate) fn stderr_lines(&self) -> Vec<&str> {
        self.stderr.lines().collect()
    }

    /// Standard output as one JSON document.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.stdout))
    }

    #[track_caller]
    pub(crate) fn expect_status(self, status: i32) -> Self {
        assert_eq!(self.status, Some(status), "stdout:\n{}stderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// Runs the built program without a display; its sample and its log stay within the folder of the build.
pub(crate) fn avar<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Run {
    avar_with(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"), None, arguments)
}

/// As [`avar`], with a cache folder of its own and a level of its log.
pub(crate) fn avar_with<I: AsRef<OsStr>>(
    cache: &Path,
    log_level: Option<&str>,
    arguments: impl IntoIterator<Item = I>,
) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_avar"));
    command.args(arguments).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command.env("XDG_CACHE_HOME", cache).env_remove("AVAR_LOG").envs(log_level.map(|level| ("AVAR_LOG", level)));
    let output = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program prints UTF-8");
    Run { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
