//! Two runs side by side, on the clips that both have.

use super::run_index::RunIndex;
use super::selection::Selection;
use crate::difference::Differences;
use crate::runs::Pairing;
use crate::{BootstrapSettings, Decision, ScoredClip};
use avar_base::job::{CancelToken, Cancelled};

/// What is the same for every filter and threshold.
pub struct Paired {
    /// Which clips both runs have, by path.
    pub pairing: Pairing,
    /// By clip of the first run: its place in the second.
    pub second: Vec<Option<usize>>,
    /// By clip of the first run: how far the two are apart, 0 the same to 1 nothing in common.
    pub disagreement: Vec<Option<f64>>,
    /// Clips of the first run by disagreement, the greatest first.
    pub order: Vec<usize>,
}

impl Paired {
    /// Asks before each clip whether it is still wanted.
    pub fn new(first: &RunIndex, second: &RunIndex, cancel: &CancelToken) -> Result<Self, Cancelled> {
        let pairing = Pairing::new(&first.run, &second.run);
        let count = first.run.clips.len();
        let (mut places, mut disagreement) = (vec![None; count], vec![None; count]);
        for (a, b) in &pairing.shared {
            cancel.check()?;
            places[*a] = Some(*b);
            disagreement[*a] = Some(distance(&first.run.clips[*a].scored, &second.run.clips[*b].scored));
        }
        let mut order: Vec<usize> = pairing.shared.iter().map(|(a, _)| *a).collect();
        // Stable, so that equals stay in the order of the run.
        order.sort_by(|a, b| disagreement[*b].unwrap_or(0.0).total_cmp(&disagreement[*a].unwrap_or(0.0)));
        Ok(Self { pairing, second: places, disagreement, order })
    }

    /// Of the clips that are shown and that both runs have. Asks again and again whether it is still wanted.
    pub fn differences(
        &self,
        first: &RunIndex,
        second: &RunIndex,
        selection: &Selection,
        decision: Decision,
        cancel: &CancelToken,
    ) -> Result<Differences, Cancelled> {
        let pair =
            |place: &usize| Some((&first.run.clips[*place].scored, &second.run.clips[self.second[*place]?].scored));
        let pairs: Vec<_> = selection.places.iter().filter_map(pair).collect();
        Differences::new(&pairs, decision, BootstrapSettings::default(), cancel)
    }
}

/// The step of `other` that stands for the middle of step `step` of `clip`.
pub fn same_moment(clip: &ScoredClip, step: usize, other: &ScoredClip) -> Option<usize> {
    let span = clip.step_span(step);
    let steps = ((span.start + span.end) / 2.0 - other.start_s) / other.step_s;
    (steps >= 0.0 && steps < other.steps.len() as f64).then_some(steps as usize)
}

/// Whether both call a step of the first the same; `None` where the second has no such step.
pub fn disagree(first: &ScoredClip, step: usize, second: &ScoredClip) -> Option<bool> {
    let other = same_moment(first, step, second)?;
    Some(first.steps[step].top() != second.steps[other].top())
}

/// The mean over the steps of both of the total variation distance of their class scores; that of the clips' scores
/// where they share no step.
fn distance(first: &ScoredClip, second: &ScoredClip) -> f64 {
    let (mut sum, mut count) = (0.0, 0);
    for (step, scores) in first.steps.iter().enumerate() {
        if let Some(other) = same_moment(first, step, second) {
            let apart: f32 = scores.0.iter().zip(second.steps[other].0).map(|(a, b)| (a - b).abs()).sum();
            sum += f64::from(apart) / 2.0;
            count += 1;
        }
    }
    match count {
        0 => first.scores.0.iter().zip(second.scores.0).map(|(a, b)| (a - b).abs()).sum::<f64>() / 2.0,
        _ => sum / f64::from(count),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspection::demo_run;
    use crate::inspection::filter::Filter;
    use crate::inspection::notes::Notes;
    use crate::runs::Run;

    fn index(skill: f32, seed: u64, change: impl FnOnce(&mut Run)) -> RunIndex {
        let mut run = demo_run::run(&demo_run::Settings { clips: 60, skill, seed, ..demo_run::Settings::default() });
        change(&mut run);
        RunIndex::new(run, &CancelToken::default(), |_| {}).unwrap()
    }

    fn paired(first: &RunIndex, second: &RunIndex) -> Paired {
        Paired::new(first, second, &CancelToken::default()).unwrap()
    }

    #[test]
    fn a_run_agrees_with_itself() {
        let run = index(0.5, 1, |_| {});
        let pairs = paired(&run, &run);
        assert!(pairs.disagreement.iter().all(|distance| *distance == Some(0.0)));
        assert_eq!(pairs.order, (0..60).collect::<Vec<_>>());
        assert_eq!(disagree(&run.run.clips[0].scored, 3, &run.run.clips[0].scored), Some(false));
    }

    #[test]
    fn clips_come_by_how_far_apart_the_runs_are() {
        let (first, second) = (index(0.3, 1, |_| {}), index(0.9, 2, |_| {}));
        let pairs = paired(&first, &second);
        let distances: Vec<f64> = pairs.order.iter().map(|place| pairs.disagreement[*place].unwrap()).collect();
        assert!(distances.is_sorted_by(|a, b| a >= b) && distances[0] > distances[59] && distances[0] <= 1.0);
    }

    #[test]
    fn only_what_both_have_is_compared() {
        let first = index(0.3, 1, |_| {});
        let second = index(0.9, 2, |run| run.clips.truncate(45));
        let pairs = paired(&first, &second);
        assert_eq!((pairs.order.len(), pairs.second[50], pairs.disagreement[50]), (45, None, None));
        let selection = Selection::new(&first, &Filter::default(), &Notes::default(), &CancelToken::default()).unwrap();
        let differences =
            pairs.differences(&first, &second, &selection, Decision::TopClass, &CancelToken::default()).unwrap();
        assert_eq!(differences.clips, 45);
        assert!(differences.accuracy.value.value().unwrap() > 0.0, "the second knows more");
    }

    #[test]
    fn steps_of_other_lengths_meet_at_the_same_moment() {
        let run = demo_run::run(&demo_run::Settings { clips: 1, ..demo_run::Settings::default() });
        let clip = &run.clips[0].scored;
        let coarse = ScoredClip { steps: clip.steps[..4].to_vec(), step_s: 1.0, ..clip.clone() };
        assert_eq!(same_moment(clip, 0, &coarse), Some(0));
        assert_eq!(same_moment(clip, 9, &coarse), Some(2));
        assert_eq!(same_moment(clip, 17, &coarse), None);
        assert!(distance(clip, &coarse) > 0.0);
        let none = ScoredClip { steps: Vec::new(), ..clip.clone() };
        assert_eq!(distance(clip, &none), 0.0, "by the clips' own scores");
    }
}
