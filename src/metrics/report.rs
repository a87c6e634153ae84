//! Everything that is measured of a set of scored clips, as one record.
//!
//! Written as JSON the fields keep their order, and no number is ever infinite or not a number: what has no value is
//! `null`, and [`Report::absent`] says why, for every one.

use std::collections::BTreeMap;

use serde::Serialize;

use avar_labels::{Modalities, Split};

use super::bootstrap::Bootstrap;
use super::calibration::Calibration;
use super::classification::Classification;
use super::clip::{ScoreError, ScoredClip};
use super::clip_ranking::{ClipRanking, anomaly_ranking};
use super::confusion::ConfusionMatrix;
use super::curves::{PrPoint, RocPoint, precision_recall_curve, roc_curve, thinned};
use super::events::EventScores;
use super::frames::{FrameGrid, FrameScores, frame_ranking};
use super::intervals::{NamedInterval, of_classification, of_ranking};
use super::localization::Localization;
use super::metric::{Absent, AbsentList};
use super::ranking::Ranking;
use super::settings::ReportSettings;

/// Every metric of one set of clips.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// What it was computed with.
    pub settings: ReportSettings,
    /// What was evaluated.
    pub clips: ClipCounts,
    /// Of the classes that clips were taken for: equations 11 to 14.
    pub classification: Classification,
    /// Of clips in the order of their scores: equation 15 and ROC.
    pub clip_ranking: ClipRanking,
    /// Of frames in the order of their scores, under the protocol of XD-Violence.
    pub frames: FrameScores,
    /// Of segments: mean average precision.
    pub localization: Localization,
    /// Of events: found, missed, late and false.
    pub events: EventScores,
    /// Of the clips' class probabilities.
    pub calibration: Calibration,
    /// Of accuracy and its kin, the recall of each class, and the areas over clips and over frames.
    pub intervals: Vec<NamedInterval>,
    /// Over clips and over frames, thinned.
    pub curves: Curves,
    /// Why a field is `null`, for each that is.
    pub absent: Vec<Absent>,
}

/// What was evaluated.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClipCounts {
    /// All that the report is about.
    pub clips: usize,
    /// Distinct groups, which intervals are drawn from.
    pub groups: usize,
    /// Clips whose true class is normal.
    pub normal: usize,
    /// Clips of the nine other classes.
    pub anomalous: usize,
    /// Clips that have step scores.
    pub with_steps: usize,
    /// Anomalous clips whose events are annotated.
    pub with_ranges: usize,
    /// Of all clips together.
    pub steps: usize,
    /// Time that has step scores, all clips together.
    pub scored_hours: f64,
    /// Clips by part of the dataset.
    pub splits: BTreeMap<&'static str, usize>,
    /// Clips by what the networks were given.
    pub modalities: BTreeMap<&'static str, usize>,
}

/// To draw; empty where an area is undefined.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curves {
    /// Anomalous clips against normal ones by `1 - P(normal)`.
    pub clip_pr: Vec<PrPoint>,
    /// Of the same ranking.
    pub clip_roc: Vec<RocPoint>,
    /// Frames of all clips together by the anomaly score of their step.
    pub frame_pr: Vec<PrPoint>,
    /// Of the same ranking.
    pub frame_roc: Vec<RocPoint>,
}

