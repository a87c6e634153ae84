//! Which part a clip belongs to, where its manifest does not say: whole groups, every class in every part.
//!
//! Parts depend on the seed, the groups, the labels and the splits that are there, and on nothing else; how groups
//! are split is in [`group_split`](super::group_split).

use std::collections::BTreeSet;

use super::Clip;
use super::group_split::GroupSplit;
use avar_base::wording::{counted, listed};
use avar_labels::{AnomalyClass, Split};

/// More folds than anyone trains, and few enough to be split at once.
const MAX_FOLDS: usize = 100;

/// How the clips of each class are shared out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares([f64; 3]);

impl Shares {
    /// In proportion to each other; `None` unless all are finite and not negative, and one is above zero.
    pub fn new(train: f64, validation: f64, test: f64) -> Option<Self> {
        let shares = [train, validation, test];
        let sum: f64 = shares.iter().sum();
        let is_valid = shares.iter().all(|share| *share >= 0.0) && sum.is_finite() && sum > 0.0;
        is_valid.then(|| Self(shares.map(|share| share / sum)))
    }
}

/// 70 % for training, 15 % each for validation and test.
impl Default for Shares {
    fn default() -> Self {
        Self([0.7, 0.15, 0.15])
    }
}

/// Gives a split to every clip that has none, and never changes one that is there. A clip follows its group.
///
/// A class with three groups or more gets groups in each part that has a share, one with two in train and test, one
/// with a single group in train, unless groups of several classes leave no such way. Returns a sentence for each class
/// that is not in every part.
pub fn assign_splits(clips: &mut [Clip], shares: Shares, seed: u64) -> Vec<String> {
    let pinned: Vec<Option<usize>> = clips.iter().map(|clip| clip.split.map(|split| split as usize)).collect();
    let labelled: Vec<&Clip> = clips.iter().collect();
    let split = GroupSplit { shares: &shares.0, order: &[0, 2, 1], seed };
    let parts = split.parts(&labelled, &pinned);
    for (clip, part) in clips.iter_mut().zip(parts) {
        clip.split = clip.split.or(Split::ALL.get(part).copied());
    }
    absences(clips, shares)
}

/// Moves whole groups from train to validation, in the proportion of these two in `shares`, for a dataset that comes
/// with train and test only. Changes nothing where a clip is in validation already.
pub fn hold_out_validation(clips: &mut [Clip], shares: Shares, seed: u64) {
    let [train_share, validation_share, _] = shares.0;
    let has_validation = clips.iter().any(|clip| clip.split == Some(Split::Validation));
    let Some(proportion) = Shares::new(train_share, validation_share, 0.0).filter(|_| !has_validation) else { return };
    let (at, train): (Vec<usize>, Vec<&Clip>) =
        clips.iter().enumerate().filter(|(_, clip)| clip.split == Some(Split::Train)).unzip();
    let split = GroupSplit { shares: &proportion.0, order: &[0, 1], seed };
    for (index, part) in at.into_iter().zip(split.parts(&train, &vec![None; train.len()])) {
        clips[index].split = Split::ALL.get(part).copied();
    }
}

/// Why clips cannot be shared out into folds.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// So many folds were asked for: fewer than 2 or more than 100.
    #[error("cross-validation takes 2 to {MAX_FOLDS} folds, not {0}")]
    FoldCount(usize),
    /// Some fold would have no group.
    #[error("{folds} folds need as many groups of clips, and there are {groups}")]
    TooFewGroups { folds: usize, groups: usize },
}

/// The fold of each clip, in `0..k`, for cross-validation by group. The clips' splits play no part.
pub fn folds(clips: &[Clip], k: usize, seed: u64) -> Result<Vec<usize>, FoldError> {
    if !(2..=MAX_FOLDS).contains(&k) {
        return Err(FoldError::FoldCount(k));
    }
    let groups = clips.iter().map(|clip| &clip.group).collect::<BTreeSet<_>>().len();
    if groups < k {
        return Err(FoldError::TooFewGroups { folds: k, groups });
    }
    let order: Vec<usize> = (0..k).collect();
    let split = GroupSplit { shares: &vec![1.0 / k as f64; k], order: &order, seed };
    Ok(split.parts(&clips.iter().collect::<Vec<_>>(), &vec![None; clips.len()]))
}

