//! The temporal head, trained on the cached features of every clip.
//!
//! An example is a window of T steps from one clip. Now and then one modality is taken away, so that a silent clip or
//! a sound file still means something; sound is never taken away from what only sound can tell. And now and then a clip
//! that has one modality alone is given everyday life in the other, as a camera would add it: a cry is a cry whatever
//! stands before the lens, and a fight a fight whatever is on the radio.

use std::collections::BTreeMap;
use std::ops::Range;

use candle_core::{D, Device, Tensor};
use candle_nn::VarMap;
use fastrand::Rng;

use super::calibration::ScoredSteps;
use super::error::TrainingError;
use super::features::ClipFeatures;
use super::optimizer::AdamWSettings;
use super::sampler::{FootageSampler, Moments, moments};
use super::stage::{OptimizerStep, StagePlan, Trainer, ValidationSums};
use avar_analysis::scores::clip_scores;
use avar_analysis::windows::{WindowMean, windows};
use avar_labels::{AnomalyClass, CLASS_COUNT, ClassScores};
use avar_model::head::{Config, Head};
use avar_model::layers::Mode;
use avar_model::loss::{self, LabelOptions};
use avar_model::{ModelError, WeightSource, Weights};

/// How often an example loses its sound, and its pictures.
const MODALITY_DROPOUT: f32 = 0.15;
/// Noise on the features, as a share of each one's own size. Each has one over the whole window: what does not move
/// must not seem to.
const FEATURE_NOISE: f32 = 0.1;
const LABEL_SMOOTHING: f64 = 0.05;
/// Added to a feature's deviation before it is evened out: one that hardly changes is noise.
const LEAST_DEVIATION: f64 = 0.005;
/// Windows that are judged at once: each pass through the head brings its weights into order anew.
const WINDOW_BATCH: usize = 128;
/// How often a real clip shows another one's picture features, while its motion and its sound stay its own. Real clips
/// are few, and the picture network, which learned from the same ones, knows them by heart: a head that believed its
/// features would not look at what moves. Pretrained networks have not met these clips; what they see stays where it
/// belongs.
const PICTURE_SWAP: f32 = 0.5;

/// How often a clip with one modality alone is given everyday life in the other.
const COMPANY: f32 = 0.5;

/// Normal life comes more often than any event, as it does outside.
const SHARES: [(AnomalyClass, f32); 2] = [(AnomalyClass::Normal, 0.35), (AnomalyClass::Brawling, 0.1)];

/// Trains a head of any shape.
pub struct HeadTrainer<'a> {
    training: Vec<&'a ClipFeatures>,
    validation: Vec<&'a ClipFeatures>,
    /// How much each of them counts: of a class each kind of footage by the square root of its clips.
    validation_weights: Vec<f32>,
    sampler: FootageSampler<Moments>,
    /// Training clips of real recordings with pictures, by dataset.
    real_pictures: BTreeMap<usize, Vec<usize>>,
    /// Training clips of everyday life that have pictures, real ones alone.
    everyday_pictures: Vec<usize>,
    /// Training clips of everyday life that are heard and not seen.
    everyday_sounds: Vec<usize>,
    /// Whether the picture network has learned from these very clips.
    knows_pictures: bool,
    head: Head,
    config: Config,
    descent: OptimizerStep,
    window_steps: usize,
    seed: u64,
    device: Device,
}

