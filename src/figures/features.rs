//! The features of a run's clips as one matrix, for the projections.

use super::figure::FigureError;
use avar_metrics::runs::Run;

/// Rows are points, columns features.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Matrix {
    pub rows: usize,
    pub columns: usize,
    /// Row by row.
    pub values: Vec<f64>,
}

/// Clips that can be projected together.
pub(crate) struct Features {
    /// Their places among the run's clips, ordered by path.
    pub clips: Vec<usize>,
    pub matrix: Matrix,
    /// Clips without features, or with another number of them than most.
    pub without: usize,
    /// Clips left out because there are more than can be drawn.
    pub beyond: usize,
}

impl Matrix {
    pub(crate) fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    /// Every feature with mean zero and, unless it never changes, variance one: picture and sound differ in scale.
    pub(crate) fn standardized(&self) -> Matrix {
        let mut values = self.values.clone();
        let count = self.rows.max(1) as f64;
        for column in 0..self.columns {
            let of_column = || (0..self.rows).map(|row| self.values[row * self.columns + column]);
            let mean = of_column().sum::<f64>() / count;
            let deviation = (of_column().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
            // Of a feature that never changes only rounding is left.
            let is_constant = deviation <= 1e-9 * mean.abs().max(1e-9);
            let scale = if is_constant { 0.0 } else { 1.0 / deviation };
            (0..self.rows).for_each(|row| {
                let value = &mut values[row * self.columns + column];
                *value = (*value - mean) * scale;
            });
        }
        Matrix { values, ..*self }
    }
}

impl Features {
    /// At most `most` clips, evenly taken from all in the order of their paths.
    pub(crate) fn of(run: &Run, most: usize) -> Result<Self, FigureError> {
        let mut widths: Vec<usize> =
            run.clips.iter().map(|clip| clip.facts.features.len()).filter(|len| *len > 0).collect();
        widths.sort_unstable();
        let columns = widths.get(widths.len() / 2).copied().unwrap_or(0);
        let is_usable = |place: &usize| {
            let features = &run.clips[*place].facts.features;
            features.len() == columns && features.iter().all(|value| value.is_finite())
        };
        let mut usable: Vec<usize> = (0..run.clips.len()).filter(is_usable).collect();
        if columns == 0 || usable.len() < FEWEST_POINTS {
            let sentence = format!(
                "a projection needs the features of {FEWEST_POINTS} clips and the run has those of {}; evaluate again \
                 with `avar evaluate --out`",
                if columns == 0 { 0 } else { usable.len() }
            );
            return Err(FigureError::NothingToDraw(sentence));
        }
        usable.sort_by(|a, b| run.clips[*a].scored.path.cmp(&run.clips[*b].scored.path));
        let shown = usable.len().min(most);
        let clips: Vec<usize> = (0..shown).map(|index| usable[index * usable.len() / shown]).collect();
        let values =
            clips.iter().flat_map(|place| run.clips[*place].facts.features.iter().map(|value| f64::from(*value)));
        let matrix = Matrix { rows: shown, columns, values: values.collect() };
        Ok(Self { matrix, without: run.clips.len() - usable.len(), beyond: usable.len() - shown, clips })
    }
}

/// Fewer say nothing of a distribution.
const FEWEST_POINTS: usize = 5;

#[cfg(test)]
mod tests {
    use super::super::samples::sample_run;
    use super::*;

    #[test]
    fn clips_without_features_are_counted_and_the_order_of_the_run_does_not_matter() {
        let mut run = sample_run();
        run.clips[3].facts.features.clear();
        run.clips[4].facts.features[0] = f32::NAN;
        let features = Features::of(&run, 1000).unwrap();
        assert_eq!((features.clips.len(), features.without, features.beyond), (78, 2, 0));
        let few = Features::of(&run, 20).unwrap();
        assert_eq!((few.clips.len(), few.beyond, few.matrix.rows), (20, 58, 20));
        run.clips.reverse();
        assert_eq!(Features::of(&run, 1000).unwrap().matrix, features.matrix);
    }

    #[test]
    fn a_run_without_features_is_refused_with_what_to_do() {
        let mut run = sample_run();
        run.clips.iter_mut().for_each(|clip| clip.facts.features.clear());
        let sentence = Features::of(&run, 10).err().unwrap().to_string();
        assert!(sentence.contains("avar evaluate --out"), "{sentence}");
    }
}
