//! t-SNE, exact: L. van der Maaten and G. Hinton, Visualizing Data using t-SNE, JMLR 9 (2008).
//!
//! Every pair of points counts, in each of the iterations, so that there is nothing to tune but the perplexity; for a
//! few thousand points that takes a minute or two. Starts from the principal components. Rows are computed side by side and
//! added in order: the same points and seed give the same places, to the bit, with any number of threads.

use rayon::prelude::*;

use super::features::Matrix;
use super::pca::dot;
use avar_base::job::Cancelled;

/// How the map of figure 3 is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TsneSettings {
    /// About how many neighbours a point has; at most a third of the points.
    pub perplexity: f64,
    /// Steps of the descent; the first 250, and at most half of them, with clusters drawn together.
    pub iterations: usize,
    /// Of the jitter that parts points with equal features.
    pub seed: u64,
}

impl Default for TsneSettings {
    fn default() -> Self {
        Self { perplexity: 30.0, iterations: 1000, seed: 1 }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Embedding {
    pub places: Vec<[f64; 2]>,
    /// As used.
    pub perplexity: f64,
    /// Kullback-Leibler divergence after the exaggerated iterations and at the end.
    pub divergences: [f64; 2],
}

/// Neighbours are drawn together this much more at first, so that clusters form and can move.
const EXAGGERATION: f64 = 12.0;
const EXAGGERATED_ITERATIONS: usize = 250;
const EARLY_MOMENTUM: f64 = 0.5;
const MOMENTUM: f64 = 0.8;
const LEAST_GAIN: f64 = 0.01;
/// Standard deviation of the places that it starts from.
const START_SPREAD: f64 = 1e-4;
/// Least probability and least distance to be divided by.
const LEAST: f64 = 1e-12;

/// `start` are the principal components of `points`; `watch` hears how much is done and may say that it is to stop.
pub(crate) fn embed(
    points: &Matrix,
    start: &[[f64; 2]],
    settings: TsneSettings,
    watch: &dyn Fn(f32) -> Result<(), Cancelled>,
) -> Result<Embedding, Cancelled> {
    let count = points.rows;
    let perplexity = settings.perplexity.min((count.saturating_sub(1)) as f64 / 3.0).max(1.0);
    let joint = joint_probabilities(points, perplexity);
    let mut places = starting_places(start, settings.seed);
    let mut velocity = vec![[0.0f64; 2]; count];
    let mut gains = vec![[1.0f64; 2]; count];
    // As scikit-learn's "auto", which follows Belkina et al. 2019.
    let rate = (count as f64 / EXAGGERATION / 4.0).max(50.0);
    let exaggerated = EXAGGERATED_ITERATIONS.min(settings.iterations / 2);
    let mut early_divergence = 0.0;
    for iteration in 0..settings.iterations {
        watch(iteration as f32 / settings.iterations as f32)?;
        let is_early = iteration < exaggerated;
        if iteration == exaggerated {
            early_divergence = divergence(&joint, &places);
        }
        let (factor, momentum) = if is_early { (EXAGGERATION, EARLY_MOMENTUM) } else { (1.0, MOMENTUM) };
        let gradients = gradients(&joint, &places, factor);
        for point in 0..count {
            for axis in 0..2 {
                let (gradient, speed) = (gradients[point][axis], &mut velocity[point][axis]);
                let gain = &mut gains[point][axis];
                let goes_on = (gradient > 0.0) != (*speed > 0.0);
                *gain = if goes_on { *gain + 0.2 } else { (*gain * 0.8).max(LEAST_GAIN) };
                *speed = momentum * *speed - rate * *gain * gradient;
                places[point][axis] += *speed;
            }
        }
        centre(&mut places);
    }
    let last = divergence(&joint, &places);
    Ok(Embedding { places, perplexity, divergences: [early_divergence, last] })
}

fn starting_places(start: &[[f64; 2]], seed: u64) -> Vec<[f64; 2]> {
    let spread = (start.iter().map(|place| place[0] * place[0]).sum::<f64>() / start.len().max(1) as f64).sqrt();
    let scale = if spread > 0.0 { START_SPREAD / spread } else { 0.0 };
    let mut random = fastrand::Rng::with_seed(seed);
    let mut jitter = || (random.f64() - 0.5) * START_SPREAD * 1e-2;
    start.iter().map(|place| [place[0] * scale + jitter(), place[1] * scale + jitter()]).collect()
}

fn centre(places: &mut [[f64; 2]]) {
    let count = places.len().max(1) as f64;
    for axis in 0..2 {
        let mean = places.iter().map(|place| place[axis]).sum::<f64>() / count;
        places.iter_mut().for_each(|place| place[axis] -= mean);
    }
}

/// `(p(j|i) + p(i|j)) / 2n`, each row's width such that its perplexity is the one wanted.
fn joint_probabilities(points: &Matrix, perplexity: f64) -> Vec<f64> {
    let count = points.rows;
    let lengths: Vec<f64> = (0..count).map(|row| dot(points.row(row), points.row(row))).collect();
    let mut joint = vec![0.0; count * count];
    joint.par_chunks_mut(count.max(1)).enumerate().for_each(|(at, row)| {
        for (other, value) in row.iter_mut().enumerate() {
            *value = (lengths[at] + lengths[other] - 2.0 * dot(points.row(at), points.row(other))).max(0.0);
        }
        to_conditional(row, at, perplexity);
    });
    for a in 0..count {
        for b in 0..a {
            let both = (joint[a * count + b] + joint[b * count + a]) / (2.0 * count as f64);
            let both = both.max(LEAST);
            (joint[a * count + b], joint[b * count + a]) = (both, both);
        }
    }
    joint
}

/// Squared distances from the point `at` become the probabilities of its neighbours.
fn to_conditional(row: &mut [f64], at: usize, perplexity: f64) {
    let wanted = perplexity.ln();
    let others = |row: &[f64]| row.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, of)| *of).collect();
    let distances: Vec<f64> = others(row);
    let nearest = distances.iter().copied().fold(f64::INFINITY, f64::min);
    let mean = distances.iter().map(|distance| distance - nearest).sum::<f64>() / distances.len().max(1) as f64;
    let (mut precision, mut low, mut high) = (1.0 / mean.max(LEAST), 0.0, f64::INFINITY);
    for _ in 0..200 {
        let (mut sum, mut weighted) = (0.0, 0.0);
        for distance in &distances {
            // From the nearest on, so that not all of them vanish.
            let apart = distance - nearest;
            let weight = (-precision * apart).exp();
            sum += weight;
            weighted += weight * apart;
        }
        let entropy = sum.ln() + precision * weighted / sum;
        if (entropy - wanted).abs() < 1e-10 {
            break;
        }
        if entropy > wanted {
            low = precision;
            precision = if high.is_finite() { (low + high) / 2.0 } else { precision * 2.0 };
        } else {
            high = precision;
            precision = (low + high) / 2.0;
        }
    }
    let weights: f64 = distances.iter().map(|distance| (-precision * (distance - nearest)).exp()).sum();
    for (other, value) in row.iter_mut().enumerate() {
        *value = if other == at { 0.0 } else { (-precision * (*value - nearest)).exp() / weights };
    }
}

