//! Crates from elsewhere and where they are at home, read from the manifests. Which of our own crates may name which
//! others needs no test: the compiler knows no more than the manifests say.

use std::path::Path;

use toml::Table;

/// Libraries, and the crates that alone depend on them: everybody else reaches what they do through these.
const HOMES: [(&[&str], &[&str]); 15] = [
    (&["ffmpeg-next", "ffmpeg-sys-next"], &["avar-media"]),
    (&["rodio", "cpal", "alsa"], &["avar-playback"]),
    (&["gemm"], &["avar-kernels"]),
    (&["candle-core", "candle-nn"], &["avar-kernels", "avar-model", "avar-training"]),
    (&["safetensors"], &["avar-model", "avar-training"]),
    (&["realfft"], &["avar-model"]),
    (&["hound"], &["avar-synth"]),
    (&["resvg"], &["avar-figures"]),
    (&["fontdb", "skrifa"], &["avar-figures", "avar-fonts"]),
    (&["hf-hub", "ureq"], &["avar-hub"]),
    (&["tracing-subscriber"], &["avar-log"]),
    (&["jiff"], &["avar-review"]),
    (&["roxmltree"], &["avar-interchange"]),
    (&["rfd"], &["avar-app"]),
    (&["clap"], &["avar"]),
];

/// The window's libraries.
const OF_WINDOWS: [&str; 6] = ["eframe", "egui", "egui_plot", "egui_material_icons", "egui_kittest", "wgpu"];

#[test]
fn a_library_is_named_by_the_crates_that_it_is_at_home_in_and_by_no_other() {
    let manifests = manifests();
    for (libraries, homes) in HOMES.into_iter().chain([(&OF_WINDOWS[..], &["avar", "avar-app"][..])]) {
        let depends = |manifest: &&Table| libraries.iter().any(|library| depends_on(manifest, library));
        let mut named_by: Vec<&str> = manifests.iter().filter(depends).map(name).collect();
        named_by.sort_unstable();
        assert_eq!(named_by, homes, "the crates that depend on one of {libraries:?}, and those that may");
    }
}

/// Of every crate of the workspace.
fn manifests() -> Vec<Table> {
    let root = read(Path::new("Cargo.toml"));
    let members = root["workspace"]["members"].as_array().expect("the workspace lists its members").clone();
    let of_members = members.iter().map(|member| {
        let folder = member.as_str().expect("a member is a folder");
        read(&Path::new(folder).join("Cargo.toml"))
    });
    of_members.chain([root.clone()]).collect()
}

fn read(path: &Path) -> Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{error}: {}", path.display()));
    text.parse().unwrap_or_else(|error| panic!("{error}: {}", path.display()))
}

fn name(manifest: &Table) -> &str {
    manifest["package"]["name"].as_str().expect("a package has a name")
}

/// On any system; what only tests and benchmarks need is left aside.
fn depends_on(manifest: &Table, library: &str) -> bool {
    let of_systems = manifest.get("target").and_then(|target| target.as_table()).into_iter().flatten();
    let tables = of_systems.filter_map(|(_, of_system)| of_system.as_table()).chain([manifest]);
    let kinds = ["dependencies", "build-dependencies"];
    tables.flat_map(|table| kinds.map(|kind| table.get(kind))).flatten().any(|listed| listed.get(library).is_some())
}
