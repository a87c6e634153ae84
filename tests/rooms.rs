//! The map of `src/lib.rs`, held to: a crate is named in its own room alone, and no arrow between rooms runs
//! backwards. The sources are read as text, so the rules hold under every feature and on every platform.

use std::path::{Path, PathBuf};

/// Crates with a room of their own, or two.
const HOMES: [(&[&str], &[&str]); 11] = [
    (&["memory"], &["libc"]),
    (&["media"], &["ffmpeg_next", "ffmpeg_sys_next"]),
    (&["playback"], &["rodio", "cpal", "alsa"]),
    (&["model", "training"], &["candle_core", "candle_nn", "candle_transformers", "safetensors"]),
    (&["model"], &["gemm", "cudarc"]),
    (
        &["app"],
        &[
            "eframe",
            "egui",
            "egui_extras",
            "egui_kittest",
            "egui_material_icons",
            "egui_plot",
            "egui_wgpu",
            "rfd",
            "wgpu",
            "winit",
        ],
    ),
    (&["dataset"], &["hound"]),
    (&["dataset", "figures"], &["tiny_skia"]),
    (&["figures"], &["resvg", "skrifa"]),
    (&["hub"], &["hf_hub", "ureq"]),
    (&["cli"], &["clap"]),
];

/// What each room may name. A room that is missing here may not exist before it has been given its arrows.
const ARROWS: [(&str, &[&str]); 23] = [
    ("classes", &[]),
    ("time", &[]),
    ("job", &[]),
    ("files", &[]),
    ("memory", &[]),
    ("paper", &[]),
    ("hysteresis", &[]),
    ("hub", &["files", "job"]),
    ("media", &["files", "time", "job"]),
    ("playback", &["media", "time", "job"]),
    ("model", &["classes", "time", "job"]),
    ("analysis", &["classes", "files", "hysteresis", "media", "model", "time", "job"]),
    ("dataset", &["classes", "files", "media", "time", "job"]),
    ("evaluation", &["classes", "dataset", "hysteresis"]),
    ("runs", &["classes", "dataset", "evaluation", "files"]),
    ("figures", &["classes", "evaluation", "files", "job", "paper", "runs"]),
    ("plates", &["evaluation", "figures", "files", "job", "media", "runs", "time"]),
    ("scoring", &["analysis", "classes", "dataset", "evaluation", "media", "model", "runs", "job"]),
    (
        "training",
        &["analysis", "classes", "dataset", "evaluation", "files", "media", "model", "paper", "scoring", "time", "job"],
    ),
    (
        "app",
        &[
            "classes",
            "files",
            "analysis",
            "dataset",
            "evaluation",
            "figures",
            "hysteresis",
            "media",
            "memory",
            "model",
            "plates",
            "playback",
            "runs",
            "scoring",
            "time",
            "training",
            "job",
        ],
    ),
    (
        "cli",
        &[
            "classes",
            "files",
            "app",
            "analysis",
            "dataset",
            "evaluation",
            "figures",
            "hysteresis",
            "hub",
            "media",
            "memory",
            "model",
            "plates",
            "playback",
            "runs",
            "scoring",
            "time",
            "training",
            "job",
        ],
    ),
    ("main", &["cli"]),
    ("lib", &[]),
];

