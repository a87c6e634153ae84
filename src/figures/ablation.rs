//! What `avar ablate --tables` left in `ablation.csv`: accuracy and its kin of every head, from several seeds.

use std::path::Path;

use super::figure::FigureError;

/// What an ablation measured: a row a head, fusion, number of steps and seed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ablation {
    outcomes: Vec<Outcome>,
}

#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    head: String,
    fusion: String,
    steps: usize,
    /// Accuracy, precision, recall and F1 as shares of 1.
    quality: [f64; 4],
}

/// No ablation is larger.
const MOST_BYTES: u64 = 16 << 20;

impl Ablation {
    /// Reads the CSV file, of at most 16 MiB; whatever is wrong with it is a [`FigureError::Ablation`].
    pub fn read(path: &Path) -> Result<Self, FigureError> {
        let failed = |reason: String| FigureError::Ablation { path: path.to_owned(), reason };
        let bytes = std::fs::metadata(path).map_err(|reason| failed(reason.to_string()))?.len();
        if bytes > MOST_BYTES {
            return Err(failed("it is too large".to_owned()));
        }
        let text = std::fs::read_to_string(path).map_err(|reason| failed(reason.to_string()))?;
        Self::parse(&text).map_err(failed)
    }

    /// From the CSV file's text.
    ///
    /// # Errors
    /// What is wrong with it, in words that can stand within a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let columns = reader.headers().map_err(|error| error.to_string())?.clone();
        let column = |name: &str| {
            let at = columns.iter().position(|column| column == name);
            at.ok_or_else(|| format!("there is no column \"{name}\""))
        };
        let (head, fusion, steps) = (column("head")?, column("fusion")?, column("steps")?);
        let qualities = ["accuracy", "precision", "recall", "f1"].map(column);
        let mut outcomes = Vec::new();
        for (line, row) in reader.records().enumerate() {
            let row = row.map_err(|error| error.to_string())?;
            let mut quality = [0.0; 4];
            for (value, column) in quality.iter_mut().zip(&qualities) {
                let cell = &row[*column.as_ref().map_err(Clone::clone)?];
                let share: Option<f64> = cell.parse().ok().filter(|share| (0.0..=1.0).contains(share));
                *value = share.ok_or_else(|| format!("\"{cell}\" in line {} is no share of 1", line + 2))?;
            }
            let steps = row[steps].parse().map_err(|_| format!("\"{}\" is no number of steps", &row[steps]))?;
            outcomes.push(Outcome { head: row[head].to_owned(), fusion: row[fusion].to_owned(), steps, quality });
        }
        Ok(Self { outcomes })
    }

    /// Accuracy of every seed in percent.
    pub fn accuracies_percent(&self, head: &str, fusion: &str, steps: usize) -> Vec<f64> {
        self.percents(head, fusion, steps, 0)
    }

    /// In percent, each the mean over the seeds and in brackets the distance from the lowest to the highest.
    pub fn cells(&self, head: &str, fusion: &str, steps: usize) -> Option<[String; 4]> {
        let cell = |at: usize| {
            let values = self.percents(head, fusion, steps, at);
            let (low, high) =
                values.iter().fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
            mean(&values).map(|mean| format!("{mean:.1} ({:.1})", high - low))
        };
        Some([cell(0)?, cell(1)?, cell(2)?, cell(3)?])
    }

    /// The quality at `at` of every seed.
    fn percents(&self, head: &str, fusion: &str, steps: usize, at: usize) -> Vec<f64> {
        let is_wanted = |outcome: &&Outcome| outcome.head == head && outcome.fusion == fusion && outcome.steps == steps;
        self.outcomes.iter().filter(is_wanted).map(|outcome| 100.0 * outcome.quality[at]).collect()
    }
}

/// `None` of nothing.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const TEXT: &str = "head,fusion,steps,seed,accuracy,precision,recall,f1,best_step,paper_accuracy_percent\n\
                            mtcn,early,10,1,0.8000,0.5000,0.2500,0.7500,9,89.29\n\
                            mtcn,early,10,2,0.9000,0.5000,0.2500,0.7500,9,89.29\n";

    #[test]
    fn a_cell_is_the_mean_over_the_seeds_and_their_spread() {
        let ablation = Ablation::parse(TEXT).unwrap();
        assert_eq!(
            ablation.cells("mtcn", "early", 10).unwrap(),
            ["85.0 (10.0)", "50.0 (0.0)", "25.0 (0.0)", "75.0 (0.0)"]
        );
        assert_eq!(ablation.cells("mtcn", "early", 5), None);
    }

    #[test]
    fn a_table_of_something_else_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("scores.csv");
        std::fs::write(&path, "path,label\na,b\n").unwrap();
        let sentence = Ablation::read(&path).unwrap_err().to_string();
        assert!(sentence.contains("no column \"head\"") && sentence.ends_with("scores.csv"), "{sentence}");
        assert!(Ablation::parse(&TEXT.replace("0.9000", "NaN")).unwrap_err().contains("line 3"));
        assert!(Ablation::read(&folder.path().join("none.csv")).is_err());
    }
}
