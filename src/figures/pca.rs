//! The two directions in which points differ most: principal components.
//!
//! The leading eigenvectors of the covariance, or where points are fewer than features of their products, by subspace
//! iteration with a Rayleigh-Ritz step (Golub and Van Loan, Matrix Computations, 8.2): exact to rounding, the same on
//! every machine with any number of threads.

use rayon::prelude::*;

use super::features::Matrix;

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Components {
    /// Each point's place along the first and the second component.
    pub scores: Vec<[f64; 2]>,
    /// The share of the variance along each.
    pub share: [f64; 2],
}

/// Directions that are iterated together: more than two, so that the two converge fast.
const BLOCK: usize = 10;
const MOST_ROUNDS: usize = 3_000;
/// Of an eigenvalue, relative, between two rounds.
const TOLERANCE: f64 = 1e-14;

pub(crate) fn principal_components(points: &Matrix) -> Components {
    let centred = centred(points);
    let is_wide = centred.columns > centred.rows;
    let products = if is_wide { products_of_rows(&centred) } else { products_of_rows(&transposed(&centred)) };
    let variance: f64 = (0..products.rows).map(|index| products.row(index)[index]).sum();
    let leading = leading_pairs(&products);
    let mut scores = vec![[0.0; 2]; points.rows];
    let mut share = [0.0; 2];
    for (component, (value, vector)) in leading.iter().take(2).enumerate() {
        // Nothing but rounding is left beyond the rank of the points.
        if *value <= variance * 1e-12 {
            continue;
        }
        let direction = if is_wide { along_rows(&centred, vector, 1.0 / value.sqrt()) } else { vector.clone() };
        let heaviest = direction.iter().copied().fold(0.0f64, |most, of| if of.abs() > most.abs() { of } else { most });
        let sign = if heaviest < 0.0 { -1.0 } else { 1.0 };
        for (row, score) in scores.iter_mut().enumerate() {
            score[component] = sign * dot(centred.row(row), &direction);
        }
        share[component] = value / variance;
    }
    Components { scores, share }
}

fn centred(points: &Matrix) -> Matrix {
    let mut values = points.values.clone();
    for column in 0..points.columns {
        let mean = (0..points.rows).map(|row| points.row(row)[column]).sum::<f64>() / points.rows.max(1) as f64;
        (0..points.rows).for_each(|row| values[row * points.columns + column] -= mean);
    }
    Matrix { values, ..*points }
}

fn transposed(matrix: &Matrix) -> Matrix {
    let values = (0..matrix.columns)
        .flat_map(|column| (0..matrix.rows).map(move |row| matrix.values[row * matrix.columns + column]));
    Matrix { rows: matrix.columns, columns: matrix.rows, values: values.collect() }
}

/// Every row with every row.
fn products_of_rows(matrix: &Matrix) -> Matrix {
    let size = matrix.rows;
    let mut values = vec![0.0; size * size];
    values.par_chunks_mut(size.max(1)).enumerate().for_each(|(a, row)| {
        row.iter_mut().enumerate().for_each(|(b, value)| *value = dot(matrix.row(a), matrix.row(b)));
    });
    Matrix { rows: size, columns: size, values }
}

/// The sum of the rows, each `factor * weight` times.
fn along_rows(matrix: &Matrix, weights: &[f64], factor: f64) -> Vec<f64> {
    let mut sum = vec![0.0; matrix.columns];
    for (row, weight) in weights.iter().enumerate() {
        sum.iter_mut().zip(matrix.row(row)).for_each(|(sum, value)| *sum += factor * weight * value);
    }
    sum
}

/// Eigenvalues and eigenvectors of a symmetric matrix, the largest first.
fn leading_pairs(symmetric: &Matrix) -> Vec<(f64, Vec<f64>)> {
    let size = symmetric.rows;
    let block = BLOCK.min(size);
    let mut random = fastrand::Rng::with_seed(1);
    let mut directions: Vec<Vec<f64>> = (0..block).map(|_| (0..size).map(|_| random.f64() - 0.5).collect()).collect();
    orthonormalize(&mut directions);
    let mut values = vec![0.0; block];
    for _ in 0..MOST_ROUNDS {
        let images: Vec<Vec<f64>> = directions
            .par_iter()
            .map(|direction| (0..size).map(|row| dot(symmetric.row(row), direction)).collect())
            .collect();
        let projected: Vec<Vec<f64>> =
            directions.iter().map(|a| images.iter().map(|image| dot(a, image)).collect()).collect();
        let (found, rotation) = jacobi(projected);
        let combine = |of: &[Vec<f64>], weights: &[f64]| {
            let mut sum = vec![0.0; size];
            for (vector, weight) in of.iter().zip(weights) {
                sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += weight * value);
            }
            sum
        };
        let moved = |at: usize| (found[at] - values[at]).abs() > TOLERANCE * found[0].abs();
        let has_settled = !(0..block.min(2)).any(moved);
        values.clone_from(&found);
        if has_settled {
            directions = rotation.iter().map(|weights| combine(&directions, weights)).collect();
            break;
        }
        directions = rotation.iter().map(|weights| combine(&images, weights)).collect();
        orthonormalize(&mut directions);
    }
    values.into_iter().zip(directions).collect()
}

