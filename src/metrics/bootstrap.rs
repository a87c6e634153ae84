//! Percentile confidence intervals by the bootstrap (Efron 1979), drawing whole groups.
//!
//! Clips of one camera or one film resemble each other; drawn singly they would make the interval too narrow. So each
//! resample draws as many groups as there are, with replacement, and every clip counts as often as its group was
//! drawn. The same seed draws the same groups for every metric, so that their intervals belong together.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;

use serde::Serialize;

use super::metric::{Metric, Undefined};

/// How confidence intervals are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BootstrapSettings {
    /// Zero gives no intervals.
    pub resamples: usize,
    /// The same one draws the same groups.
    pub seed: u64,
    /// The share of resamples within the interval, between 0 and 1.
    pub level: f64,
}

impl Default for BootstrapSettings {
    fn default() -> Self {
        Self { resamples: 1000, seed: 0, level: 0.95 }
    }
}

/// Where everything is right, or everything wrong, every resample says the same and the interval has no width: that is
/// no proof of certainty.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The lower percentile; undefined where nothing can be drawn, or fewer than half of the resamples have a value.
    pub low: Metric,
    /// The upper percentile; undefined where the lower one is, for the same reason.
    pub high: Metric,
    /// Resamples in which the metric is defined; only they count.
    pub resamples: usize,
}

/// The groups of some clips, ready to be drawn.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    settings: BootstrapSettings,
    /// By clip.
    group: Vec<u32>,
    group_count: usize,
}

impl Bootstrap {
    /// `groups` names the group of each clip, in the order of the clips.
    pub fn new<'a>(groups: impl IntoIterator<Item = &'a str>, settings: BootstrapSettings) -> Self {
        let mut known = HashMap::new();
        let mut position_of = |name| {
            let next = known.len() as u32;
            *known.entry(name).or_insert(next)
        };
        let group = groups.into_iter().map(&mut position_of).collect();
        Self { settings, group, group_count: known.len() }
    }

    /// How many distinct groups the clips have.
    pub fn group_count(&self) -> usize {
        self.group_count
    }

    /// How many groups have one of the clips at `positions`.
    pub fn groups_of(&self, positions: impl IntoIterator<Item = usize>) -> usize {
        let groups: HashSet<u32> = positions.into_iter().map(|position| self.group[position]).collect();
        groups.len()
    }

    /// Intervals of `N` metrics that are computed together from how often each clip was drawn.
    pub fn intervals<const N: usize>(&self, metrics: impl Fn(&[u32]) -> [Metric; N]) -> [Interval; N] {
        match self.try_intervals(|times_drawn| Ok::<_, Infallible>(metrics(times_drawn))) {
            Ok(intervals) => intervals,
        }
    }

    /// The same of metrics that can fail, or be given up, at each resample.
    pub fn try_intervals<const N: usize, E>(
        &self,
        metrics: impl Fn(&[u32]) -> Result<[Metric; N], E>,
    ) -> Result<[Interval; N], E> {
        let refused = match (self.settings.resamples, self.group_count) {
            (0, _) => Some(Undefined::NoResamples),
            (_, 0) => Some(Undefined::NoExamples),
            (_, 1) => Some(Undefined::SingleGroup),
            _ => None,
        };
        if let Some(reason) = refused {
            let absent = Metric::undefined(reason);
            return Ok([Interval { low: absent, high: absent, resamples: 0 }; N]);
        }
        let mut values: [Vec<f64>; N] = std::array::from_fn(|_| Vec::with_capacity(self.settings.resamples));
        let mut random = SplitMix64 { state: self.settings.seed };
        let mut group_draws = vec![0; self.group_count];
        let mut clip_draws = vec![0; self.group.len()];
        for _ in 0..self.settings.resamples {
            group_draws.fill(0);
            (0..self.group_count).for_each(|_| group_draws[random.below(self.group_count)] += 1);
            clip_draws.iter_mut().zip(&self.group).for_each(|(draws, group)| *draws = group_draws[*group as usize]);
            for (values, metric) in values.iter_mut().zip(metrics(&clip_draws)?) {
                values.extend(metric.value());
            }
        }
        Ok(values.map(|values| self.percentiles(values)))
    }

    fn percentiles(&self, mut values: Vec<f64>) -> Interval {
        let resamples = values.len();
        if resamples * 2 < self.settings.resamples {
            let absent = Metric::undefined(Undefined::RarelyDefined);
            return Interval { low: absent, high: absent, resamples };
        }
        values.sort_unstable_by(f64::total_cmp);
        let tail = (1.0 - self.settings.level) / 2.0;
        let at = |share| quantile(&values, share);
        Interval { low: at(tail), high: at(1.0 - tail), resamples }
    }
}

