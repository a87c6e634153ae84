//! One scored clip: what is true of it and what was predicted.
//!
//! All times stand on the file's own axis, in seconds. Step `i` stands for
//! `start_s + i * step_s .. start_s + (i + 1) * step_s`, cut at `start_s + duration_s`.

use avar_labels::{AnomalyClass, ClassScores, Modalities, Split};

use super::span::{Span, merged};

/// A stretch of a clip during which an anomaly is known to happen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TruthRange {
    /// Any class but normal.
    pub class: AnomalyClass,
    /// On the file's own axis.
    pub start_s: f64,
    /// On the file's own axis, above the start; not included.
    pub end_s: f64,
}

/// One clip: what is true of it, and what a network says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredClip {
    /// As the manifest writes it. It names the clip: in errors, and among the clips of another run.
    pub path: String,
    /// Clips of one origin (a camera, a film, a place), which are resampled together.
    pub group: String,
    /// The part of the dataset; `None` where the manifest gives it none.
    pub split: Option<Split>,
    /// What the networks were given; `None` in a run that does not say.
    pub modalities: Option<Modalities>,
    /// The label of the clip as a whole.
    pub truth: AnomalyClass,
    /// Empty: the label of an anomalous clip holds for all of it.
    pub truth_ranges: Vec<TruthRange>,
    /// What the clip was taken for: the class with the highest score.
    pub predicted: AnomalyClass,
    /// Class probabilities of the clip.
    pub scores: ClassScores<f64>,
    /// The highest anomaly score of a step.
    pub max_score: f64,
    /// Class probabilities of each step; empty where only the clip was scored.
    pub steps: Vec<ClassScores>,
    /// Length of a step; above zero where there are steps.
    pub step_s: f64,
    /// Where the clip begins on the file's own axis; may be below zero.
    pub start_s: f64,
    /// From start to end of the clip; no step counts beyond it.
    pub duration_s: f64,
}

/// For lists of clips that more is known of, such as those of a run.
impl AsRef<ScoredClip> for ScoredClip {
    fn as_ref(&self) -> &ScoredClip {
        self
    }
}

/// Why clips cannot be evaluated.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ScoreError {
    /// There is no clip at all.
    #[error("there is no clip to evaluate")]
    NoClips,
    /// A score of a clip or of a step lies more than 0.001 outside of `0..=1`, or is not a number.
    #[error("{what} is not a probability between 0 and 1 ({value}); score the clip again: {path}")]
    NotAProbability { what: String, value: f64, path: String },
    /// The ten scores of a clip add up to something that is more than 0.001 away from 1.
    #[error("the class probabilities add up to {sum:.3} instead of 1; score the clip again: {path}")]
    NotADistribution { sum: f64, path: String },
    /// Start, duration or length of a step is not finite, beyond 1e9 s, or below what it can be.
    #[error("the {what} is {value} s, which no clip can have; score the clip again: {path}")]
    Time { what: &'static str, value: f64, path: String },
    /// A true range does not end after its start, or has a bound that is not finite.
    #[error("a true range runs from {start_s} s to {end_s} s; correct its annotation: {path}")]
    Range { start_s: f64, end_s: f64, path: String },
    /// A true range does not overlap its clip.
    #[error(
        "a true range runs from {start_s} s to {end_s} s, outside of its clip, which has {first_s} s to {last_s} s; \
         correct its annotation: {path}"
    )]
    RangeOutside { start_s: f64, end_s: f64, first_s: f64, last_s: f64, path: String },
    /// A true range is labelled normal: ranges are of anomalies.
    #[error("a true range is of class normal; leave it out of the annotation: {path}")]
    NormalRange { path: String },
    /// A clip that is labelled normal has true ranges.
    #[error("the clip is labelled normal and has an anomalous range; correct one of them: {path}")]
    NormalClipWithRange { path: String },
    /// A setting of the report is not what it must be ([`super::ReportSettings::check`]).
    #[error("the setting {name} is {value}; it must be {must}")]
    Setting { name: &'static str, value: f64, must: &'static str },
}

impl ScoredClip {
    /// `1 - P(normal)` of the whole clip.
    pub fn anomaly_score(&self) -> f64 {
        self.scores.anomaly()
    }

    /// The time for which there are step scores.
    pub fn scored_span(&self) -> Span {
        let covered_s = (self.steps.len() as f64 * self.step_s).min(self.duration_s);
        Span::new(self.start_s, self.start_s + covered_s)
    }

    /// The time for which step `index` stands.
    pub fn step_span(&self, index: usize) -> Span {
        let end_s = self.scored_span().end;
        let at = |index: usize| (self.start_s + index as f64 * self.step_s).min(end_s);
        Span::new(at(index), at(index + 1))
    }

