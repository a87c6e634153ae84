//! Recordings, damaged thousands of times over: bits turned, ends cut off, pieces of one file put into another. Whatever
//! comes of it, opening and reading one ends in time and in bounded memory, with frames or with a sentence.
//!
//! The work is done by children of this program, so that a crash in a decoder names the file that caused it and a
//! limit on memory is the system's.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::clips::{Clips, files_below};
use avar_base::job::CancelToken;
use avar_base::time::FrameIndex;
use avar_media::{AudioFormat, AudioReader, IngestReport, VideoReader, open};
use fastrand::Rng;

/// Of every test run; `AVAR_MUTATIONS` sets another number (10000), or names some by their own (`8285,9643`).
const MUTATIONS: usize = 2_000;
/// Files that one child is given.
const SHARE: usize = 250;
/// Of the processor, for opening and reading one file.
const LONGEST: Duration = Duration::from_secs(10);
/// On the clock, however busy the machine is; a hang ends here.
const LONGEST_ON_THE_CLOCK: Duration = Duration::from_secs(60);
/// Address space of a child, in KiB: the program and its threads take a third of it.
const MOST_MEMORY_KIB: usize = 3 << 20;
/// Larger files are decoded for longer than they are worth here.
const LARGEST_BYTES: u64 = 400 << 10;
/// A child visits the files in this folder.
const VISITED: &str = "AVAR_VISITED_FOLDER";

#[test]
fn damaged_recordings_end_in_frames_or_in_a_sentence() {
    let clips = Clips::new();
    let originals: Vec<(PathBuf, Vec<u8>)> =
        originals(&clips).into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect();
    let wanted = std::env::var("AVAR_MUTATIONS").unwrap_or_else(|_| MUTATIONS.to_string());
    let mutations: Vec<usize> =
        match wanted.split(',').map(|number| number.trim().parse()).collect::<Result<Vec<_>, _>>() {
            Ok(count) if count.len() == 1 && !wanted.contains(',') => (0..count[0]).collect(),
            named => named.unwrap_or_else(|error| panic!("AVAR_MUTATIONS={wanted}: {error}")),
        };
    let shares: Vec<&[usize]> = mutations.chunks(SHARE).collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let failures = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(share) = shares.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    let folder = tempfile::tempdir().unwrap();
                    for index in *share {
                        write_mutation(folder.path(), *index, &originals);
                    }
                    failures.lock().unwrap().extend(visit_in_a_child(folder.path()));
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "of {} mutations:\n{}", mutations.len(), failures.join("\n"));
}

/// Small recordings in as many containers as there are.
fn originals(clips: &Clips) -> Vec<PathBuf> {
    let stereo = AudioFormat { rate_hz: 16_000, channels: 2 };
    let mut paths = vec![clips.written("a.mp4", 30, Some(stereo)), clips.written("b.mp4", 12, None)];
    let picture = "-f lavfi -i testsrc2=s=96x64:r=25:d=1";
    let audio = "-f lavfi -i sine=440:d=1";
    for (name, coding) in [
        ("c.mkv", "-c:v libx264 -g 5 -c:a libopus"),
        ("d.avi", "-c:v mjpeg -c:a pcm_s16le"),
        ("e.ts", "-c:v mpeg2video -c:a mp2"),
        ("f.webm", "-c:v libvpx -c:a libvorbis"),
        ("g.flv", "-c:v flv1 -c:a mp3 -ar 22050"),
        ("h.mov", "-c:v prores -c:a alac"),
        ("i.mp4", "-c:v libx265 -movflags +frag_keyframe+empty_moov -c:a aac"),
    ] {
        paths.extend(clips.ffmpeg(name, &format!("{picture} {audio} {coding}")));
    }
    for (name, coding) in [("j.flac", "-c:a flac"), ("k.mp3", "-c:a mp3"), ("l.ogg", "-c:a libvorbis"), ("m.wav", "")] {
        paths.extend(clips.ffmpeg(name, &format!("{audio} {coding}")));
    }
    if let Some(data) = avar_testing::data_folder("edge") {
        let is_small = |path: &PathBuf| path.metadata().is_ok_and(|file| (1..LARGEST_BYTES).contains(&file.len()));
        paths.extend(files_below(&data).into_iter().filter(is_small));
    }
    paths
}

/// Mutation `index`, a function of its number and of the originals alone.
fn write_mutation(folder: &Path, index: usize, originals: &[(PathBuf, Vec<u8>)]) {
    let mut rng = Rng::with_seed(index as u64);
    let (path, original) = &originals[index % originals.len()];
    let mut bytes = original.clone();
    for _ in 0..rng.usize(1..=3) {
        damage(&mut bytes, &originals[rng.usize(0..originals.len())].1, &mut rng);
    }
    let name = path.file_name().unwrap().to_string_lossy();
    std::fs::write(folder.join(format!("{index:05}-{name}")), bytes).unwrap();
}

