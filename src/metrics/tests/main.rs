//! Metrics against scikit-learn, and against slow counting frame by frame: `tests/metrics/make_fixtures.py`.

#![allow(clippy::unwrap_used, reason = "a test says where")]

use avar_labels::Hysteresis;
use avar_labels::{AnomalyClass, CLASS_COUNT, ClassScores, Modalities};
use avar_metrics::bootstrap::BootstrapSettings;
use avar_metrics::calibration::{Labelled, ProbabilityScores};
use avar_metrics::classification::{Classification, MacroScores};
use avar_metrics::confusion::ConfusionMatrix;
use avar_metrics::curves::{precision_recall_curve, roc_curve};
use avar_metrics::ranking::{Ranking, RankingScores};
use avar_metrics::reliability::Reliability;
use avar_metrics::temperature::Temperature;
use avar_metrics::{Metric, Report, ReportSettings, ScoredClip, TruthRange};
use serde_json::Value;

const TOLERANCE: f64 = 1e-9;

fn fixtures() -> Value {
    serde_json::from_str(include_str!("../../../tests/metrics/fixtures.json")).unwrap()
}

/// The cases of one kind, each with its name.
fn cases(kind: &str) -> Vec<(String, Value)> {
    let cases = fixtures()[kind].as_array().unwrap().clone();
    assert!(!cases.is_empty());
    cases.into_iter().map(|case| (case["name"].as_str().unwrap().to_owned(), case)).collect()
}

/// Both undefined, or equal to nine digits.
#[track_caller]
fn assert_same(ours: impl Into<Option<f64>>, theirs: &Value, what: &str) {
    match (ours.into(), theirs.as_f64()) {
        (Some(ours), Some(theirs)) => assert!((ours - theirs).abs() <= TOLERANCE, "{what}: {ours} for {theirs}"),
        (None, None) => assert!(theirs.is_null(), "{what}: no number, {theirs}"),
        (ours, _) => panic!("{what}: {ours:?} for {theirs}"),
    }
}