/// With straight lines between neighbours, as NumPy's default (Hyndman and Fan 1996, type 7).
fn quantile(sorted: &[f64], share: f64) -> Metric {
    let Some(last) = sorted.len().checked_sub(1) else { return Metric::undefined(Undefined::NoExamples) };
    let position = share.clamp(0.0, 1.0) * last as f64;
    let (below, above) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    Metric::new(below + (above - below) * position.fract())
}

/// Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014.
struct SplitMix64 {
    state: u64,
}

impl SplitMix64 {
    fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A whole number below `count`; the bias of a product is `count / 2^64`, which nothing can show.
    fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.bits()) * count as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: BootstrapSettings = BootstrapSettings { resamples: 500, seed: 7, level: 0.9 };

    /// The mean of `values`, one a clip.
    fn mean_interval(values: &[f64], groups: &[&str], settings: BootstrapSettings) -> Interval {
        let bootstrap = Bootstrap::new(groups.iter().copied(), settings);
        let [interval] = bootstrap.intervals(|draws| {
            let sum: f64 = draws.iter().zip(values).map(|(draws, value)| f64::from(*draws) * value).sum();
            [Metric::ratio(sum, f64::from(draws.iter().sum::<u32>()), Undefined::NoExamples)]
        });
        interval
    }

    fn width(interval: Interval) -> f64 {
        interval.high.value().unwrap() - interval.low.value().unwrap()
    }

    #[test]
    fn the_same_seed_gives_the_same_interval_and_another_one_another() {
        let (values, groups) = ([0.0, 1.0, 0.83, 0.11, 0.3], ["a", "b", "c", "d", "e"]);
        let plain = mean_interval(&values, &groups, SETTINGS);
        assert_eq!(mean_interval(&values, &groups, SETTINGS), plain);
        assert_ne!(mean_interval(&values, &groups, BootstrapSettings { seed: 8, ..SETTINGS }), plain);
    }

    #[test]
    fn the_interval_of_a_mean_has_the_width_that_theory_gives_it() {
        let values: Vec<f64> = (0..400).map(|index| f64::from(index % 2)).collect();
        let names: Vec<String> = (0..400).map(|index| index.to_string()).collect();
        let groups: Vec<&str> = names.iter().map(String::as_str).collect();
        // 1.645 standard errors of 0.5 / sqrt(400) to either side.
        let width = width(mean_interval(&values, &groups, BootstrapSettings { resamples: 4000, ..SETTINGS }));
        assert!((width - 2.0 * 1.645 * 0.025).abs() < 0.006, "{width}");
    }

    #[test]
    fn clips_that_resemble_their_group_widen_the_interval() {
        let values: Vec<f64> = (0..40).map(|index| f64::from(index / 10 % 2)).collect();
        let names: Vec<String> = (0..40).map(|index| index.to_string()).collect();
        let alone: Vec<&str> = names.iter().map(String::as_str).collect();
        let grouped: Vec<&str> = (0..40).map(|index| ["a", "b", "c", "d"][index / 10]).collect();
        assert!(
            width(mean_interval(&values, &grouped, SETTINGS)) > 2.0 * width(mean_interval(&values, &alone, SETTINGS))
        );
    }

    #[test]
    fn a_single_group_has_no_interval() {
        let interval = mean_interval(&[0.0, 1.0], &["a", "a"], SETTINGS);
        assert_eq!(interval.low.reason(), Some(Undefined::SingleGroup));
        let interval = mean_interval(&[0.0, 1.0], &["a", "b"], BootstrapSettings { resamples: 0, ..SETTINGS });
        assert_eq!(interval.high.reason(), Some(Undefined::NoResamples));
    }

    #[test]
    fn a_metric_that_most_resamples_leave_undefined_has_no_interval() {
        let bootstrap = Bootstrap::new(["a", "b", "c"], SETTINGS);
        // The first of three groups is drawn once in 12 of 27 resamples, and at most once in 20 of 27.
        let defined_if = |holds: bool| Metric::ratio(1.0, f64::from(u8::from(holds)), Undefined::NoPositives);
        let [rare, common] = bootstrap.intervals(|draws| [defined_if(draws[0] == 1), defined_if(draws[0] <= 1)]);
        assert!((200..250).contains(&rare.resamples), "{}", rare.resamples);
        assert_eq!(rare.low.reason(), Some(Undefined::RarelyDefined));
        assert_eq!(common.low, Metric::new(1.0));
    }

    #[test]
    fn quantiles_lie_on_straight_lines_between_the_values() {
        let sorted = [1.0, 2.0, 4.0];
        assert_eq!(quantile(&sorted, 0.0), Metric::new(1.0));
        assert_eq!(quantile(&sorted, 0.75), Metric::new(3.0));
        assert_eq!(quantile(&sorted, 1.0), Metric::new(4.0));
    }
}
