//! Which clip figure 5 shows, and which of its moments, by a rule that its caption states.

use super::caption::clip_name;
use super::figure::FigureError;
use super::still::Moment;
use avar_labels::ClassScores;
use avar_metrics::runs::Run;
use avar_metrics::{ScoredClip, Span};

/// A clip and its moments in order of time.
#[derive(Clone, Debug, PartialEq)]
pub struct CurvePlan {
    /// Its place among the run's clips.
    pub clip: usize,
    /// One to five, each with a frame above the curve.
    pub moments: Vec<Moment>,
    /// Why this clip, in a sentence.
    pub rule: String,
}

/// Frames above the curve.
const MOST_MOMENTS: usize = 5;

/// Fewer steps than this within or outside of the truth say nothing of a difference.
const FEWEST_STEPS: usize = 2;

/// For the clip called `path`, or for the one that shows the difference between truth and the rest best.
pub fn plan_curve(run: &Run, path: Option<&str>) -> Result<CurvePlan, FigureError> {
    let (clip, rule) = match path {
        Some(path) => (find_clip(run, path)?, "The clip was chosen by whoever made the figure.".to_owned()),
        None => choose_clip(run)?,
    };
    let scored = &run.clips[clip].scored;
    if scored.steps.is_empty() {
        let name = clip_name(&scored.path);
        let sentence = format!("the clip has no step scores; evaluate again with `avar evaluate --out`: {name}");
        return Err(FigureError::NothingToDraw(sentence));
    }
    let moments = telling_steps(scored).into_iter().map(|step| Moment::new(clip, step, scored)).collect();
    Ok(CurvePlan { clip, moments, rule })
}

/// By the path of the manifest, or by the end of one where that fits a single clip.
fn find_clip(run: &Run, path: &str) -> Result<usize, FigureError> {
    let wanted = path.replace('\\', "/");
    let ends: Vec<usize> = (0..run.clips.len())
        .filter(|place| {
            let of_clip = run.clips[*place].scored.path.replace('\\', "/");
            of_clip == wanted || of_clip.ends_with(&format!("/{wanted}")) || wanted.ends_with(&format!("/{of_clip}"))
        })
        .collect();
    let exact = run.scored().position(|clip| clip.path == path);
    match (exact, ends.as_slice()) {
        (Some(clip), _) => Ok(clip),
        (None, [clip]) => Ok(*clip),
        (None, []) => {
            let first = run.scored().next().map_or("none", |clip| &clip.path);
            let sentence = format!("the run has no such clip; its first is called {first}: {path}");
            Err(FigureError::NothingToDraw(sentence))
        }
        (None, several) => {
            let sentence = format!("{} clips of the run are called so; give more of the path: {path}", several.len());
            Err(FigureError::NothingToDraw(sentence))
        }
    }
}

fn choose_clip(run: &Run) -> Result<(usize, String), FigureError> {
    // Highest first; of equals the first by path, whatever order the run has.
    let ranked = |measure: &dyn Fn(&ScoredClip) -> Option<f64>| {
        let mut ranked: Vec<(usize, f64)> =
            run.scored().enumerate().filter_map(|(place, clip)| Some((place, measure(clip)?))).collect();
        ranked.sort_by(|a, b| {
            b.1.total_cmp(&a.1).then_with(|| run.clips[a.0].scored.path.cmp(&run.clips[b.0].scored.path))
        });
        ranked
    };
    let by_contrast = ranked(&contrast);
    if let Some((clip, best)) = by_contrast.first() {
        let median = by_contrast[by_contrast.len() / 2].1;
        let rule = format!(
            "The clip is the one, of {} with annotated ranges, whose mean score within the truth is the furthest above \
             that outside ({best:+.2}; the median clip has {median:+.2}).",
            by_contrast.len()
        );
        return Ok((*clip, rule));
    }
    let by_range = ranked(&|clip| {
        let scores = clip.steps.iter().map(ClassScores::<f32>::anomaly);
        let (low, high) = scores.fold((1.0f32, 0.0f32), |(low, high), score| (low.min(score), high.max(score)));
        (!clip.steps.is_empty()).then(|| f64::from(high - low))
    });
    let rule = "No clip of the run has annotated ranges with time around them; the clip is the one whose score varies \
                most.";
    let none = "no clip of the run has step scores; evaluate again with `avar evaluate --out`";
    let (clip, _) = by_range.first().ok_or_else(|| FigureError::NothingToDraw(none.to_owned()))?;
    Ok((*clip, rule.to_owned()))
}

