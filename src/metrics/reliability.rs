//! Whether probabilities mean what they say: reliability bins and the expected calibration error
//! (Naeini et al. 2015; Guo et al., "On calibration of modern neural networks", 2017, equation 3).

use serde::Serialize;

use super::metric::{AbsentList, Metric, Undefined};

/// Confidences in bins of equal width. A bin holds `lower < confidence <= upper`, the first one zero too.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reliability {
    /// The mean over examples of the gap between confidence and frequency in their bin.
    pub expected_error: Metric,
    /// The widest such gap.
    pub greatest_error: Metric,
    /// From 0 up, empty ones included.
    pub bins: Vec<ReliabilityBin>,
}

/// The examples whose confidence lies within one stretch of `0..=1`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ReliabilityBin {
    /// Not included, but in the first bin.
    pub lower: f64,
    /// Included.
    pub upper: f64,
    /// How many examples.
    pub count: u64,
    /// The mean of what was predicted; null in an empty bin.
    pub confidence: Option<f64>,
    /// The share of examples that came true; null in an empty bin.
    pub frequency: Option<f64>,
}

impl Reliability {
    /// Of confidences in `0..=1`, each with whether it came true.
    pub fn new(examples: impl IntoIterator<Item = (f64, bool)>, bin_count: usize) -> Self {
        let bin_count = bin_count.max(1);
        let width = 1.0 / bin_count as f64;
        let inner_edges: Vec<f64> = (1..bin_count).map(|edge| edge as f64 * width).collect();
        let mut sums = vec![BinSums::default(); bin_count];
        for (confidence, came_true) in examples {
            let sum = &mut sums[inner_edges.partition_point(|edge| *edge < confidence)];
            sum.count += 1;
            sum.confidence += confidence;
            sum.came_true += u64::from(came_true);
        }
        let all: u64 = sums.iter().map(|sum| sum.count).sum();
        let weighted_gaps: f64 = sums.iter().map(|sum| (sum.confidence - sum.came_true as f64).abs()).sum();
        let filled = sums.iter().filter(|sum| sum.count > 0);
        let greatest = filled.map(|sum| (sum.confidence - sum.came_true as f64).abs() / sum.count as f64);
        let lower = |bin: usize| if bin == 0 { 0.0 } else { inner_edges[bin - 1] };
        let upper = |bin: usize| inner_edges.get(bin).copied().unwrap_or(1.0);
        let bins = sums.iter().enumerate().map(|(bin, sum)| sum.bin(lower(bin), upper(bin)));
        Self {
            expected_error: Metric::ratio(weighted_gaps, all as f64, Undefined::NoExamples),
            greatest_error: greatest.reduce(f64::max).map_or(Metric::undefined(Undefined::NoExamples), Metric::new),
            bins: bins.collect(),
        }
    }

    pub(super) fn note_absent(&self, list: &mut AbsentList) {
        list.note("expected_error", self.expected_error);
        list.note("greatest_error", self.greatest_error);
    }
}

#[derive(Clone, Copy, Default)]
struct BinSums {
    count: u64,
    confidence: f64,
    came_true: u64,
}

impl BinSums {
    fn bin(&self, lower: f64, upper: f64) -> ReliabilityBin {
        let mean = |sum: f64| (self.count > 0).then(|| sum / self.count as f64);
        let (confidence, frequency) = (mean(self.confidence), mean(self.came_true as f64));
        ReliabilityBin { lower, upper, count: self.count, confidence, frequency }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_the_gap_weighted_by_the_examples_in_it() {
        // Bin 0..0.5: 0.3 said, 0 true. Bin 0.5..1: 0.9 said, 2 of 3 true.
        let examples = [(0.3, false), (0.9, true), (0.9, true), (0.9, false)];
        let reliability = Reliability::new(examples, 2);
        let (low, high) = (0.3, 0.9 - 2.0 / 3.0);
        assert!((reliability.expected_error.value().unwrap() - (low + 3.0 * high) / 4.0).abs() < 1e-12);
        assert!((reliability.greatest_error.value().unwrap() - low).abs() < 1e-12);
    }

    #[test]
    fn a_confidence_on_an_edge_falls_into_the_bin_below() {
        let counts = |confidence| Reliability::new([(confidence, true)], 4).bins.iter().map(|bin| bin.count).collect();
        let at = |bin: usize| -> Vec<u64> { (0..4).map(|other| u64::from(other == bin)).collect() };
        let found: [Vec<u64>; 5] = [0.0, 0.25, 0.26, 0.5, 1.0].map(counts);
        assert_eq!(found, [at(0), at(0), at(1), at(1), at(3)]);
    }

    #[test]
    fn an_empty_bin_has_no_frequency_and_costs_nothing() {
        let reliability = Reliability::new([(1.0, true), (0.0, false)], 10);
        assert_eq!(reliability.expected_error, Metric::new(0.0));
        assert_eq!(reliability.bins[4].frequency, None);
        assert_eq!(reliability.bins[4].count, 0);
    }

    #[test]
    fn nothing_has_no_calibration_error() {
        assert_eq!(Reliability::new([], 10).expected_error.reason(), Some(Undefined::NoExamples));
    }
}
