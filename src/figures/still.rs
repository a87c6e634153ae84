//! Frames in figures: which moments are shown, and what stands where there is no picture.

use super::caption::clip_name;
use super::color::Color;
use super::drawing::{Anchor, Area, Drawing, PlacedPicture, RgbPicture, Style, Text};
use avar_labels::AnomalyClass;
use avar_metrics::ScoredClip;

/// A step of a clip of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Its place among the run's clips.
    pub clip: usize,
    /// Its place among the steps of the clip.
    pub step: usize,
    /// When the step begins, on the file's own axis: its picture is the frame on screen then.
    pub time_s: f64,
}

/// What is to be seen at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Still {
    /// The frame on screen then.
    RgbPicture(RgbPicture),
    /// The recording has no picture.
    SoundOnly,
    /// Moved since the run, or never there.
    NotFound,
    /// There, but its frame cannot be decoded.
    Damaged,
    /// There, but it cannot be opened or read.
    Unreadable,
}

impl Moment {
    /// The step `step` of `of`, which is number `clip` among the run's clips.
    pub fn new(clip: usize, step: usize, of: &ScoredClip) -> Self {
        Self { clip, step, time_s: of.step_span(step).start }
    }

    /// What its frame is, for those who cannot see it.
    pub(super) fn label(self, of: &ScoredClip) -> String {
        format!("{} at {:.2} s", clip_name(&of.path), self.time_s)
    }
}

impl Still {
    fn words(&self) -> Option<&'static str> {
        match self {
            Still::RgbPicture(_) => None,
            Still::SoundOnly => Some("sound only"),
            Still::NotFound => Some("recording not found"),
            Still::Damaged => Some("frame not readable"),
            Still::Unreadable => Some("recording not readable"),
        }
    }
}

/// The picture as large as `area` holds it, in the middle, or the words that say why there is none.
pub(super) fn put_still(drawing: &mut Drawing, area: Area, still: &Still, label: String) {
    if let Still::RgbPicture(picture) = still {
        let (width_px, height_px) = (f64::from(picture.width_px), f64::from(picture.height_px));
        let fit = (area.width / width_px).min(area.height / height_px);
        let (width, height) = (width_px * fit, height_px * fit);
        let (x, y) = area.center();
        let at = Area::new(x - width / 2.0, y - height / 2.0, width, height);
        drawing.pictures.push(PlacedPicture { picture: picture.clone(), at, label });
    }
    if let Some(words) = still.words() {
        drawing.rectangle("no-picture", area, Style::filled(Color::VOID));
        let (x, y) = area.center();
        let text = Text::new((x, y + 4.0), words, if area.width < 120.0 { 10.0 } else { 12.0 });
        drawing.text("no-picture-text", text.anchored(Anchor::Middle), Color::WEAK_INK);
    }
}

/// What is true of a step: the class of the range that its middle lies in, normal outside of all ranges, and the
/// clip's own class where it has no ranges.
pub(super) fn truth_at(clip: &ScoredClip, step: usize) -> AnomalyClass {
    if clip.truth_ranges.is_empty() {
        return clip.truth;
    }
    let span = clip.step_span(step);
    let middle_s = (span.start + span.end) / 2.0;
    let holds = clip.truth_ranges.iter().find(|range| (range.start_s..range.end_s).contains(&middle_s));
    holds.map_or(AnomalyClass::Normal, |range| range.class)
}

#[cfg(test)]
mod tests {
    use super::super::samples::{sample_picture, sample_run};
    use super::*;

    #[test]
    fn a_picture_keeps_its_sides_proportion_in_the_middle_of_its_area() {
        let run = sample_run();
        let mut drawing = Drawing::new(100.0, 100.0);
        let moment = Moment::new(0, 4, &run.clips[0].scored);
        let area = Area::new(0.0, 0.0, 64.0, 64.0);
        put_still(&mut drawing, area, &Still::RgbPicture(sample_picture(1)), moment.label(&run.clips[0].scored));
        assert_eq!(drawing.pictures[0].at, Area::new(0.0, 14.0, 64.0, 36.0));
        assert_eq!(drawing.pictures[0].label, "abuse/clip_000.mp4 at 1.00 s");
    }

    #[test]
    fn a_step_is_normal_outside_of_the_ranges() {
        let run = sample_run();
        let clip = &run.clips[0].scored;
        let truths: Vec<_> = [0, clip.steps.len() / 2].map(|step| truth_at(clip, step)).to_vec();
        assert_eq!(truths, [AnomalyClass::Normal, AnomalyClass::Abuse]);
        let whole = ScoredClip { truth_ranges: Vec::new(), ..clip.clone() };
        assert_eq!(truth_at(&whole, 0), AnomalyClass::Abuse);
        assert_eq!(clip.steps[0].top(), AnomalyClass::Normal);
    }
}
