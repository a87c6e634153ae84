//! Frame-level scores under the protocol of XD-Violence.
//!
//! Each step's anomaly score stands for all frames of the step, the true ranges label every frame, and the frames of
//! all clips are ranked together. Frames are counted, not made: a step enters the ranking with its number of true and
//! of normal frames. With 24 frames a second and steps of 16 frames this is the protocol of the published results.

use serde::Serialize;

use avar_labels::reaches;

use super::clip::ScoredClip;
use super::metric::{AbsentList, Metric, Undefined};
use super::ranking::{Ranking, RankingScores, Scored};
use super::span::{Span, merged};

/// Frames at a constant rate, counted from the start of a clip; the picture itself may have another rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameGrid {
    /// 24 under the protocol of XD-Violence.
    pub rate_hz: f64,
}

/// How well step scores set anomalous frames apart from normal ones.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FrameScores {
    /// Clips that have step scores; only they count here.
    pub clips: usize,
    /// Of these, anomalous clips whose events are not annotated, so that all of their frames count as anomalous.
    pub clips_without_ranges: usize,
    /// Over all frames of all clips.
    pub anomaly: RankingScores,
    /// The share of the frames of normal clips whose score is at least 0.5.
    pub false_alarm_rate: Metric,
}

impl FrameGrid {
    /// The frames for which step `index` stands, as frame numbers.
    pub fn step_frames(self, clip: &ScoredClip, index: usize) -> Span {
        self.frames(clip, clip.step_span(index))
    }

    /// The frames of a stretch of time, as frame numbers.
    pub fn frames(self, clip: &ScoredClip, span: Span) -> Span {
        let frame = |time_s: f64| ((time_s - clip.start_s) * self.rate_hz).round();
        Span::new(frame(span.start), frame(span.end))
    }
}

/// Every step of every clip with the frames that it stands for.
pub fn frame_ranking<C: AsRef<ScoredClip>>(clips: &[C], grid: FrameGrid) -> Ranking {
    let clips = || clips.iter().map(C::as_ref);
    let mut examples = Vec::with_capacity(clips().map(|clip| clip.steps.len()).sum());
    for (position, clip) in clips().enumerate() {
        let anomalous = merged(clip.anomalous_spans().into_iter().map(|span| grid.frames(clip, span)).collect());
        let mut first = 0;
        for (index, step) in clip.steps.iter().enumerate() {
            let frames = grid.step_frames(clip, index);
            first += anomalous[first..].iter().take_while(|span| span.end <= frames.start).count();
            let overlapping = anomalous[first..].iter().take_while(|span| span.start < frames.end);
            let positives: f64 = overlapping.map(|span| span.overlap(frames)).sum();
            let negatives = frames.length() - positives;
            let score = f64::from(step.anomaly());
            examples.push(Scored { score, positives, negatives, clip: position as u32 });
        }
    }
    Ranking::new(examples)
}

impl FrameScores {
    /// `ranking` is [`frame_ranking`] of the same clips.
    pub fn new<C: AsRef<ScoredClip>>(clips: &[C], grid: FrameGrid, ranking: &Ranking) -> Self {
        let scored = || clips.iter().map(C::as_ref).filter(|clip| !clip.steps.is_empty());
        let is_weak = |clip: &&ScoredClip| clip.truth.is_anomaly() && clip.truth_ranges.is_empty();
        Self {
            clips: scored().count(),
            clips_without_ranges: scored().filter(is_weak).count(),
            anomaly: ranking.scores(),
            false_alarm_rate: false_alarm_rate(clips, grid),
        }
    }

    pub(super) fn note_absent(&self, list: &mut AbsentList) {
        list.within("anomaly", |list| self.anomaly.note_absent(list));
        list.note("false_alarm_rate", self.false_alarm_rate);
    }
}

/// The threshold of UCF-Crime's false alarm rate (Sultani et al. 2018, section 4.3).
const ALARM_AT: f64 = 0.5;