fn absences(clips: &[Clip], shares: Shares) -> Vec<String> {
    let sentence = |class: AnomalyClass| {
        let of_class = || clips.iter().filter(|clip| clip.label == class);
        let lacks = |split: Split| !of_class().any(|clip| clip.split == Some(split));
        let has_share = |split: Split| shares.0[split as usize] > 0.0;
        let absent = Split::ALL.into_iter().filter(|split| has_share(*split) && lacks(*split));
        let absent: Vec<&str> = absent.map(Split::name).collect();
        let groups = of_class().map(|clip| &clip.group).collect::<BTreeSet<_>>().len();
        let is_noted = groups > 0 && !absent.is_empty();
        let parts = listed(&absent, absent.len());
        is_noted.then(|| format!("{} has {}, and none in {parts}", class.name(), counted(groups, "group")))
    };
    AnomalyClass::ALL.into_iter().filter_map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;

    /// Clips named by number: group and class of each.
    fn clips(of: &[(&str, AnomalyClass)]) -> Vec<Clip> {
        let clip = |(number, (group, label)): (usize, &(&str, AnomalyClass))| Clip {
            path: format!("{number}.mp4").into(),
            file: format!("/{number}.mp4").into(),
            label: *label,
            ranges: vec![],
            unclassified: vec![],
            shown_in: Default::default(),
            split: None,
            group: (*group).to_owned(),
        };
        of.iter().enumerate().map(clip).collect()
    }

    fn many(groups: usize, clips_per_group: usize, class: AnomalyClass) -> Vec<Clip> {
        let names: Vec<String> = (0..groups * clips_per_group).map(|n| format!("{class:?}{}", n % groups)).collect();
        clips(&names.iter().map(|name| (name.as_str(), class)).collect::<Vec<_>>())
    }

    fn counts(clips: &[Clip], class: AnomalyClass) -> [usize; 3] {
        let of_class = || clips.iter().filter(|clip| clip.label == class);
        Split::ALL.map(|split| of_class().filter(|clip| clip.split == Some(split)).count())
    }

    fn assert_groups_are_whole(clips: &[Clip]) {
        let mut home = HashMap::new();
        for clip in clips {
            assert_eq!(*home.entry(&clip.group).or_insert(clip.split), clip.split, "{}", clip.group);
        }
    }

    #[test]
    fn shares_are_met_per_class_and_groups_stay_whole() {
        let mut all = many(100, 2, AnomalyClass::Pain);
        all.extend(many(7, 20, AnomalyClass::Crash));
        assert!(assign_splits(&mut all, Shares::default(), 1).is_empty());
        assert_groups_are_whole(&all);
        assert_eq!(counts(&all, AnomalyClass::Pain), [140, 30, 30]);
        assert_eq!(counts(&all, AnomalyClass::Crash), [100, 20, 20]);
    }

    #[test]
    fn every_class_with_three_groups_is_in_every_part_even_where_groups_are_shared() {
        use AnomalyClass::{Abuse, Crash, Normal, Pain};
        let shared = [
            ("a", Abuse),
            ("a", Crash),
            ("b", Abuse),
            ("b", Pain),
            ("c", Abuse),
            ("d", Crash),
            ("d", Pain),
            ("e", Crash),
            ("f", Pain),
            ("f", Normal),
            ("g", Normal),
            ("h", Normal),
        ];
        for seed in 0..50 {
            let mut all = clips(&shared);
            assert!(assign_splits(&mut all, Shares::default(), seed).is_empty(), "seed {seed}");
            assert_groups_are_whole(&all);
            for class in [Abuse, Crash, Normal, Pain] {
                assert!(counts(&all, class).iter().all(|count| *count > 0), "{class:?}, seed {seed}");
            }
        }
    }

    #[test]
    fn a_class_with_few_groups_is_in_train_then_test_and_noted() {
        let mut all = many(1, 5, AnomalyClass::Intruder);
        all.extend(many(2, 3, AnomalyClass::Abuse));
        let notes = assign_splits(&mut all, Shares::default(), 3);
        assert_eq!(counts(&all, AnomalyClass::Intruder), [5, 0, 0]);
        assert_eq!(counts(&all, AnomalyClass::Abuse), [3, 0, 3]);
        assert_eq!(notes, ["abuse has 2 groups, and none in val", "intruder has 1 group, and none in val and test"]);
    }

    #[test]
    fn neither_the_order_of_clips_nor_the_run_changes_a_split_and_the_seed_does() {
        let all = many(60, 1, AnomalyClass::Pain);
        let split = |mut clips: Vec<Clip>, seed| -> HashMap<String, Option<Split>> {
            assign_splits(&mut clips, Shares::default(), seed);
            clips.into_iter().map(|clip| (clip.group, clip.split)).collect()
        };
        let reversed: Vec<Clip> = all.iter().rev().cloned().collect();
        assert_eq!(split(all.clone(), 1), split(reversed, 1));
        assert_ne!(split(all.clone(), 1), split(all, 2));
    }

    #[test]
    fn a_split_that_is_there_stays_and_its_group_follows() {
        let mut all = many(10, 2, AnomalyClass::Pain);
        for clip in all.iter_mut().take(3) {
            clip.split = Some(Split::Test);
        }
        let fixed: HashSet<String> = all.iter().take(3).map(|clip| clip.group.clone()).collect();
        assign_splits(&mut all, Shares::default(), 1);
        assert_groups_are_whole(&all);
        assert!(all.iter().filter(|clip| fixed.contains(&clip.group)).all(|clip| clip.split == Some(Split::Test)));
    }

    #[test]
    fn a_part_without_a_share_gets_nothing() {
        let mut all = many(20, 1, AnomalyClass::Pain);
        assert!(assign_splits(&mut all, Shares::new(4.0, 1.0, 0.0).unwrap(), 1).is_empty());
        assert_eq!(counts(&all, AnomalyClass::Pain), [16, 4, 0]);
    }

    #[test]
    fn shares_that_make_no_sense_are_refused() {
        for (train, validation, test) in
            [(0.0, 0.0, 0.0), (-1.0, 1.0, 1.0), (f64::NAN, 1.0, 1.0), (f64::MAX, f64::MAX, 0.0)]
        {
            assert_eq!(Shares::new(train, validation, test), None);
        }
    }

    #[test]
    fn validation_is_held_out_of_train_and_test_is_left_alone() {
        let mut all = many(40, 1, AnomalyClass::Pain);
        for (index, clip) in all.iter_mut().enumerate() {
            clip.split = Some(if index < 20 { Split::Train } else { Split::Test });
        }
        hold_out_validation(&mut all, Shares::new(3.0, 1.0, 5.0).unwrap(), 7);
        assert_eq!(counts(&all, AnomalyClass::Pain), [15, 5, 20]);
        let before = all.clone();
        hold_out_validation(&mut all, Shares::default(), 8);
        assert_eq!(all, before, "there is a validation part already");
    }

    #[test]
    fn folds_are_even_and_keep_groups_whole() {
        let mut all = many(10, 3, AnomalyClass::Pain);
        all.extend(many(5, 4, AnomalyClass::Crash));
        let folds = folds(&all, 5, 9).unwrap();
        let mut home = HashMap::new();
        for (clip, fold) in all.iter().zip(&folds) {
            assert_eq!(home.entry(&clip.group).or_insert(*fold), fold);
        }
        for fold in 0..5 {
            let of = |class| all.iter().zip(&folds).filter(|(clip, f)| clip.label == class && **f == fold).count();
            assert_eq!((of(AnomalyClass::Pain), of(AnomalyClass::Crash)), (6, 4), "fold {fold}");
        }
    }

    #[test]
    fn folds_that_cannot_be_made_are_refused() {
        let all = many(3, 1, AnomalyClass::Pain);
        assert_eq!(folds(&all, 1, 0), Err(FoldError::FoldCount(1)));
        assert_eq!(folds(&all, usize::MAX, 0), Err(FoldError::FoldCount(usize::MAX)));
        assert_eq!(folds(&all, 4, 0), Err(FoldError::TooFewGroups { folds: 4, groups: 3 }));
        assert_eq!(folds(&[], 2, 0), Err(FoldError::TooFewGroups { folds: 2, groups: 0 }));
    }
}