impl<'a> HeadTrainer<'a> {
    /// A head of shape `config` with weights drawn from the plan's seed; where inputs are normed, the norms begin
    /// evened out over the training clips. An error where there is no clip for training or none for validation.
    pub fn new(
        training: Vec<&'a ClipFeatures>,
        validation: Vec<&'a ClipFeatures>,
        config: &Config,
        window_steps: usize,
        plan: StagePlan,
    ) -> Result<HeadTrainer<'a>, TrainingError> {
        let StagePlan { seed, device, .. } = plan;
        if training.is_empty() || validation.is_empty() {
            return Err(TrainingError::NothingToTrainOn("there is no clip for training or for validation".to_owned()));
        }
        let clips = training.iter().enumerate();
        let sampler =
            FootageSampler::new(clips.map(|(index, clip)| (clip.footage(), moments(index, clip.label, &clip.classes))));
        let mut real_pictures: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, clip) in training.iter().enumerate().filter(|(_, clip)| clip.is_real && !clip.picture.is_empty()) {
            real_pictures.entry(clip.source).or_default().push(index);
        }
        let everyday = |wanted: fn(&ClipFeatures) -> bool| -> Vec<usize> {
            let clips = training.iter().enumerate();
            clips.filter(|(_, clip)| clip.is_everyday() && wanted(clip)).map(|(index, _)| index).collect()
        };
        let everyday_pictures = everyday(|clip| clip.is_real && !clip.picture.is_empty());
        let everyday_sounds = everyday(|clip| clip.picture.is_empty() && !clip.sound.is_empty());
        let variables = VarMap::new();
        let weights = Weights::open(&WeightSource::Untrained { seed }, device)?.trainable(&variables);
        let head = Head::new(config, &weights)?;
        if config.normalise_inputs {
            let seen = training.iter().flat_map(|clip| clip.picture.chunks_exact(config.seen_width()));
            let seen = seen.map(|row| row.split_at(config.picture_width)).filter(|(features, _)| is_present(features));
            even_out("head.picture_norm", seen.clone().map(|(features, _)| layer_normed(features)), &variables)?;
            even_out("head.motion_scale", seen.map(|(_, motion)| motion.to_vec()), &variables)?;
            let heard = training.iter().flat_map(|clip| clip.sound.chunks_exact(config.sound_width));
            even_out("head.sound_norm", heard.filter(|row| is_present(row)).map(layer_normed), &variables)?;
        }
        let settings = AdamWSettings { weight_decay: 0.05, ..AdamWSettings::default() };
        let descent = OptimizerStep::new(&plan, &variables, settings);
        let mut counts: BTreeMap<_, u32> = BTreeMap::new();
        let kind_of = |clip: &ClipFeatures| (clip.label, clip.footage());
        validation.iter().for_each(|clip| *counts.entry(kind_of(clip)).or_default() += 1);
        let validation_weights = validation.iter().map(|clip| (counts[&kind_of(clip)] as f32).sqrt().recip()).collect();
        Ok(HeadTrainer {
            training,
            validation,
            validation_weights,
            sampler,
            real_pictures,
            everyday_pictures,
            everyday_sounds,
            // Only what pretrained networks see is so wide that it is projected.
            knows_pictures: config.projection.is_none(),
            head,
            config: config.clone(),
            descent,
            window_steps,
            seed,
            device: device.device().clone(),
        })
    }

    /// Puts the features of some real clip of `source`, now and then the same one, in place of those in `rows`; its
    /// motion stays out.
    fn show_another<'b>(&self, source: usize, rows: impl Iterator<Item = &'b mut [f32]>, rng: &mut Rng) {
        let Some(others) = self.real_pictures.get(&source) else { return };
        let other = self.training[others[rng.usize(0..others.len())]];
        let (width, start) = (self.config.seen_width(), rng.usize(0..other.len()));
        for (row, step) in rows.zip((0..other.len()).cycle().skip(start)) {
            let features = &other.picture[step * width..][..self.config.picture_width];
            row[..self.config.picture_width].copy_from_slice(features);
        }
    }

    /// Features of `steps` steps of one of the clips `of`, over and over; now and then, where the clip itself has none.
    fn company(
        &self,
        is_alone: bool,
        of: &[usize],
        features: fn(&ClipFeatures) -> &Vec<f32>,
        steps: usize,
        rng: &mut Rng,
    ) -> Option<Vec<f32>> {
        if !is_alone || of.is_empty() || rng.f32() >= COMPANY {
            return None;
        }
        let other = self.training[of[rng.usize(0..of.len())]];
        let (rows, start) = (features(other), rng.usize(0..other.len()));
        let width = rows.len() / other.len();
        Some((start..start + steps).flat_map(|step| &rows[step % other.len() * width..][..width]).copied().collect())
    }

    /// Class probabilities of every step of the validation clips, by the weights as they are now.
    pub fn validation_scores(&self) -> Result<Vec<ScoredSteps>, TrainingError> {
        let clips = self.validation.iter().zip(&self.validation_weights).zip(self.step_scores(&self.validation)?);
        let is_everyday = |clip: &ClipFeatures| -> Vec<bool> {
            clip.classes.iter().map(|class| *class == Some(AnomalyClass::Normal)).collect()
        };
        let scored = clips.map(|((clip, weight), steps)| ScoredSteps {
            class: clip.label,
            weight: *weight,
            steps,
            is_everyday: is_everyday(clip),
        });
        Ok(scored.collect())
    }

    /// Class probabilities of every step of each clip, from overlapping windows as in analysis.
    pub fn step_scores(&self, clips: &[&ClipFeatures]) -> Result<Vec<Vec<ClassScores>>, TrainingError> {
        let of_clip = |(index, clip): (usize, &&ClipFeatures)| {
            windows(clip.len(), self.window_steps).into_iter().map(move |window| (index, window)).collect::<Vec<_>>()
        };
        let mut all: Vec<(usize, Range<usize>)> = clips.iter().enumerate().flat_map(of_clip).collect();
        // Those of one clip are of one length, and stay in order.
        all.sort_by_key(|(_, window)| window.len());
        let mut means: Vec<WindowMean<ClassScores>> =
            clips.iter().map(|clip| WindowMean::new(clip.len(), self.window_steps, 0)).collect();
        let mut scores = vec![Vec::new(); clips.len()];
        for of_one_length in all.chunk_by(|(_, a), (_, b)| a.len() == b.len()) {
            for batch in of_one_length.chunks(WINDOW_BATCH) {
                let steps = batch[0].1.len();
                let rows = |features_of: fn(&ClipFeatures) -> &[f32], width: usize| {
                    let mut rows = Vec::with_capacity(batch.len() * steps * width);
                    for (clip, window) in batch {
                        match features_of(clips[*clip]) {
                            [] => rows.resize(rows.len() + steps * width, 0.0),
                            features => rows.extend_from_slice(&features[window.start * width..window.end * width]),
                        }
                    }
                    Tensor::from_vec(rows, (batch.len(), steps, width), &self.device)
                };
                let picture = rows(|clip| &clip.picture, self.config.seen_width())?;
                let sound = rows(|clip| &clip.sound, self.config.sound_width)?;
                let stages = self.head.forward(&picture, &sound, Mode::Inference)?;
                let logits =
                    stages.last().ok_or_else(|| ModelError::Config("the temporal head has no stage".to_owned()))?;
                let rows = candle_nn::ops::softmax(&logits.detach(), D::Minus1)?.flatten_all()?.to_vec1::<f32>()?;
                for ((clip, _), rows) in batch.iter().zip(rows.as_chunks::<CLASS_COUNT>().0.chunks_exact(steps)) {
                    let rows: Vec<ClassScores> = rows.iter().copied().map(ClassScores).collect();
                    scores[*clip].extend(means[*clip].add(&rows));
                }
            }
        }
        Ok(scores)
    }
}