#[track_caller]
fn assert_all_same(ours: impl IntoIterator<Item = Option<f64>>, theirs: &Value, what: &str) {
    let (ours, theirs): (Vec<_>, &Vec<Value>) = (ours.into_iter().collect(), theirs.as_array().unwrap());
    assert_eq!(ours.len(), theirs.len(), "{what}");
    ours.into_iter().zip(theirs).for_each(|(ours, theirs)| assert_same(ours, theirs, what));
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

fn class(value: &Value) -> AnomalyClass {
    AnomalyClass::from_index(value.as_u64().unwrap() as usize).unwrap()
}

fn distribution(value: &Value) -> [f64; CLASS_COUNT] {
    numbers(value).try_into().unwrap()
}

#[test]
fn classes_are_counted_as_by_scikit_learn() {
    for (name, case) in cases("classification") {
        let pairs = case["truth"].as_array().unwrap().iter().zip(case["predicted"].as_array().unwrap());
        let matrix = ConfusionMatrix::new(pairs.map(|(truth, predicted)| (class(truth), class(predicted))));
        let (ours, theirs) = (Classification::new(matrix), &case["expected"]);
        assert_eq!(serde_json::to_value(matrix).unwrap(), theirs["confusion"], "{name}");
        for index in 0..CLASS_COUNT {
            let (by_truth, by_prediction) = (ours.confusion_by_truth[index], ours.confusion_by_prediction[index]);
            assert_all_same(by_truth.map(Metric::value), &theirs["by_truth"][index], &name);
            assert_all_same(by_prediction.map(Metric::value), &theirs["by_prediction"][index], &name);
            assert_same(ours.classes[index].precision.value(), &theirs["precision"][index], &name);
            assert_same(ours.classes[index].recall.value(), &theirs["recall"][index], &name);
            assert_same(ours.classes[index].f1.value(), &theirs["f1"][index], &name);
            assert_eq!(ours.classes[index].support, theirs["support"][index], "{name}");
        }
        assert_same(ours.accuracy.value(), &theirs["accuracy"], &name);
        assert_same(ours.balanced_accuracy.value(), &theirs["balanced_accuracy"], &name);
        assert_same(ours.macro_precision.value(), &theirs["macro_precision"], &name);
        assert_same(ours.macro_f1.value(), &theirs["macro_f1"], &name);
        let MacroScores { precision, recall, f1, .. } = ours.macro_with_predicted;
        assert_all_same([precision, recall, f1].map(Metric::value), &theirs["macro_by_default"], &name);
    }
}

#[track_caller]
fn assert_areas(ours: &RankingScores, theirs: &Value, what: &str) {
    assert_same(ours.average_precision.value(), &theirs["average_precision"], what);
    assert_same(ours.pr_area_trapezoid.value(), &theirs["pr_area_trapezoid"], what);
    assert_same(ours.roc_auc.value(), &theirs["roc_auc"], what);
}

fn ranking(case: &Value) -> Ranking {
    let labels = case["labels"].as_array().unwrap().iter().map(|label| label.as_bool().unwrap());
    Ranking::of_clips(numbers(&case["scores"]).into_iter().zip(labels))
}

#[test]
fn areas_under_curves_are_those_of_scikit_learn() {
    for (name, case) in cases("ranking") {
        assert_areas(&ranking(&case).scores(), &case["expected"], &name);
    }
}

#[test]
fn curves_pass_through_the_points_of_scikit_learn() {
    for (name, case) in cases("ranking") {
        let (ranking, theirs) = (ranking(&case), &case["expected"]);
        // Scikit-learn ends the PR curve at the lowest score too, but repeats no point.
        let ours = precision_recall_curve(&ranking);
        assert_eq!(ours.len(), theirs["pr"].as_array().unwrap().len(), "{name}");
        for (ours, theirs) in ours.iter().zip(theirs["pr"].as_array().unwrap()) {
            assert_all_same([ours.threshold, ours.recall, ours.precision].map(Some), theirs, &name);
        }
        let ours = roc_curve(&ranking);
        assert_eq!(ours.len(), theirs["roc"].as_array().unwrap().len(), "{name}");
        for (ours, theirs) in ours.iter().zip(theirs["roc"].as_array().unwrap()) {
            let ours = [ours.threshold, ours.false_positive_rate, ours.true_positive_rate];
            assert_all_same(ours.map(Some), theirs, &name);
        }
    }
}

fn examples(case: &Value) -> Vec<Labelled> {
    let truth = case["truth"].as_array().unwrap().iter().map(|truth| class(truth).index());
    case["probabilities"].as_array().unwrap().iter().map(distribution).zip(truth).collect()
}

#[track_caller]
fn assert_reliability(ours: &Reliability, theirs: &Value, what: &str) {
    let counts: Vec<u64> = ours.bins.iter().map(|bin| bin.count).collect();
    assert_eq!(serde_json::to_value(counts).unwrap(), theirs["counts"], "{what}");
    let filled = || ours.bins.iter().filter(|bin| bin.count > 0);
    assert_all_same(filled().map(|bin| bin.frequency), &theirs["frequency"], what);
    assert_all_same(filled().map(|bin| bin.confidence), &theirs["confidence"], what);
    assert_same(ours.expected_error.value(), &theirs["expected_error"], what);
    assert_same(ours.greatest_error.value(), &theirs["greatest_error"], what);
}

#[test]
fn probabilities_are_scored_as_by_scikit_learn() {
    for (name, case) in cases("probabilities") {
        let ours = ProbabilityScores::new(&examples(&case), case["bins"].as_u64().unwrap() as usize);
        let theirs = &case["expected"];
        assert_same(ours.brier.value(), &theirs["brier"], &name);
        assert_same(ours.brier_anomaly.value(), &theirs["brier_anomaly"], &name);
        assert_same(ours.log_loss.value(), &theirs["log_loss"], &name);
        assert_reliability(&ours.top_class, &theirs["top_class"], &name);
        assert_reliability(&ours.anomaly, &theirs["anomaly"], &name);
    }
}

#[test]
fn the_fitted_temperature_is_the_one_that_scipy_finds() {
    for (name, case) in cases("probabilities") {
        let (ours, theirs) = (Temperature::fit(&examples(&case)).unwrap(), &case["expected"]);
        assert_same(ours.log_loss, &theirs["temperature_log_loss"], &name);
        // The bottom of a parabola is known to half the digits of its depth.
        assert!((ours.value - number(&theirs["temperature"])).abs() < 1e-6 * ours.value, "{name}");
    }
}

#[test]
fn each_class_against_the_rest_is_ranked_as_by_scikit_learn() {
    for (name, case) in cases("probabilities") {
        let examples = examples(&case);
        let scores = |class: usize| {
            Ranking::of_clips(examples.iter().map(|(scores, truth)| (scores[class], *truth == class))).scores()
        };
        for class in 0..CLASS_COUNT {
            assert_areas(&scores(class), &case["expected"]["classes"][class], &name);
        }
        let mean = (0..CLASS_COUNT).map(|class| scores(class).roc_auc.value().unwrap()).sum::<f64>() / 10.0;
        assert_same(mean, &case["expected"]["macro_roc_auc"], &name);
    }
}

fn clip(case: &Value, settings: &Value, position: usize) -> ScoredClip {
    let (rate_hz, scale) = (number(&settings["frame_rate_hz"]), number(&settings["scale"]));
    // A start that no frame lies on, for it must not matter.
    let start_s = 3.01 * position as f64;
    let at_s = |frame: &Value| start_s + number(frame) / rate_hz;
    let range =
        |range: &Value| TruthRange { class: class(&range[0]), start_s: at_s(&range[1]), end_s: at_s(&range[2]) };
    let step = |step: &Value| ClassScores(distribution(step).map(|count| (count / scale) as f32));
    let scores = ClassScores(distribution(&case["scores"]));
    let steps: Vec<_> = case["steps"].as_array().unwrap().iter().map(step).collect();
    let normal = AnomalyClass::Normal.index();
    ScoredClip {
        path: format!("{position}.mp4"),
        group: case["group"].as_str().unwrap().to_owned(),
        split: None,
        modalities: Some(Modalities::PictureOnly),
        truth: class(&case["truth"]),
        truth_ranges: case["ranges"].as_array().unwrap().iter().map(range).collect(),
        predicted: class(&case["predicted"]),
        scores,
        max_score: steps.iter().map(|step| f64::from(1.0 - step.0[normal])).fold(0.0, f64::max),
        steps,
        step_s: number(&case["step_frames"]) / rate_hz,
        start_s,
        duration_s: number(&case["frames"]) / rate_hz,
    }
}

/// The reports on all cases of clips, beside what is expected.
fn reports() -> Vec<(String, Report, Value)> {
    let settings = fixtures()["settings"].clone();
    let hysteresis = &settings["hysteresis"];
    let report_settings = ReportSettings {
        bootstrap: BootstrapSettings {
            resamples: settings["resamples"].as_u64().unwrap() as usize,
            seed: settings["seed"].as_u64().unwrap(),
            level: number(&settings["level"]),
        },
        frame_rate_hz: number(&settings["frame_rate_hz"]),
        localization_ious: numbers(&settings["ious"]),
        hysteresis: Hysteresis {
            onset: number(&hysteresis["onset"]) as f32,
            offset: number(&hysteresis["offset"]) as f32,
            min_on_s: number(&hysteresis["min_on_s"]),
            min_off_s: number(&hysteresis["min_off_s"]),
        },
        event_ious: numbers(&settings["event_ious"]),
        ..ReportSettings::default()
    };
    let report = |(name, case): (String, Value)| {
        let clips = case["clips"].as_array().unwrap().iter().enumerate();
        let clips: Vec<_> = clips.map(|(position, case)| clip(case, &settings, position)).collect();
        (name, Report::new(&clips, &report_settings).unwrap(), case["expected"].clone())
    };
    cases("clips").into_iter().map(report).collect()
}

#[test]
fn frames_rank_as_when_every_score_is_repeated_over_its_frames() {
    for (name, report, theirs) in reports() {
        let theirs = &theirs["frames"];
        assert_areas(&report.frames.anomaly, theirs, &name);
        assert_eq!(report.frames.anomaly.positives, theirs["positives"], "{name}");
        assert_same(report.frames.false_alarm_rate.value(), &theirs["false_alarm_rate"], &name);
    }
}

#[test]
fn segments_are_found_as_when_sets_of_frames_are_compared() {
    for (name, report, theirs) in reports() {
        for (ours, theirs) in report.localization.thresholds.iter().zip(theirs["localization"].as_array().unwrap()) {
            let what = format!("{name}, {}", ours.iou);
            assert_all_same(
                ours.classes.iter().map(|class| class.average_precision.value()),
                &theirs["classes"],
                &what,
            );
            let counts: Vec<_> = ours.classes.iter().map(|class| class.true_segments).collect();
            assert_eq!(serde_json::to_value(counts).unwrap(), theirs["counts"], "{what}");
            assert_same(ours.with_normal.value(), &theirs["with_normal"], &what);
            assert_same(ours.without_normal.value(), &theirs["without_normal"], &what);
        }
    }
}

#[test]
fn events_are_counted_as_when_sets_of_frames_are_compared() {
    for (name, report, theirs) in reports() {
        let (ours, theirs) = (&report.events, &theirs["events"]);
        let matched: Vec<_> = ours.matching.iter().map(|row| row.matched).collect();
        assert_eq!(serde_json::to_value(matched).unwrap(), theirs["matched"], "{name}");
        assert_eq!(Value::from(ours.true_events), theirs["true_events"], "{name}");
        assert_eq!(Value::from(ours.predicted_events), theirs["predicted_events"], "{name}");
        assert_eq!(Value::from(ours.delay.detected), theirs["detected"], "{name}");
        assert_eq!(Value::from(ours.false_alarms.count), theirs["false_alarms"], "{name}");
        assert_same(ours.delay.mean_s.value(), &theirs["mean_s"], &name);
        assert_same(ours.delay.median_s.value(), &theirs["median_s"], &name);
        assert_same(ours.delay.worst_s.value(), &theirs["worst_s"], &name);
        assert_same(ours.false_alarms.per_normal_hour.value(), &theirs["per_normal_hour"], &name);
        assert_same(ours.false_alarms.per_scored_hour.value(), &theirs["per_scored_hour"], &name);
    }
}

#[test]
fn intervals_are_those_of_samples_copied_out_in_full() {
    for (name, report, theirs) in reports() {
        assert_eq!(report.intervals.len(), theirs["intervals"].as_object().unwrap().len());
        for row in &report.intervals {
            let of_class =
                |class: &AnomalyClass| row.metric == format!("classification.classes.{}.recall", class.name());
            let class = AnomalyClass::ALL.into_iter().find(of_class);
            let key = class.map_or(row.metric.clone(), |class| format!("recall.{}", class.index()));
            let (theirs, what) = (&theirs["intervals"][&key], format!("{name}, {key}"));
            assert_same(row.interval.low.value(), &theirs["low"], &what);
            assert_same(row.interval.high.value(), &theirs["high"], &what);
            assert_eq!(Value::from(row.interval.resamples), theirs["resamples"], "{what}");
        }
    }
}
