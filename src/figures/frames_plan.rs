//! Which clips and frames figure 4 shows, by a rule that its caption states.

use super::figure::FigureError;
use super::still::Moment;
use avar_labels::AnomalyClass;
use avar_metrics::ScoredClip;
use avar_metrics::runs::Run;

/// Frames of a clip.
pub(crate) const FRAMES_A_ROW: usize = 4;

/// Of each class of the run one clip that was judged right and one that was judged wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct FramesPlan {
    /// In the order of the classes; never empty.
    pub rows: Vec<ClassRow>,
}

/// The two clips of one class; at least one of them is there.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassRow {
    /// The true one.
    pub class: AnomalyClass,
    /// `None` where no clip of the class was judged right.
    pub right: Option<ClipRow>,
    /// `None` where no clip of the class was judged wrong.
    pub wrong: Option<ClipRow>,
}

/// A clip and its frames in order of time.
#[derive(Clone, Debug, PartialEq)]
pub struct ClipRow {
    /// Its place among the run's clips.
    pub clip: usize,
    /// One to four, at even distances.
    pub moments: Vec<Moment>,
}

pub(super) const RULE: &str = "Of each class, left the clip judged right whose score of the class is the median, right \
                               the clip judged wrong that is the surest of its mistake; frames at even distances.";

/// A class that the run has no clip with step scores of has no row.
pub fn plan_frames(run: &Run) -> Result<FramesPlan, FigureError> {
    let rows = AnomalyClass::ALL.into_iter().filter_map(|class| {
        let of_class: Vec<usize> = (0..run.clips.len())
            .filter(|place| run.clips[*place].scored.truth == class && !run.clips[*place].scored.steps.is_empty())
            .collect();
        let ranked = |is_right: bool| {
            let mut places: Vec<usize> = of_class
                .iter()
                .copied()
                .filter(|place| (run.clips[*place].scored.predicted == class) == is_right)
                .collect();
            let sureness = |place: usize| run.clips[place].scored.scores.of(run.clips[place].scored.predicted);
            places.sort_by(|a, b| {
                sureness(*b)
                    .total_cmp(&sureness(*a))
                    .then_with(|| run.clips[*a].scored.path.cmp(&run.clips[*b].scored.path))
            });
            places
        };
        let (right, wrong) = (ranked(true), ranked(false));
        let typical = right.get(right.len() / 2).copied();
        let row = |place: usize| ClipRow { clip: place, moments: even_moments(place, &run.clips[place].scored) };
        let is_shown = typical.is_some() || !wrong.is_empty();
        is_shown.then(|| ClassRow { class, right: typical.map(row), wrong: wrong.first().copied().map(row) })
    });
    let rows: Vec<ClassRow> = rows.collect();
    match rows.is_empty() {
        true => Err(FigureError::NothingToDraw(
            "no clip of the run has step scores; evaluate again with `avar evaluate --out`".to_owned(),
        )),
        false => Ok(FramesPlan { rows }),
    }
}

impl FramesPlan {
    /// All moments in the order in which [`super::frame_rows`] expects their stills.
    pub fn moments(&self) -> Vec<Moment> {
        let rows = self.rows.iter().flat_map(|row| [&row.right, &row.wrong]).flatten();
        rows.flat_map(|row| row.moments.clone()).collect()
    }
}

/// A short clip has fewer.
fn even_moments(place: usize, clip: &ScoredClip) -> Vec<Moment> {
    let mut steps: Vec<usize> =
        (0..FRAMES_A_ROW).map(|part| (2 * part + 1) * clip.steps.len() / (2 * FRAMES_A_ROW)).collect();
    steps.dedup();
    steps.into_iter().map(|step| Moment::new(place, step, clip)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{empty, sample_run};
    use super::*;

    #[test]
    fn every_class_has_a_right_and_a_wrong_clip_where_there_is_one() {
        let run = sample_run();
        let plan = plan_frames(&run).unwrap();
        assert_eq!(plan.rows.len(), 10);
        for row in &plan.rows {
            let of_class = |is_right: bool| {
                run.scored().any(|clip| clip.truth == row.class && (clip.predicted == row.class) == is_right)
            };
            assert_eq!((row.right.is_some(), row.wrong.is_some()), (of_class(true), of_class(false)));
            for (clip, is_right) in [(&row.right, true), (&row.wrong, false)] {
                let Some(clip) = clip else { continue };
                assert_eq!(run.clips[clip.clip].scored.predicted == row.class, is_right);
                assert_eq!(clip.moments.len(), FRAMES_A_ROW);
            }
        }
    }

    #[test]
    fn the_choice_does_not_depend_on_the_order_of_the_run() {
        let names = |run: &Run| -> Vec<String> {
            plan_frames(run)
                .unwrap()
                .moments()
                .iter()
                .map(|moment| run.clips[moment.clip].scored.path.clone())
                .collect()
        };
        let mut run = sample_run();
        let forward = names(&run);
        run.clips.reverse();
        assert_eq!(forward, names(&run));
    }

    #[test]
    fn clips_without_step_scores_have_no_frames() {
        assert!(plan_frames(&empty()).unwrap_err().to_string().contains("step scores"));
        let mut run = sample_run();
        run.clips[0].scored.steps.truncate(2);
        assert_eq!(even_moments(0, &run.clips[0].scored).iter().map(|moment| moment.step).collect::<Vec<_>>(), [0, 1]);
    }
}
