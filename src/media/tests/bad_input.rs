//! Broken, foreign and hostile files: one sentence each, the path last; no hang, no panic.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::clips::{Clips, moving_picture, read_all, table_of};
use avar_base::job::CancelToken;
use avar_base::time::FrameIndex;
use avar_media::{AudioFormat, AudioReader, ClipSpec, ClipWriter, FrameTable, MediaError, VideoReader, probe};

fn refusal(path: &Path) -> MediaError {
    let error = match probe(path) {
        Ok(info) => panic!("{info:?}"),
        Err(error) => error,
    };
    let sentence = error.to_string();
    assert!(sentence.ends_with(&path.display().to_string()), "the path comes last: {sentence}");
    assert!(!sentence.contains('\n') && !sentence.trim_end_matches(&path.display().to_string()).contains(". "));
    error
}

#[test]
fn a_missing_file_is_reported_by_name() {
    assert!(matches!(refusal(Path::new("/nowhere/clip.mp4")), MediaError::NotFound { .. }));
}

#[test]
fn folders_and_special_files_are_refused_at_once() {
    let clips = Clips::new();
    assert!(matches!(refusal(clips.path("").as_path()), MediaError::Folder { .. }));
    let fifo = clips.path("pipe.mp4");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let started = Instant::now();
    for path in [fifo.as_path(), Path::new("/dev/zero"), Path::new("/dev/null")] {
        assert!(matches!(refusal(path), MediaError::NotRegular { .. }), "{}", path.display());
        let audio = AudioReader::open(path, AudioFormat { rate_hz: 16_000, channels: 1 });
        assert!(matches!(audio, Err(MediaError::NotRegular { .. })), "{}", path.display());
    }
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[test]
fn empty_files_text_and_noise_are_told_apart() {
    let clips = Clips::new();
    let write = |name: &str, bytes: &[u8]| {
        std::fs::write(clips.path(name), bytes).unwrap();
        refusal(&clips.path(name))
    };
    assert!(matches!(write("empty.mp4", b""), MediaError::Empty { .. }));
    let text = write("text.mp4", b"These are only words in a file with the wrong name.");
    assert!(matches!(text, MediaError::NotMedia { .. } | MediaError::ContainerRefused { .. }), "{text}");
    let noise: Vec<u8> = (0..100_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let noise = write("noise.mp4", &noise);
    assert!(matches!(noise, MediaError::NotMedia { .. } | MediaError::ContainerRefused { .. }), "{noise}");
}

#[test]
fn a_recording_without_its_index_ends_too_early() {
    let clips = Clips::new();
    let Some(path) = clips.ffmpeg("last.mp4", "-f lavfi -i testsrc2=s=160x120:d=3 -c:v libx264") else { return };
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = refusal(&path);
    assert!(matches!(error, MediaError::IndexMissing { .. }), "{error}");
    assert!(error.to_string().contains("ends too early"));
}

#[test]
fn a_truncated_file_with_its_index_is_read_up_to_the_break_with_a_note() {
    let clips = Clips::new();
    let source = "-f lavfi -i testsrc2=s=640x360:r=30:d=14 -c:v libx264 -preset ultrafast -g 120 -movflags +faststart";
    let Some(whole) = clips.ffmpeg("whole.mp4", source) else { return };
    let bytes = std::fs::read(&whole).unwrap();
    let path = clips.path("cut.mp4");
    for percent in [35, 60, 80, 97] {
        std::fs::write(&path, &bytes[..bytes.len() * percent / 100]).unwrap();
        let info = probe(&path).unwrap();
        assert!(info.notes.iter().any(|note| note.contains("ends too early")), "{:?}", info.notes);
        let table = table_of(&path);
        assert!(table.len() > 420 * percent / 200 && table.len() < 420, "{} frames of {percent} %", table.len());
        assert_eq!(read_all(&path, &table).len(), table.len(), "{percent} %");
        let last = FrameIndex(table.len() - 1);
        assert_eq!(VideoReader::open(&path, table).unwrap().seek_exact(last).unwrap().index, last);
    }
}

#[test]
fn a_truncated_matroska_file_is_read_up_to_the_break_with_a_note() {
    let clips = Clips::new();
    let Some(path) = clips.ffmpeg("cut.mkv", "-f lavfi -i testsrc2=s=160x120:r=25:d=6 -c:v libx264 -g 25") else {
        return;
    };
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() * 2 / 3]).unwrap();
    assert!(probe(&path).unwrap().notes.iter().any(|note| note.contains("ends too early")));
    let table = table_of(&path);
    assert!((60..140).contains(&table.len()), "{}", table.len());
    assert_eq!(read_all(&path, &table).len(), table.len());
}

