//! Goes to a frame by its number and steps on from there: `exact_frame FILE [ORDINAL]`.
//!
//! `cargo run --release -p avar-media --example exact_frame -- assets/sample-incident.mp4 150`

use std::process::ExitCode;
use std::sync::Arc;

use avar_base::job::CancelToken;
use avar_base::time::FrameIndex;
use avar_media::{FrameTable, VideoReader};

const STEPS: usize = 4;

fn main() -> ExitCode {
    match show_frames() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn show_frames() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let path = arguments.next().ok_or("please name a recording, and the frame to go to")?;
    let ordinal = match arguments.next() {
        Some(text) => text.to_string_lossy().parse().map_err(|_| "a frame goes by its number, from 0")?,
        None => 0,
    };

    // Reads the file once: how many frames it has, when each is shown, where decoding can begin.
    let table = Arc::new(FrameTable::scan(path.as_ref(), &CancelToken::default(), |_| {})?);
    if ordinal >= table.len() {
        return Err(format!("there are {} frames, counted from 0", table.len()).into());
    }
    let mut reader = VideoReader::open(path.as_ref(), table)?;
    let mut frame = Some(reader.seek_exact(FrameIndex(ordinal))?);
    for _ in 0..=STEPS {
        let Some(shown) = frame else { break };
        let key = if shown.is_key { ", key frame" } else { "" };
        println!("frame {}, PTS {}, {:.6} s{key}", shown.index.0, shown.pts, shown.time.seconds());
        frame = reader.next()?;
    }
    Ok(())
}
