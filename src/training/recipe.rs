//! Recipes: everything that makes weights what they are, in one TOML file. The same recipe, data and number of threads
//! give the same weights.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::TrainingError;
use super::progress::Stage;
use avar_base::files::hexadecimal;

/// What makes weights what they are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// What the weights are called; their files are NAME.safetensors and NAME.json.
    pub name: String,
    /// Of first weights and examples, and of the parts of datasets that have none.
    pub seed: u64,
    /// Which encoders, and whether they are trained.
    pub backbones: Backbones,
    /// Steps a second at which clips are judged, in training and afterwards.
    pub steps_per_second: f64,
    /// `None`: nothing is drawn for the backbones.
    #[serde(default)]
    pub synth: Option<SynthData>,
    /// `None`: nothing is drawn for the head alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synth_for_head: Option<SynthForHead>,
    /// `None`: nothing is composed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compose: Option<ComposeData>,
    /// Other datasets, by the names under which the command line says where they are.
    #[serde(default)]
    pub data: Vec<NamedData>,
    /// Whether the backbones also learn what YAMNet and MobileNetV2 say of the same clips.
    #[serde(default)]
    pub teachers: bool,
    /// The sound network.
    pub sound: StageRecipe,
    /// The picture network.
    pub picture: StageRecipe,
    /// The temporal head.
    pub head: StageRecipe,
    /// Each head of the ablation.
    pub ablation: StageRecipe,
}

/// The encoders, and where they come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backbones {
    /// MobileViT-XXS and the small Wav2Vec2, trained from nothing.
    Lite,
    /// MobileViT-S and Wav2Vec2-base as they are, from a file; only the head is trained.
    Full,
    /// MoveNet, NanoDet, EfficientNet-Lite2 and EfficientAT as they are, from the teachers' folder; only the head is
    /// trained.
    Real,
}

impl std::str::FromStr for Backbones {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "lite" => Ok(Self::Lite),
            "full" => Ok(Self::Full),
            "real" => Ok(Self::Real),
            _ => Err("must be lite, full or real".to_owned()),
        }
    }
}

/// A corpus drawn by VAAR-Synth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SynthData {
    /// Clips with a picture, at the full frame rate.
    pub clips: usize,
    /// Further clips for training, at a fifth of the frame rate.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub slow_clips: usize,
    /// Further items with sound alone.
    pub sounds: usize,
    /// A clip depends on it and on its own number alone.
    pub seed: u64,
}

/// Untrimmed recordings, composed of the sounds of other datasets of the recipe, each part of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ComposeData {
    /// Names of the datasets whose sounds they are made of.
    pub of: Vec<String>,
    /// Recordings for training, validation and the test.
    pub recordings: [usize; 3],
    /// The shortest and the longest.
    pub duration_s: [f32; 2],
    /// Events in an hour, on average.
    pub events_per_hour: f32,
    /// Everyday sounds in an hour, on average, beside what goes on in the background.
    pub everyday_per_hour: f32,
    /// Level of an event over what else is heard meanwhile: the least and the greatest.
    pub ratio_db: [f32; 2],
    /// The same seed and material give the same recordings.
    pub seed: u64,
}

/// Clips of VAAR-Synth, at a fifth of the frame rate, on which the head alone is trained. What the backbones have
/// learned from they see more clearly than anything new; a head that knew nothing else would believe them too readily.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SynthForHead {
    /// How many.
    pub clips: usize,
    /// A clip depends on it and on its own number alone.
    pub seed: u64,
}

/// What a recipe does not ask for is no part of its digest: older recipes keep theirs.
fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn yes() -> bool {
    true
}

fn is_yes(answer: &bool) -> bool {
    *answer
}

/// A dataset that the recipe names and the command line places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedData {
    /// The one under which [`DataPlace`] says where it is.
    pub name: String,
    /// What it is and under which licence, for the model card.
    pub description: String,
    /// In words.
    pub licence: String,
    /// Footage of real events, as opposed to drawn or generated.
    pub is_real: bool,
    /// Whether the picture network learns its labels, or only what the teacher sees in it. Where clips are few, the
    /// network would know their scenes by heart, and the head would take that for knowledge.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub picture_labels: bool,
    /// Training goes on without it where the command line does not say where it is.
    #[serde(default)]
    pub optional: bool,
}

