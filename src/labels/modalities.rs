//! Which halves of a recording a result rests on.

/// What a network was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Modalities {
    /// Both halves.
    PictureAndSound,
    /// The picture alone.
    PictureOnly,
    /// The audio alone.
    SoundOnly,
}

impl Modalities {
    /// Every value, both halves first.
    pub const ALL: [Modalities; 3] = [Modalities::PictureAndSound, Modalities::PictureOnly, Modalities::SoundOnly];

    /// Text for people and for tables.
    pub fn label(self) -> &'static str {
        match self {
            Modalities::PictureAndSound => "picture and sound",
            Modalities::PictureOnly => "picture only: the file has no sound",
            Modalities::SoundOnly => "sound only: the file has no picture",
        }
    }

    /// Reads [`Modalities::label`].
    pub fn from_label(label: &str) -> Option<Modalities> {
        Self::ALL.into_iter().find(|modalities| modalities.label() == label)
    }

    /// The label without its reason, where many are listed.
    pub fn short(self) -> &'static str {
        match self {
            Modalities::PictureAndSound => "picture and sound",
            Modalities::PictureOnly => "picture only",
            Modalities::SoundOnly => "sound only",
        }
    }

    /// `None` where there is neither.
    pub fn of(picture: bool, sound: bool) -> Option<Modalities> {
        match (picture, sound) {
            (true, true) => Some(Modalities::PictureAndSound),
            (true, false) => Some(Modalities::PictureOnly),
            (false, true) => Some(Modalities::SoundOnly),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modalities_are_found_by_their_label_which_begins_with_the_short_one() {
        for modalities in Modalities::ALL {
            assert_eq!(Modalities::from_label(modalities.label()), Some(modalities));
            assert!(modalities.label().starts_with(modalities.short()));
        }
        assert_eq!(Modalities::from_label("picture"), None);
    }

    #[test]
    fn neither_picture_nor_sound_is_nothing_to_go_by() {
        assert_eq!(Modalities::of(false, false), None);
        assert_eq!(Modalities::of(true, false), Some(Modalities::PictureOnly));
    }
}
