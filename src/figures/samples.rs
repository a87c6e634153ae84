//! A made-up run for the tests of the figures: eighty clips with the faults that runs have.

use std::path::PathBuf;

use super::drawing::RgbPicture;
use avar_labels::{AnomalyClass, CLASS_COUNT, ClassScores, Modalities};
use avar_metrics::runs::{About, ClipFacts, Run, RunClip};
use avar_metrics::{ScoredClip, TruthRange};

/// Eight clips a class; class by class a little harder, the last ones often taken for another.
pub(crate) fn sample_run() -> Run {
    let mut random = fastrand::Rng::with_seed(7);
    let mut run = Run { folder: PathBuf::from("/out/sample-run"), about: sample_about(), ..empty() };
    for class in AnomalyClass::ALL {
        for number in 0..8 {
            let truly_found = random.f64() > 0.05 + 0.04 * class.index() as f64;
            let found = match truly_found {
                true => class,
                false => AnomalyClass::ALL[random.usize(..CLASS_COUNT)],
            };
            let scored = sample_clip(class, found, number, &mut random);
            let features = (0..24)
                .map(|feature| if feature % CLASS_COUNT == class.index() { 3.0 } else { 0.0 } + random.f32() * 2.0)
                .collect();
            let facts = ClipFacts { file: PathBuf::from(&scored.path), features, ..ClipFacts::default() };
            run.clips.push(RunClip { scored, facts });
        }
    }
    run.about.clips = run.clips.len();
    run
}

pub(crate) fn empty() -> Run {
    Run { folder: PathBuf::new(), about: About::default(), clips: Vec::new(), set_aside: Vec::new() }
}

fn sample_about() -> About {
    About {
        manifest: "/data/test.csv".to_owned(),
        manifest_sha256: "5f0c3a7e9b1d5f0c3a7e".to_owned(),
        network: "lite".to_owned(),
        weights: "avar-lite, which comes with the program".to_owned(),
        weights_sha256: "a91be0c4d27fa91be0c4".to_owned(),
        is_trained: true,
        warning: "these weights learned from drawn clips alone".to_owned(),
        not_validated: vec!["intruder".to_owned(), "pain".to_owned()],
        steps_per_second: Some(4.0),
        program: "avar 0.1.0".to_owned(),
        ..About::default()
    }
}

/// A clip of quarter seconds whose anomaly runs from a third to two thirds of it.
fn sample_clip(class: AnomalyClass, found: AnomalyClass, number: usize, random: &mut fastrand::Rng) -> ScoredClip {
    let steps = 40 + 8 * number;
    let duration_s = steps as f64 * 0.25;
    let range = (duration_s / 3.0, duration_s * 2.0 / 3.0);
    let mut step_scores = Vec::new();
    for step in 0..steps {
        let time_s = step as f64 * 0.25;
        let is_within = class.is_anomaly() && (range.0..range.1).contains(&time_s);
        let shown = if is_within { found } else { AnomalyClass::Normal };
        let certainty = 0.55 + 0.4 * random.f32();
        let mut scores = [(1.0 - certainty) / (CLASS_COUNT - 1) as f32; CLASS_COUNT];
        scores[shown.index()] = certainty;
        step_scores.push(ClassScores(scores));
    }
    let mut scores = [0.4 / (CLASS_COUNT - 1) as f64; CLASS_COUNT];
    scores[found.index()] = 0.6;
    let truth_ranges = class.is_anomaly().then_some(TruthRange { class, start_s: range.0, end_s: range.1 });
    let max_score = step_scores.iter().map(ClassScores::<f32>::anomaly).fold(0.0, f32::max);
    ScoredClip {
        path: format!("{}/clip_{number:03}.mp4", class.name()),
        group: format!("{}-{}", class.name(), number / 2),
        split: None,
        modalities: Some(Modalities::PictureAndSound),
        truth: class,
        truth_ranges: truth_ranges.into_iter().collect(),
        predicted: found,
        scores: ClassScores(scores),
        max_score: max_score.into(),
        steps: step_scores,
        step_s: 0.25,
        start_s: 0.0,
        duration_s,
    }
}

/// A small scene of a hue of its own.
pub(crate) fn sample_picture(seed: u64) -> RgbPicture {
    let (width_px, height_px) = (64, 36);
    let mut random = fastrand::Rng::with_seed(seed);
    let (tint, light_x) = ([random.u8(40..160), random.u8(40..160), random.u8(40..160)], random.f64() * 64.0);
    let mut rgb = Vec::new();
    for y in 0..height_px {
        for x in 0..width_px {
            let light = 1.4 - ((f64::from(x) - light_x).powi(2) / 800.0 + f64::from(y).powi(2) / 900.0).min(1.0);
            rgb.extend(tint.map(|channel: u8| (f64::from(channel) * light).min(255.0) as u8));
        }
    }
    RgbPicture { width_px, height_px, rgb }
}