#[test]
fn every_crate_is_named_in_its_own_room_alone() {
    let violations: Vec<String> = sources().iter().flat_map(misplaced_crates).collect();
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

#[test]
fn no_arrow_between_rooms_runs_backwards() {
    let violations: Vec<String> = sources().iter().flat_map(backward_arrows).collect();
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

#[test]
fn every_room_has_been_given_its_arrows() {
    let unknown: Vec<String> =
        sources().into_iter().map(|source| source.room).filter(|room| allowed(room).is_none()).collect();
    assert!(unknown.is_empty(), "rooms without a rule: {unknown:?}");
}

#[test]
fn a_crate_outside_its_room_is_found() {
    let planted = Source::new("src/model/x.rs", "use ffmpeg_next as ffmpeg;\nfn f() { rodio::open() }");
    assert_eq!(
        misplaced_crates(&planted),
        [
            "src/model/x.rs:1 names ffmpeg_next, which belongs to media",
            "src/model/x.rs:2 names rodio, which belongs to playback"
        ]
    );
}

#[test]
fn a_crate_in_a_comment_or_a_string_is_no_violation() {
    let text =
        "//! egui\n/* rodio /* clap */ rodio */ fn f<'a>() { (\"egui \\\" rfd\", r#\"clap \" wgpu\"#, '\"', 'x') }";
    assert_eq!(misplaced_crates(&Source::new("src/media/x.rs", text)), [""; 0]);
}

#[test]
fn a_backward_arrow_is_found_however_it_is_written() {
    let arrow = |path: &str, text: &str| backward_arrows(&Source::new(path, text));
    assert_eq!(arrow("src/media/x.rs", "\nuse crate::model::AvarNet;"), ["src/media/x.rs:2 names model from media"]);
    assert_eq!(
        arrow("src/media/x.rs", "use crate :: {time::A, app::{B, job}};"),
        ["src/media/x.rs:1 names app from media"]
    );
    assert_eq!(arrow("src/media/x.rs", "use super::super::cli;"), ["src/media/x.rs:1 names cli from media"]);
    assert_eq!(arrow("src/time.rs", "use super::job::Job;"), ["src/time.rs:1 names job from time"]);
    assert_eq!(arrow("src/analysis/mod.rs", "use super::app;"), ["src/analysis/mod.rs:1 names app from analysis"]);
    assert_eq!(arrow("src/main.rs", "fn main() { avar::app::run() }"), ["src/main.rs:1 names app from main"]);
}

#[test]
fn a_forward_arrow_is_let_through() {
    let text = "use crate::media::VideoReader;\nuse crate::analysis::scores::StepScore;\nuse super::job_queue;\nmod tests { use super::*; }";
    assert_eq!(backward_arrows(&Source::new("src/analysis/x.rs", text)), [""; 0]);
}

/// One file of `src/`, without its comments and strings.
struct Source {
    path: String,
    room: String,
    /// Modules from the crate's root down to this file.
    depth: usize,
    tokens: Vec<(usize, String)>,
}

impl Source {
    /// `path` from the repository, with slashes.
    fn new(path: &str, text: &str) -> Self {
        let parts: Vec<&str> = path.trim_start_matches("src/").trim_end_matches(".rs").split('/').collect();
        let depth = parts.len() - usize::from(parts.last() == Some(&"mod"));
        Self {
            path: path.to_owned(),
            room: parts[0].to_owned(),
            depth,
            tokens: tokens(&without_comments_and_strings(text)),
        }
    }

    fn token(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |(_, token)| token)
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    assert!(files.len() > 20, "the sources were not found");
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("a source file can be read");
        let name = path.strip_prefix(root).expect("it lies in the repository").to_string_lossy().replace('\\', "/");
        Source::new(&name, &text)
    };
    files.iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("a source folder can be read");
    for path in entries.map(|entry| entry.expect("a folder's entry can be read").path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

fn allowed(room: &str) -> Option<&'static [&'static str]> {
    ARROWS.iter().find(|(name, _)| *name == room).map(|(_, rooms)| *rooms)
}

fn misplaced_crates(source: &Source) -> Vec<String> {
    let home = |token: &str| HOMES.iter().find(|(_, crates)| crates.contains(&token)).map(|(rooms, _)| *rooms);
    let misplaced = source.tokens.iter().filter_map(|(line, token)| {
        let rooms = home(token).filter(|rooms| !rooms.contains(&source.room.as_str()))?;
        Some(format!("{}:{line} names {token}, which belongs to {}", source.path, rooms.join(" and ")))
    });
    misplaced.collect()
}

fn backward_arrows(source: &Source) -> Vec<String> {
    let named = named_rooms(source).into_iter().filter(|(_, room)| {
        let is_own = *room == source.room;
        !is_own && !allowed(&source.room).unwrap_or_default().contains(&room.as_str())
    });
    named.map(|(line, room)| format!("{}:{line} names {room} from {}", source.path, source.room)).collect()
}

/// Rooms reached through `crate::`, `avar::`, or as many `super::` as lead to the crate's root.
fn named_rooms(source: &Source) -> Vec<(usize, String)> {
    let is_room = |name: &str| allowed(name).is_some();
    let mut named = Vec::new();
    for (at, (line, token)) in source.tokens.iter().enumerate() {
        let is_path_start = source.token(at.wrapping_sub(1)) != "::";
        let mut next = at;
        match token.as_str() {
            "crate" | "avar" if is_path_start => next += 1,
            "super" if is_path_start => {
                let mut climbed = 0;
                while source.token(next) == "super" && source.token(next + 1) == "::" {
                    (climbed, next) = (climbed + 1, next + 2);
                }
                if climbed < source.depth {
                    continue;
                }
                next -= 1;
            }
            _ => continue,
        }
        if source.token(next) != "::" {
            continue;
        }
        if source.token(next + 1) != "{" {
            named.push((*line, source.token(next + 1).to_owned()));
            continue;
        }
        let mut nesting = 1;
        let mut inner = next + 2;
        while nesting > 0 && inner < source.tokens.len() {
            match source.token(inner) {
                "{" => nesting += 1,
                "}" => nesting -= 1,
                name if nesting == 1 && matches!(source.token(inner - 1), "{" | ",") => {
                    named.push((source.tokens[inner].0, name.to_owned()));
                }
                _ => {}
            }
            inner += 1;
        }
    }
    named.retain(|(_, room)| is_room(room));
    named
}

/// Names, `::` and single other characters, each with its line.
fn tokens(code: &str) -> Vec<(usize, String)> {
    let mut tokens = Vec::new();
    for (line, text) in code.lines().enumerate().map(|(index, text)| (index + 1, text)) {
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let is_name = |c: char| c.is_alphanumeric() || c == '_';
            let length = if is_name(first) {
                rest.find(|c| !is_name(c)).unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            tokens.push((line, rest[..length].to_owned()));
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

/// The same lines with what is not code taken out.
fn without_comments_and_strings(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let starts = |at: usize, pattern: &str| pattern.chars().enumerate().all(|(i, c)| chars.get(at + i) == Some(&c));
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = if starts(at, "//") {
            (at..chars.len()).find(|i| chars[*i] == '\n').unwrap_or(chars.len())
        } else if starts(at, "/*") {
            end_of_block_comment(at, &starts, chars.len())
        } else if let Some(end) = end_of_string(at, &chars) {
            end
        } else {
            code.push(chars[at]);
            at += 1;
            continue;
        };
        code.push(' ');
        code.extend(chars[at..end].iter().filter(|c| **c == '\n'));
        at = end;
    }
    code
}

fn end_of_block_comment(start: usize, starts: &impl Fn(usize, &str) -> bool, len: usize) -> usize {
    let (mut at, mut nesting) = (start + 2, 1);
    while nesting > 0 && at < len {
        let step = match (starts(at, "/*"), starts(at, "*/")) {
            (true, _) => 1,
            (_, true) => -1,
            _ => 0,
        };
        nesting += step;
        at += if step == 0 { 1 } else { 2 };
    }
    at.min(len)
}

/// The end of a string, raw string or character that begins at `start`; a lifetime is none.
fn end_of_string(start: usize, chars: &[char]) -> Option<usize> {
    let until = |from: usize, quote: char| {
        let mut at = from;
        while at < chars.len() && chars[at] != quote {
            at += if chars[at] == '\\' { 2 } else { 1 };
        }
        (at + 1).min(chars.len())
    };
    let follows_name = start > 0 && (chars[start - 1].is_alphanumeric() || chars[start - 1] == '_');
    match chars[start] {
        '"' => Some(until(start + 1, '"')),
        '\'' if chars.get(start + 1) == Some(&'\\') || chars.get(start + 2) == Some(&'\'') => {
            Some(until(start + 1, '\''))
        }
        'r' if !follows_name || chars[start - 1] == 'b' => {
            let hashes = chars[start + 1..].iter().take_while(|c| **c == '#').count();
            if chars.get(start + 1 + hashes) != Some(&'"') {
                return None;
            }
            let is_end = |at: &usize| {
                chars[*at] == '"' && chars[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
            };
            let close = (start + 2 + hashes..chars.len()).find(is_end).unwrap_or(chars.len());
            Some((close + 1 + hashes).min(chars.len()))
        }
        _ => None,
    }
}
