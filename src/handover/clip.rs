//! A stretch of a recording as a file of its own, with or without words in it.

use std::ops::Range;
use std::path::{Path, PathBuf};

use avar_analysis::StepScores;
use avar_base::job::{Job, Wake};
use avar_base::time::FrameIndex;
use avar_export::Watch;
use avar_media::{CutCodec, OpenedMedia, Paint, RgbImage, cut};
use avar_review::layers::ListedEvent;

use crate::HandoverError;
use crate::handover::Handover;
use crate::strip::{FrameFacts, Word};

/// What is written into the frames of a clip.
#[derive(Clone, Debug, Default)]
pub struct Burn {
    /// In the order of [`Word::ALL`], whatever theirs is here; without any nothing is written.
    pub words: Vec<Word>,
    /// Where there are any.
    pub scores: Option<StepScores>,
    /// As the list has them.
    pub events: Vec<ListedEvent>,
}

impl Burn {
    /// With the scores and the events of a recording.
    pub fn of(handover: &Handover, words: Vec<Word>) -> Result<Self, HandoverError> {
        let decided = handover.decided()?;
        let events = handover.account(decided.as_ref())?.events;
        let events = events.into_iter().map(|event| event.listed).collect();
        Ok(Self { words, scores: Some(handover.scores.clone()), events })
    }

    /// What is known of a frame.
    pub fn facts(&self, media: &OpenedMedia, frame: FrameIndex) -> FrameFacts {
        let time = media.frames.as_ref().and_then(|frames| frames.entry(frame)).map(|entry| entry.time);
        let origin = media.info.range.start;
        let step = self.scores.as_ref().and_then(|scores| scores.at_frame(frame));
        FrameFacts::new(frame, time.unwrap_or(origin) - origin, step.map(|step| step.anomaly()), &self.events)
    }
}

/// A clip in the making; nothing comes on the way, at its end where it lies.
pub type ClipJob = Job<(), PathBuf>;

/// As [`write()`], in the background.
pub fn spawn(
    media: OpenedMedia,
    stretch: Range<FrameIndex>,
    burn: Burn,
    out: PathBuf,
    wake: Wake,
) -> std::io::Result<ClipJob> {
    Job::spawn("clip", wake, move |reporter| {
        let progress = |fraction| reporter.progress(fraction);
        let watch = Watch::new(reporter.cancel_token(), &progress, &|_| {});
        write(&media, stretch, &burn, &out, &watch)?;
        Ok(out)
    })
}

/// How a clip of this name is coded; `None` where its ending is neither `mp4` nor `mkv`.
pub fn codec_of(out: &Path) -> Option<CutCodec> {
    let ending = out.extension()?.to_ascii_lowercase();
    [("mp4", CutCodec::H264), ("mkv", CutCodec::Ffv1)].into_iter().find(|(of, _)| ending == *of).map(|(_, codec)| codec)
}

/// Cuts frames out of a recording ([`avar_media::cut`]); the ending of `out` says how they are coded ([`codec_of`]).
pub fn write(
    media: &OpenedMedia,
    stretch: Range<FrameIndex>,
    burn: &Burn,
    out: &Path,
    watch: &Watch,
) -> Result<(), HandoverError> {
    let codec = codec_of(out).ok_or_else(|| HandoverError::ClipName { path: out.to_owned() })?;
    let path = || media.info.path.clone();
    let Some(table) = &media.frames else { return Err(HandoverError::NoPicture { path: path() }) };
    if stretch.start >= stretch.end || stretch.end.0 > table.len() {
        return Err(HandoverError::Stretch { frames: table.len(), path: path() });
    }
    let mut draw = |frame: FrameIndex, picture: &mut RgbImage| {
        burn.facts(media, frame).paint(&burn.words, picture).map_err(|error| error.to_string())
    };
    let paint: Option<Paint> = if burn.words.is_empty() { None } else { Some(&mut draw) };
    let progress = |fraction| {
        // A wish to stop is heard by the cut itself.
        _ = watch.tell(fraction);
    };
    Ok(cut(media, stretch, codec, paint, out, watch.cancel(), progress)?)
}
