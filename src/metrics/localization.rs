//! Mean average precision of segments at a temporal intersection over union, as XD-Violence reports it
//! (ActivityNet's mAP with the segment proposals of weakly supervised localisation).
//!
//! For each clip and class: frames whose class probability lies above `max - 0.6 (max - min)` of that clip form runs,
//! runs of at least two frames are segments, and a segment scores its highest probability plus 0.7 times the mean of
//! the highest sixteenth of the clip's frames. Segments of all clips are taken in descending order of score; each
//! claims the unclaimed true segment of its clip that it overlaps best, if the overlap reaches the threshold.
//! A class's average precision is the mean, over its true segments, of the precision at each one found. Segments of
//! equal score are taken together, so that the order of the clips cannot matter.
//!
//! The released protocol suppresses segments that overlap by more than 0.6; runs above one threshold are disjoint, so
//! there is nothing to suppress. It gives classes without true segments an average precision of zero; here they have
//! none and are left out of the mean.

use serde::Serialize;

use avar_labels::{AnomalyClass, CLASS_COUNT};

use super::classification::serialize_class;
use super::clip::ScoredClip;
use super::frames::FrameGrid;
use super::metric::{AbsentList, Metric, Undefined};
use super::span::{Span, merged, overlapping};

/// Mean average precision of segments, over classes and at each overlap.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Localization {
    /// The mean of the rows below, over the classes of anomalies: what the papers say they report.
    pub mean_without_normal: Metric,
    /// The mean of the rows below, with normal among the classes: what the released script averages.
    pub mean_with_normal: Metric,
    /// One row for each of [`super::ReportSettings::localization_ious`], in their order.
    pub thresholds: Vec<MeanAtIou>,
}

/// Mean average precision at one overlap.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MeanAtIou {
    /// The least intersection over union of a proposed segment with the true one that it claims.
    pub iou: f64,
    /// The mean over the classes of anomalies that have true segments.
    pub without_normal: Metric,
    /// The same, with normal clips as true segments of normal.
    pub with_normal: Metric,
    /// All ten, in the order of [`AnomalyClass::ALL`].
    pub classes: Vec<ClassAverage>,
}

/// How well the segments of one class are found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClassAverage {
    /// The class that the segments are of.
    #[serde(serialize_with = "serialize_class")]
    pub class: AnomalyClass,
    /// In all clips, within the scored time.
    pub true_segments: usize,
    /// Undefined where there is no true segment.
    pub average_precision: Metric,
}

impl Localization {
    /// Segments and overlaps are measured in frames of `grid`; one row for each of `ious`.
    pub fn new<C: AsRef<ScoredClip>>(clips: &[C], grid: FrameGrid, ious: &[f64]) -> Self {
        let classes = AnomalyClass::ALL.map(|class| ClassSegments::new(clips, grid, class));
        let thresholds: Vec<_> = ious.iter().map(|iou| MeanAtIou::new(&classes, *iou)).collect();
        let mean = |metric: fn(&MeanAtIou) -> Metric| {
            let reason = thresholds.first().and_then(|row| metric(row).reason());
            Metric::mean(thresholds.iter().map(metric), reason.unwrap_or(Undefined::NoExamples))
        };
        Self {
            mean_without_normal: mean(|row| row.without_normal),
            mean_with_normal: mean(|row| row.with_normal),
            thresholds,
        }
    }

    pub(super) fn note_absent(&self, list: &mut AbsentList) {
        list.note("mean_without_normal", self.mean_without_normal);
        list.note("mean_with_normal", self.mean_with_normal);
        list.within("thresholds", |list| {
            for row in &self.thresholds {
                list.within(&row.iou.to_string(), |list| row.note_absent(list));
            }
        });
    }
}

impl MeanAtIou {
    fn new(classes: &[ClassSegments; CLASS_COUNT], iou: f64) -> Self {
        let classes = classes.iter().map(|segments| ClassAverage {
            class: segments.class,
            true_segments: segments.true_count(),
            average_precision: segments.average_precision(iou),
        });
        let classes: Vec<_> = classes.collect();
        let mean = |with_normal: bool| {
            let counted = classes.iter().filter(|average| with_normal || average.class.is_anomaly());
            Metric::mean(counted.map(|average| average.average_precision), Undefined::NoTrueSegments)
        };
        Self { iou, without_normal: mean(false), with_normal: mean(true), classes }
    }

    fn note_absent(&self, list: &mut AbsentList) {
        list.note("without_normal", self.without_normal);
        list.note("with_normal", self.with_normal);
        list.within("classes", |list| {
            for average in &self.classes {
                list.within(average.class.name(), |list| list.note("average_precision", average.average_precision));
            }
        });
    }
}

