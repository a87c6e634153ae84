//! A page as PDF, by a program of the system that prints: a browser without a window, or wkhtmltopdf.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::ExportError;
use avar_base::files::write_whole;
use avar_base::job::{CancelToken, Cancelled};

/// In the order in which they are tried.
const BROWSERS: [&str; 7] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "chrome", "msedge"];
const CONVERTER: &str = "wkhtmltopdf";

/// A large report takes a few seconds; a program that takes longer waits for something that never comes.
const LONGEST_PRINT: Duration = Duration::from_secs(120);

pub(super) fn program_names() -> String {
    format!("{}, {CONVERTER}", BROWSERS.join(", "))
}

/// Prints the page to `out`, which appears whole or not at all.
pub(super) fn print(page: &str, out: &Path, cancel: &CancelToken) -> Result<(), ExportError> {
    let folders: Vec<PathBuf> =
        std::env::var_os("PATH").map(|paths| std::env::split_paths(&paths).collect()).unwrap_or_default();
    let Some(program) = find_program(&folders) else { return Err(ExportError::NoPrinter { path: out.to_owned() }) };
    print_with(&program, page, out, cancel)
}

fn find_program(folders: &[PathBuf]) -> Option<PathBuf> {
    let names = BROWSERS.into_iter().chain([CONVERTER]);
    names.flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file())
}

fn print_with(program: &Path, page: &str, out: &Path, cancel: &CancelToken) -> Result<(), ExportError> {
    let failed = |reason: String| ExportError::NotPrinted {
        program: program.display().to_string(),
        reason,
        path: out.to_owned(),
    };
    let folder = tempfile::tempdir().map_err(|error| failed(error.to_string()))?;
    let (html, pdf) = (folder.path().join("report.html"), folder.path().join("report.pdf"));
    std::fs::write(&html, page).map_err(|error| failed(error.to_string()))?;
    let child = Command::new(program)
        .args(arguments(program, folder.path(), &html, &pdf))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    wait(child, cancel)?.map_err(failed)?;
    let bytes = std::fs::read(&pdf).map_err(|_| failed("it wrote nothing".to_owned()))?;
    if !bytes.starts_with(b"%PDF") {
        return Err(failed("what it wrote is no PDF".to_owned()));
    }
    Ok(write_whole(out, |file| file.write_all(&bytes))?)
}

/// A profile of its own, so that a browser that is open is left alone.
fn arguments(program: &Path, folder: &Path, html: &Path, pdf: &Path) -> Vec<OsString> {
    if program.file_stem().is_some_and(|name| name == CONVERTER) {
        return vec!["--quiet".into(), html.into(), pdf.into()];
    }
    let option = |name: &str, path: &Path| {
        let mut text = OsString::from(name);
        text.push(path);
        text
    };
    let mut arguments: Vec<OsString> =
        ["--headless", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer"].map(OsString::from).to_vec();
    // A browser that runs as the system's administrator, as in a container, refuses its own sandbox.
    if cfg!(unix) && std::env::var_os("HOME").is_some_and(|home| home == "/root") {
        arguments.push("--no-sandbox".into());
    }
    arguments.push(option("--user-data-dir=", &folder.join("profile")));
    arguments.push(option("--print-to-pdf=", pdf));
    arguments.push(option("file://", html));
    arguments
}

/// The outer error is a cancel, the inner one a reason.
fn wait(mut child: Child, cancel: &CancelToken) -> Result<Result<(), String>, Cancelled> {
    let started = Instant::now();
    loop {
        let reason = match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(Ok(())),
            Ok(Some(status)) => return Ok(Err(status.to_string())),
            Ok(None) if cancel.is_cancelled() => None,
            Ok(None) if started.elapsed() > LONGEST_PRINT => Some("it did not come to an end".to_owned()),
            Ok(None) => {
                std::thread::sleep(Duration::from_millis(20));
                continue;
            }
            Err(error) => Some(error.to_string()),
        };
        // It may have ended by itself meanwhile.
        _ = child.kill();
        _ = child.wait();
        return reason.map_or(Err(Cancelled), |reason| Ok(Err(reason)));
    }
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "a test says where")]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// A program that does what the script says; its last argument but one, or an option, names the PDF.
    fn program(folder: &Path, name: &str, script: &str) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[test]
    fn a_browser_comes_before_the_converter_and_none_is_said_so() {
        let folder = tempfile::tempdir().unwrap();
        let folders = [folder.path().to_owned()];
        assert_eq!(find_program(&folders), None);
        let converter = program(folder.path(), CONVERTER, "exit 0");
        assert_eq!(find_program(&folders), Some(converter));
        let browser = program(folder.path(), "google-chrome", "exit 0");
        assert_eq!(find_program(&folders), Some(browser));
        let sentence = ExportError::NoPrinter { path: "a/report.pdf".into() }.to_string();
        assert!(sentence.contains("wkhtmltopdf") && sentence.ends_with("a/report.pdf"), "{sentence}");
    }

    #[test]
    fn what_the_program_prints_is_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("report.pdf");
        let converter = program(folder.path(), CONVERTER, "(printf '%%PDF '; cat \"$2\") > \"$3\"");
        print_with(&converter, "<p>page</p>", &out, &CancelToken::default()).unwrap();
        assert_eq!(std::fs::read_to_string(&out).unwrap(), "%PDF <p>page</p>");
        let script = "for a in \"$@\"; do case $a in --print-to-pdf=*) printf '%%PDF-1' > \"${a#*=}\";; esac; done";
        let browser = program(folder.path(), "chromium", script);
        print_with(&browser, "<p>page</p>", &out, &CancelToken::default()).unwrap();
        assert_eq!(std::fs::read_to_string(&out).unwrap(), "%PDF-1");
    }

    #[test]
    fn a_program_that_fails_leaves_no_file_and_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("report.pdf");
        for (script, reason) in [("exit 3", "3"), ("exit 0", "nothing"), ("echo text > \"$3\"", "no PDF")] {
            let converter = program(folder.path(), CONVERTER, script);
            let sentence = print_with(&converter, "", &out, &CancelToken::default()).unwrap_err().to_string();
            assert!(sentence.contains(CONVERTER) && sentence.contains(reason), "{sentence}");
            assert!(!out.exists());
        }
    }

    #[test]
    fn a_cancel_ends_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let converter = program(folder.path(), CONVERTER, "exec sleep 600");
        let cancel = CancelToken::default();
        cancel.cancel();
        let error = print_with(&converter, "", &folder.path().join("report.pdf"), &cancel).unwrap_err();
        assert!(matches!(error, ExportError::Cancelled(_)));
    }
}
