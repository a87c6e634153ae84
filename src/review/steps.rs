//! From the scores of steps to the model's events, by a threshold rule.

use avar_base::time::FrameIndex;
use avar_labels::{AnomalyClass, CLASS_COUNT, ClassScores, Hysteresis};
use serde::{Deserialize, Serialize};
use std::ops::Range;

use crate::{Edge, Stretch};

/// What the network says of one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoredStep {
    /// The frame by which the step is named, and when it is shown.
    pub start: Edge,
    /// Softmax over the ten classes.
    pub scores: ClassScores,
}

/// The steps of a recording in order, as far as they have been scored.
#[derive(Clone, Debug)]
pub struct ScoredSteps {
    steps: Vec<ScoredStep>,
    end: Edge,
    step_s: f64,
}

/// Why steps are none that events can be found in.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StepsError {
    /// The length of a step is zero, negative or no number.
    #[error("a step has to last longer than zero seconds, not {0}")]
    Length(f64),
    /// A step begins at an earlier frame than the step before it, or after the end.
    #[error("step {step} begins before the step before it or after the end of the recording")]
    Order { step: usize },
    /// A score is no number.
    #[error("step {step} has a score that is no number")]
    Score { step: usize },
}

/// A stretch that the network calls anomalous.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEvent {
    /// The anomaly class with the highest mean score over the event.
    pub class: AnomalyClass,
    /// That mean.
    pub class_score: f32,
    /// Other classes that lead at least the rule's least duration on end: the event changes its class on the way.
    pub also: Vec<AnomalyClass>,
    /// From the first step to the end of the last.
    pub stretch: Stretch,
    /// The highest anomaly score.
    pub peak: f32,
    /// Where its step begins; the first of equals.
    pub peak_at: Edge,
    /// The mean anomaly score.
    pub mean: f32,
}

impl ModelEvent {
    /// Whether it can be one of a recording of so many frames.
    pub(crate) fn is_within(&self, len: usize) -> bool {
        let scores = [self.class_score, self.peak, self.mean];
        self.stretch.is_within(len)
            && self.stretch.contains(self.peak_at.frame)
            && scores.iter().all(|score| (0.0..=1.0).contains(score))
            && self.also.len() < CLASS_COUNT
    }
}

impl ScoredSteps {
    /// Steps of `step_s` each, up to `end`. Steps of a slow recording may share a frame.
    pub fn new(steps: Vec<ScoredStep>, end: Edge, step_s: f64) -> Result<Self, StepsError> {
        if !(step_s > 0.0 && step_s.is_finite()) {
            return Err(StepsError::Length(step_s));
        }
        let ends = steps.iter().skip(1).map(|step| step.start).chain([end]);
        for (step, (scored, next)) in steps.iter().zip(ends).enumerate() {
            if scored.start.frame > next.frame || scored.start.frame >= end.frame {
                return Err(StepsError::Order { step });
            }
            if scored.scores.0.iter().any(|score| !score.is_finite()) {
                return Err(StepsError::Score { step });
            }
        }
        Ok(Self { steps, end, step_s })
    }

    /// The steps in order.
    pub fn steps(&self) -> &[ScoredStep] {
        &self.steps
    }

    /// How long a step is.
    pub fn step_s(&self) -> f64 {
        self.step_s
    }

    /// The anomaly scores of these steps.
    pub(crate) fn anomaly(&self, steps: Range<usize>) -> impl Iterator<Item = f32> {
        self.steps[steps].iter().map(|step| step.scores.anomaly())
    }

    /// The steps that begin within a stretch.
    pub(crate) fn within(&self, stretch: Stretch) -> Range<usize> {
        self.from(stretch.start.frame)..self.from(stretch.end.frame)
    }

    /// The first step that begins at the frame or later.
    fn from(&self, frame: FrameIndex) -> usize {
        self.steps.partition_point(|step| step.start.frame < frame)
    }

    /// The events of a part of the steps under a rule, as if there were no others.
    pub(crate) fn events_within(&self, part: Range<usize>, rule: Hysteresis) -> impl Iterator<Item = ModelEvent> {
        let first = part.start;
        let runs = rule.runs(self.anomaly(part), self.step_s);
        runs.into_iter().map(move |run| self.event(first + run.start..first + run.end, rule))
    }

    /// The event of a run of at least one step.
    fn event(&self, run: Range<usize>, rule: Hysteresis) -> ModelEvent {
        let Summary { sums, peak, peak_step, sum } = self.summary(run.clone());
        let class = sums.top_anomaly();
        let count = run.len().max(1) as f64;
        ModelEvent {
            class,
            class_score: mean(sums.of(class), count),
            also: self.also(run.clone(), class, rule.min_on_s),
            stretch: Stretch { start: self.steps[run.start].start, end: self.end_of(&run) },
            peak,
            peak_at: self.steps[peak_step].start,
            mean: mean(sum, count),
        }
    }

    /// Where the next step begins, but a frame on at least: steps of a slow recording share frames.
    fn end_of(&self, run: &Range<usize>) -> Edge {
        let FrameIndex(first) = self.steps[run.start].start.frame;
        let next = run.end.max(self.from(FrameIndex(first + 1)));
        self.steps.get(next).map_or(self.end, |step| step.start)
    }

    /// Peak of the anomaly scores and mean score of a class over the steps that begin within a stretch; `None` where
    /// none does.
    pub(crate) fn peak_and_class_score(&self, stretch: Stretch, class: AnomalyClass) -> Option<(f32, f32)> {
        let run = self.within(stretch);
        if run.is_empty() {
            return None;
        }
        let Summary { sums, peak, .. } = self.summary(run.clone());
        Some((peak, mean(sums.of(class), run.len() as f64)))
    }

    fn summary(&self, run: Range<usize>) -> Summary {
        let mut summary = Summary { sums: ClassScores::default(), peak: f32::MIN, peak_step: run.start, sum: 0.0 };
        for step in run {
            let scores = &self.steps[step].scores;
            summary.sums += *scores;
            let anomaly = scores.anomaly();
            summary.sum += f64::from(anomaly);
            if anomaly > summary.peak {
                (summary.peak, summary.peak_step) = (anomaly, step);
            }
        }
        summary
    }

    /// Classes other than `class` that lead for `least_s` on end, and two steps at least, in the order in which they
    /// first do.
    fn also(&self, run: Range<usize>, class: AnomalyClass, least_s: f64) -> Vec<AnomalyClass> {
        let mut also = Vec::new();
        let mut on_end = 0;
        let mut leading = class;
        for step in &self.steps[run] {
            let top = step.scores.top_anomaly();
            on_end = if top == leading { on_end + 1 } else { 1 };
            leading = top;
            let is_long = on_end >= 2 && f64::from(on_end) * self.step_s >= least_s;
            if leading != class && is_long && !also.contains(&leading) {
                also.push(leading);
            }
        }
        also
    }
}

struct Summary {
    sums: ClassScores<f64>,
    peak: f32,
    peak_step: usize,
    sum: f64,
}

/// Rounding must not take a mean of scores out of their range.
fn mean(sum: f64, count: f64) -> f32 {
    (sum / count).clamp(0.0, 1.0) as f32
}

/// The model's events under a rule, disjoint and in order of time; time linear in the number of steps.
///
/// An event opens at the rule's onset, closes below its offset, gaps shorter than `min_off_s` are bridged and events
/// shorter than `min_on_s` dropped ([`Hysteresis::runs`]).
pub fn rebuild(scored: &ScoredSteps, rule: Hysteresis) -> Vec<ModelEvent> {
    scored.events_within(0..scored.steps.len(), rule).collect()
}
