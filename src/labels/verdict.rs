//! What a reviewer decides of an event.

use serde::{Deserialize, Serialize};

/// What a reviewer says of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is what its class says.
    Accepted,
    /// It is not.
    Rejected,
    /// Seen, and not to be told.
    Unsure,
    /// Seen, and nothing said of it.
    Reviewed,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Verdict; 4] = [Verdict::Accepted, Verdict::Rejected, Verdict::Unsure, Verdict::Reviewed];

    /// Identifier used in files.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Accepted => "accepted",
            Verdict::Rejected => "rejected",
            Verdict::Unsure => "unsure",
            Verdict::Reviewed => "reviewed",
        }
    }

    /// Reads [`Verdict::name`], to the letter.
    pub fn from_name(name: &str) -> Option<Verdict> {
        Self::ALL.into_iter().find(|verdict| verdict.name() == name)
    }

    /// Text for people.
    pub fn label(self) -> &'static str {
        match self {
            Verdict::Accepted => "Accepted",
            Verdict::Rejected => "Rejected",
            Verdict::Unsure => "Unsure",
            Verdict::Reviewed => "Reviewed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_found_by_its_name_which_is_what_files_hold() {
        for verdict in Verdict::ALL {
            assert_eq!(Verdict::from_name(verdict.name()), Some(verdict));
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.name());
        }
    }
}
