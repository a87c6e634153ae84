//! What is shown of an event: the frames at its start, peak and end, and figure 5 around it.

use avar_base::job::CancelToken;
use avar_base::time::{FrameIndex, MediaTime};
use avar_export::small_picture;
use avar_figures::{Caption, CurveMarks, Figure, Moment, Still, class_label, event_curve};
use avar_labels::AnomalyClass;
use avar_media::{FrameScaler, MediaError, RgbImage, VideoReader};
use avar_metrics::{ScoredClip, TruthRange};
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use crate::HandoverError;
use crate::entries::{StillEntry, StillPicture};
use crate::handover::{Account, EventMoment, Handover, ToldEvent};

/// So much is drawn before and after an event, and as long as the event is where that is more.
const LEAST_AROUND_S: f64 = 10.0;

/// A frame of an event, decoded.
pub(crate) struct Shown {
    pub entry: StillEntry,
    /// The bytes of the PNG file that the entry names.
    pub png: Option<Vec<u8>>,
    /// As figures show it.
    small: Still,
}

/// The frames of one recording, as pictures.
pub(crate) struct Stills {
    /// `None` in a recording without a picture.
    reader: Option<VideoReader>,
    scaler: FrameScaler,
}

impl Stills {
    pub(crate) fn open(handover: &Handover, cancel: &CancelToken) -> Result<Self, HandoverError> {
        let table = handover.media.frames.clone();
        let reader = table.map(|table| VideoReader::open_cancellable(handover.path(), table, cancel)).transpose()?;
        Ok(Self { reader, scaler: FrameScaler::new() })
    }

    /// At the start, the peak and the end of an event. A frame that cannot be decoded is said to be missing.
    pub(crate) fn of(&mut self, event: &ToldEvent, handover: &Handover) -> Result<[Shown; 3], HandoverError> {
        let [start, peak, end] = handover.moments(event);
        Ok([self.at(start, event)?, self.at(peak, event)?, self.at(end, event)?])
    }

    fn at(&mut self, moment: EventMoment, event: &ToldEvent) -> Result<Shown, HandoverError> {
        let entry = |picture| StillEntry::new(moment, picture);
        let missing =
            |why: &str, small| Shown { entry: entry(StillPicture::Missing(why.to_owned())), png: None, small };
        let Some(reader) = &mut self.reader else {
            return Ok(missing("the recording has no picture", Still::SoundOnly));
        };
        let decoded = match reader.seek_exact(moment.frame) {
            Err(MediaError::FrameDamaged { .. }) => return Ok(missing("the frame cannot be decoded", Still::Damaged)),
            decoded => decoded?,
        };
        let small = small_picture(&decoded, &mut self.scaler)?.map_or(Still::Damaged, Still::RgbPicture);
        let png = png(&decoded.to_rgb8()?)?;
        Ok(Shown { entry: entry(StillPicture::File(still_name(event, moment.at))), png: Some(png), small })
    }
}

/// The entry with the still of a moment.
pub(crate) fn still_name(event: &ToldEvent, at: &str) -> String {
    format!("stills/event-{:03}-{at}.png", event.number)
}

/// Ending apart, what figure 5 of an event is called.
pub(crate) fn figure_name(event: &ToldEvent) -> String {
    format!("figures/event-{:03}", event.number)
}

/// The bytes of a PNG file.
fn png(picture: &RgbImage) -> Result<Vec<u8>, HandoverError> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes)
        .write_image(&picture.bytes, picture.width_px, picture.height_px, ExtendedColorType::Rgb8)
        .map_err(|error| HandoverError::Png(error.to_string()))?;
    Ok(bytes)
}

/// Figure 5 around an event: the score, and whatever is shown of the events shaded.
pub(crate) fn figure(event: &ToldEvent, shown: &[Shown; 3], account: &Account, handover: &Handover) -> Figure {
    let (grid, rule) = (&handover.scores.grid, account.state.rule);
    let (start, end) = (event.listed.stretch.start.time, event.listed.stretch.end.time);
    let around = MediaTime::from_seconds((end - start).seconds().max(LEAST_AROUND_S));
    let first = grid.step_at(start - around).unwrap_or(0);
    let last = grid.step_at(end + around).unwrap_or(0);
    let start_s = grid.start_of(first).seconds();
    let steps: Vec<_> = handover.scores.steps[first..=last].iter().map(|step| step.class_scores).collect();
    let shaded = account.events.iter().filter(|event| event.is_shown).map(|event| TruthRange {
        class: event.listed.class,
        start_s: event.listed.stretch.start.time.seconds(),
        end_s: event.listed.stretch.end.time.seconds(),
    });
    let clip = ScoredClip {
        path: handover.name(),
        group: String::new(),
        split: None,
        modalities: Some(handover.scores.modalities),
        truth: AnomalyClass::Normal,
        truth_ranges: shaded.collect(),
        predicted: event.listed.class,
        scores: Default::default(),
        max_score: event.listed.peak.unwrap_or_default().into(),
        duration_s: (grid.range().end.min(grid.range_of(last).end).seconds() - start_s).max(0.0),
        steps,
        step_s: 1.0 / grid.steps_per_second(),
        start_s,
    };
    // The step that a frame shows, which begins when the frame is on screen and not always when it comes up.
    let step_of = |frame: usize| match &handover.media.frames {
        Some(_) => handover.scores.at_frame(FrameIndex(frame)).map_or(first, |step| step.step),
        None => frame,
    };
    let moment = |shown: &Shown| Moment {
        clip: 0,
        step: step_of(shown.entry.frame).clamp(first, last) - first,
        time_s: shown.entry.time.seconds(),
    };
    let moments = [&shown[0], &shown[1], &shown[2]].map(moment);
    let stills = [&shown[0], &shown[1], &shown[2]].map(|shown| shown.small.clone());
    let word = if account.is_decided { "Accepted" } else { "Found" };
    let marks = CurveMarks {
        threshold: rule.onset.into(),
        playhead_s: Some(grid.start_of(step_of(event.peak_at.frame.0)).seconds()),
    };
    event_curve(&clip, &handover.scoring.about(), &moments, &stills, (word, marks), caption(event, account, handover))
}

fn caption(event: &ToldEvent, account: &Account, handover: &Handover) -> Caption {
    let about = handover.scoring.about();
    let rule = account.state.rule;
    let shaded = if account.is_decided { "what was accepted" } else { "what the network found, unreviewed" };
    let notes = vec![
        format!("Anomaly score, 1 - P(normal), around the event, on the file's own axis; shaded: {shaded}."),
        format!(
            "The frames are the first, the one at the peak and the last of the event. They are bordered by the onset \
             {:.2}: solid and marked \"above\" where the step that holds them is at or above it, dashed and marked \
             \"below\" under it. The playhead stands at the peak.",
            rule.onset
        ),
    ];
    let digest = |digest: &str| digest.chars().take(12).collect::<String>();
    let provenance = format!(
        "Recording {} (SHA-256 {}); weights SHA-256 {}; {}; {}.",
        handover.name(),
        digest(&handover.sha256),
        digest(&handover.scoring.weights_sha256),
        avar_analysis::record::program(),
        handover.media.info.decoder
    );
    let class = class_label(event.listed.class, &about);
    Caption::of_weights(
        format!("Figure 5. Anomaly score around event {}: {class}.", event.number),
        notes,
        &about,
        provenance,
    )
}
