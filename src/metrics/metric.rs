//! A number, or the reason why there is none.
//!
//! Precision of a class that is never predicted, AUC of clips that are all normal: such a quotient has no value, and
//! neither zero nor not-a-number is one. It stays undefined, becomes `null` in JSON, and the report lists why.

use serde::{Serialize, Serializer};

/// Why a metric has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Undefined {
    /// Of anything, where there is not one clip or example.
    #[error("there is nothing to measure")]
    NoExamples,
    /// Of recall, average precision and the areas, where nothing is positive.
    #[error("there is no positive example")]
    NoPositives,
    /// Of the false positive rate and the ROC area, where nothing is negative.
    #[error("there is no negative example")]
    NoNegatives,
    /// Of the recall of a class that no clip is of.
    #[error("no clip is of this class")]
    ClassNotInTruth,
    /// Of the precision of what is never predicted.
    #[error("this class is never predicted")]
    ClassNeverPredicted,
    /// Of the F1 of a class that is neither in the truth nor predicted.
    #[error("no clip is of this class and it is never predicted")]
    ClassUnused,
    /// Of false alarms an hour of scored time, where none is scored.
    #[error("no clip has step scores")]
    NoSteps,
    /// Of the average precision of segments, where none is true.
    #[error("no true segment is of this class")]
    NoTrueSegments,
    /// Of recall and delay of events, where none is true.
    #[error("there is no true event")]
    NoTrueEvents,
    /// Of the precision of events, where none is predicted.
    #[error("no event is predicted")]
    NoPredictedEvents,
    /// Of the F1 of events, where none is true and none predicted.
    #[error("there is neither a true nor a predicted event")]
    NoEvents,
    /// Of the delay, where every true event is missed.
    #[error("no alarm is raised during a true event")]
    NothingDetected,
    /// Of false alarms an hour of normal time, where none is scored.
    #[error("no normal time is scored")]
    NoNormalTime,
    /// Of the false alarm rate of frames, where no normal clip has step scores.
    #[error("no normal clip has step scores")]
    NoNormalClips,
    /// Of an interval, where [`crate::BootstrapSettings::resamples`] is zero.
    #[error("no resamples were asked for")]
    NoResamples,
    /// Of an interval, where all clips are of one group.
    #[error("all clips are of one group, so that there is nothing to resample")]
    SingleGroup,
    /// Of an interval, where the clips that its metric is about are of one group and others are not.
    #[error("the clips that the metric is about are of one group, so that every resample says the same of them")]
    OneGroupOfItsKind,
    /// Of an interval, where fewer than half of the resamples have a value.
    #[error("the metric is undefined in more than half of the resamples")]
    RarelyDefined,
    /// Of a fitted temperature, which would lie below 0.01.
    #[error("every temperature down to the lower limit fits better than the one above it")]
    TemperatureTooLow,
    /// Of a fitted temperature, which would lie above 100.
    #[error("every temperature up to the upper limit fits better than the one below it")]
    TemperatureTooHigh,
    /// Of a fitted temperature, where the ten probabilities of each clip are equal.
    #[error("all probabilities are equal, so that every temperature fits the same")]
    TemperatureFree,
}

/// A finite number or the reason why there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric(Result<f64, Undefined>);

impl Metric {
    /// `value` is finite.
    pub fn new(value: f64) -> Self {
        Self(Ok(value))
    }

    /// No value, for `reason`.
    pub fn undefined(reason: Undefined) -> Self {
        Self(Err(reason))
    }

    /// `part / whole`; undefined for `reason` where the whole is zero.
    pub fn ratio(part: f64, whole: f64, reason: Undefined) -> Self {
        if whole > 0.0 { Self(Ok(part / whole)) } else { Self(Err(reason)) }
    }

    /// The mean of what is defined; undefined for `reason` where nothing is.
    pub fn mean(metrics: impl IntoIterator<Item = Metric>, reason: Undefined) -> Self {
        let (mut sum, mut count) = (0.0, 0);
        for value in metrics.into_iter().filter_map(Metric::value) {
            sum += value;
            count += 1;
        }
        Self::ratio(sum, f64::from(count), reason)
    }

    /// `None` where it is undefined.
    pub fn value(self) -> Option<f64> {
        self.0.ok()
    }

    /// Why there is no value; `None` where there is one.
    pub fn reason(self) -> Option<Undefined> {
        self.0.err()
    }

    /// To three digits, for rates over a short time, which know no more; `-` where there is no value.
    pub fn three_digits(self) -> String {
        match self.value() {
            None => "-".to_owned(),
            Some(value) if value.abs() >= 100.0 => format!("{value:.0}"),
            Some(value) if value.abs() >= 10.0 => format!("{value:.1}"),
            Some(value) if value.abs() >= 1.0 => format!("{value:.2}"),
            Some(value) => format!("{value:.3}"),
        }
    }
}

/// A number or `null`.
impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

/// One `null` of a report, explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Absent {
    /// The path to the field, with names of classes in place of positions: `classification.classes.crash.recall`.
    pub metric: String,
    /// The sentence of [`Undefined`].
    pub reason: String,
}

/// Collects the undefined metrics of a report under their paths.
#[derive(Debug, Default)]
pub(super) struct AbsentList {
    path: Vec<String>,
    absent: Vec<Absent>,
}

impl AbsentList {
    /// Notes what `note` finds, under `name`.
    pub(super) fn within(&mut self, name: &str, note: impl FnOnce(&mut Self)) {
        self.path.push(name.to_owned());
        note(self);
        self.path.pop();
    }

    pub(super) fn note(&mut self, name: &str, metric: Metric) {
        if let Some(reason) = metric.reason() {
            let path = self.path.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join(".");
            self.absent.push(Absent { metric: path, reason: reason.to_string() });
        }
    }

    pub(super) fn into_absent(self) -> Vec<Absent> {
        self.absent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotient_over_nothing_is_null_and_not_zero() {
        let metric = Metric::ratio(0.0, 0.0, Undefined::NoExamples);
        assert_eq!(metric.value(), None);
        assert_eq!(serde_json::to_string(&metric).unwrap(), "null");
    }

    #[test]
    fn a_mean_passes_over_what_is_undefined() {
        let metrics = [Metric::new(1.0), Metric::undefined(Undefined::NoPositives), Metric::new(0.0)];
        assert_eq!(Metric::mean(metrics, Undefined::NoExamples), Metric::new(0.5));
        assert_eq!(Metric::mean([], Undefined::NoExamples).reason(), Some(Undefined::NoExamples));
    }

    #[test]
    fn a_rate_has_three_digits() {
        let texts = [536.1825, 53.61825, 5.361825, 0.0536, 0.0].map(|value| Metric::new(value).three_digits());
        assert_eq!(texts, ["536", "53.6", "5.36", "0.054", "0.000"]);
        assert_eq!(Metric::undefined(Undefined::NoNormalTime).three_digits(), "-");
    }

    #[test]
    fn an_absence_is_listed_under_its_path() {
        let mut list = AbsentList::default();
        list.within("classes", |list| {
            list.within("crash", |list| {
                list.note("recall", Metric::undefined(Undefined::ClassNotInTruth));
                list.note("precision", Metric::new(0.5));
            });
        });
        let absent = list.into_absent();
        assert_eq!(absent.len(), 1);
        assert_eq!(absent[0].metric, "classes.crash.recall");
    }
}
