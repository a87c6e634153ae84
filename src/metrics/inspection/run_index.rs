//! A run with all that is worked out once: what is left for a filter and a threshold is counting and looking up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::alarms::ClipAlarms;
use crate::calibration::Labelled;
use crate::frames::{FrameGrid, frame_ranking};
use crate::ranking::Ranking;
use crate::runs::{Run, RunClip};
use crate::temperature::Temperature;
use crate::{ReportSettings, ScoredClip, Undefined};
use avar_base::job::{CancelToken, Cancelled, parallel_map, thread_count};
use avar_labels::{ClassScores, Hysteresis, Split};

/// What all views of a run are worked out from.
pub struct RunIndex {
    /// The run that is looked at.
    pub run: Arc<Run>,
    /// By clip of the run.
    pub clips: Vec<ClipIndex>,
    /// Every step of every clip by its anomaly score, as frames under the protocol of the report.
    pub(super) frames: Ranking,
    /// Of the whole run, whatever is filtered.
    pub temperature: FittedTemperature,
    /// Over all clips of the run.
    pub extent: Extent,
}

/// What is worked out of one clip.
pub struct ClipIndex {
    /// The step with the highest anomaly score; `None` without steps.
    pub peak: Option<usize>,
    /// To draw in a list of clips.
    pub strip: Strip,
    pub(super) alarms: ClipAlarms,
}

/// The anomaly score along a clip: the highest of each of 48 stretches of equal length, 0 to 255; `None` without steps.
pub type Strip = Option<[u8; STRIP_CELLS]>;
/// Stretches into which a [`Strip`] divides a clip.
pub const STRIP_CELLS: usize = 48;

/// The temperature of a run's scores, and what it was fitted on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FittedTemperature {
    /// Above zero; an error says why none fits.
    pub value: Result<f64, Undefined>,
    /// How many clips it was fitted on.
    pub clips: usize,
    /// Otherwise on all clips, as there are none of the split.
    pub is_of_validation: bool,
}

/// What filters can be set to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Extent {
    /// Those that occur.
    pub splits: Vec<Split>,
    /// How many distinct groups the clips have.
    pub sources: usize,
    /// Lowest and highest; `None` where no clip has any.
    pub duration_s: Option<(f64, f64)>,
    /// In dB of full scale, of clips with sound.
    pub loudness_dbfs: Option<(f64, f64)>,
    /// 1 − brightness, of clips with a picture.
    pub darkness: Option<(f64, f64)>,
}

impl RunIndex {
    /// Hears how much is done, 0 to 1.
    pub fn new(run: Run, cancel: &CancelToken, progress: impl Fn(f32) + Sync) -> Result<Self, Cancelled> {
        let done = AtomicUsize::new(0);
        let hysteresis = Hysteresis::default();
        // One core is left for the window.
        let threads = thread_count().saturating_sub(1).max(1);
        let clips = parallel_map(&run.clips, threads, |RunClip { scored, .. }| {
            cancel.check()?;
            let alarms = ClipAlarms::new(scored, hysteresis);
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            if done.is_multiple_of(64) {
                progress(done as f32 / run.clips.len() as f32);
            }
            Ok::<_, Cancelled>(ClipIndex { peak: peak(scored), strip: strip(scored), alarms })
        })?;
        cancel.check()?;
        let grid = FrameGrid { rate_hz: ReportSettings::default().frame_rate_hz };
        let frames = frame_ranking(&run.clips, grid);
        cancel.check()?;
        Ok(Self {
            clips,
            frames,
            temperature: FittedTemperature::new(&run.clips),
            extent: Extent::new(&run),
            run: Arc::new(run),
        })
    }

    /// When the anomaly score of a clip is highest; its middle where it has no steps.
    pub fn peak_s(&self, place: usize) -> f64 {
        let clip = &self.run.clips[place].scored;
        match self.clips[place].peak {
            Some(step) => {
                let span = clip.step_span(step);
                (span.start + span.end) / 2.0
            }
            None => clip.start_s + clip.duration_s / 2.0,
        }
    }
}

fn peak(clip: &ScoredClip) -> Option<usize> {
    let scores = clip.steps.iter().map(ClassScores::<f32>::anomaly).enumerate();
    scores.rev().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(step, _)| step)
}