fn damage(bytes: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    let length = bytes.len().max(1);
    // Most of what steers a decoder lies at the beginning and the end.
    let place = |rng: &mut Rng| match rng.u8(0..4) {
        0 => rng.usize(0..length.min(512)),
        1 => length - 1 - rng.usize(0..length.min(4096)),
        _ => rng.usize(0..length),
    };
    match rng.u8(0..7) {
        0 | 1 => {
            for _ in 0..rng.usize(1..=64) {
                let at = place(rng);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << rng.u8(0..8);
                }
            }
        }
        2 => bytes.truncate(place(rng)),
        3 => {
            let (from, to) = (place(rng), rng.usize(0..other.len().max(1)));
            let piece = &other[to.min(other.len())..other.len().min(to + rng.usize(1..=8192))];
            let end = (from + piece.len()).min(bytes.len());
            bytes.splice(from.min(bytes.len())..end, piece.iter().copied());
        }
        4 => {
            let at = place(rng).min(bytes.len());
            let end = (at + rng.usize(1..=2048)).min(bytes.len());
            bytes[at..end].fill(if rng.bool() { 0 } else { 0xff });
        }
        5 => {
            let at = place(rng).min(bytes.len());
            bytes.drain(at..(at + rng.usize(1..=64)).min(length.min(bytes.len())));
        }
        // A number that states a size or a count.
        _ => {
            let at = place(rng);
            let number = [0, 1, 0x7fff_ffff, 0xffff_ffff, rng.u32(..)][rng.usize(0..5)];
            if let Some(place) = bytes.get_mut(at..at + 4) {
                place.copy_from_slice(&number.to_be_bytes());
            }
        }
    }
}

/// Lets a child visit every file in `folder`; what went wrong, a line each.
fn visit_in_a_child(folder: &Path) -> Vec<String> {
    let mut child = Command::new("bash")
        .args(["-c", &format!("ulimit -v {MOST_MEMORY_KIB}; exec \"$@\""), "bash"])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "visits_the_files_of_a_folder", "--nocapture", "--test-threads=1"])
        .env(VISITED, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = child.stderr.take().unwrap();
    let complaints =
        std::thread::spawn(move || BufReader::new(stderr).lines().map_while(Result::ok).collect::<Vec<_>>());
    let mut failures = Vec::new();
    let mut visited = None;
    for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
        match line.split_once(": ") {
            Some(("visiting", name)) => visited = Some(name.to_owned()),
            Some(("wrong", sentence)) => failures.push(sentence.to_owned()),
            _ => {}
        }
    }
    let status = child.wait().unwrap();
    let complaints = complaints.join().unwrap();
    if !status.success() {
        let last = visited.unwrap_or_else(|| "nothing yet".to_owned());
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&last);
        _ = std::fs::copy(folder.join(&last), &kept);
        let tail = complaints.iter().rev().take(4).rev().cloned().collect::<Vec<_>>().join(" | ");
        failures.push(format!("{status} while visiting {last} (kept as {}): {tail}", kept.display()));
    }
    failures
}

/// What a child does; by itself it has nothing to visit.
#[test]
#[ignore = "the children of the other test run it"]
fn visits_the_files_of_a_folder() {
    let Some(folder) = std::env::var_os(VISITED) else { return };
    for path in files_below(Path::new(&folder)) {
        println!("visiting: {}", path.file_name().unwrap().to_string_lossy());
        let (started, used_before) = (Instant::now(), processor_time());
        let cancel = CancelToken::default();
        let (timer, (done, is_done)) = (cancel.clone(), std::sync::mpsc::channel::<()>());
        let watch = std::thread::spawn(move || {
            if is_done
                .recv_timeout(LONGEST_ON_THE_CLOCK)
                .is_err_and(|error| error == std::sync::mpsc::RecvTimeoutError::Timeout)
            {
                timer.cancel();
            }
        });
        let outcome = visit(&path, &cancel);
        drop(done);
        watch.join().unwrap();
        if let Err(sentence) = outcome {
            println!("wrong: {sentence}");
        }
        let used = processor_time().saturating_sub(used_before);
        if used >= LONGEST || started.elapsed() >= LONGEST_ON_THE_CLOCK {
            println!("wrong: {} took {used:?} of the processor, {:?} in all", path.display(), started.elapsed());
        }
        // What was visited is not needed any more; what ends the child stays.
        _ = std::fs::remove_file(&path);
    }
}

/// What this process has used so far: user and system time, in hundredths of a second (proc(5), fields 14 and 15 of
/// `stat`). Zero where there is no such file.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The program's name, in brackets, is the only field that may hold a blank.
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    let hundredths: u64 =
        behind_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * hundredths)
}

/// Opens a file and reads some of it, forwards and by seeks. An error that is no sentence with the path at its end is
/// what is wrong.
fn visit(path: &Path, cancel: &CancelToken) -> Result<(), String> {
    let sentence = |error: avar_media::MediaError| {
        let text = error.to_string();
        let is_fine = text.ends_with(&path.display().to_string()) || cancel.is_cancelled();
        if is_fine { Ok(()) } else { Err(format!("{}: {text}", path.display())) }
    };
    let opened = match open(path, cancel, |_| {}) {
        Ok(opened) => opened,
        Err(error) => return sentence(error),
    };
    let report = IngestReport::new(&opened);
    if !report.duration_s.is_finite() || report.duration_s < 0.0 {
        return Err(format!("{} lasts {} s", path.display(), report.duration_s));
    }
    if let Some(table) = &opened.frames {
        let read = || {
            let mut reader = VideoReader::open_cancellable(path, table.clone(), cancel)?;
            for _ in 0..8 {
                let Some(frame) = reader.next()? else { break };
                frame.to_rgb8()?;
            }
            for ordinal in [table.len().saturating_sub(1), table.len() / 2, 0] {
                reader.seek_exact(FrameIndex(ordinal))?;
            }
            Ok(())
        };
        if let Err(error) = read() {
            sentence(error)?;
        }
    }
    if let Some(audio) = &opened.info.audio {
        let listen = || {
            let format = AudioFormat { rate_hz: 16_000, channels: 1 };
            let mut reader = AudioReader::open_track(path, Some(audio), format, cancel)?;
            let mut heard = 0;
            while heard < 48_000
                && let Some(block) = reader.next()?
            {
                heard += block.samples.len();
            }
            Ok(())
        };
        if let Err(error) = listen() {
            sentence(error)?;
        }
    }
    Ok(())
}
