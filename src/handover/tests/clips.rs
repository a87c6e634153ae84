//! Clips and stills of the recording: what stands in them.

use avar_base::job::CancelToken;
use avar_base::time::FrameIndex;
use avar_labels::{AnomalyClass, Verdict};
use avar_media::{OpenedMedia, RgbImage, VideoReader, open};

use super::world::{World, quiet};
use crate::{Burn, HandoverError, Word, clip, save_still, still};

fn picture(media: &OpenedMedia, frame: usize) -> RgbImage {
    let mut reader = VideoReader::open(&media.info.path, media.frames.clone().unwrap()).unwrap();
    reader.seek_exact(FrameIndex(frame)).unwrap().to_rgb8().unwrap()
}

fn written(name: &str, burn: &Burn) -> OpenedMedia {
    let world = World::get();
    let (out, cancel) = (world.folder.path().join(name), CancelToken::default());
    clip::write(&world.media, FrameIndex(30)..FrameIndex(40), burn, &out, &quiet(&cancel)).unwrap();
    open(&out, &cancel, |_| {}).unwrap()
}

#[test]
fn a_clean_clip_has_the_recordings_frames_and_a_burnt_one_their_words_below_them() {
    let world = World::get();
    let clean = written("clean.mkv", &Burn::default());
    assert_eq!(clean.frames.as_ref().unwrap().len(), 10);
    assert_eq!(picture(&clean, 3), picture(&world.media, 33));
    let burn = Burn::of(&world.handover(), vec![Word::Class, Word::Score, Word::TimeCode]).unwrap();
    let burnt = written("burnt.mkv", &burn);
    let (found, clean) = (picture(&burnt, 3), picture(&world.media, 33));
    let above = clean.bytes.len() * 3 / 4;
    assert_eq!(found.bytes[..above], clean.bytes[..above]);
    assert_ne!(found.bytes, clean.bytes);
}

#[test]
fn a_frame_says_what_was_decided_of_it() {
    let world = World::get();
    let burn = Burn::of(&world.handover(), Word::ALL.to_vec()).unwrap();
    let event = |frame: usize| burn.facts(&world.media, FrameIndex(frame)).event;
    assert_eq!(event(30), Some((AnomalyClass::Crash, Some(Verdict::Accepted))));
    assert_eq!(event(80).unwrap().1, Some(Verdict::Rejected), "the frame after it lies in what was rejected");
    assert!(burn.facts(&world.media, FrameIndex(30)).anomaly.is_some());
    assert_eq!(burn.facts(&world.media, FrameIndex(25)).since_start.seconds(), 1.0);
}

#[test]
fn a_still_is_the_frame_and_with_words_the_frame_above_them() {
    let world = World::get();
    let mut reader = VideoReader::open(world.path(), world.media.frames.clone().unwrap()).unwrap();
    let frame = reader.seek_exact(FrameIndex(31)).unwrap();
    let facts = Burn::default().facts(&world.media, FrameIndex(31));
    let (clean, told) = (still(&frame, None).unwrap(), still(&frame, Some((&facts, &Word::ALL))).unwrap());
    assert_eq!(clean, frame.to_rgb8().unwrap());
    assert!(clean.bytes != told.bytes && clean.bytes[..9000] == told.bytes[..9000]);
    let out = world.folder.path().join("still.png");
    save_still(&frame, None, &out).unwrap();
    assert_eq!(image::open(&out).unwrap().into_rgb8().into_raw(), clean.bytes);
}

#[test]
fn a_clip_of_nothing_or_of_another_ending_is_refused() {
    let world = World::get();
    let refused = |name: &str, start: usize, end: usize| {
        let (out, cancel) = (world.folder.path().join(name), CancelToken::default());
        let stretch = FrameIndex(start)..FrameIndex(end);
        let refused = clip::write(&world.media, stretch, &Burn::default(), &out, &quiet(&cancel));
        assert!(!out.exists());
        refused.unwrap_err()
    };
    assert!(matches!(refused("a.avi", 0, 5), HandoverError::ClipName { .. }));
    assert!(matches!(refused("a.mp4", 5, 5), HandoverError::Stretch { .. }));
    assert!(matches!(refused("a.mp4", 5, 999), HandoverError::Stretch { .. }));
}