/// The true and the proposed segments of one class, in frames of their clips.
struct ClassSegments {
    class: AnomalyClass,
    /// By clip, disjoint and in order.
    truth: Vec<Vec<Span>>,
    /// In descending order of score.
    proposals: Vec<Proposal>,
}

struct Proposal {
    clip: usize,
    span: Span,
    score: f64,
}

impl ClassSegments {
    fn new<C: AsRef<ScoredClip>>(clips: &[C], grid: FrameGrid, class: AnomalyClass) -> Self {
        let clips = || clips.iter().map(C::as_ref);
        let frames = |clip: &ScoredClip| clip.spans_of(class).into_iter().map(|span| grid.frames(clip, span)).collect();
        let truth = clips().map(|clip| merged(frames(clip))).collect();
        let mut proposals = Vec::new();
        for (position, clip) in clips().enumerate() {
            propose(clip, position, grid, class, &mut proposals);
        }
        // Stable: within a clip, segments of equal score claim in the order of time.
        proposals.sort_by(|a, b| b.score.total_cmp(&a.score));
        Self { class, truth, proposals }
    }

    fn true_count(&self) -> usize {
        self.truth.iter().map(Vec::len).sum()
    }

    fn average_precision(&self, iou: f64) -> Metric {
        let mut claimed: Vec<Vec<bool>> = self.truth.iter().map(|spans| vec![false; spans.len()]).collect();
        let (mut taken, mut found, mut precisions) = (0, 0, 0.0);
        for tied in self.proposals.chunk_by(|a, b| a.score == b.score) {
            let claims = tied.iter().filter(|proposal| self.claim(proposal, &mut claimed[proposal.clip], iou)).count();
            taken += tied.len();
            found += claims;
            precisions += claims as f64 * found as f64 / taken as f64;
        }
        Metric::ratio(precisions, self.true_count() as f64, Undefined::NoTrueSegments)
    }

    /// Claims the true segment that the proposal overlaps best, of those that it overlaps enough and nothing has
    /// claimed; whether there was one.
    fn claim(&self, proposal: &Proposal, claimed: &mut [bool], iou: f64) -> bool {
        let truth = &self.truth[proposal.clip];
        let open = overlapping(truth, proposal.span).filter(|position| !claimed[*position]);
        let overlaps = open.map(|position| (position, proposal.span.iou(truth[position])));
        let best = overlaps.filter(|(_, overlap)| *overlap >= iou).max_by(|a, b| a.1.total_cmp(&b.1));
        if let Some((position, _)) = best {
            claimed[position] = true;
        }
        best.is_some()
    }
}

/// How far below the highest probability of a clip a segment may reach, as a share of the clip's range.
const DEPTH: f64 = 0.6;
const LEAST_FRAMES: f64 = 2.0;
/// The share of a clip's frames whose mean says how likely it shows the class at all, and the weight of that mean.
const TOP_SHARE: f64 = 1.0 / 16.0;
const TOP_WEIGHT: f64 = 0.7;

/// Adds the segments that one clip proposes for `class`.
fn propose(clip: &ScoredClip, position: usize, grid: FrameGrid, class: AnomalyClass, proposals: &mut Vec<Proposal>) {
    let scores: Vec<f64> = clip.steps.iter().map(|step| f64::from(step.of(class))).collect();
    let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let lowest = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let threshold = highest - (highest - lowest) * DEPTH;
    // Nothing rises above the others where all are equal, nor where there are none.
    let is_flat = !scores.iter().any(|score| *score > threshold);
    if is_flat {
        return;
    }
    let frames = |index: usize| grid.step_frames(clip, index);
    let clip_score = top_mean(&scores, |index| frames(index).length());
    let mut first = 0;
    for run in scores.chunk_by(|a, b| (*a > threshold) == (*b > threshold)) {
        let past = first + run.len();
        let span = Span::new(frames(first).start, frames(past - 1).end);
        if run[0] > threshold && span.length() >= LEAST_FRAMES {
            let peak = run.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            proposals.push(Proposal { clip: position, span, score: peak + TOP_WEIGHT * clip_score });
        }
        first = past;
    }
}

/// The mean score of the highest-scored sixteenth of the frames, of one frame at least.
fn top_mean(scores: &[f64], step_frames: impl Fn(usize) -> f64) -> f64 {
    let mut order: Vec<(f64, f64)> = scores.iter().enumerate().map(|(i, score)| (*score, step_frames(i))).collect();
    order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let all: f64 = order.iter().map(|(_, frames)| frames).sum();
    let top = (all * TOP_SHARE).floor().max(1.0);
    let (mut sum, mut left) = (0.0, top);
    for (score, frames) in order {
        sum += score * left.min(frames);
        left -= left.min(frames);
    }
    sum / top
}