/// Whether a row of features is more than the zeros of a missing modality.
fn is_present(row: &[f32]) -> bool {
    row.iter().any(|value| *value != 0.0)
}

/// What a layer norm makes of a row before its own weight and bias.
fn layer_normed(row: &[f32]) -> Vec<f32> {
    let mean = row.iter().sum::<f32>() / row.len() as f32;
    let variance = row.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / row.len() as f32;
    row.iter().map(|value| (value - mean) / (variance + 1e-5).sqrt()).collect()
}

/// Sets the weight and the bias of `name`, where there is such a layer, so that each feature of `rows` comes out of it
/// with mean 0 and variance 1 over all rows. Training goes on from there.
fn even_out(name: &str, rows: impl Iterator<Item = Vec<f32>>, variables: &VarMap) -> Result<(), TrainingError> {
    let variables = variables.data().lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let variable = |part: &str| variables.get(&format!("{name}.{part}"));
    let (Some(weight), Some(bias)) = (variable("weight"), variable("bias")) else { return Ok(()) };
    let width = weight.dim(0)?;
    let (mut sums, mut squares, mut count) = (vec![0f64; width], vec![0f64; width], 0f64);
    for row in rows {
        for ((sum, square), value) in sums.iter_mut().zip(&mut squares).zip(row) {
            *sum += f64::from(value);
            *square += f64::from(value).powi(2);
        }
        count += 1.0;
    }
    if count == 0.0 {
        return Ok(());
    }
    let means: Vec<f64> = sums.iter().map(|sum| sum / count).collect();
    let deviation = |(mean, square): (&f64, &f64)| (square / count - mean * mean).max(0.0).sqrt() + LEAST_DEVIATION;
    let gains: Vec<f32> = means.iter().zip(&squares).map(|pair| (1.0 / deviation(pair)) as f32).collect();
    let shifts: Vec<f32> = means.iter().zip(&gains).map(|(mean, gain)| -*mean as f32 * gain).collect();
    weight.set(&Tensor::from_vec(gains, width, weight.device())?)?;
    bias.set(&Tensor::from_vec(shifts, width, bias.device())?)?;
    Ok(())
}