/// One stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageRecipe {
    /// Steps of the optimizer at most.
    pub steps: u64,
    /// Examples of a step.
    pub batch: usize,
    /// The highest, reached at the end of the warm-up; above 0 and below 1.
    pub learning_rate: f64,
    /// Steps over which the learning rate rises.
    pub warm_up: u64,
    /// Steps between two validations, after each of which a checkpoint is written.
    pub validate_every: u64,
    /// Validations without a better one after which the stage ends.
    pub patience: usize,
}

impl Recipe {
    /// Reads a recipe and checks it. An error where the file cannot be read, has an unknown field, or asks for what
    /// cannot be.
    pub fn read(path: &Path) -> Result<Recipe, TrainingError> {
        let refused = |reason: String| TrainingError::Recipe { reason, path: path.to_owned() };
        let text = std::fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
        let recipe: Recipe = toml::from_str(&text).map_err(|error| refused(one_line(&error.to_string())))?;
        recipe.check().map_err(refused)?;
        Ok(recipe)
    }

    fn check(&self) -> Result<(), String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.name.is_empty() || !self.name.chars().all(plain) {
            return Err(format!("the name \"{}\" must consist of letters, digits, - and _", self.name));
        }
        if self.synth.is_none() && self.data.is_empty() {
            return Err("it names no data; add [synth] or [[data]]".to_owned());
        }
        for (name, stage) in
            [("sound", &self.sound), ("picture", &self.picture), ("head", &self.head), ("ablation", &self.ablation)]
        {
            let rate_is_sound = stage.learning_rate > 0.0 && stage.learning_rate < 1.0;
            if stage.batch == 0 || stage.validate_every == 0 || !rate_is_sound {
                return Err(format!("[{name}] needs a batch, a validate_every and a learning_rate between 0 and 1"));
            }
        }
        Ok(())
    }

    /// SHA-256 of what the recipe says, whatever its layout and comments; lower-case hexadecimal.
    pub fn digest(&self) -> String {
        let canonical = serde_json::to_vec(self).expect(BECOMES_JSON);
        hexadecimal(Sha256::digest(canonical))
    }

    /// As [`Recipe::digest`], of what decides how `stage` comes out: not the name, nor what other stages ask for unless
    /// they come before it.
    pub fn digest_of_stage(&self, stage: Stage) -> String {
        let unheard: &[&str] = match stage {
            Stage::Sound => &["name", "synth_for_head", "compose", "picture", "head", "ablation"],
            Stage::Picture => &["name", "synth_for_head", "compose", "sound", "head", "ablation"],
            _ => &["name", "ablation"],
        };
        let mut heard = self.clone();
        if stage == Stage::Sound {
            heard.data.iter_mut().for_each(|data| data.picture_labels = true);
        }
        let mut said = serde_json::to_value(&heard).expect(BECOMES_JSON);
        if let Some(sections) = said.as_object_mut() {
            unheard.iter().for_each(|section| drop(sections.remove(*section)));
        }
        hexadecimal(Sha256::digest(said.to_string()))
    }
}

/// A digest of nothing would make all recipes equal, and a checkpoint of any of them could be gone on from.
const BECOMES_JSON: &str = "plain numbers and text, of which recipes consist, always become JSON";

/// Where the command line says that a dataset is: `NAME=MANIFEST`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataPlace {
    /// The one that the recipe gives it.
    pub name: String,
    /// The dataset's manifest.
    pub manifest: PathBuf,
}

