//! The words that other people's data use for the ten classes.
//!
//! Case, spaces, dashes and underscores do not matter: "Baby Cry", "baby-cry" and "BabyCry" are `baby_cry`. Beyond
//! that only the words of [`SYNONYMS`] are understood, because each of them can mean nothing else here. A bare
//! "siren" is not among them: it may be an ambulance or an alarm, so whoever wrote it has to decide.

use crate::AnomalyClass;

/// Words for a class, folded as by [`folded`].
const SYNONYMS: [(&str, AnomalyClass); 4] = [
    // CCTV-Fights, RWF-2000 and other collections of fights.
    ("fight", AnomalyClass::Brawling),
    // XD-Violence's B1 and UCF-Crime.
    ("fighting", AnomalyClass::Brawling),
    // XD-Violence's B6.
    ("caraccident", AnomalyClass::Crash),
    ("intrusion", AnomalyClass::Intruder),
];

/// The class that a label means, or `None` where it means none of the ten.
pub fn class_of_label(label: &str) -> Option<AnomalyClass> {
    named_class(label).or_else(|| synonym(label))
}

/// Whether the label is understood only because it is a synonym, which people should be told.
pub fn is_synonym(label: &str) -> bool {
    named_class(label).is_none() && synonym(label).is_some()
}

fn named_class(label: &str) -> Option<AnomalyClass> {
    let wanted = folded(label);
    AnomalyClass::ALL.into_iter().find(|class| folded(class.name()) == wanted)
}

fn synonym(label: &str) -> Option<AnomalyClass> {
    let wanted = folded(label);
    SYNONYMS.iter().find(|(word, _)| *word == wanted).map(|(_, class)| *class)
}

/// Without what does not matter: case, spaces, dashes and underscores.
pub fn folded(label: &str) -> String {
    let is_separator = |c: &char| c.is_whitespace() || matches!(c, '-' | '_');
    label.chars().filter(|c| !is_separator(c)).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_separators_do_not_matter() {
        for label in ["baby_cry", "Baby Cry", "baby-cry", "BabyCry", " BABY  CRY "] {
            assert_eq!(class_of_label(label), Some(AnomalyClass::BabyCry), "{label}");
            assert!(!is_synonym(label));
        }
        assert_eq!(class_of_label("Police siren"), Some(AnomalyClass::PoliceSiren));
    }

    #[test]
    fn every_class_is_found_by_its_name_and_by_its_text_for_people() {
        for class in AnomalyClass::ALL {
            assert_eq!(class_of_label(class.name()), Some(class));
            assert_eq!(class_of_label(class.label()), Some(class));
        }
    }

    #[test]
    fn a_synonym_is_understood_and_known_as_one() {
        for (label, class) in [("Fight", AnomalyClass::Brawling), ("car accident", AnomalyClass::Crash)] {
            assert_eq!(class_of_label(label), Some(class));
            assert!(is_synonym(label));
        }
    }

    #[test]
    fn a_word_that_may_mean_something_else_is_not_guessed() {
        for label in ["siren", "crashed", "baby", "shooting", "riot", "", "-", "norm\u{e1}l", "0"] {
            assert_eq!(class_of_label(label), None, "{label}");
        }
    }

    #[test]
    fn no_synonym_is_a_class_by_name() {
        assert!(SYNONYMS.iter().all(|(word, _)| is_synonym(word)));
    }
}
