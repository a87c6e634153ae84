//! What the documents say of files, keys and commands is so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use avar::app::command::{Action, ActionGroup};
use avar::app::evaluate::command::EvaluateAction;
use avar::app::shortcut::Shortcut;

use crate::program::avar;

/// Folders whose files documents name by their path.
const FOLDERS: [&str; 9] = ["assets", "benches", "docs", "fuzz", "screenshots", "scripts", "src", "tests", "weights"];
/// Named, and there only once something has made them.
const MADE: [&str; 3] = ["fuzz/artifacts", "fuzz/corpus", "weights/backbones-full.safetensors"];

struct Document {
    /// From the project's folder.
    path: PathBuf,
    text: String,
}

impl Document {
    fn read(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let text = std::fs::read_to_string(at_root(&path));
        Self { text: text.unwrap_or_else(|error| panic!("{error}: {}", path.display())), path }
    }

    /// Where its links lead, other projects apart: a path from this document, and a heading behind `#` in it.
    fn links(&self) -> impl Iterator<Item = (&str, &str)> {
        let targets = self.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        targets.filter(|target| !target.contains("://")).map(|target| target.split_once('#').unwrap_or((target, "")))
    }

    /// The file that a link leads to, from the project's folder.
    fn linked(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.path.clone() } else { self.path.with_file_name(path) }
    }

    /// Pieces of code: what stands between backticks, and lines.
    fn code(&self) -> impl Iterator<Item = &str> {
        self.text.split(['`', '\n'])
    }

    /// The part below a heading of the second level.
    fn section(&self, heading: &str) -> Option<&str> {
        self.text.split("\n## ").find_map(|part| part.strip_prefix(heading)?.strip_prefix('\n'))
    }
}

fn at_root(path: &Path) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The pages below `docs`.
fn pages() -> Vec<PathBuf> {
    let files = std::fs::read_dir(at_root(Path::new("docs"))).unwrap().map(|entry| entry.unwrap().file_name());
    let mut pages: Vec<PathBuf> = files.map(|name| Path::new("docs").join(name)).collect();
    pages.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    pages.sort();
    pages
}

fn documents() -> Vec<Document> {
    let others = ["README.md", "CONTRIBUTING.md", "benches/README.md", "weights/README.md"];
    let of_crates = ["src/kernels/README.md", "src/media/README.md"];
    others.iter().chain(&of_crates).map(PathBuf::from).chain(pages()).map(Document::read).collect()
}

/// As a heading is linked to: "The log" by `#the-log`.
fn anchor(heading: &str) -> String {
    let letters = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-'));
    letters.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    for document in documents() {
        for (path, heading) in document.links() {
            let file = document.linked(path);
            assert!(at_root(&file).exists(), "{} links to {path}", document.path.display());
            if !heading.is_empty() {
                let target = Document::read(file);
                let headings = target.text.lines().filter(|line| line.starts_with('#'));
                let is_there = headings.map(|line| anchor(line.trim_start_matches('#'))).any(|known| known == heading);
                assert!(is_there, "{} links to {path}#{heading}", document.path.display());
            }
        }
    }
}

#[test]
fn every_path_that_is_named_is_there() {
    for document in documents() {
        let words = document.code().flat_map(str::split_whitespace);
        let words = words.map(|word| word.trim_matches(['(', ')', ',', '.', ';', ':']));
        for word in words.filter(|word| is_path(word) && !MADE.contains(word)) {
            assert!(at_root(Path::new(word)).exists(), "{} names {word}", document.path.display());
        }
    }
}

/// Patterns apart.
fn is_path(word: &str) -> bool {
    let is_in_folder = word.split_once('/').is_some_and(|(folder, _)| FOLDERS.contains(&folder));
    is_in_folder && !word.contains(['*', '…', '<', '('])
}

#[test]
fn every_page_is_one_link_from_the_readme() {
    let readme = Document::read("README.md");
    let linked: BTreeSet<PathBuf> = readme.links().map(|(path, _)| readme.linked(path)).collect();
    for Document { path, .. } in documents().iter().filter(|document| !document.path.starts_with("src")) {
        assert!(*path == readme.path || linked.contains(path), "the README does not link to {}", path.display());
    }
}