/// Adds `steps` rows from `first` on, noisy; zeros where there are none or the modality is gone.
fn append(rows: &mut Vec<f32>, features: Option<&Vec<f32>>, width: usize, first: usize, steps: usize, rng: &mut Rng) {
    let start = rows.len();
    if let Some(features) = features {
        let last = ((first + steps) * width).min(features.len());
        let gains: Vec<f32> = (0..width).map(|_| 1.0 + FEATURE_NOISE * (rng.f32() + rng.f32() - 1.0)).collect();
        let window = features[first * width..last].chunks_exact(width);
        rows.extend(window.flat_map(|row| row.iter().zip(&gains).map(|(value, gain)| value * gain)));
    }
    rows.resize(start + steps * width, 0.0);
}

impl Trainer for HeadTrainer<'_> {
    fn descent(&mut self) -> &mut OptimizerStep {
        &mut self.descent
    }

    fn loss(&self, step: u64) -> Result<Tensor, TrainingError> {
        let mut rng = Rng::with_seed(self.seed ^ step.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let (steps, batch) = (self.window_steps, self.descent.recipe().batch);
        let (mut picture, mut sound) = (Vec::new(), Vec::new());
        let (mut labels, mut weights) = (Vec::new(), Vec::new());
        for _ in 0..batch {
            let moments = self.sampler.draw_any(&SHARES, &mut rng)?;
            let at = moments.at[rng.usize(0..moments.at.len())];
            let clip = self.training[moments.clip];
            let first =
                (at as i64 - rng.i64(0..steps as i64)).clamp(0, clip.len().saturating_sub(steps) as i64) as usize;
            let only_heard =
                |class: &Option<AnomalyClass>| matches!(class, Some(AnomalyClass::PoliceSiren | AnomalyClass::BabyCry));
            let window = &clip.classes[first..clip.len().min(first + steps)];
            let (loses_sound, loses_picture) = match rng.f32() {
                share if share < MODALITY_DROPOUT => (!window.iter().any(only_heard), false),
                share if share < 2.0 * MODALITY_DROPOUT => (false, true),
                _ => (false, false),
            };
            // A clip with one modality keeps it.
            let has = |features: &Vec<f32>| !features.is_empty();
            let keeps_sound = has(&clip.sound) && !(loses_sound && has(&clip.picture));
            let keeps_picture = has(&clip.picture) && !(loses_picture && has(&clip.sound));
            let (dv, da) = (self.config.seen_width(), self.config.sound_width);
            let from = picture.len();
            append(&mut picture, keeps_picture.then_some(&clip.picture), dv, first, steps, &mut rng);
            if keeps_picture && clip.is_real && self.knows_pictures && rng.f32() < PICTURE_SWAP {
                let rows = picture[from..].chunks_exact_mut(dv).take(clip.len() - first);
                self.show_another(clip.source, rows, &mut rng);
            }
            append(&mut sound, keeps_sound.then_some(&clip.sound), da, first, steps, &mut rng);
            let company =
                self.company(!has(&clip.picture), &self.everyday_pictures, |clip| &clip.picture, steps, &mut rng);
            if let Some(seen) = company {
                picture.truncate(from);
                append(&mut picture, Some(&seen), dv, 0, steps, &mut rng);
            }
            let company = self.company(!has(&clip.sound), &self.everyday_sounds, |clip| &clip.sound, steps, &mut rng);
            if let Some(heard) = company {
                sound.truncate(sound.len() - steps * da);
                append(&mut sound, Some(&heard), da, 0, steps, &mut rng);
            }
            for step in first..first + steps {
                let class = clip.class_told(step, keeps_picture, keeps_sound);
                labels.push(class.unwrap_or(AnomalyClass::Normal).index() as u32);
                weights.push(if class.is_some() { 1.0f32 } else { 0.0 });
            }
        }
        let picture = Tensor::from_vec(picture, (batch, steps, self.config.seen_width()), &self.device)?;
        let sound = Tensor::from_vec(sound, (batch, steps, self.config.sound_width), &self.device)?;
        let labels = Tensor::from_vec(labels, (batch, steps), &self.device)?;
        let weights = Tensor::from_vec(weights, (batch, steps), &self.device)?;
        let stages = self.head.forward(&picture, &sound, Mode::Training { seed: self.seed ^ step })?;
        let options = LabelOptions { class_weights: None, smoothing: LABEL_SMOOTHING };
        Ok(loss::multi_stage(&stages, &labels, Some(&weights), &options)?)
    }

    /// Mean over the validation clips of `-log` of the clip's score of its class, and the share of clips that are
    /// called what they are; each class weighs the same, and of it each kind of footage by the root of its clips.
    fn validate(&self) -> Result<ValidationSums, TrainingError> {
        let mut sums = ValidationSums::default();
        for ScoredSteps { class, weight, steps, .. } in self.validation_scores()? {
            let scores = clip_scores(&steps);
            sums.add_weighted(class, weight, -scores.of(class).max(1e-6).ln(), scores.top() == class);
        }
        Ok(sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Stage;
    use crate::recipe::StageRecipe;
    use avar_dataset::ShownIn;
    use avar_labels::Split;
    use avar_model::ComputeDevice;
    use avar_model::layers::LayerNorm;
    use avar_model::motion::motion_width;

    const FEATURES: usize = 2;
    const SEEN: usize = FEATURES + motion_width(FEATURES);

    fn config() -> Config {
        Config { with_motion: true, ..Config::new(FEATURES, 2) }
    }

    /// Pictures of rows that count up from `first`.
    fn clip(steps: usize, first: f32, has_sound: bool) -> ClipFeatures {
        ClipFeatures {
            path: format!("{first}.mp4"),
            split: Split::Train,
            source: 0,
            is_real: true,
            group: String::new(),
            label: AnomalyClass::Brawling,
            shown_in: ShownIn::Both,
            classes: vec![Some(AnomalyClass::Brawling); steps],
            picture: (0..steps * SEEN).map(|n| first + n as f32).collect(),
            sound: (0..if has_sound { steps * 2 } else { 0 }).map(|n| (n as f32).sin()).collect(),
        }
    }

    fn trainer<'a>(clips: &[&'a ClipFeatures], folder: &'a std::path::Path) -> HeadTrainer<'a> {
        let recipe =
            StageRecipe { steps: 1, batch: 4, learning_rate: 1e-3, warm_up: 1, validate_every: 1, patience: 1 };
        let plan = StagePlan { stage: Stage::Head, recipe: &recipe, seed: 1, folder, device: &ComputeDevice::cpu() };
        HeadTrainer::new(clips.to_vec(), clips.to_vec(), &config(), 10, plan).unwrap()
    }

    #[test]
    fn a_faint_feature_is_heard_like_a_loud_one_from_the_start() {
        let rows = [[10.0, -10.0, 0.3], [12.0, -9.0, 0.6], [9.0, -12.0, -0.3], [11.0, -8.0, 0.9], [0.0; 3]];
        let variables = VarMap::new();
        let weights = Weights::open(&WeightSource::Untrained { seed: 1 }, &ComputeDevice::cpu()).unwrap();
        let norm = LayerNorm::new(3, &weights.trainable(&variables).at("norm")).unwrap();
        let given = rows.iter().map(|row| row.as_slice()).filter(|row| is_present(row));
        even_out("norm", given.map(layer_normed), &variables).unwrap();
        let present = Tensor::from_vec(rows[..4].concat(), (4, 3), &Device::Cpu).unwrap();
        let normed = norm.forward(&present).unwrap().t().unwrap().to_vec2::<f32>().unwrap();
        for feature in normed {
            let mean = feature.iter().sum::<f32>() / 4.0;
            let deviation = (feature.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / 4.0).sqrt();
            assert!(mean.abs() < 1e-3 && (0.1..1.0).contains(&deviation), "{feature:?}");
        }
    }

    #[test]
    fn everyday_life_is_as_common_in_footage_that_is_nearly_all_events() {
        let everyday = |clip: ClipFeatures| ClipFeatures {
            label: AnomalyClass::Normal,
            classes: vec![Some(AnomalyClass::Normal); clip.len()],
            ..clip
        };
        let mut clips: Vec<ClipFeatures> = (0..99).map(|n| clip(3, n as f32, true)).collect();
        clips.push(everyday(clip(3, 0.0, true)));
        clips.extend((0..25).map(|_| ClipFeatures { source: 1, ..everyday(clip(3, 0.0, true)) }));
        let folder = tempfile::tempdir().unwrap();
        let trainer = trainer(&clips.iter().collect::<Vec<_>>(), folder.path());
        let (mut rng, mut of_first, mut everyday) = (Rng::with_seed(1), 0, 0);
        for _ in 0..3000 {
            let drawn = &clips[trainer.sampler.draw_any(&SHARES, &mut rng).unwrap().clip];
            of_first += usize::from(drawn.source == 0);
            everyday += usize::from(drawn.source == 0 && drawn.label == AnomalyClass::Normal);
        }
        // The roots of 100 and 25 clips are 10 and 5.
        assert!((1900..2100).contains(&of_first), "{of_first}");
        // 0.35 and a tenth of the 0.55 that is shared by all, against 0.1 and the same.
        let expected = of_first as f64 * 0.405 / 0.56;
        assert!((everyday as f64 - expected).abs() < 90.0, "{everyday} of {of_first}");
    }

    #[test]
    fn clips_that_are_judged_together_are_judged_as_each_alone() {
        let clips = [clip(23, 0.0, true), clip(7, 0.5, false), clip(10, -1.0, true), clip(0, 0.0, false)];
        let clips: Vec<&ClipFeatures> = clips.iter().collect();
        let folder = tempfile::tempdir().unwrap();
        let trainer = trainer(&clips, folder.path());
        let together = trainer.step_scores(&clips).unwrap();
        for (clip, scores) in clips.iter().zip(&together) {
            assert_eq!(scores.len(), clip.len());
            assert_eq!(trainer.step_scores(&[clip]).unwrap(), std::slice::from_ref(scores));
        }
        assert_ne!(together[0][0], together[2][0]);
    }

    #[test]
    fn a_clip_that_shows_another_keeps_its_own_motion() {
        let (other, folder) = (clip(4, 100.0, false), tempfile::tempdir().unwrap());
        let trainer = trainer(&[&other], folder.path());
        let mut rows = [[7.0; SEEN]; 6];
        let shown = rows.iter_mut().map(<[f32; SEEN]>::as_mut_slice);
        trainer.show_another(0, shown, &mut Rng::with_seed(1));
        let own: Vec<[f32; 2]> = other.picture.chunks(SEEN).map(|row| [row[0], row[1]]).collect();
        let start = own.iter().position(|row| *row == rows[0][..2]).unwrap();
        for (index, row) in rows.iter().enumerate() {
            assert_eq!(row[..2], own[(start + index) % own.len()]);
            assert_eq!(row[2..], [7.0; SEEN - FEATURES]);
        }
    }

    #[test]
    fn a_clip_that_is_only_heard_is_now_and_then_given_everyday_pictures_over_and_over() {
        let everyday = ClipFeatures {
            classes: vec![Some(AnomalyClass::Normal); 3],
            label: AnomalyClass::Normal,
            ..clip(3, 50.0, false)
        };
        let (fight, folder) = (clip(4, 0.0, true), tempfile::tempdir().unwrap());
        let trainer = trainer(&[&fight, &everyday], folder.path());
        assert_eq!(trainer.everyday_pictures, [1], "a fight is no company");
        let mut rng = Rng::with_seed(3);
        let mut company =
            |is_alone| trainer.company(is_alone, &trainer.everyday_pictures, |clip| &clip.picture, 7, &mut rng);
        assert_eq!(company(false), None, "it has pictures of its own");
        let given: Vec<Vec<f32>> = (0..40).filter_map(|_| company(true)).collect();
        assert!((10..30).contains(&given.len()), "{}", given.len());
        for rows in given {
            assert_eq!(rows.len(), 7 * SEEN);
            assert_eq!(rows[..SEEN], rows[3 * SEEN..4 * SEEN], "three steps, again and again");
            assert!(everyday.picture.chunks(SEEN).any(|row| *row == rows[..SEEN]));
        }
    }

    #[test]
    fn a_feature_is_as_noisy_throughout_a_window() {
        let mut rows = Vec::new();
        append(&mut rows, Some(&vec![1.0; 4 * 3]), 3, 0, 4, &mut Rng::with_seed(1));
        let first = &rows[..3];
        assert!(rows.chunks(3).all(|row| row == first));
        assert!(first.iter().all(|feature| *feature != 1.0 && (feature - 1.0).abs() <= FEATURE_NOISE));
    }
}