fn strip(clip: &ScoredClip) -> Strip {
    let count = clip.steps.len();
    let cell = |index: usize| {
        let first = index * count / STRIP_CELLS;
        let past = ((index + 1) * count).div_ceil(STRIP_CELLS).max(first + 1);
        let highest = clip.steps[first..past.min(count)].iter().map(ClassScores::<f32>::anomaly).fold(0.0, f32::max);
        (highest * 255.0).round() as u8
    };
    (count > 0).then(|| std::array::from_fn(cell))
}

/// For a fit: class probabilities and true class.
pub(super) fn labelled(clip: &ScoredClip) -> Labelled {
    (clip.scores.0, clip.truth.index())
}

impl FittedTemperature {
    fn new(clips: &[RunClip]) -> Self {
        let clips = || clips.iter().map(RunClip::as_ref);
        let validation: Vec<Labelled> =
            clips().filter(|clip| clip.split == Some(Split::Validation)).map(labelled).collect();
        let is_of_validation = !validation.is_empty();
        let examples = if is_of_validation { validation } else { clips().map(labelled).collect() };
        let value = Temperature::fit(&examples).map(|fitted| fitted.value);
        Self { value, clips: examples.len(), is_of_validation }
    }
}

impl Extent {
    fn new(run: &Run) -> Self {
        let range = |values: &mut dyn Iterator<Item = f64>| {
            values.fold(None, |range: Option<(f64, f64)>, value| {
                Some(range.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
            })
        };
        let facts = || run.clips.iter().map(|clip| &clip.facts);
        let sources: std::collections::HashSet<&str> = run.scored().map(|clip| clip.group.as_str()).collect();
        Self {
            splits: Split::ALL.into_iter().filter(|s| run.scored().any(|clip| clip.split == Some(*s))).collect(),
            sources: sources.len(),
            duration_s: range(&mut run.scored().map(|clip| clip.duration_s)),
            loudness_dbfs: range(&mut facts().filter_map(|facts| facts.loudness_dbfs.map(f64::from))),
            darkness: range(&mut facts().filter_map(super::filter::darkness)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspection::demo_run;
    use avar_labels::{AnomalyClass, CLASS_COUNT};

    fn index(run: Run) -> RunIndex {
        RunIndex::new(run, &CancelToken::default(), |_| {}).unwrap()
    }

    #[test]
    fn a_peak_of_one_step_is_in_the_strip_and_names_its_time() {
        let mut run = demo_run::run(&demo_run::Settings { clips: 1, ..demo_run::Settings::default() });
        let clip = &mut run.clips[0].scored;
        clip.steps = vec![clip.steps[0]; 1000];
        clip.steps[777] = ClassScores([0.1; CLASS_COUNT]);
        clip.steps[777].0[AnomalyClass::Normal.index()] = 0.0;
        clip.duration_s = 250.0;
        let index = index(run);
        assert_eq!((index.clips[0].peak, index.peak_s(0)), (Some(777), 777.5 * 0.25));
        assert_eq!(index.clips[0].strip.unwrap()[777 * STRIP_CELLS / 1000], 255);
    }

    #[test]
    fn the_temperature_is_fitted_on_validation_clips_where_there_are_any() {
        let run = demo_run::run(&demo_run::Settings::default());
        let validation = run.scored().filter(|clip| clip.split == Some(Split::Validation)).count();
        let fitted = FittedTemperature::new(&run.clips);
        assert_eq!((fitted.clips, fitted.is_of_validation), (validation, true));
        let test: Vec<_> = run.clips.iter().filter(|clip| clip.scored.split == Some(Split::Test)).cloned().collect();
        let fitted = FittedTemperature::new(&test);
        assert_eq!((fitted.clips, fitted.is_of_validation), (test.len(), false));
    }

    #[test]
    fn a_clip_without_steps_has_no_peak_and_no_strip() {
        let mut run = demo_run::run(&demo_run::Settings { clips: 2, ..demo_run::Settings::default() });
        run.clips[1].scored.steps.clear();
        let index = index(run);
        assert_eq!((index.clips[1].peak, index.clips[1].strip), (None, None));
        assert_eq!(index.peak_s(1), index.run.clips[1].scored.duration_s / 2.0);
    }

    #[test]
    fn a_cancelled_preparation_ends() {
        let cancel = CancelToken::default();
        cancel.cancel();
        let run = demo_run::run(&demo_run::Settings { clips: 3, ..demo_run::Settings::default() });
        assert!(RunIndex::new(run, &cancel, |_| {}).is_err());
    }
}