#[test]
fn the_page_of_keys_has_every_shortcut_as_the_window_has_it() {
    let page = Document::read("docs/keys.md").text;
    let keys = |shortcuts: Vec<Shortcut>| {
        let quoted: Vec<String> = shortcuts.iter().map(|shortcut| format!("`{}`", shortcut.text())).collect();
        quoted.join(" or ")
    };
    let table = |rows: Vec<(String, &str)>| {
        let rows: String = rows.iter().map(|(keys, label)| format!("| {keys} | {label} |\n")).collect();
        format!("\n\n| Key | Action |\n|---|---|\n{rows}\n")
    };
    for group in ActionGroup::ALL {
        let actions = Action::ALL.into_iter().filter(|action| action.group() == group);
        let with_keys = actions.filter(|action| !action.first_shortcuts().is_empty());
        let rows = with_keys.map(|action| (keys(action.first_shortcuts()), action.label())).collect();
        let expected = format!("\n### {}{}", group.label(), table(rows));
        assert!(page.contains(&expected), "docs/keys.md should have:\n{expected}");
    }
    let rows = EvaluateAction::ALL.into_iter().map(|action| (keys(vec![action.shortcut()]), action.label())).collect();
    let expected = table(rows);
    assert!(page.contains(&expected), "docs/keys.md should have, below Evaluate:{expected}");
}

/// What `avar COMMAND --help` says.
struct Help {
    /// None of the program itself.
    command: Vec<String>,
    options: BTreeSet<String>,
}

impl Help {
    /// Of a command and of those below it.
    fn of(command: Vec<String>) -> Vec<Self> {
        let text = avar(command.iter().map(String::as_str).chain(["--help"])).expect_status(0).stdout;
        let listed = text.split_once("\nCommands:\n").map_or("", |(_, rest)| rest.split("\n\n").next().unwrap_or(rest));
        let names = listed.lines().filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
        let below = names.map(|name| [&command[..], &[name.to_owned()]].concat()).flat_map(Self::of);
        let own = Self { options: text.lines().flat_map(options_of_line).collect(), command: command.clone() };
        [own].into_iter().chain(below.collect::<Vec<_>>()).collect()
    }
}

/// Those that a line of help is about; what it says of them stands behind two spaces, or further in.
fn options_of_line(line: &str) -> BTreeSet<String> {
    let option = line.trim_start();
    let is_about_one = option.starts_with('-') && line.len() - option.len() <= 6;
    let name = option.split("  ").next().filter(|_| is_about_one);
    name.into_iter().flat_map(options_in).map(str::to_owned).collect()
}

/// Words such as `--out`.
fn options_in(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_lowercase() && c != '-');
    words.filter(|word| word.strip_prefix("--").is_some_and(|name| name.starts_with(|c: char| c.is_ascii_lowercase())))
}

#[test]
fn the_page_of_the_command_line_has_every_command_and_option_and_no_other() {
    let page = Document::read("docs/command-line.md");
    let shared: BTreeSet<&str> = options_in(page.section("Which network").unwrap()).collect();
    for Help { command, options } in Help::of(Vec::new()) {
        let heading = ["avar"].into_iter().chain(command.first().map(String::as_str)).collect::<Vec<_>>().join(" ");
        let section = page.section(&heading).unwrap_or_else(|| panic!("docs/command-line.md has no part on {heading}"));
        let named: BTreeSet<&str> = options_in(section).collect();
        for option in options.iter().map(String::as_str).filter(|option| !["--help", "--version"].contains(option)) {
            assert!(named.contains(option) || shared.contains(option), "{heading} has {option}, the page has not");
        }
        // Of a command that is only a name for others, their options are named.
        let stands_alone = options.len() > 1;
        for option in named.into_iter().filter(|_| stands_alone) {
            assert!(options.contains(option), "{heading} has no {option}, the page has");
        }
    }
}

#[test]
fn every_command_that_a_document_gives_is_one() {
    let known = Help::of(Vec::new());
    let makefile = Document::read("Makefile").text;
    for document in documents() {
        let name = document.path.display();
        for code in document.code() {
            if let Some(target) = code.strip_prefix("make ").and_then(|rest| rest.split_whitespace().next()) {
                assert!(makefile.contains(&format!("\n{target}:")), "{name} says `{code}`");
            }
            let Some(arguments) = code.strip_prefix("avar ") else { continue };
            let command = arguments.split_whitespace().next().unwrap_or_default();
            if !command.starts_with(|c: char| c.is_ascii_lowercase()) || command == "help" {
                continue;
            }
            let is_it = |help: &&Help| help.command.first().is_some_and(|first| first == command);
            let helps: Vec<&Help> = known.iter().filter(is_it).collect();
            assert!(!helps.is_empty(), "{name} says `{code}`");
            for option in options_in(arguments) {
                assert!(helps.iter().any(|help| help.options.contains(option)), "{name} says `{code}`");
            }
        }
    }
}
