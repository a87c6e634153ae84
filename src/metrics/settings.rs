//! What a report is computed with; part of the report, so that two reports can be compared.

use serde::Serialize;

use super::bootstrap::BootstrapSettings;
use super::clip::ScoreError;
use avar_labels::Hysteresis;

/// What a report depends on beside the clips; [`Self::check`] says what each may be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReportSettings {
    /// Of the confidence intervals.
    pub bootstrap: BootstrapSettings,
    /// Frames a second of frame-level scores and of segments; 24 is that of XD-Violence.
    pub frame_rate_hz: f64,
    /// Temporal intersections over union of the mean average precision of segments.
    pub localization_ious: Vec<f64>,
    /// Which steps make a predicted event.
    pub hysteresis: Hysteresis,
    /// Temporal intersections over union at which events match.
    pub event_ious: Vec<f64>,
    /// Bins of equal width of each reliability diagram.
    pub calibration_bins: usize,
    /// A temperature that was fitted on other clips, to show what it does to these.
    pub temperature: Option<f64>,
}

impl Default for ReportSettings {
    fn default() -> Self {
        Self {
            bootstrap: BootstrapSettings::default(),
            frame_rate_hz: 24.0,
            localization_ious: vec![0.1, 0.2, 0.3, 0.4, 0.5],
            hysteresis: Hysteresis::default(),
            event_ious: vec![0.1, 0.3, 0.5],
            calibration_bins: 15,
            temperature: None,
        }
    }
}

impl ReportSettings {
    /// Refuses what would give no report or take for ever.
    pub fn check(&self) -> Result<(), ScoreError> {
        let Hysteresis { onset, offset, min_on_s, min_off_s } = self.hysteresis;
        let (onset, offset) = (f64::from(onset), f64::from(offset));
        let is_share = |value: f64| 0.0 < value && value < 1.0;
        let is_time = |value: f64| value.is_finite() && value >= 0.0;
        let requirements = [
            (
                "bootstrap.resamples",
                self.bootstrap.resamples as f64,
                self.bootstrap.resamples <= 100_000,
                "at most 100000",
            ),
            ("bootstrap.level", self.bootstrap.level, is_share(self.bootstrap.level), "between 0 and 1"),
            ("frame_rate_hz", self.frame_rate_hz, (1e-3..=1e6).contains(&self.frame_rate_hz), "0.001 to 1000000"),
            ("hysteresis.onset", onset, (0.0..=1.0).contains(&onset), "0 to 1"),
            ("hysteresis.offset", offset, (0.0..=onset).contains(&offset), "0 to the onset"),
            ("hysteresis.min_on_s", min_on_s, is_time(min_on_s), "zero or more seconds"),
            ("hysteresis.min_off_s", min_off_s, is_time(min_off_s), "zero or more seconds"),
            (
                "calibration_bins",
                self.calibration_bins as f64,
                (1..=10_000).contains(&self.calibration_bins),
                "1 to 10000",
            ),
        ];
        let ious = |name: &'static str, ious: &[f64]| -> Vec<_> {
            ious.iter().map(|iou| (name, *iou, 0.0 < *iou && *iou <= 1.0, "above 0 and at most 1")).collect()
        };
        let temperature =
            self.temperature.map(|value| ("temperature", value, value.is_finite() && value > 0.0, "above 0"));
        let mut all = requirements
            .into_iter()
            .chain(ious("localization_ious", &self.localization_ious))
            .chain(ious("event_ious", &self.event_ious))
            .chain(temperature);
        match all.find(|(_, _, holds, _)| !holds) {
            Some((name, value, _, must)) => Err(ScoreError::Setting { name, value, must }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_accepted() {
        assert_eq!(ReportSettings::default().check(), Ok(()));
    }

    #[test]
    fn a_setting_that_gives_no_report_is_refused_by_name() {
        let plain = ReportSettings::default;
        let hysteresis = |onset, offset| Hysteresis { onset, offset, ..Hysteresis::default() };
        let refused = [
            ("frame_rate_hz", ReportSettings { frame_rate_hz: f64::NAN, ..plain() }),
            ("localization_ious", ReportSettings { localization_ious: vec![0.5, 0.0], ..plain() }),
            ("event_ious", ReportSettings { event_ious: vec![1.5], ..plain() }),
            ("hysteresis.offset", ReportSettings { hysteresis: hysteresis(0.5, 0.6), ..plain() }),
            ("hysteresis.onset", ReportSettings { hysteresis: hysteresis(f32::NAN, 0.0), ..plain() }),
            ("calibration_bins", ReportSettings { calibration_bins: 0, ..plain() }),
            ("temperature", ReportSettings { temperature: Some(0.0), ..plain() }),
        ];
        for (name, settings) in refused {
            let sentence = settings.check().unwrap_err().to_string();
            assert!(sentence.contains(name), "{sentence}");
        }
    }
}
