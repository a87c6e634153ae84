//! A made-up run, for pictures of the window, tests and benchmarks. The same settings give the same run.

use std::path::PathBuf;

use crate::runs::{About, ClipFacts, Evidence, Failure, Run, RunClip};
use crate::{ScoredClip, TruthRange};
use avar_labels::{AnomalyClass, CLASS_COUNT, ClassScores, Modalities, Split};

/// What a made-up run is drawn from.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the run says that it lies; nothing is written there.
    pub folder: PathBuf,
    /// How many clips.
    pub clips: usize,
    /// Of a clip, on average.
    pub steps: usize,
    /// Of what the network says; what happens in the clips does not depend on it.
    pub seed: u64,
    /// How much a network knows: 0 guesses, 1 is nearly always right.
    pub skill: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { folder: PathBuf::from("/runs/made-up"), clips: 300, steps: 60, seed: 1, skill: 0.6 }
    }
}

const STEP_S: f64 = 0.25;

/// Clips are the same for every skill; only their scores differ.
pub fn run(settings: &Settings) -> Run {
    let clips = (0..settings.clips).map(|place| clip(settings, place)).collect();
    let about = About {
        manifest: "/data/made-up/manifest.csv".to_owned(),
        manifest_sha256: "3f1c".repeat(16),
        network: "avar-lite".to_owned(),
        weights: "weights/avar-lite.safetensors".to_owned(),
        weights_sha256: format!("{:016x}", settings.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)).repeat(4),
        is_trained: true,
        not_validated: ["abuse", "intruder", "vandalism"].map(str::to_owned).to_vec(),
        classes: AnomalyClass::ALL.map(|class| class.name().to_owned()).to_vec(),
        steps_per_second: Some(1.0 / STEP_S),
        clips: settings.clips,
        failures: vec![Failure {
            path: "broken/camera-0-9999.mp4".to_owned(),
            error: "this is not a media file that can be read: /data/made-up/broken/camera-0-9999.mp4".to_owned(),
        }],
        ..About::default()
    };
    Run { folder: settings.folder.clone(), about, clips, set_aside: Vec::new() }
}

fn clip(settings: &Settings, place: usize) -> RunClip {
    let mut world = fastrand::Rng::with_seed(place as u64 * 7919 + 11);
    let mut network = fastrand::Rng::with_seed(settings.seed * 1_000_003 + place as u64);
    let truth = if world.f32() < 0.35 { AnomalyClass::Normal } else { AnomalyClass::ALL[world.usize(..CLASS_COUNT)] };
    let camera = world.usize(..12);
    let path = format!("{}/camera-{camera}-{place:04}.mp4", truth.name());
    let length = ((settings.steps as f32 * (0.5 + world.f32())) as usize).max(8);
    let duration_s = length as f64 * STEP_S;
    let event = {
        let start = world.usize(..length / 2);
        start..(start + 6 + world.usize(..(length / 2).max(1))).min(length)
    };
    let is_dark = world.f32() < 0.3;
    let brightness = if is_dark { 0.05 + 0.2 * world.f32() } else { 0.3 + 0.5 * world.f32() };
    let has_sound = world.f32() < 0.85;
    let has_picture = !has_sound || world.f32() < 0.93;
    // What is hard to see is hard to tell.
    let skill = settings.skill - if is_dark { 0.2 } else { 0.0 } - if has_picture { 0.0 } else { 0.15 };
    let looks_like =
        if network.f32() < 0.35 + 0.6 * skill { truth } else { AnomalyClass::ALL[network.usize(..CLASS_COUNT)] };
    let certainty = 1.0 + 4.0 * skill.max(0.05) * (0.4 + 0.6 * network.f32());
    let mut wave = 0.0;
    let mut evidence = Vec::with_capacity(length);
    let steps: Vec<ClassScores> = (0..length)
        .map(|step| {
            wave = 0.8 * wave + 0.5 * (network.f32() - 0.5);
            let shown = if truth.is_anomaly() && !event.contains(&step) { AnomalyClass::Normal } else { looks_like };
            let mut logits: [f32; CLASS_COUNT] = std::array::from_fn(|_| 0.9 * (network.f32() - 0.5));
            logits[AnomalyClass::Normal.index()] += 1.6 + wave;
            logits[shown.index()] += certainty + 1.5 * wave;
            let scores = ClassScores(softmax(logits));
            let anomaly = scores.anomaly();
            let alone = |present: bool, share: f32| present.then_some((anomaly * share).clamp(0.0, 1.0));
            let lean = 0.5 + 0.45 * (wave + 0.3).clamp(-1.0, 1.0);
            evidence.push(Evidence { picture: alone(has_picture, 0.6 + lean), sound: alone(has_sound, 1.3 - lean) });
            scores
        })
        .collect();
    let scores = of_clip(&steps);
    let start_s = event.start as f64 * STEP_S;
    let range = TruthRange { class: truth, start_s, end_s: (event.end as f64 * STEP_S).max(start_s + STEP_S) };
    let facts = ClipFacts {
        file: PathBuf::from("/data/made-up").join(&path),
        evidence,
        loudness_dbfs: has_sound.then(|| -45.0 + 35.0 * world.f32()),
        brightness: has_picture.then_some(brightness),
        features: Vec::new(),
    };
    let scored = ScoredClip {
        path,
        group: format!("camera-{camera}"),
        split: Some([Split::Test, Split::Test, Split::Validation][world.usize(..3)]),
        modalities: Modalities::of(has_picture, has_sound),
        truth,
        truth_ranges: if truth.is_anomaly() { vec![range] } else { Vec::new() },
        predicted: scores.top(),
        scores,
        max_score: steps.iter().map(ClassScores::<f32>::anomaly).fold(0.0, f32::max).into(),
        steps,
        step_s: STEP_S,
        start_s: 0.0,
        duration_s,
    };
    RunClip { scored, facts }
}

/// The mean of the six most anomalous neighbouring steps.
fn of_clip(steps: &[ClassScores]) -> ClassScores<f64> {
    let mean = |steps: &[ClassScores]| -> [f64; CLASS_COUNT] {
        std::array::from_fn(|class| steps.iter().map(|step| f64::from(step.0[class])).sum::<f64>() / steps.len() as f64)
    };
    let normal = AnomalyClass::Normal.index();
    let windows = steps.windows(6.min(steps.len())).map(mean);
    ClassScores(windows.min_by(|a, b| a[normal].total_cmp(&b[normal])).unwrap_or_default())
}

fn softmax(logits: [f32; CLASS_COUNT]) -> [f32; CLASS_COUNT] {
    let exponentials = logits.map(f32::exp);
    let sum: f32 = exponentials.iter().sum();
    exponentials.map(|exponential| exponential / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_run_is_one_that_could_be() {
        let run = run(&Settings::default());
        run.scored().for_each(|clip| clip.check().unwrap());
        let classes: std::collections::HashSet<_> = run.scored().map(|clip| clip.truth).collect();
        assert_eq!(classes.len(), CLASS_COUNT);
    }

    #[test]
    fn two_skills_see_the_same_clips() {
        let of = |skill, seed| run(&Settings { skill, seed, clips: 40, ..Settings::default() });
        let (weak, strong) = (of(0.2, 1), of(0.9, 2));
        let paths = |run: &Run| run.scored().map(|clip| (clip.path.clone(), clip.truth)).collect::<Vec<_>>();
        assert_eq!(paths(&weak), paths(&strong));
        let right = |run: &Run| run.scored().filter(|clip| clip.truth == clip.predicted).count();
        assert!(right(&strong) > right(&weak));
    }
}
