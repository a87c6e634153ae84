//! XD-Violence (Wu et al., ECCV 2020): labels in file names, ranges in lists.
//!
//! Six labels, of which four have a class here; shooting (B2) and riot (B4) have none. What has none stays visible:
//! clips without any label that has a class are left out and counted, ranges without a class are kept as
//! [`UnclassifiedRange`](super::UnclassifiedRange).

mod annotations;
mod folder;

pub use annotations::{AnnotatedRange, Annotation, FRAME_RATE_HZ, parse_annotations, read_annotations};
pub use folder::{ClipTruth, clip_truth, labels_in_name, read_xd_violence};

use avar_labels::AnomalyClass;

/// A label of XD-Violence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum XdLabel {
    /// A: no violence.
    Normal,
    /// B1: people fight, which is brawling here.
    Fighting,
    /// B2: shots are fired; no class here.
    Shooting,
    /// B4: a riot; no class here.
    Riot,
    /// B5: somebody is abused.
    Abuse,
    /// B6: vehicles have an accident, which is a crash here.
    CarAccident,
    /// G: something explodes.
    Explosion,
}

impl XdLabel {
    /// Every label, in the order of its codes.
    pub const ALL: [XdLabel; 7] = [
        XdLabel::Normal,
        XdLabel::Fighting,
        XdLabel::Shooting,
        XdLabel::Riot,
        XdLabel::Abuse,
        XdLabel::CarAccident,
        XdLabel::Explosion,
    ];

    /// As in file names and lists.
    pub fn code(self) -> &'static str {
        match self {
            XdLabel::Normal => "A",
            XdLabel::Fighting => "B1",
            XdLabel::Shooting => "B2",
            XdLabel::Riot => "B4",
            XdLabel::Abuse => "B5",
            XdLabel::CarAccident => "B6",
            XdLabel::Explosion => "G",
        }
    }

    /// Reads [`XdLabel::code`]; `None` of any other code, as of the `0` that fills names up.
    pub fn from_code(code: &str) -> Option<XdLabel> {
        Self::ALL.into_iter().find(|label| label.code() == code)
    }

    /// Identifier used in our files.
    pub fn name(self) -> &'static str {
        match self {
            XdLabel::Normal => "normal",
            XdLabel::Fighting => "fighting",
            XdLabel::Shooting => "shooting",
            XdLabel::Riot => "riot",
            XdLabel::Abuse => "abuse",
            XdLabel::CarAccident => "car accident",
            XdLabel::Explosion => "explosion",
        }
    }

    /// Its home among the ten classes, where it has one.
    pub fn class(self) -> Option<AnomalyClass> {
        match self {
            XdLabel::Normal => Some(AnomalyClass::Normal),
            XdLabel::Fighting => Some(AnomalyClass::Brawling),
            XdLabel::Shooting | XdLabel::Riot => None,
            XdLabel::Abuse => Some(AnomalyClass::Abuse),
            XdLabel::CarAccident => Some(AnomalyClass::Crash),
            XdLabel::Explosion => Some(AnomalyClass::Explosion),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avar_labels::class_of_label;

    #[test]
    fn every_label_is_found_by_its_code() {
        for label in XdLabel::ALL {
            assert_eq!(XdLabel::from_code(label.code()), Some(label));
        }
        assert_eq!(XdLabel::from_code("B3"), None);
    }

    #[test]
    fn a_manifest_reads_the_name_of_a_label_as_its_class() {
        for label in XdLabel::ALL {
            assert_eq!(class_of_label(label.name()), label.class(), "{label:?}");
        }
    }
}
