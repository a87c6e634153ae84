//! The model card: what a network learned from, how good it was on what it had not seen, and where it fails. It lies
//! beside the weights as NAME.json, names them by their digest, and goes with every result.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use avar_labels::AnomalyClass;

/// Said wherever a score of an untrained network is shown or written.
pub const UNTRAINED_WARNING: &str = "untrained weights: these scores mean nothing";

/// Said where trained weights come without a model card.
pub const UNKNOWN_WARNING: &str = "weights without a model card: how good these scores are is not known";

/// What is known of some weights, as NAME.json says it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// What the weights are called.
    pub name: String,
    /// Of the weights file; lower-case hexadecimal.
    pub weights_sha256: String,
    /// The preset that the weights fit.
    pub network: String,
    /// At which the network was trained and tested, in Hz.
    pub steps_per_second: f64,
    /// The recipe's name, and the digest of what it says.
    pub recipe: String,
    /// SHA-256 in lower-case hexadecimal.
    pub recipe_sha256: String,
    /// The program that trained it.
    pub program: String,
    /// Every dataset of the training, in the order in which they were gathered.
    pub data: Vec<DataUse>,
    /// One for each dataset of which test clips could be scored.
    pub tests: Vec<TestResult>,
    /// One for each of the ten classes, in their order.
    pub classes: Vec<ClassValidation>,
    /// Sentences: classes of which many clips are missed, clips that could not be scored, truth that does not fit its
    /// clip.
    pub known_failures: Vec<String>,
}

/// One dataset, and how many clips of it went into which part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataUse {
    /// As the recipe names it, or the program where it drew the clips.
    pub name: String,
    /// What it is, for people.
    pub description: String,
    /// Of the recordings, in words.
    pub licence: String,
    /// Of real events, as opposed to drawn or generated.
    pub is_real: bool,
    /// Of the classes that occur in it, in their order.
    pub clips: Vec<ClassCount>,
}

/// Clips of one class in one dataset, by part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCount {
    /// Identifier of the class.
    pub class: String,
    /// Clips that the network learned from.
    pub training: usize,
    /// Clips by which training was stopped and the head calibrated.
    pub validation: usize,
    /// Clips that nothing was learned from or chosen by.
    pub test: usize,
}

/// Metrics on the test part of one dataset; `null` where a metric has no value there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    /// The dataset's name.
    pub data: String,
    /// Of real events, as opposed to drawn or generated.
    pub is_real: bool,
    /// Test clips that were scored.
    pub clips: usize,
    /// Distinct groups of the test clips, which are resampled.
    pub groups: usize,
    /// Share of clips whose class was found: equation 11.
    pub accuracy: Measured,
    /// Mean F1 of the classes among the test clips.
    pub macro_f1: Measured,
    /// Anomalous against normal, by the clip's anomaly score.
    pub auc: Measured,
    /// Anomalous against normal likewise, step-wise: equation 15.
    pub average_precision: Measured,
    /// Of the classes among the test clips, in their order.
    pub recall: Vec<ClassRecall>,
}

/// A value and its 95 % interval, by resampling groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// `None` where the metric has no value.
    pub value: Option<f64>,
    /// Lower end of the interval; `None` where there is none.
    pub low: Option<f64>,
    /// Upper end of the interval; `None` where there is none.
    pub high: Option<f64>,
}

/// How well one class is found among the test clips of one dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassRecall {
    /// Identifier of the class.
    pub class: String,
    /// Test clips of the class.
    pub clips: usize,
    /// Share of them that were taken for the class: equation 13.
    pub recall: Measured,
    /// Share of the clips taken for the class that are of it, equation 12; `None` where none was.
    pub precision: Option<f64>,
}

/// What a class's scores were checked against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validation {
    /// Real recordings with a picture.
    RealFootage,
    /// Real recordings of sound alone.
    RealSound,
    /// Drawn or generated clips; real ones were too few, or none.
    SyntheticOnly,
    /// No test clips, or too few real ones.
    NotAtAll,
}

