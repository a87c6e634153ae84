//! `avar figure` and `avar report`, on a run that the program made itself.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A run of an untrained network over a clip with a picture and a sound file.
static RUN: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    avar_testing::write_clip(&folder.path().join("crash.mp4"), 2, true);
    avar_testing::write_wav(&folder.path().join("street.wav"), &avar_testing::tone(0, 16_000), 16_000);
    let manifest = folder.path().join("clips.csv");
    std::fs::write(&manifest, "path,label,start_s,end_s\ncrash.mp4,crash,0.5,1.5\nstreet.wav,normal,,\n").unwrap();
    let out = run_folder(folder.path());
    crate::program::avar(
        ["evaluate".as_ref(), "--untrained".as_ref(), "--manifest".as_ref(), manifest.as_os_str()]
            .into_iter()
            .chain(["--out".as_ref(), out.as_os_str()]),
    )
    .expect_status(0);
    folder
});

fn run_folder(folder: &Path) -> PathBuf {
    folder.join("run")
}

fn draw(name: &str, out: &Path) -> crate::program::Run {
    let run = run_folder(RUN.path());
    crate::program::avar([
        "figure".as_ref(),
        name.as_ref(),
        "--run".as_ref(),
        run.as_os_str(),
        "--out".as_ref(),
        out.as_os_str(),
    ])
}

#[test]
fn every_figure_is_a_drawing_a_picture_and_a_table() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["4", "5", "6", "7", "table-5"] {
        let out = folder.path().join(format!("{name}.svg"));
        draw(name, &out).expect_status(0);
        let svg = std::fs::read_to_string(&out).unwrap();
        assert!(svg.contains("untrained weights: these scores mean nothing"), "{name} says nothing of its weights");
        assert!(!svg.contains(RUN.path().to_str().unwrap()), "{name} names a folder");
        assert!(out.with_extension("png").is_file() && out.with_extension("csv").is_file(), "{name}");
    }
}

#[test]
fn the_curve_of_a_clip_has_the_frames_of_its_recording() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("5.svg");
    draw("5", &out).expect_status(0);
    let svg = std::fs::read_to_string(&out).unwrap();
    assert!(svg.contains("data:image/png;base64,") && !svg.contains("not found"));
}

#[test]
fn the_same_run_gives_the_same_report() {
    let folder = tempfile::tempdir().unwrap();
    let run = run_folder(RUN.path());
    let report = |name: &str| {
        let out = folder.path().join(name);
        crate::program::avar(["report".as_ref(), "--run".as_ref(), run.as_os_str(), "--out".as_ref(), out.as_os_str()])
            .expect_status(0);
        std::fs::read(out).unwrap()
    };
    let first = report("a.html");
    assert!(String::from_utf8_lossy(&first).contains("untrained weights"));
    assert_eq!(first, report("b.html"));
}

#[test]
fn letters_of_a_figure_come_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("6.svg");
    draw("6", &out).expect_status(0);
    let svg = std::fs::read_to_string(&out).unwrap();
    assert_eq!(svg.matches("@font-face{font-family:Roboto").count(), 2);
    let html = folder.path().join("report.html");
    let run = run_folder(RUN.path());
    crate::program::avar(["report".as_ref(), "--run".as_ref(), run.as_os_str(), "--out".as_ref(), html.as_os_str()])
        .expect_status(0);
    let html = std::fs::read_to_string(html).unwrap();
    assert_eq!(html.matches("@font-face").count(), 2, "once for the page, not for every figure");
    assert!(html.contains("font-src data:"));
}

#[test]
fn a_folder_without_a_run_is_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("6.svg");
    let arguments = ["figure".as_ref(), "6".as_ref(), "--run".as_ref(), folder.path().as_os_str()];
    let refused =
        crate::program::avar(arguments.into_iter().chain(["--out".as_ref(), out.as_os_str()])).expect_status(1);
    assert!(refused.stderr.contains("avar evaluate --out"), "{}", refused.stderr);
    assert!(!out.exists());
}