fn false_alarm_rate<C: AsRef<ScoredClip>>(clips: &[C], grid: FrameGrid) -> Metric {
    let (mut alarmed, mut all) = (0.0, 0.0);
    for clip in clips.iter().map(C::as_ref).filter(|clip| !clip.truth.is_anomaly()) {
        for (index, step) in clip.steps.iter().enumerate() {
            let frames = grid.step_frames(clip, index).length();
            all += frames;
            if reaches(f64::from(step.anomaly()), ALARM_AT) {
                alarmed += frames;
            }
        }
    }
    Metric::ratio(alarmed, all, Undefined::NoNormalClips)
}

#[cfg(test)]
mod tests {
    use super::super::clip::tests::{clip, clip_with};
    use super::*;
    use avar_labels::AnomalyClass::{Crash, Normal};

    const GRID: FrameGrid = FrameGrid { rate_hz: 24.0 };

    fn scores(clips: &[ScoredClip], grid: FrameGrid) -> FrameScores {
        FrameScores::new(clips, grid, &frame_ranking(clips, grid))
    }

    #[test]
    fn a_step_counts_with_all_its_frames() {
        let clips = [clip_with(&[(1.0, 1.5)], &[0.1, 0.9]), clip(Normal, &[0.2, 0.3, 0.6])];
        let scores = scores(&clips, GRID);
        assert_eq!((scores.anomaly.positives, scores.anomaly.negatives), (12, 24 * 5 - 12));
        // The step at 0.9 leads, and half of its frames are anomalous.
        assert_eq!(scores.anomaly.average_precision, Metric::new(0.5));
        assert_eq!(scores.false_alarm_rate, Metric::new(1.0 / 3.0));
    }

    #[test]
    fn ranges_given_in_frames_of_the_protocol_are_met_exactly() {
        let mut clip = clip_with(&[(17.0 / 24.0, 99.0 / 24.0)], &[0.5; 10]);
        clip.step_s = 16.0 / 24.0;
        clip.duration_s = 10.0 * clip.step_s;
        let scores = scores(&[clip], GRID);
        assert_eq!((scores.anomaly.positives, scores.anomaly.negatives), (82, 160 - 82));
    }

    #[test]
    fn frames_past_the_end_of_the_clip_do_not_count() {
        let clip = ScoredClip { duration_s: 1.5, ..clip(Normal, &[0.1, 0.2]) };
        assert_eq!(scores(&[clip], GRID).anomaly.negatives, 36);
    }

    #[test]
    fn where_the_file_begins_in_time_makes_no_difference() {
        let at_zero = clip_with(&[(1.0, 2.25)], &[0.3, 0.9, 0.4]);
        let mut later = clip_with(&[(8.5, 9.75)], &[0.3, 0.9, 0.4]);
        later.start_s = 7.5;
        assert_eq!(scores(&[later], GRID), scores(&[at_zero], GRID));
    }

    #[test]
    fn the_frame_rate_alone_does_not_move_the_average_precision() {
        let clips = [clip_with(&[(1.0, 3.0)], &[0.1, 0.9, 0.4, 0.6]), clip(Normal, &[0.2, 0.5])];
        let at = |rate_hz| scores(&clips, FrameGrid { rate_hz }).anomaly.average_precision.value().unwrap();
        assert!((at(24.0) - at(30.0)).abs() < 1e-12);
    }

    #[test]
    fn anomalous_clips_without_ranges_are_counted_as_such() {
        let clips = [clip(Crash, &[0.5]), clip_with(&[(0.0, 1.0)], &[0.5]), clip(Normal, &[])];
        let scores = scores(&clips, GRID);
        assert_eq!((scores.clips, scores.clips_without_ranges), (2, 1));
        assert_eq!(scores.anomaly.roc_auc.reason(), Some(Undefined::NoNegatives));
        assert_eq!(scores.false_alarm_rate.reason(), Some(Undefined::NoNormalClips));
    }
}
