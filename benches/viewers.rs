//! Our side of `benches/peers/viewers.py`: opens the file and goes where a line on standard input says, and answers
//! with the seconds until the very frame is there. Without `--serve` (under `cargo bench`) it does nothing.

use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use avar::job::CancelToken;
use avar::media::{OpenedMedia, Opening, open_growing};
use avar::playback::{AudioOutput, FrameState, Player, PlayerOptions, SeekPrecision};
use avar::time::MediaTime;

/// What is on screen.
struct Viewer {
    player: Player,
    woken: Receiver<()>,
    /// The file, indexed further each time; the last one is whole.
    opened: Receiver<Option<OpenedMedia>>,
    is_whole: bool,
}

impl Viewer {
    /// As the window does: a long file is shown before it has been indexed to its end.
    fn open(path: PathBuf) -> Option<Self> {
        let (sender, opened) = channel();
        std::thread::spawn(move || {
            let begun = sender.clone();
            let whole = open_growing(&path, None, &CancelToken::default(), |news| {
                if let Opening::Begun(media) = news {
                    _ = begun.send(Some(media));
                }
            });
            _ = sender.send(whole.ok());
        });
        let media = opened.recv().ok()??;
        let is_whole = media.is_whole();
        let OpenedMedia { info, frames } = media;
        let (wake, woken) = channel();
        let wake = Arc::new(move || {
            _ = wake.send(());
        });
        let options = PlayerOptions { output: AudioOutput::Silent, ..PlayerOptions::default() };
        let player = Player::open(info, frames, options, wake).ok()?;
        let mut viewer = Self { player, woken, opened, is_whole };
        viewer.wait();
        Some(viewer)
    }

    /// So that all of the file can be gone to.
    fn index_to_the_end(&mut self) {
        while !self.is_whole
            && let Ok(Some(media)) = self.opened.recv()
        {
            self.is_whole = media.is_whole();
            if let Some(frames) = media.frames {
                self.player.extend(&media.info, frames);
            }
        }
    }

    fn wait(&mut self) {
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(20) {
            let view = self.player.view(Instant::now());
            if matches!(view.frame_state, FrameState::Exact | FrameState::None) {
                return;
            }
            _ = self.woken.recv_timeout(Duration::from_millis(20));
        }
    }

    fn go(&mut self, command: &str) {
        self.player.view(Instant::now());
        match command.split_once(' ') {
            None if command == "on" => self.player.step(1),
            None if command == "back" => self.player.step(-1),
            Some(("seek", seconds)) => {
                let offset = MediaTime::from_seconds(seconds.parse().expect("seconds"));
                self.player.seek(self.player.range().start + offset, SeekPrecision::Exact);
            }
            _ => panic!("no command is called {command}"),
        }
        self.wait();
    }
}

fn main() {
    if !std::env::args().any(|argument| argument == "--serve") {
        return;
    }
    let mut viewer: Option<Viewer> = None;
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("a line");
        let began = match line.strip_prefix("open ") {
            Some(path) => {
                drop(viewer.take());
                let began = Instant::now();
                viewer = Viewer::open(PathBuf::from(path));
                began
            }
            None => {
                let began = Instant::now();
                if let Some(viewer) = &mut viewer {
                    viewer.go(&line);
                }
                began
            }
        };
        let answer = viewer.as_ref().map_or("nothing".to_owned(), |_| began.elapsed().as_secs_f64().to_string());
        println!("{answer}");
        std::io::stdout().flush().expect("standard output");
        if let Some(viewer) = &mut viewer {
            viewer.index_to_the_end();
        }
    }
}