/// What one point adds up over all others.
#[derive(Clone, Copy, Default)]
struct Pull {
    attraction: [f64; 2],
    repulsion: [f64; 2],
    nearness: f64,
}

fn gradients(joint: &[f64], places: &[[f64; 2]], factor: f64) -> Vec<[f64; 2]> {
    let count = places.len();
    let (across, down): (Vec<f64>, Vec<f64>) = places.iter().map(|place| (place[0], place[1])).unzip();
    let pulls: Vec<Pull> =
        joint.par_chunks(count.max(1)).enumerate().map(|(at, row)| pull(row, at, &across, &down)).collect();
    let whole = pulls.iter().map(|pull| pull.nearness).sum::<f64>().max(LEAST);
    let gradient =
        |pull: &Pull| std::array::from_fn(|axis| 4.0 * (factor * pull.attraction[axis] - pull.repulsion[axis] / whole));
    pulls.iter().map(gradient).collect()
}

const LANES: usize = 8;

/// In lanes, which the compiler computes at once.
fn pull(joint: &[f64], at: usize, across: &[f64], down: &[f64]) -> Pull {
    let (x, y) = (across[at], down[at]);
    let mut lanes = [[0.0; LANES]; 5];
    let mut add = |lane: usize, probability: f64, other_x: f64, other_y: f64| {
        let (dx, dy) = (x - other_x, y - other_y);
        let near = 1.0 / (1.0 + dx * dx + dy * dy);
        let (pulled, pushed) = (probability * near, near * near);
        lanes[0][lane] += pulled * dx;
        lanes[1][lane] += pulled * dy;
        lanes[2][lane] += pushed * dx;
        lanes[3][lane] += pushed * dy;
        lanes[4][lane] += near;
    };
    let (joint, joint_rest) = joint.as_chunks::<LANES>();
    let (across, across_rest) = across.as_chunks::<LANES>();
    let (down, down_rest) = down.as_chunks::<LANES>();
    for ((probabilities, xs), ys) in joint.iter().zip(across).zip(down) {
        for lane in 0..LANES {
            add(lane, probabilities[lane], xs[lane], ys[lane]);
        }
    }
    for ((probability, other_x), other_y) in joint_rest.iter().zip(across_rest).zip(down_rest) {
        add(0, *probability, *other_x, *other_y);
    }
    let [ax, ay, rx, ry, near] = lanes.map(|lane| lane.iter().sum::<f64>());
    // A point is as near to itself as can be, and pushes itself nowhere.
    Pull { attraction: [ax, ay], repulsion: [rx, ry], nearness: near - 1.0 }
}