    /// The true anomalies of any class within the scored time, disjoint and in order.
    pub fn anomalous_spans(&self) -> Vec<Span> {
        let bounds = self.scored_span();
        merged(self.truth_segments().filter_map(|(_, span)| span.within(bounds)).collect())
    }

    /// The true segments of `class` within the scored time, disjoint and in order. A normal clip is one normal
    /// segment; the time around the events of an anomalous clip is none.
    pub fn spans_of(&self, class: AnomalyClass) -> Vec<Span> {
        let bounds = self.scored_span();
        if class == AnomalyClass::Normal {
            let whole = (self.truth == AnomalyClass::Normal).then_some(bounds);
            return whole.into_iter().filter_map(|span| span.within(bounds)).collect();
        }
        let of_class = self.truth_segments().filter(|(of, _)| *of == class);
        merged(of_class.filter_map(|(_, span)| span.within(bounds)).collect())
    }

    fn truth_segments(&self) -> impl Iterator<Item = (AnomalyClass, Span)> {
        let whole = self.truth_ranges.is_empty() && self.truth.is_anomaly();
        let ranges = self.truth_ranges.iter().map(|range| (range.class, Span::new(range.start_s, range.end_s)));
        ranges.chain(whole.then(|| (self.truth, self.scored_span())))
    }

    /// Refuses what no metric could be computed from.
    pub fn check(&self) -> Result<(), ScoreError> {
        let least_step_s = if self.steps.is_empty() { 0.0 } else { f64::MIN_POSITIVE };
        let times = [
            ("start", self.start_s, -LONGEST_S),
            ("duration", self.duration_s, 0.0),
            ("length of a step", self.step_s, least_step_s),
        ];
        for (what, value, least) in times {
            if !(least..=LONGEST_S).contains(&value) {
                return Err(ScoreError::Time { what, value, path: self.path.clone() });
            }
        }
        self.check_ranges()?;
        self.check_probabilities()
    }

    fn check_ranges(&self) -> Result<(), ScoreError> {
        for &TruthRange { class, start_s, end_s } in &self.truth_ranges {
            if !(start_s.is_finite() && end_s.is_finite() && start_s < end_s) {
                return Err(ScoreError::Range { start_s, end_s, path: self.path.clone() });
            }
            // Such a clip would be anomalous without a moment of anomaly, and all of its frames would count as normal.
            let (first_s, last_s) = (self.start_s, self.start_s + self.duration_s);
            if start_s >= last_s || end_s <= first_s {
                let path = self.path.clone();
                return Err(ScoreError::RangeOutside { start_s, end_s, first_s, last_s, path });
            }
            if class == AnomalyClass::Normal {
                return Err(ScoreError::NormalRange { path: self.path.clone() });
            }
        }
        if self.truth == AnomalyClass::Normal && !self.truth_ranges.is_empty() {
            return Err(ScoreError::NormalClipWithRange { path: self.path.clone() });
        }
        Ok(())
    }

    fn check_probabilities(&self) -> Result<(), ScoreError> {
        let check = |what: &dyn Fn() -> String, value: f64| {
            let is_probability = (-TOLERANCE..=1.0 + TOLERANCE).contains(&value);
            let refused = || ScoreError::NotAProbability { what: what(), value, path: self.path.clone() };
            if is_probability { Ok(()) } else { Err(refused()) }
        };
        for (class, score) in AnomalyClass::ALL.into_iter().zip(self.scores.0) {
            check(&|| format!("the clip's score of {}", class.name()), score)?;
        }
        let sum: f64 = self.scores.0.iter().sum();
        if (sum - 1.0).abs() > TOLERANCE {
            return Err(ScoreError::NotADistribution { sum, path: self.path.clone() });
        }
        check(&|| "the highest anomaly score".to_owned(), self.max_score)?;
        for (index, step) in self.steps.iter().enumerate() {
            for (class, score) in AnomalyClass::ALL.into_iter().zip(step.0) {
                check(&|| format!("the score of {} at step {index}", class.name()), f64::from(score))?;
            }
        }
        Ok(())
    }
}

/// Thirty years: sums of times stay exact to the microsecond.
const LONGEST_S: f64 = 1e9;

