//! What a file calls an event, and which of the ten classes that is.
//!
//! The words are those by which manifests are read ([`class_of_label`]), and one more of a format's own.

use avar_labels::{AnomalyClass, class_of_label, folded};

/// What an event is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// One of the ten classes.
    Class(AnomalyClass),
    /// Words that mean none of the ten, as they stand in the file.
    Other(String),
}

/// UCF-Crime's word, whose folder and file names differ in number, beside what is understood everywhere.
const ROAD_ACCIDENTS: [&str; 2] = ["roadaccident", "roadaccidents"];

impl Label {
    /// The class that the words mean, or the words where they mean none of the ten.
    pub fn from_text(text: &str) -> Label {
        let road_accident = || ROAD_ACCIDENTS.contains(&folded(text).as_str()).then_some(AnomalyClass::Crash);
        match class_of_label(text).or_else(road_accident) {
            Some(class) => Label::Class(class),
            None => Label::Other(text.to_owned()),
        }
    }

    /// Identifier of the class, or the words of the file.
    pub fn text(&self) -> &str {
        match self {
            Label::Class(class) => class.name(),
            Label::Other(text) => text,
        }
    }

    /// The class, where it is one of the ten.
    pub fn class(&self) -> Option<AnomalyClass> {
        match self {
            Label::Class(class) => Some(*class),
            Label::Other(_) => None,
        }
    }
}

impl From<AnomalyClass> for Label {
    fn from(class: AnomalyClass) -> Self {
        Label::Class(class)
    }
}

impl From<&str> for Label {
    fn from(text: &str) -> Self {
        Label::from_text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_found_by_its_name_and_by_its_text_for_people() {
        for class in AnomalyClass::ALL {
            assert_eq!(Label::from_text(class.name()), Label::Class(class));
            assert_eq!(Label::from_text(class.label()), Label::Class(class));
        }
    }

    #[test]
    fn words_of_other_collections_are_understood_where_they_mean_one_class() {
        assert_eq!(Label::from_text("RoadAccidents").class(), Some(AnomalyClass::Crash));
        assert_eq!(Label::from_text("Fighting").class(), Some(AnomalyClass::Brawling));
        assert_eq!(Label::from_text("BabyCry").class(), Some(AnomalyClass::BabyCry));
    }

    #[test]
    fn words_without_a_class_are_kept_and_are_never_normal() {
        for text in ["shooting", "Burglary", "siren", "", "normál"] {
            assert_eq!(Label::from_text(text), Label::Other(text.to_owned()));
        }
    }
}
