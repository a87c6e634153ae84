//! Writing the model card: the test parts scored by the finished network, as anybody would score them.

use std::path::Path;

use super::corpus::Corpus;
use super::error::TrainingError;
use super::progress::{Listen, Stage, TrainingEvent};
use super::recipe::Recipe;
use avar_analysis::{AnalysisSettings, NetworkChoice, NetworkShelf};
use avar_base::files::write_whole;
use avar_base::job::CancelToken;
use avar_dataset::Clip;
use avar_labels::{AnomalyClass, Modalities, Split};
use avar_metrics::runs::RunClip;
use avar_metrics::{Metric, Report, ReportSettings};
use avar_model::card::{
    ClassCount, ClassRecall, ClassValidation, DataUse, Measured, ModelCard, TestResult, Validation,
};
use avar_scoring::{Scored, score};

/// Fewer real test clips of a class than this validate nothing.
const FEWEST_REAL_CLIPS: usize = 10;

/// Scores every dataset's test part with `network` and writes the card beside its weights.
pub fn write_card(
    weights: &Path,
    recipe: &Recipe,
    corpus: &Corpus,
    network: &NetworkChoice,
    cancel: &CancelToken,
    listen: Listen,
) -> Result<ModelCard, TrainingError> {
    let settings = AnalysisSettings { steps_per_second: Some(recipe.steps_per_second), ..AnalysisSettings::default() };
    let shelf = NetworkShelf::default();
    let mut tests = Vec::new();
    let mut scored_real = Vec::new();
    let mut known_failures = Vec::new();
    for (position, source) in corpus.sources.iter().enumerate() {
        let of_source = corpus.part(Split::Test).filter(|clip| clip.source == position);
        let clips: Vec<Clip> = of_source.map(|clip| clip.clip.clone()).collect();
        if clips.is_empty() {
            continue;
        }
        let Scored { clips: scored, failures, notes } = score(&clips, network, &settings, &shelf, cancel, |done| {
            listen(TrainingEvent::Progress { stage: Stage::Test, done: done as u64, of: clips.len() as u64 });
        })?;
        if !failures.is_empty() {
            known_failures.push(format!("{} test clips of {} could not be analysed", failures.len(), source.data.name));
        }
        known_failures.extend(notes.iter().map(|note| format!("{}: {note}", source.data.name)));
        if scored.is_empty() {
            continue;
        }
        let report = Report::new(&scored, &ReportSettings::default())
            .map_err(|error| TrainingError::NothingToTrainOn(error.to_string()))?;
        known_failures.extend(confusions(&report, &source.data.name));
        tests.push(test_result(&report, &source.data.name, source.data.is_real));
        if source.data.is_real {
            scored_real.extend(scored);
        }
    }
    let loaded = shelf.take(network, cancel)?;
    let card = ModelCard {
        name: recipe.name.clone(),
        weights_sha256: loaded.digest().to_owned(),
        network: network.preset.name().to_owned(),
        steps_per_second: recipe.steps_per_second,
        recipe: recipe.name.clone(),
        recipe_sha256: recipe.digest(),
        program: concat!("avar ", env!("CARGO_PKG_VERSION")).to_owned(),
        data: data_uses(corpus),
        classes: AnomalyClass::ALL.map(|class| class_validation(class, &scored_real, corpus)).into(),
        tests,
        known_failures,
    };
    let path = weights.with_extension("json");
    write_whole(&path, |file| {
        serde_json::to_writer_pretty(&mut *file, &card)?;
        file.write_all(b"\n")
    })?;
    Ok(card)
}

fn data_uses(corpus: &Corpus) -> Vec<DataUse> {
    let of_source = |position: usize| {
        let count = |class: AnomalyClass, split: Split| {
            corpus.part(split).filter(|clip| clip.source == position && clip.clip.label == class).count()
        };
        let counts = AnomalyClass::ALL.map(|class| ClassCount {
            class: class.name().to_owned(),
            training: count(class, Split::Train),
            validation: count(class, Split::Validation),
            test: count(class, Split::Test),
        });
        counts.into_iter().filter(|count| count.training + count.validation + count.test > 0).collect()
    };
    let sources = corpus.sources.iter().enumerate();
    sources
        .map(|(position, source)| DataUse {
            name: source.data.name.clone(),
            description: source.data.description.clone(),
            licence: source.data.licence.clone(),
            is_real: source.data.is_real,
            clips: of_source(position),
        })
        .collect()
}

fn test_result(report: &Report, data: &str, is_real: bool) -> TestResult {
    let measured = |path: &str, value: Metric| {
        let interval = report.interval(path).map(|named| named.interval);
        Measured {
            value: value.value(),
            low: interval.and_then(|interval| interval.low.value()),
            high: interval.and_then(|interval| interval.high.value()),
        }
    };
    let anomaly = &report.clip_ranking.anomaly;
    let recall = report.classification.classes.iter().filter(|scores| scores.support > 0).map(|scores| ClassRecall {
        class: scores.class.name().to_owned(),
        clips: scores.support as usize,
        recall: measured(&format!("classification.classes.{}.recall", scores.class.name()), scores.recall),
        precision: scores.precision.value(),
    });
    TestResult {
        data: data.to_owned(),
        is_real,
        clips: report.clips.clips,
        groups: report.clips.groups,
        accuracy: measured("classification.accuracy", report.classification.accuracy),
        macro_f1: measured("classification.macro_f1", report.classification.macro_f1),
        auc: measured("clip_ranking.anomaly.roc_auc", anomaly.roc_auc),
        average_precision: measured("clip_ranking.anomaly.average_precision", anomaly.average_precision),
        recall: recall.collect(),
    }
}

fn class_validation(class: AnomalyClass, real: &[RunClip], corpus: &Corpus) -> ClassValidation {
    let of_class: Vec<_> = real.iter().filter(|clip| clip.scored.truth == class).collect();
    let seen = of_class.iter().filter(|clip| clip.scored.modalities != Some(Modalities::SoundOnly)).count();
    let is_drawn = corpus.part(Split::Test).any(|clip| clip.clip.label == class && !clip.is_real);
    let validation = match (seen >= FEWEST_REAL_CLIPS, of_class.len() >= FEWEST_REAL_CLIPS, is_drawn) {
        (true, _, _) => Validation::RealFootage,
        (_, true, _) => Validation::RealSound,
        (_, _, true) => Validation::SyntheticOnly,
        _ => Validation::NotAtAll,
    };
    let real_test_clips = if validation.is_on_real_recordings() { of_class.len() } else { 0 };
    ClassValidation { class: class.name().to_owned(), validation, real_test_clips }
}

/// Classes of which more than a fifth is missed, with what they are taken for most often.
fn confusions(report: &Report, data: &str) -> Vec<String> {
    let counts = report.classification.confusion.counts();
    let missed = AnomalyClass::ALL.into_iter().filter_map(|class| {
        let row = &counts[class.index()];
        let all: u64 = row.iter().sum();
        let right = row[class.index()];
        if all == 0 || right * 5 >= all * 4 {
            return None;
        }
        let others = AnomalyClass::ALL.into_iter().filter(|other| *other != class);
        let most = others.max_by_key(|other| row[other.index()])?;
        let (name, other) = (class.label().to_lowercase(), most.label().to_lowercase());
        Some(format!(
            "{data}: {} of {all} clips of {name} are missed, {} of them taken for {other}",
            all - right,
            row[most.index()]
        ))
    });
    missed.collect()
}