/// What the rounding of a softmax in single precision, averaged over steps, stays well below.
const TOLERANCE: f64 = 1e-3;

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use avar_labels::CLASS_COUNT;

    /// A clip of one-second steps from 0 s on; what is not normal goes to crash.
    pub(crate) fn clip(truth: AnomalyClass, anomaly: &[f32]) -> ScoredClip {
        let steps = anomaly.iter().map(|score| {
            let mut step = [0.0; CLASS_COUNT];
            step[AnomalyClass::Normal.index()] = 1.0 - score;
            step[AnomalyClass::Crash.index()] = *score;
            ClassScores(step)
        });
        let max_score = anomaly.iter().copied().fold(0.0, f32::max);
        let mut scores = [0.0; CLASS_COUNT];
        scores[AnomalyClass::Normal.index()] = 1.0 - f64::from(max_score);
        scores[AnomalyClass::Crash.index()] = f64::from(max_score);
        ScoredClip {
            path: "/footage/a.mp4".to_owned(),
            group: "a".to_owned(),
            split: None,
            modalities: Some(Modalities::PictureAndSound),
            truth,
            truth_ranges: Vec::new(),
            predicted: if max_score < 0.5 { AnomalyClass::Normal } else { AnomalyClass::Crash },
            scores: ClassScores(scores),
            max_score: f64::from(max_score),
            steps: steps.collect(),
            step_s: 1.0,
            start_s: 0.0,
            duration_s: anomaly.len() as f64,
        }
    }

    /// As [`clip`], with crashes at `ranges`.
    pub(crate) fn clip_with(ranges: &[(f64, f64)], anomaly: &[f32]) -> ScoredClip {
        let class = AnomalyClass::Crash;
        let truth_ranges = ranges.iter().map(|&(start_s, end_s)| TruthRange { class, start_s, end_s }).collect();
        ScoredClip { truth_ranges, ..clip(class, anomaly) }
    }

    #[test]
    fn an_anomalous_clip_without_ranges_is_anomalous_all_through() {
        let clip = clip(AnomalyClass::Crash, &[0.5; 4]);
        assert_eq!(clip.anomalous_spans(), [Span::new(0.0, 4.0)]);
        assert_eq!(clip.spans_of(AnomalyClass::Normal), []);
        assert_eq!(clip.spans_of(AnomalyClass::Abuse), []);
    }

    #[test]
    fn the_part_of_a_true_range_outside_the_scored_time_does_not_count() {
        let clip = clip_with(&[(-5.0, 1.0), (3.0, 9.0)], &[0.5; 4]);
        assert_eq!(clip.anomalous_spans(), [Span::new(0.0, 1.0), Span::new(3.0, 4.0)]);
    }

    #[test]
    fn the_last_step_ends_with_the_clip() {
        let clip = ScoredClip { duration_s: 3.5, start_s: 2.0, ..clip(AnomalyClass::Normal, &[0.5; 4]) };
        assert_eq!(clip.step_span(3), Span::new(5.0, 5.5));
        assert_eq!(clip.spans_of(AnomalyClass::Normal), [Span::new(2.0, 5.5)]);
    }

    #[test]
    fn a_score_that_is_not_a_number_is_reported_with_the_clips_name() {
        let mut broken = clip(AnomalyClass::Normal, &[0.1, f32::NAN]);
        let sentence = broken.check().unwrap_err().to_string();
        assert!(sentence.contains("step 1") && sentence.ends_with("/footage/a.mp4"), "{sentence}");
        broken = clip(AnomalyClass::Normal, &[0.1]);
        broken.scores.0[3] = f64::NAN;
        assert!(broken.check().unwrap_err().to_string().contains("brawling"));
        broken = ScoredClip { max_score: f64::NAN, ..clip(AnomalyClass::Normal, &[0.1]) };
        assert!(broken.check().is_err());
    }

    #[test]
    fn times_and_labels_that_contradict_themselves_are_refused() {
        let good = clip_with(&[(0.0, 1.0)], &[0.5; 4]);
        assert_eq!(good.check(), Ok(()));
        assert_eq!(clip_with(&[(-1.0, 0.5), (3.0, 9.0)], &[0.5; 4]).check(), Ok(()), "a part of each is within");
        let refused = [
            ScoredClip { step_s: 0.0, ..good.clone() },
            ScoredClip { duration_s: f64::INFINITY, ..good.clone() },
            ScoredClip { start_s: f64::NAN, ..good.clone() },
            ScoredClip { scores: ClassScores([0.5; CLASS_COUNT]), ..good.clone() },
            ScoredClip { truth: AnomalyClass::Normal, ..good.clone() },
            clip_with(&[(2.0, 1.0)], &[0.5; 4]),
            clip_with(&[(0.0, 1.0), (4.0, 6.0)], &[0.5; 4]),
            clip_with(&[(-2.0, 0.0)], &[0.5; 4]),
            clip_with(&[(0.0, f64::NAN)], &[0.5; 4]),
        ];
        for clip in refused {
            assert!(clip.check().unwrap_err().to_string().ends_with(&clip.path), "{clip:?}");
        }
    }
}