/// Mean score within the annotated ranges less that outside.
fn contrast(clip: &ScoredClip) -> Option<f64> {
    if clip.truth_ranges.is_empty() {
        return None;
    }
    let spans = clip.anomalous_spans();
    let (mut within, mut outside) = (Vec::new(), Vec::new());
    for (step, scores) in clip.steps.iter().enumerate() {
        let part = if is_within(clip, &spans, step) { &mut within } else { &mut outside };
        part.push(f64::from(scores.anomaly()));
    }
    let mean = |scores: &[f64]| scores.iter().sum::<f64>() / scores.len() as f64;
    (within.len().min(outside.len()) >= FEWEST_STEPS).then(|| mean(&within) - mean(&outside))
}

fn is_within(clip: &ScoredClip, spans: &[Span], step: usize) -> bool {
    let span = clip.step_span(step);
    let middle_s = (span.start + span.end) / 2.0;
    spans.iter().any(|truth| (truth.start..truth.end).contains(&middle_s))
}

/// Before the first event, its first step, the highest step of all events, the last one, and after it; evenly spread
/// where there is no event, or nothing else.
fn telling_steps(clip: &ScoredClip) -> Vec<usize> {
    let steps = clip.steps.len();
    let spans = clip.anomalous_spans();
    let within: Vec<usize> = (0..steps).filter(|step| is_within(clip, &spans, *step)).collect();
    let mut told = match (within.first(), within.last()) {
        (Some(&first), Some(&last)) if within.len() < steps => {
            let score = |step: &usize| clip.steps[*step].anomaly();
            let peak =
                within.iter().copied().reduce(|best, step| if score(&step) > score(&best) { step } else { best });
            let before = (first > 0).then_some(first / 2);
            let after = (last + 1 < steps).then_some((last + 1 + steps) / 2);
            [before, Some(first), peak, Some(last), after].into_iter().flatten().collect()
        }
        _ => (0..MOST_MOMENTS).map(|part| (2 * part + 1) * steps / (2 * MOST_MOMENTS)).collect::<Vec<usize>>(),
    };
    told.sort_unstable();
    told.dedup();
    told
}

#[cfg(test)]
mod tests {
    use super::super::samples::{empty, sample_run};
    use super::*;

    #[test]
    fn the_clip_with_the_clearest_difference_is_chosen_whatever_the_order_of_the_run() {
        let mut run = sample_run();
        let plan = plan_curve(&run, None).unwrap();
        let best = contrast(&run.clips[plan.clip].scored).unwrap();
        assert!(run.scored().filter_map(contrast).all(|other| other <= best));
        assert!(plan.rule.contains("of 72 with annotated ranges"), "{}", plan.rule);
        let path = run.clips[plan.clip].scored.path.clone();
        run.clips.reverse();
        assert_eq!(run.clips[plan_curve(&run, None).unwrap().clip].scored.path, path);
    }

    #[test]
    fn a_clip_is_found_by_its_path_or_the_end_of_it() {
        let run = sample_run();
        let of = |path| plan_curve(&run, Some(path)).map(|plan| run.clips[plan.clip].scored.path.clone());
        assert_eq!(of("pain/clip_003.mp4").unwrap(), "pain/clip_003.mp4");
        assert_eq!(of("/data/pain/clip_003.mp4").unwrap(), "pain/clip_003.mp4");
        let sentence = of("clip_003.mp4").unwrap_err().to_string();
        assert!(sentence.contains("10 clips") && sentence.ends_with(": clip_003.mp4"), "{sentence}");
        assert!(of("other.mp4").unwrap_err().to_string().contains("no such clip"));
    }

    #[test]
    fn moments_lie_before_within_and_after_the_event() {
        let run = sample_run();
        let plan = plan_curve(&run, Some("crash/clip_001.mp4")).unwrap();
        let spans = run.clips[plan.clip].scored.anomalous_spans();
        let (first, last) = (plan.moments[0].time_s, plan.moments.last().unwrap().time_s);
        assert!(first < spans[0].start && last > spans[0].end);
        assert!(plan.moments.windows(2).all(|pair| pair[0].step < pair[1].step));
        let normal = plan_curve(&run, Some("normal/clip_001.mp4")).unwrap();
        assert_eq!(normal.moments.iter().map(|moment| moment.step).collect::<Vec<_>>(), [4, 14, 24, 33, 43]);
    }

    #[test]
    fn a_run_without_step_scores_has_no_curve() {
        assert!(plan_curve(&empty(), None).unwrap_err().to_string().contains("step scores"));
        let mut run = sample_run();
        run.clips.iter_mut().for_each(|clip| clip.scored.steps.clear());
        assert!(plan_curve(&run, None).unwrap_err().to_string().contains("evaluate again"));
        let named = plan_curve(&run, Some("pain/clip_003.mp4")).unwrap_err().to_string();
        assert!(named.ends_with(": pain/clip_003.mp4"), "{named}");
    }
}