#[cfg(test)]
mod tests {
    use super::super::clip::tests::{clip, clip_with};
    use super::*;
    use AnomalyClass::{Crash, Normal};

    const GRID: FrameGrid = FrameGrid { rate_hz: 16.0 };

    fn crash_precision(clips: &[ScoredClip], iou: f64) -> Metric {
        ClassSegments::new(clips, GRID, Crash).average_precision(iou)
    }

    #[test]
    fn a_segment_is_what_rises_above_four_tenths_of_the_range() {
        // Range 0.1..0.6: the threshold is 0.6 - 0.6 x 0.5 = 0.3.
        let clip = clip_with(&[(2.0, 4.0)], &[0.1, 0.2, 0.5, 0.6, 0.25, 0.4, 0.1]);
        let segments = ClassSegments::new(&[clip], GRID, Crash);
        let spans: Vec<_> = segments.proposals.iter().map(|proposal| proposal.span).collect();
        assert_eq!(spans, [Span::new(32.0, 64.0), Span::new(80.0, 96.0)]);
        // One sixteenth of 112 frames is 7, all from the step at 0.6.
        assert!((segments.proposals[0].score - (0.6 + 0.7 * 0.6)).abs() < 1e-6);
        assert!((segments.proposals[1].score - (0.4 + 0.7 * 0.6)).abs() < 1e-6);
    }

    #[test]
    fn a_segment_must_overlap_enough_to_count() {
        // The proposal is 1..3 s, the truth 2..4 s: one second of three.
        let clips = [clip_with(&[(2.0, 4.0)], &[0.0, 0.9, 0.9, 0.0, 0.0])];
        assert_eq!(crash_precision(&clips, 0.3), Metric::new(1.0));
        assert_eq!(crash_precision(&clips, 0.4), Metric::new(0.0));
    }

    #[test]
    fn each_true_segment_is_claimed_once_and_false_segments_before_it_cost_precision() {
        // By score: a false one (0.9), a true one (0.8), one on the same truth (0.7), a true one in another clip.
        let first = clip_with(&[(2.0, 5.0)], &[0.9, 0.0, 0.8, 0.0, 0.7, 0.0]);
        let second = clip_with(&[(0.0, 1.0)], &[0.3, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let expected = (1.0 / 2.0 + 2.0 / 4.0) / 2.0;
        assert_eq!(crash_precision(&[first, second], 0.3), Metric::new(expected));
    }

    #[test]
    fn segments_of_equal_score_count_together() {
        let (right, wrong) = (&[0.0, 0.9, 0.0], &[0.9, 0.0, 0.0]);
        let clips = [right, wrong, right].map(|anomaly| clip_with(&[(1.0, 2.0)], anomaly));
        assert_eq!(crash_precision(&clips, 0.5), Metric::new((2.0 / 3.0) * (2.0 / 3.0)));
    }

    #[test]
    fn a_true_segment_that_nothing_finds_costs_recall() {
        let found = clip_with(&[(1.0, 2.0)], &[0.0, 0.9, 0.0]);
        let flat = clip_with(&[(1.0, 2.0)], &[0.5, 0.5, 0.5]);
        assert_eq!(crash_precision(&[found, flat], 0.5), Metric::new(0.5));
    }

    #[test]
    fn a_run_of_a_single_frame_is_no_segment() {
        let clips = [clip_with(&[(1.0, 2.0)], &[0.0, 0.9, 0.0])];
        let segments = ClassSegments::new(&clips, FrameGrid { rate_hz: 1.0 }, Crash);
        assert!(segments.proposals.is_empty());
    }

    #[test]
    fn normal_clips_are_the_true_segments_of_normal() {
        let clips = [clip(Normal, &[0.1, 0.05, 0.1, 0.9]), clip_with(&[(1.0, 2.0)], &[0.0, 0.9, 0.0])];
        let scores = Localization::new(&clips, GRID, &[0.5]);
        let row = &scores.thresholds[0];
        assert_eq!(row.classes[Normal.index()].true_segments, 1);
        assert_eq!(
            row.classes[AnomalyClass::Abuse.index()].average_precision.reason(),
            Some(Undefined::NoTrueSegments)
        );
        let crash = row.classes[Crash.index()].average_precision.value().unwrap();
        let normal = row.classes[Normal.index()].average_precision.value().unwrap();
        assert_eq!(row.without_normal, Metric::new(crash));
        assert_eq!(row.with_normal, Metric::new((crash + normal) / 2.0));
    }

    #[test]
    fn clips_without_steps_leave_everything_undefined() {
        let scores = Localization::new(&[clip(Normal, &[])], GRID, &[0.1, 0.5]);
        assert_eq!(scores.mean_with_normal.reason(), Some(Undefined::NoTrueSegments));
    }
}