impl Report {
    /// Refuses an empty set, settings that cannot be, and a clip with scores that are no probabilities, by its name.
    pub fn new<C: AsRef<ScoredClip>>(clips: &[C], settings: &ReportSettings) -> Result<Self, ScoreError> {
        settings.check()?;
        if clips.is_empty() {
            return Err(ScoreError::NoClips);
        }
        let scored = || clips.iter().map(C::as_ref);
        scored().try_for_each(ScoredClip::check)?;
        let grid = FrameGrid { rate_hz: settings.frame_rate_hz };
        let by_clip = anomaly_ranking(clips);
        let by_frame = frame_ranking(clips, grid);
        let bootstrap = Bootstrap::new(scored().map(|clip| clip.group.as_str()), settings.bootstrap);
        let pairs = scored().map(|clip| (clip.truth, clip.predicted));
        let classification = Classification::new(ConfusionMatrix::new(pairs));
        let clip_ranking = ClipRanking::new(clips, &by_clip);
        let frames = FrameScores::new(clips, grid, &by_frame);
        let mut intervals = of_classification(clips, &classification, &bootstrap);
        intervals.extend(of_ranking("clip_ranking.anomaly", &by_clip, &bootstrap));
        intervals.extend(of_ranking("frames.anomaly", &by_frame, &bootstrap));
        let mut report = Self {
            settings: settings.clone(),
            clips: ClipCounts::new(clips, bootstrap.group_count()),
            classification,
            clip_ranking,
            frames,
            localization: Localization::new(clips, grid, &settings.localization_ious),
            events: EventScores::new(clips, settings.hysteresis, &settings.event_ious),
            calibration: Calibration::new(clips, settings.calibration_bins, settings.temperature),
            intervals,
            curves: Curves::new(&by_clip, &by_frame),
            absent: Vec::new(),
        };
        report.absent = report.list_absent();
        Ok(report)
    }

    /// The interval of the metric at a path: `classification.accuracy`.
    pub fn interval(&self, metric: &str) -> Option<&NamedInterval> {
        self.intervals.iter().find(|interval| interval.metric == metric)
    }

    fn list_absent(&self) -> Vec<Absent> {
        let mut list = AbsentList::default();
        list.within("classification", |list| self.classification.note_absent(list));
        list.within("clip_ranking", |list| self.clip_ranking.note_absent(list));
        list.within("frames", |list| self.frames.note_absent(list));
        list.within("localization", |list| self.localization.note_absent(list));
        list.within("events", |list| self.events.note_absent(list));
        list.within("calibration", |list| self.calibration.note_absent(list));
        list.within("intervals", |list| {
            for NamedInterval { metric, value, interval } in &self.intervals {
                list.within(metric, |list| {
                    list.note("value", *value);
                    list.note("low", interval.low);
                    list.note("high", interval.high);
                });
            }
        });
        list.into_absent()
    }
}

impl ClipCounts {
    fn new<C: AsRef<ScoredClip>>(clips: &[C], groups: usize) -> Self {
        let scored = || clips.iter().map(C::as_ref);
        let count = |is: fn(&ScoredClip) -> bool| scored().filter(|clip| is(clip)).count();
        let (mut splits, mut modalities) = (BTreeMap::new(), BTreeMap::new());
        for clip in scored() {
            *splits.entry(clip.split.map_or("none", Split::name)).or_default() += 1;
            *modalities.entry(clip.modalities.map_or("", Modalities::label)).or_default() += 1;
        }
        Self {
            clips: clips.len(),
            groups,
            normal: count(|clip| !clip.truth.is_anomaly()),
            anomalous: count(|clip| clip.truth.is_anomaly()),
            with_steps: count(|clip| !clip.steps.is_empty()),
            with_ranges: count(|clip| !clip.truth_ranges.is_empty()),
            steps: scored().map(|clip| clip.steps.len()).sum(),
            scored_hours: scored().map(|clip| clip.scored_span().length()).sum::<f64>() / 3600.0,
            splits,
            modalities,
        }
    }
}

