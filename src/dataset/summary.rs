//! A dataset in numbers, for people and for scripts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::{Clip, Manifest};
use avar_base::wording::tallied;
use avar_labels::{AnomalyClass, Split};

/// How many unknown labels are printed; the rest is counted.
const LABELS_PRINTED: usize = 30;

/// What a manifest holds, counted; printed as a table and written as JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The ten classes in their order, those without a clip included.
    pub classes: Vec<ClassRow>,
    /// Over all classes; its label is `total`.
    pub total: ClassRow,
    /// Labels that are no class, and how often they occur.
    pub unknown_labels: BTreeMap<String, usize>,
    /// Those of the manifest, a sentence each.
    pub notes: Vec<String>,
}

/// Clips of one class by part. A clip counts once, under its own label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassRow {
    /// Identifier of the class ([`AnomalyClass::name`]), or `total`.
    pub label: &'static str,
    /// Clips for training.
    pub train: usize,
    /// Clips for validation.
    #[serde(rename = "val")]
    pub validation: usize,
    /// Clips for the test.
    pub test: usize,
    /// Clips without a split.
    pub unassigned: usize,
    /// Clips in all, with a split and without.
    pub clips: usize,
    /// Sources that the clips come from. One may hold several classes, so the total is no sum.
    pub groups: usize,
    /// Labelled ranges of this class, in whichever clips.
    pub ranges: usize,
}

impl Manifest {
    /// Counts clips, groups and ranges by class and part.
    pub fn summary(&self) -> Summary {
        let of_class = |class: AnomalyClass| {
            let ranges = self.clips.iter().flat_map(|clip| &clip.ranges).filter(|range| range.class == class).count();
            ClassRow::new(class.name(), self.clips.iter().filter(|clip| clip.label == class), ranges)
        };
        let ranges = self.clips.iter().map(|clip| clip.ranges.len()).sum();
        Summary {
            classes: AnomalyClass::ALL.into_iter().map(of_class).collect(),
            total: ClassRow::new("total", self.clips.iter(), ranges),
            unknown_labels: self.unknown_labels.clone(),
            notes: self.notes.clone(),
        }
    }
}

impl ClassRow {
    fn new<'a>(label: &'static str, clips: impl Iterator<Item = &'a Clip>, ranges: usize) -> Self {
        let mut groups = BTreeSet::new();
        let mut row = Self { label, train: 0, validation: 0, test: 0, unassigned: 0, clips: 0, groups: 0, ranges };
        for clip in clips {
            let part = match clip.split {
                Some(Split::Train) => &mut row.train,
                Some(Split::Validation) => &mut row.validation,
                Some(Split::Test) => &mut row.test,
                None => &mut row.unassigned,
            };
            *part += 1;
            row.clips += 1;
            groups.insert(&clip.group);
        }
        row.groups = groups.len();
        row
    }

    fn cells(&self) -> [String; 8] {
        let counts = [self.train, self.validation, self.test, self.unassigned, self.clips, self.groups, self.ranges];
        let mut cells = counts.map(|count| if count == 0 { "-".to_owned() } else { count.to_string() }).into_iter();
        std::array::from_fn(|column| if column == 0 { self.label.to_owned() } else { cells.next().unwrap_or_default() })
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let header = ["label", "train", "val", "test", "no split", "clips", "groups", "ranges"];
        let rows = self.classes.iter().chain([&self.total]).map(ClassRow::cells);
        for cells in std::iter::once(header.map(str::to_owned)).chain(rows) {
            write!(f, "{:<12}", cells[0])?;
            for cell in &cells[1..] {
                write!(f, " {cell:>8}")?;
            }
            writeln!(f)?;
        }
        if !self.unknown_labels.is_empty() {
            writeln!(
                f,
                "\nlabels that are none of the ten classes: {}",
                tallied(&self.unknown_labels, LABELS_PRINTED)
            )?;
        }
        for (number, note) in self.notes.iter().enumerate() {
            writeln!(f, "{}note: {note}", if number == 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_summary_counts_clips_groups_and_what_is_unknown() {
        let text = "path,label,split,group\na,pain,train,g\nb,pain,test,\nc,crash,,g\nd,riot,,\n";
        // The group of the third clip has no other split, so the manifest is sound.
        let manifest = Manifest::from_bytes(Path::new("m.csv"), text.as_bytes()).unwrap();
        let summary = manifest.summary();
        let pain = &summary.classes[AnomalyClass::Pain.index()];
        assert_eq!((pain.train, pain.validation, pain.test, pain.clips, pain.groups), (1, 0, 1, 2, 2));
        assert_eq!((summary.total.clips, summary.total.unassigned, summary.total.groups), (3, 1, 2));
        let printed = summary.to_string();
        assert!(printed.contains("\nlabels that are none of the ten classes: `riot` (1)\n"), "{printed}");
        assert!(printed.lines().any(|line| line.split_whitespace().eq("pain 1 - 1 - 2 2 -".split(' '))), "{printed}");
    }
}