impl std::str::FromStr for DataPlace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, path)) if !name.is_empty() && !path.is_empty() => {
                Ok(Self { name: name.to_owned(), manifest: PathBuf::from(path) })
            }
            _ => Err("must be NAME=MANIFEST, as in real=data/manifest.csv".to_owned()),
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Recipe, TrainingError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recipe.toml");
        std::fs::write(&path, text).unwrap();
        Recipe::read(&path)
    }

    const STAGES: &str = "
        [sound]
        steps = 10\nbatch = 2\nlearning_rate = 0.001\nwarm_up = 1\nvalidate_every = 5\npatience = 2
        [picture]
        steps = 10\nbatch = 2\nlearning_rate = 0.001\nwarm_up = 1\nvalidate_every = 5\npatience = 2
        [head]
        steps = 10\nbatch = 2\nlearning_rate = 0.001\nwarm_up = 1\nvalidate_every = 5\npatience = 2
        [ablation]
        steps = 10\nbatch = 2\nlearning_rate = 0.001\nwarm_up = 1\nvalidate_every = 5\npatience = 2";

    fn recipe(top: &str) -> String {
        format!("name = \"x\"\nseed = 1\nbackbones = \"lite\"\nsteps_per_second = 4.0\n{top}{STAGES}")
    }

    #[test]
    fn a_stage_depends_on_its_own_section_and_on_those_before_it() {
        let first = read(&recipe("[synth]\nclips = 4\nsounds = 0\nseed = 1\n")).unwrap();
        let mut second = first.clone();
        second.head.steps += 1;
        second.name = "another".to_owned();
        let is_same = |stage| first.digest_of_stage(stage) == second.digest_of_stage(stage);
        assert_eq!([Stage::Sound, Stage::Picture, Stage::Head].map(is_same), [true, true, false]);
        let mut third = first.clone();
        third.sound.batch += 1;
        let is_same = |stage| first.digest_of_stage(stage) == third.digest_of_stage(stage);
        assert_eq!([Stage::Sound, Stage::Picture, Stage::Head].map(is_same), [false, true, false]);
        let mut fourth = first.clone();
        fourth.synth_for_head = Some(SynthForHead { clips: 10, seed: 2 });
        let is_same = |stage| first.digest_of_stage(stage) == fourth.digest_of_stage(stage);
        assert_eq!([Stage::Sound, Stage::Picture, Stage::Head].map(is_same), [true, true, false]);
        let mut fifth = first.clone();
        fifth.seed += 1;
        assert_ne!(first.digest_of_stage(Stage::Sound), fifth.digest_of_stage(Stage::Sound));
        let data = "[[data]]\nname = \"a\"\ndescription = \"b\"\nlicence = \"c\"\nis_real = true\n";
        let labelled = read(&recipe(data)).unwrap();
        let taught = read(&recipe(&format!("{data}picture_labels = false\n"))).unwrap();
        let is_same = |stage| labelled.digest_of_stage(stage) == taught.digest_of_stage(stage);
        assert_eq!([Stage::Sound, Stage::Picture, Stage::Head].map(is_same), [true, false, false]);
    }

    #[test]
    fn the_digest_depends_on_what_is_said_and_not_on_how() {
        let one = read(&recipe("[synth]\nclips = 4\nsounds = 0\nseed = 1\n")).unwrap();
        let other = read(&recipe("# A comment.\n[synth]\nseed=1\nclips=4\nsounds=0\n")).unwrap();
        let changed = read(&recipe("[synth]\nclips = 5\nsounds = 0\nseed = 1\n")).unwrap();
        assert_eq!(one.digest(), other.digest());
        assert_ne!(one.digest(), changed.digest());
    }

    #[test]
    fn a_misspelt_setting_is_refused_by_name() {
        let error = read(&recipe("[synth]\nclip = 4\nsounds = 0\nseed = 1\n")).unwrap_err().to_string();
        assert!(error.contains("clip") && error.contains("recipe.toml") && !error.contains('\n'), "{error}");
    }

    #[test]
    fn a_recipe_without_data_is_refused() {
        let error = read(&recipe("")).unwrap_err().to_string();
        assert!(error.contains("no data"), "{error}");
    }

    #[test]
    fn a_place_is_a_name_and_a_path() {
        let place: DataPlace = "real=a/b=c.csv".parse().unwrap();
        assert_eq!((place.name.as_str(), place.manifest.to_str().unwrap()), ("real", "a/b=c.csv"));
        assert!("real".parse::<DataPlace>().is_err() && "=x".parse::<DataPlace>().is_err());
    }
}