impl Curves {
    fn new(by_clip: &Ranking, by_frame: &Ranking) -> Self {
        let pr = |ranking| thinned(&precision_recall_curve(ranking), |point| (point.recall, point.precision));
        let roc = |ranking| thinned(&roc_curve(ranking), |point| (point.false_positive_rate, point.true_positive_rate));
        Self { clip_pr: pr(by_clip), clip_roc: roc(by_clip), frame_pr: pr(by_frame), frame_roc: roc(by_frame) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::bootstrap::BootstrapSettings;
    use super::super::clip::TruthRange;
    use super::super::clip::tests::{clip, clip_with};
    use super::super::metric::Undefined;
    use super::*;
    use AnomalyClass::{Abuse, Crash, Normal};
    use avar_labels::AnomalyClass;

    fn settings() -> ReportSettings {
        let bootstrap = BootstrapSettings { resamples: 50, ..BootstrapSettings::default() };
        ReportSettings { bootstrap, ..ReportSettings::default() }
    }

    /// Forty clips of seven groups that are neither all right nor all wrong.
    fn clips() -> Vec<ScoredClip> {
        let score = |clip: usize, step: usize| ((clip * 37 + step * 101) % 97) as f32 / 97.0;
        let clips = (0..40).map(|index| {
            let anomaly: Vec<f32> = (0..12).map(|step| score(index, step)).collect();
            let ranges = [(1.0 + (index % 4) as f64, 7.5)];
            let clip = if index % 3 == 0 { clip(Normal, &anomaly) } else { clip_with(&ranges, &anomaly) };
            ScoredClip { path: format!("{index}.mp4"), group: (index % 7).to_string(), ..clip }
        });
        clips.collect()
    }

    /// The path of every `null`: rows of a list go by what they are of.
    fn nulls(value: &Value, path: &str, found: &mut Vec<String>) {
        let name_of = |row: &Value, index: usize| {
            let key = ["class", "metric", "iou"].into_iter().find_map(|key| row.get(key));
            match key {
                Some(Value::String(name)) => name.clone(),
                Some(number) => number.to_string(),
                None => AnomalyClass::from_index(index).map_or("?", AnomalyClass::name).to_owned(),
            }
        };
        let under = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        match value {
            Value::Null => found.push(path.to_owned()),
            Value::Array(rows) => {
                rows.iter().enumerate().for_each(|(index, row)| nulls(row, &under(&name_of(row, index)), found));
            }
            Value::Object(fields) => fields.iter().for_each(|(name, field)| nulls(field, &under(name), found)),
            _ => {}
        }
    }

    /// Leaves out what is null by choice (a setting that is not set) or by an explained zero beside it (empty bins).
    fn unset(path: &str) -> bool {
        path.starts_with("settings.") || path == "calibration.at_temperature" || path.contains(".bins.")
    }

    #[track_caller]
    fn assert_every_null_is_explained(clips: &[ScoredClip]) {
        let report = Report::new(clips, &settings()).unwrap();
        let mut found = Vec::new();
        nulls(&serde_json::to_value(&report).unwrap(), "", &mut found);
        found.retain(|path| !unset(path));
        let mut explained: Vec<_> = report.absent.iter().map(|absent| absent.metric.clone()).collect();
        found.sort();
        explained.sort();
        assert_eq!(found, explained);
        assert!(report.to_markdown().lines().all(|line| line.chars().count() <= 100), "{}", report.to_markdown());
    }

    #[test]
    fn every_null_of_a_report_is_explained_by_its_path() {
        let alone = |clip: ScoredClip| vec![clip];
        assert_every_null_is_explained(&clips());
        assert_every_null_is_explained(&alone(clip(Normal, &[0.1, 0.2])));
        assert_every_null_is_explained(&alone(clip(Normal, &[])));
        assert_every_null_is_explained(&alone(clip(Crash, &[0.9, 0.2])));
        assert_every_null_is_explained(&alone(clip(Abuse, &[])));
        assert_every_null_is_explained(&vec![clip(Crash, &[0.5; 4]); 3]);
        let no_time = ScoredClip { duration_s: 0.0, ..clip(Crash, &[0.5, 0.9]) };
        assert_every_null_is_explained(&[no_time]);
    }

    #[test]
    fn the_order_of_the_clips_changes_no_metric() {
        let (forward, mut backward) = (clips(), clips());
        backward.reverse();
        let settings =
            ReportSettings { bootstrap: BootstrapSettings { resamples: 0, ..settings().bootstrap }, ..settings() };
        let [mut forward, mut backward] =
            [forward, backward].map(|clips| serde_json::to_value(Report::new(&clips, &settings).unwrap()).unwrap());
        // Sums of seconds and of probabilities round by their order.
        for report in [&mut forward, &mut backward] {
            round(report);
        }
        assert_eq!(forward, backward);
    }

    fn round(value: &mut Value) {
        match value {
            Value::Number(number) => *value = format!("{:.9}", number.as_f64().unwrap()).into(),
            Value::Array(items) => items.iter_mut().for_each(round),
            Value::Object(fields) => fields.values_mut().for_each(round),
            _ => {}
        }
    }

    #[test]
    fn the_same_clips_give_the_same_bytes_in_the_order_of_the_fields() {
        let json = || serde_json::to_string(&Report::new(&clips(), &settings()).unwrap()).unwrap();
        assert_eq!(json(), json());
        let positions = ["\"settings\"", "\"classification\"", "\"clip_ranking\"", "\"events\"", "\"absent\""]
            .map(|field| json().find(field).unwrap());
        assert!(positions.is_sorted());
    }

    #[test]
    fn an_interval_holds_its_metric_and_can_be_found_by_path() {
        let report = Report::new(&clips(), &settings()).unwrap();
        for path in ["classification.accuracy", "clip_ranking.anomaly.roc_auc", "frames.anomaly.average_precision"] {
            let row = report.interval(path).unwrap();
            let [low, value, high] = [row.interval.low, row.value, row.interval.high].map(|of| of.value().unwrap());
            assert!(low <= value && value <= high && low < high, "{path}: {low} {value} {high}");
        }
    }

    #[test]
    fn a_class_of_one_clip_has_a_recall_and_no_interval() {
        let clips = [clip(Normal, &[0.1]), clip(Normal, &[0.2]), clip(Crash, &[0.9]), clip(Normal, &[0.7])];
        let apart = |(group, clip): (usize, ScoredClip)| ScoredClip { group: group.to_string(), ..clip };
        let clips: Vec<ScoredClip> = clips.into_iter().enumerate().map(apart).collect();
        let report = Report::new(&clips, &settings()).unwrap();
        let of = |path: &str| report.interval(path).unwrap();
        let lonely = of("classification.classes.crash.recall");
        assert_eq!(lonely.value.value(), Some(1.0));
        assert_eq!(lonely.interval.low.reason(), Some(Undefined::OneGroupOfItsKind));
        assert_eq!(of("clip_ranking.anomaly.roc_auc").interval.high.reason(), Some(Undefined::OneGroupOfItsKind));
        assert!(of("classification.classes.normal.recall").interval.high.value().is_some());
        let text = report.to_markdown();
        assert!(text.contains("1.0000 (no interval)") && !text.contains("1.000..1.000"), "{text}");
        assert!(text.contains("of one group, so that every resample says the same"), "{text}");
    }

    #[test]
    fn the_text_says_what_its_macro_averages_are_over() {
        let missed = ScoredClip { predicted: Abuse, ..clip(Crash, &[0.9]) };
        let text = Report::new(&[clip(Normal, &[0.1]), missed], &settings()).unwrap().to_markdown();
        assert!(text.contains("over the 2 classes in the truth. With the 1 only predicted"), "{text}");
        assert!(text.contains("precision 0.3333, F1 0.3333."), "{text}");
    }

    #[test]
    fn the_text_names_what_was_evaluated_and_how_well() {
        let text = Report::new(&clips(), &settings()).unwrap().to_markdown();
        for part in ["40 clips of 7 groups", "police_siren", "mAP at IoU", "false alarms", "## Undefined"] {
            assert!(text.contains(part), "{part} is missing:\n{text}");
        }
    }

    #[test]
    fn what_cannot_be_evaluated_is_refused_in_a_sentence() {
        assert_eq!(Report::new::<ScoredClip>(&[], &settings()), Err(ScoreError::NoClips));
        let mut broken = clips();
        broken[17].steps[3].0[4] = f32::NAN;
        let sentence = Report::new(&broken, &settings()).unwrap_err().to_string();
        assert!(sentence.contains("explosion at step 3") && sentence.ends_with(": 17.mp4"), "{sentence}");
        let range = TruthRange { class: Normal, start_s: 0.0, end_s: 1.0 };
        let broken = ScoredClip { truth_ranges: vec![range], ..clip(Crash, &[0.5]) };
        assert!(Report::new(&[broken], &settings()).unwrap_err().to_string().contains("class normal"));
        let settings = ReportSettings { frame_rate_hz: 0.0, ..settings() };
        assert!(Report::new(&clips(), &settings).unwrap_err().to_string().contains("frame_rate_hz"));
    }
}
