//! The precision-recall and ROC curves of a ranking, as points to draw.
//!
//! A curve of a million thresholds draws no better than one of a thousand: [`thinned`] keeps the points that a
//! picture can tell apart. The areas are never taken from thinned curves.

use serde::Serialize;

use super::ranking::{Operating, Ranking};

/// What calling positive everything that scores at least `threshold` gives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct PrPoint {
    /// A score that occurs.
    pub threshold: f64,
    /// Equation 13.
    pub recall: f64,
    /// Equation 12.
    pub precision: f64,
}

/// What calling positive everything that scores at least `threshold` gives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RocPoint {
    /// A score that occurs.
    pub threshold: f64,
    /// The share of negatives that are called positive.
    pub false_positive_rate: f64,
    /// The share of positives that are called positive: recall.
    pub true_positive_rate: f64,
}

/// One point for each distinct score, from the highest down; without the conventional start at recall 0, precision 1.
/// Empty where nothing is positive.
pub fn precision_recall_curve(ranking: &Ranking) -> Vec<PrPoint> {
    precision_recall_of(&ranking.operating_points())
}

/// As [`precision_recall_curve`], of operating points from the highest down.
pub fn precision_recall_of(points: &[Operating]) -> Vec<PrPoint> {
    let positives = points.last().map_or(0.0, |all| all.true_positives);
    if positives == 0.0 {
        return Vec::new();
    }
    let point = |at: &Operating| PrPoint {
        threshold: at.threshold,
        recall: at.true_positives / positives,
        precision: at.true_positives / (at.true_positives + at.false_positives),
    };
    points.iter().map(point).collect()
}

/// One point for each distinct score, from the highest down; without the conventional start at the origin.
/// Empty where only one label occurs.
pub fn roc_curve(ranking: &Ranking) -> Vec<RocPoint> {
    roc_of(&ranking.operating_points())
}

/// As [`roc_curve`], of operating points from the highest down.
pub fn roc_of(points: &[Operating]) -> Vec<RocPoint> {
    let (positives, negatives) = points.last().map_or((0.0, 0.0), |all| (all.true_positives, all.false_positives));
    if positives == 0.0 || negatives == 0.0 {
        return Vec::new();
    }
    let point = |at: &Operating| RocPoint {
        threshold: at.threshold,
        false_positive_rate: at.false_positives / negatives,
        true_positive_rate: at.true_positives / positives,
    };
    points.iter().map(point).collect()
}

/// Drops points that lie within 1/256 of the last kept one in both coordinates; first and last stay.
pub fn thinned<P: Copy>(points: &[P], position: impl Fn(&P) -> (f64, f64)) -> Vec<P> {
    let mut kept: Vec<P> = Vec::new();
    for (index, point) in points.iter().enumerate() {
        let is_far = kept.last().is_none_or(|last| {
            let ((x, y), (last_x, last_y)) = (position(point), position(last));
            (x - last_x).abs().max((y - last_y).abs()) >= 1.0 / 256.0
        });
        if is_far || index + 1 == points.len() {
            kept.push(*point);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tied_scores_make_one_point() {
        let ranking = Ranking::of_clips([(0.9, true), (0.5, true), (0.5, false), (0.1, false)]);
        let expected = [(0.9, 0.5, 1.0), (0.5, 1.0, 2.0 / 3.0), (0.1, 1.0, 0.5)];
        let curve = precision_recall_curve(&ranking);
        assert_eq!(curve.len(), expected.len());
        for (point, (threshold, recall, precision)) in curve.into_iter().zip(expected) {
            assert_eq!(point, PrPoint { threshold, recall, precision });
        }
        let rates: Vec<_> =
            roc_curve(&ranking).iter().map(|point| (point.false_positive_rate, point.true_positive_rate)).collect();
        assert_eq!(rates, [(0.0, 0.5), (0.5, 1.0), (1.0, 1.0)]);
    }

    #[test]
    fn one_label_only_gives_no_curve() {
        let negatives = Ranking::of_clips([(0.9, false), (0.5, false)]);
        assert!(precision_recall_curve(&negatives).is_empty());
        assert!(roc_curve(&negatives).is_empty());
        assert!(roc_curve(&Ranking::of_clips([(0.9, true)])).is_empty());
    }

    #[test]
    fn a_thinned_curve_keeps_its_ends_and_stays_near_every_point() {
        let examples = (0..20_000).map(|index| (f64::from(index * 7919 % 20_000), index % 3 == 0));
        let curve = roc_curve(&Ranking::of_clips(examples));
        let position = |point: &RocPoint| (point.false_positive_rate, point.true_positive_rate);
        let kept = thinned(&curve, position);
        assert!(kept.len() < 600, "{} points", kept.len());
        assert_eq!((kept.first(), kept.last()), (curve.first(), curve.last()));
        for point in &curve {
            let (x, y) = position(point);
            let is_near = |other: &RocPoint| {
                let (other_x, other_y) = position(other);
                (x - other_x).abs() <= 1.0 / 256.0 && (y - other_y).abs() <= 1.0 / 256.0
            };
            assert!(kept.iter().any(is_near), "{x} {y}");
        }
    }
}