impl Validation {
    /// Text for people.
    pub fn label(self) -> &'static str {
        match self {
            Validation::RealFootage => "validated on real footage",
            Validation::RealSound => "validated on real sound, not on footage",
            Validation::SyntheticOnly => "validated on synthetic clips only",
            Validation::NotAtAll => "not validated",
        }
    }

    /// Whether there were enough real recordings, with a picture or without.
    pub fn is_on_real_recordings(self) -> bool {
        matches!(self, Validation::RealFootage | Validation::RealSound)
    }
}

/// How far the scores of one class can be relied on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassValidation {
    /// Identifier of the class.
    pub class: String,
    /// By the test clips of all datasets together.
    pub validation: Validation,
    /// Real test clips that the validation rests on.
    pub real_test_clips: usize,
}

/// Why a card cannot be used; the weights can.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardError {
    /// The card is there, and cannot be read, is larger than 4 MiB, or is not of the expected form.
    #[error("the model card cannot be read ({reason}): {}", path.display())]
    Unreadable { reason: String, path: PathBuf },
    /// The card names another digest than that of the weights.
    #[error("the model card describes other weights, so it is not shown: {}", path.display())]
    OtherWeights { path: PathBuf },
}

/// A card is a page of text.
const LARGEST_CARD_BYTES: u64 = 4 << 20;

impl ModelCard {
    /// The card of the weights at `weights`, whose digest is `digest`; `None` where there is none.
    pub fn beside(weights: &Path, digest: &str) -> Result<Option<ModelCard>, CardError> {
        let path = weights.with_extension("json");
        let unreadable = |reason: String| CardError::Unreadable { reason, path: path.clone() };
        let size = match std::fs::metadata(&path) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error.to_string())),
        };
        if size > LARGEST_CARD_BYTES {
            return Err(unreadable(format!("it has {size} bytes")));
        }
        let text = std::fs::read(&path).map_err(|error| unreadable(error.to_string()))?;
        ModelCard::read(&text, digest, &path).map(Some)
    }

    /// The card that is written in `text`, if it is that of the weights with this digest; `path` names it in errors.
    pub(super) fn read(text: &[u8], digest: &str, path: &Path) -> Result<ModelCard, CardError> {
        let card: ModelCard = serde_json::from_slice(text)
            .map_err(|error| CardError::Unreadable { reason: error.to_string(), path: path.to_owned() })?;
        match card.weights_sha256 == digest {
            true => Ok(card),
            false => Err(CardError::OtherWeights { path: path.to_owned() }),
        }
    }

    /// What the scores of `class` were checked against.
    pub fn validation_of(&self, class: AnomalyClass) -> Validation {
        let named = self.classes.iter().find(|known| known.class == class.name());
        named.map_or(Validation::NotAtAll, |known| known.validation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(digest: &str) -> ModelCard {
        let (text, pain) = (String::new(), "pain".to_owned());
        ModelCard {
            name: "x".to_owned(),
            weights_sha256: digest.to_owned(),
            network: text.clone(),
            steps_per_second: 4.0,
            recipe: text.clone(),
            recipe_sha256: text.clone(),
            program: text,
            data: Vec::new(),
            tests: Vec::new(),
            classes: vec![ClassValidation { class: pain, validation: Validation::SyntheticOnly, real_test_clips: 0 }],
            known_failures: Vec::new(),
        }
    }

    #[test]
    fn a_card_is_found_beside_its_weights_and_refused_beside_others() {
        let folder = tempfile::tempdir().unwrap();
        let weights = folder.path().join("x.safetensors");
        assert_eq!(ModelCard::beside(&weights, "ab"), Ok(None));
        std::fs::write(folder.path().join("x.json"), serde_json::to_vec(&card("ab")).unwrap()).unwrap();
        assert_eq!(ModelCard::beside(&weights, "ab"), Ok(Some(card("ab"))));
        assert!(matches!(ModelCard::beside(&weights, "cd"), Err(CardError::OtherWeights { .. })));
        std::fs::write(folder.path().join("x.json"), "{").unwrap();
        let sentence = ModelCard::beside(&weights, "ab").unwrap_err().to_string();
        assert!(sentence.ends_with("x.json"), "{sentence}");
    }

    #[test]
    fn a_class_that_the_card_does_not_name_was_not_validated() {
        assert_eq!(card("").validation_of(AnomalyClass::Pain), Validation::SyntheticOnly);
        assert_eq!(card("").validation_of(AnomalyClass::Abuse), Validation::NotAtAll);
    }
}