/// Gram and Schmidt, twice for the sake of rounding. What is left of nothing stays nothing.
fn orthonormalize(vectors: &mut [Vec<f64>]) {
    for at in 0..vectors.len() {
        for _ in 0..2 {
            let (before, rest) = vectors.split_at_mut(at);
            for other in before.iter() {
                let shared = dot(other, &rest[0]);
                rest[0].iter_mut().zip(other).for_each(|(value, of)| *value -= shared * of);
            }
            let length = dot(&rest[0], &rest[0]).sqrt();
            let scale = if length > 1e-280 { 1.0 / length } else { 0.0 };
            rest[0].iter_mut().for_each(|value| *value *= scale);
        }
    }
}

/// All eigenvalues of a small symmetric matrix, the largest first, and the eigenvectors as rows: cyclic Jacobi rotations.
fn jacobi(mut matrix: Vec<Vec<f64>>) -> (Vec<f64>, Vec<Vec<f64>>) {
    let size = matrix.len();
    let mut vectors: Vec<Vec<f64>> =
        (0..size).map(|row| (0..size).map(|column| f64::from(u8::from(row == column))).collect()).collect();
    for _ in 0..60 {
        let off: f64 = (0..size).flat_map(|a| (0..a).map(move |b| (a, b))).map(|(a, b)| matrix[a][b].powi(2)).sum();
        let whole: f64 = matrix.iter().flatten().map(|value| value * value).sum();
        if off <= 1e-32 * whole {
            break;
        }
        for a in 0..size {
            for b in a + 1..size {
                rotate(&mut matrix, &mut vectors, a, b);
            }
        }
    }
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|a, b| matrix[*b][*b].total_cmp(&matrix[*a][*a]));
    let value = |at: &usize| matrix[*at][*at];
    (order.iter().map(value).collect(), order.iter().map(|at| vectors[*at].clone()).collect())
}

fn rotate(matrix: &mut [Vec<f64>], vectors: &mut [Vec<f64>], a: usize, b: usize) {
    if matrix[a][b] == 0.0 {
        return;
    }
    let theta = (matrix[b][b] - matrix[a][a]) / (2.0 * matrix[a][b]);
    let tangent = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
    let tangent = if theta == 0.0 { 1.0 } else { tangent };
    let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
    let sine = tangent * cosine;
    for row in matrix.iter_mut() {
        let (of_a, of_b) = (row[a], row[b]);
        (row[a], row[b]) = (cosine * of_a - sine * of_b, sine * of_a + cosine * of_b);
    }
    for rows in [&mut *matrix, vectors] {
        for column in 0..rows[a].len() {
            let (of_a, of_b) = (rows[a][column], rows[b][column]);
            (rows[a][column], rows[b][column]) = (cosine * of_a - sine * of_b, sine * of_a + cosine * of_b);
        }
    }
}

/// In eight sums, which the compiler adds at once.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a_whole, a_rest) = a.as_chunks::<8>();
    let (b_whole, b_rest) = b.as_chunks::<8>();
    for (a, b) in a_whole.iter().zip(b_whole) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn matrix(value: &Value) -> Matrix {
        let rows: Vec<Vec<f64>> = serde_json::from_value(value.clone()).unwrap();
        Matrix { rows: rows.len(), columns: rows[0].len(), values: rows.concat() }
    }

    /// Against NumPy: `tests/figures/make_fixtures.py`.
    #[test]
    fn components_are_those_of_the_singular_value_decomposition() {
        let fixtures: Value = serde_json::from_str(include_str!("../../tests/figures/fixtures.json")).unwrap();
        for case in fixtures["pca"].as_array().unwrap() {
            let points = matrix(&case["points"]);
            let components = principal_components(&points);
            let wanted: Vec<[f64; 2]> = serde_json::from_value(case["pca"]["scores"].clone()).unwrap();
            for (ours, theirs) in components.scores.iter().flatten().zip(wanted.iter().flatten()) {
                assert!((ours - theirs).abs() < 1e-7, "{}: {ours} for {theirs}", case["name"]);
            }
            let share: [f64; 2] = serde_json::from_value(case["pca"]["share"].clone()).unwrap();
            assert!((0..2).all(|at| (components.share[at] - share[at]).abs() < 1e-10), "{}", case["name"]);
            let standardized = points.standardized();
            let wanted = matrix(&case["standardized"]);
            assert!(standardized.values.iter().zip(&wanted.values).all(|(a, b)| (a - b).abs() < 1e-9));
        }
    }

    #[test]
    fn points_on_a_line_have_one_component_and_equal_points_none() {
        let line = Matrix { rows: 4, columns: 2, values: vec![0.0, 0.0, 1.0, 2.0, 2.0, 4.0, 3.0, 6.0] };
        let components = principal_components(&line);
        assert!((components.share[0] - 1.0).abs() < 1e-12 && components.share[1] == 0.0);
        let same = Matrix { rows: 3, columns: 2, values: vec![1.0; 6] };
        assert_eq!(principal_components(&same).scores, [[0.0; 2]; 3]);
    }
}