/// Of the map's nearnesses from the joint probabilities.
fn divergence(joint: &[f64], places: &[[f64; 2]]) -> f64 {
    let near = |a: [f64; 2], b: [f64; 2]| 1.0 / (1.0 + (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2));
    let count = places.len();
    let sums: Vec<f64> = (0..count)
        .into_par_iter()
        .map(|at| places.iter().map(|other| near(places[at], *other)).sum::<f64>() - 1.0)
        .collect();
    let whole = sums.iter().sum::<f64>().max(LEAST);
    let rows: Vec<f64> = joint
        .par_chunks(count.max(1))
        .enumerate()
        .map(|(at, row)| {
            let others = row.iter().enumerate().filter(|(other, _)| *other != at);
            others
                .map(|(other, p)| {
                    let q = (near(places[at], places[other]) / whole).max(LEAST);
                    p * (p / q).ln()
                })
                .sum::<f64>()
        })
        .collect();
    rows.iter().sum()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::pca::principal_components;
    use super::*;

    /// Three clouds of thirty points in ten dimensions, far apart.
    fn clouds() -> Matrix {
        let mut random = fastrand::Rng::with_seed(3);
        let values = (0..90).flat_map(|point| {
            (0..10).map(move |axis| if axis == point / 30 { 8.0 } else { 0.0 }).collect::<Vec<f64>>()
        });
        let values = values.map(|value| value + random.f64() - 0.5).collect();
        Matrix { rows: 90, columns: 10, values }
    }

    fn map(settings: TsneSettings) -> Embedding {
        let points = clouds();
        embed(&points, &principal_components(&points).scores, settings, &|_| Ok(())).unwrap()
    }

    #[test]
    fn clouds_that_are_apart_stay_apart() {
        let places = map(TsneSettings::default()).places;
        let distance = |a: usize, b: usize| (places[a][0] - places[b][0]).hypot(places[a][1] - places[b][1]);
        for point in 0..90 {
            let by_distance = |a: &usize, b: &usize| distance(point, *a).total_cmp(&distance(point, *b));
            let nearest = (0..90).filter(|other| *other != point).min_by(by_distance).unwrap();
            assert_eq!(nearest / 30, point / 30, "{point}");
        }
        let mean = |cloud: usize| -> [f64; 2] {
            std::array::from_fn(|axis| (0..30).map(|point| places[cloud * 30 + point][axis]).sum::<f64>() / 30.0)
        };
        let radius = (0..90).map(|point| {
            let middle = mean(point / 30);
            (places[point][0] - middle[0]).hypot(places[point][1] - middle[1])
        });
        let widest = radius.fold(0.0, f64::max);
        for (a, b) in [(0, 1), (0, 2), (1, 2)] {
            let apart = (mean(a)[0] - mean(b)[0]).hypot(mean(a)[1] - mean(b)[1]);
            assert!(apart > 2.0 * widest, "{apart} {widest}");
        }
    }

    #[test]
    fn the_divergence_falls() {
        let [early, late] = map(TsneSettings::default()).divergences;
        assert!(late < early && late > 0.0 && late < 0.5, "{early} {late}");
    }

    #[test]
    fn the_same_seed_gives_the_same_places_with_any_number_of_threads() {
        let settings = TsneSettings { iterations: 60, ..TsneSettings::default() };
        let on_threads = |threads: usize| {
            rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(|| map(settings))
        };
        assert_eq!(on_threads(1), on_threads(3));
        assert_ne!(map(settings).places, map(TsneSettings { seed: 2, ..settings }).places);
    }

    /// Against scikit-learn, whose bisection ends at 1e-5: `tests/figures/make_fixtures.py`.
    #[test]
    fn joint_probabilities_are_those_of_the_reference() {
        let fixtures: Value = serde_json::from_str(include_str!("../../tests/figures/fixtures.json")).unwrap();
        let case = &fixtures["tsne"];
        let rows: Vec<Vec<f64>> = serde_json::from_value(case["points"].clone()).unwrap();
        let points = Matrix { rows: rows.len(), columns: rows[0].len(), values: rows.concat() };
        let joint = joint_probabilities(&points, case["perplexity"].as_f64().unwrap());
        let wanted: Vec<Vec<f64>> = serde_json::from_value(case["joint"].clone()).unwrap();
        for (ours, theirs) in joint.iter().zip(wanted.iter().flatten()) {
            assert!((ours - theirs).abs() < 2e-7, "{ours} for {theirs}");
        }
        assert!((joint.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn points_that_are_all_the_same_have_finite_places() {
        let points = Matrix { rows: 6, columns: 2, values: vec![1.0; 12] };
        let map =
            embed(&points, &[[0.0; 2]; 6], TsneSettings { iterations: 50, ..TsneSettings::default() }, &|_| Ok(()));
        let map = map.unwrap();
        assert!(map.places.iter().flatten().all(|value| value.is_finite()));
    }
}