#[test]
fn flipped_bits_are_passed_over_without_a_hang() {
    let clips = Clips::new();
    let source = "-f lavfi -i testsrc2=s=160x120:r=25:d=6 -f lavfi -i sine=d=6 -c:v libx264 -g 25 -c:a aac";
    for name in ["flip.mp4", "flip.ts", "flip.mkv", "flip.avi"] {
        let Some(path) = clips.ffmpeg(name, source) else { return };
        let mut bytes = std::fs::read(&path).unwrap();
        let len = bytes.len();
        (5_000..len * 9 / 10).step_by(997).for_each(|at| bytes[at] ^= 0x55);
        std::fs::write(&path, bytes).unwrap();
        let started = Instant::now();
        let Ok(info) = probe(&path) else { continue };
        if info.video.is_some()
            && let Ok(table) = FrameTable::scan(&path, &CancelToken::default(), |_| {})
        {
            let count = table.len();
            let mut reader = VideoReader::open(&path, table.into()).unwrap();
            while reader.next().unwrap().is_some() {}
            for ordinal in (0..count).step_by(17) {
                match reader.seek_exact(FrameIndex(ordinal)) {
                    Ok(frame) => assert_eq!(frame.index.0, ordinal),
                    Err(error) => assert!(matches!(error, MediaError::FrameDamaged { .. }), "{error}"),
                }
            }
        }
        if info.audio.is_some() {
            let mut reader = AudioReader::open(&path, AudioFormat { rate_hz: 16_000, channels: 1 }).unwrap();
            while reader.next().unwrap().is_some() {}
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{name}: {:?}", started.elapsed());
    }
}

#[test]
fn a_sample_rate_that_no_recording_has_is_refused_in_a_sentence() {
    let clips = Clips::new();
    let Some(path) = clips.ffmpeg("tone.wav", "-f lavfi -i sine=d=1") else { return };
    let mut bytes = std::fs::read(&path).unwrap();
    let format = bytes.windows(4).position(|word| word == b"fmt ").unwrap();
    bytes[format + 12..format + 16].copy_from_slice(&67_152_961_u32.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let started = Instant::now();
    let read = || AudioReader::open(&path, AudioFormat { rate_hz: 16_000, channels: 1 })?.next();
    let error = read().unwrap_err().to_string();
    assert!(error.contains("67152961") && error.ends_with("tone.wav"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn fragments_of_a_track_without_a_number_are_refused_at_once() {
    let clips = Clips::new();
    let source = "-f lavfi -i testsrc2=s=64x64:r=25:d=8 -c:v libx264 -g 5 -movflags +frag_keyframe+empty_moov";
    let Some(path) = clips.ffmpeg("fragments.mp4", source) else { return };
    let mut bytes = std::fs::read(&path).unwrap();
    let header = bytes.windows(4).position(|word| word == b"tkhd").unwrap();
    bytes[header] = b'p';
    std::fs::write(&path, bytes).unwrap();
    let started = Instant::now();
    assert!(matches!(refusal(&path), MediaError::IndexDamaged { .. }));
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_stream_that_is_damaged_from_end_to_end_is_counted_in_time() {
    let clips = Clips::new();
    let source = "-f lavfi -i testsrc2=s=64x64:r=25:d=120 -c:v libx264 -preset ultrafast -g 1";
    let Some(path) = clips.ffmpeg("gaps.ts", source) else { return };
    let bytes = std::fs::read(&path).unwrap();
    // Every eleventh packet of the transport stream is gone, the tables at its beginning are not.
    let packets = bytes.chunks(188).enumerate().filter(|(number, _)| *number < 11 || number % 11 != 0);
    std::fs::write(&path, packets.flat_map(|(_, packet)| packet).copied().collect::<Vec<u8>>()).unwrap();
    let started = Instant::now();
    let table = table_of(&path);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(read_all(&path, &table).len(), table.len());
}

#[test]
fn a_reader_remembers_the_frames_that_it_found_damaged() {
    let clips = Clips::new();
    let source = "-f lavfi -i testsrc2=s=320x240:r=25:d=4 -c:v libx264 -g 25 -bf 2";
    let Some(path) = clips.ffmpeg("flip.mp4", source) else { return };
    let table = table_of(&path);
    let mut bytes = std::fs::read(&path).unwrap();
    let (from, to) = (bytes.len() / 3, bytes.len() / 2);
    (from..to).step_by(599).for_each(|at| bytes[at] ^= 0x55);
    std::fs::write(&path, bytes).unwrap();
    let mut reader = VideoReader::open(&path, table.clone()).unwrap();
    let (mut concealed, mut missed, mut next) = (Vec::new(), Vec::new(), 0);
    while let Some(frame) = reader.next().unwrap() {
        missed.extend(next..frame.index.0);
        next = frame.index.0 + 1;
        concealed.extend(Some(frame.index.0).filter(|_| frame.is_concealed));
    }
    missed.extend(next..table.len());
    let listed = |ranges: &[std::ops::Range<usize>]| ranges.iter().cloned().flatten().collect::<Vec<_>>();
    assert!(!concealed.is_empty());
    assert_eq!(listed(reader.faults().concealed()), concealed);
    assert_eq!(listed(reader.faults().undecodable()), missed);
    // The same after seeks.
    let mut sought = VideoReader::open(&path, table).unwrap();
    for ordinal in (0..next).rev() {
        _ = sought.seek_exact(FrameIndex(ordinal));
    }
    assert_eq!(listed(sought.faults().undecodable()).iter().filter(|at| !missed.contains(at)).count(), 0);
}

#[test]
fn playlists_and_scripts_that_name_other_files_are_not_opened() {
    let clips = Clips::new();
    let clip = clips.written("clip.mp4", 10, None);
    let clip = clip.display();
    let scripts = [
        ("list.m3u8", format!("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile://{clip}\n#EXT-X-ENDLIST\n")),
        ("list.mp4", format!("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{clip}\n#EXT-X-ENDLIST\n")),
        ("list.ffconcat", format!("ffconcat version 1.0\nfile '{clip}'\n")),
        ("net.m3u8", "#EXTM3U\n#EXTINF:5,\nhttp://127.0.0.1:9/x.ts\n".to_owned()),
        ("session.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n".to_owned()),
        ("list.mpd", "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"></MPD>".to_owned()),
    ];
    for (name, text) in scripts {
        std::fs::write(clips.path(name), text).unwrap();
        let error = refusal(&clips.path(name));
        assert!(matches!(error, MediaError::ContainerRefused { .. } | MediaError::NotMedia { .. }), "{name}: {error}");
    }
}

#[test]
fn a_name_that_looks_like_a_protocol_is_only_a_name() {
    let clips = Clips::new();
    let clip = clips.written("clip.mp4", 10, None);
    for name in ["http:clip.mp4", "concat:a|b.mp4", "pipe:0", "frame%03d.mp4", "späße 'x'.mp4"] {
        let path = clips.path(name);
        std::fs::copy(&clip, &path).unwrap();
        assert_eq!(table_of(&path).len(), 10, "{name}");
    }
    assert!(matches!(probe(Path::new("concat:a.mp4|b.mp4")), Err(MediaError::NotFound { .. })));
    assert!(matches!(probe(Path::new("http://127.0.0.1:9/x.mp4")), Err(MediaError::NotFound { .. })));
}

#[test]
fn subtitles_alone_are_neither_picture_nor_sound() {
    let clips = Clips::new();
    std::fs::write(clips.path("words.srt"), "1\n00:00:00,000 --> 00:00:02,000\nWords\n").unwrap();
    let Some(path) = clips.ffmpeg("words.mkv", "-i words.srt -c:s srt") else { return };
    assert!(matches!(refusal(&path), MediaError::NoStreams { .. }));
}

#[test]
fn cover_art_is_not_a_picture_to_review() {
    let clips = Clips::new();
    if clips.ffmpeg("cover.png", "-f lavfi -i testsrc2=s=64x64:d=1 -frames:v 1").is_none() {
        return;
    }
    let arguments = "-f lavfi -i sine=d=2 -i cover.png -map 0 -map 1 -c:v copy -disposition:v attached_pic -c:a aac";
    let Some(path) = clips.ffmpeg("song.m4a", arguments) else { return };
    let info = probe(&path).unwrap();
    assert!(info.video.is_none() && info.audio.is_some());
    assert!(matches!(FrameTable::scan(&path, &CancelToken::default(), |_| {}), Err(MediaError::NoVideo { .. })));
}

#[test]
fn a_file_without_sound_says_so() {
    let path = Clips::new();
    let path = path.written("silent.mp4", 5, None);
    assert!(probe(&path).unwrap().notes.iter().any(|note| note == "The file has no sound."));
    let opened = AudioReader::open(&path, AudioFormat { rate_hz: 16_000, channels: 1 });
    assert!(matches!(opened.err(), Some(MediaError::NoAudio { .. })));
}

#[test]
fn encrypted_media_is_named_as_such() {
    let clips = Clips::new();
    let arguments = "-f lavfi -i testsrc2=s=64x64:d=1 -c:v libx264 -encryption_scheme cenc-aes-ctr \
        -encryption_key 76a6c65c5ea762046bd749a2e632ccbb -encryption_kid a7e61c373e219033c21091fa607bf3b8";
    let Some(path) = clips.ffmpeg("secret.mp4", arguments) else { return };
    assert!(matches!(refusal(&path), MediaError::Encrypted { .. }));
}

#[test]
fn a_clip_that_its_encoder_gives_up_on_is_not_taken_as_finished() {
    let clips = Clips::new();
    let audio = Some(AudioFormat { rate_hz: 16_000, channels: 1 });
    // The AAC encoder refuses samples that are no numbers, the last of them when it is told that no more come.
    for spoiled in [0, 8_000, 15_999] {
        let path = clips.path("clip.mp4");
        let spec = ClipSpec { width_px: 64, height_px: 48, rate_hz: 25, audio, crf: 30 };
        let mut writer = ClipWriter::create(&path, &spec).unwrap();
        let mut samples = vec![0.1; 16_000];
        samples[spoiled] = f32::NAN;
        let written = writer.push_audio(&samples).and_then(|()| writer.finish());
        assert!(matches!(written, Err(MediaError::Write { .. })), "{spoiled}: {written:?}");
        assert!(!path.exists());
    }
}

#[test]
fn a_cancelled_scan_stops() {
    let path = Clips::new();
    let path = path.written("clip.mp4", 30, None);
    let cancel = CancelToken::default();
    cancel.cancel();
    assert_eq!(FrameTable::scan(&path, &cancel, |_| {}).err(), Some(MediaError::Cancelled));
}

#[test]
fn a_frame_past_the_end_is_an_error_that_says_which_is_the_last() {
    let clips = Clips::new();
    let path = clips.written("clip.mp4", 10, None);
    let mut reader = VideoReader::open(&path, table_of(&path)).unwrap();
    let error = reader.seek_exact(FrameIndex(10)).err().unwrap().to_string();
    assert!(error.contains("no frame 10") && error.contains("the last one is 9"), "{error}");
}

#[test]
fn the_same_pictures_and_samples_give_the_same_bytes() {
    let clips = Clips::new();
    let format = AudioFormat { rate_hz: 44_100, channels: 2 };
    let (first, second) = (clips.written("a.mp4", 30, Some(format)), clips.written("b.mp4", 30, Some(format)));
    let (first, second) = (std::fs::read(first).unwrap(), std::fs::read(second).unwrap());
    let differs = first.iter().zip(&second).position(|(a, b)| a != b);
    assert_eq!((differs, first.len()), (None, second.len()));
}

#[test]
fn an_unfinished_clip_leaves_nothing_behind() {
    let clips = Clips::new();
    let spec = ClipSpec { width_px: 64, height_px: 64, rate_hz: 25, audio: None, crf: 23 };
    let mut writer = ClipWriter::create(&clips.path("clip.mp4"), &spec).unwrap();
    writer.push_rgb(&moving_picture(64, 64, 0)).unwrap();
    drop(writer);
    assert_eq!(std::fs::read_dir(clips.path("")).unwrap().count(), 0);
}

#[test]
fn a_clip_that_cannot_be_written_says_why() {
    let spec = |width_px| ClipSpec { width_px, height_px: 64, rate_hz: 25, audio: None, crf: 23 };
    let odd = ClipWriter::create(&Clips::new().path("odd.mp4"), &spec(63)).err().unwrap().to_string();
    assert!(odd.contains("even"), "{odd}");
    let nowhere = ClipWriter::create(Path::new("/nowhere/clip.mp4"), &spec(64)).err().unwrap().to_string();
    assert!(nowhere.ends_with("/nowhere/clip.mp4"), "{nowhere}");
}
