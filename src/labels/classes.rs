//! The ten classes of VAAR, in the paper's order, which is the order of every logit vector here.

/// Number of classes.
pub const CLASS_COUNT: usize = 10;

/// What a step of a recording shows or sounds like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnomalyClass {
    /// Somebody maltreats another, who does not hit back.
    Abuse,
    /// An infant cries.
    BabyCry,
    /// A vehicle runs into another or into something else.
    Crash,
    /// People fight each other.
    Brawling,
    /// Something blows up.
    Explosion,
    /// Somebody gets in where nobody should be.
    Intruder,
    /// Everyday life: none of the other nine.
    Normal,
    /// Somebody falls, writhes or cries out in pain.
    Pain,
    /// The siren of a police car.
    PoliceSiren,
    /// Things are broken or defaced on purpose.
    Vandalism,
}

impl AnomalyClass {
    /// Every class; the position is the index of its logit.
    pub const ALL: [AnomalyClass; CLASS_COUNT] = [
        AnomalyClass::Abuse,
        AnomalyClass::BabyCry,
        AnomalyClass::Crash,
        AnomalyClass::Brawling,
        AnomalyClass::Explosion,
        AnomalyClass::Intruder,
        AnomalyClass::Normal,
        AnomalyClass::Pain,
        AnomalyClass::PoliceSiren,
        AnomalyClass::Vandalism,
    ];

    /// Position of the class's logit, in `0..10`.
    pub fn index(self) -> usize {
        self as usize
    }

    /// The class of a logit; `None` from 10 on.
    pub fn from_index(index: usize) -> Option<AnomalyClass> {
        Self::ALL.get(index).copied()
    }

    /// Identifier used in files.
    pub fn name(self) -> &'static str {
        match self {
            AnomalyClass::Abuse => "abuse",
            AnomalyClass::BabyCry => "baby_cry",
            AnomalyClass::Crash => "crash",
            AnomalyClass::Brawling => "brawling",
            AnomalyClass::Explosion => "explosion",
            AnomalyClass::Intruder => "intruder",
            AnomalyClass::Normal => "normal",
            AnomalyClass::Pain => "pain",
            AnomalyClass::PoliceSiren => "police_siren",
            AnomalyClass::Vandalism => "vandalism",
        }
    }

    /// Reads [`AnomalyClass::name`], to the letter.
    pub fn from_name(name: &str) -> Option<AnomalyClass> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// Text for people.
    pub fn label(self) -> &'static str {
        match self {
            AnomalyClass::Abuse => "Abuse",
            AnomalyClass::BabyCry => "Baby cry",
            AnomalyClass::Crash => "Crash",
            AnomalyClass::Brawling => "Brawling",
            AnomalyClass::Explosion => "Explosion",
            AnomalyClass::Intruder => "Intruder",
            AnomalyClass::Normal => "Normal",
            AnomalyClass::Pain => "Pain",
            AnomalyClass::PoliceSiren => "Police siren",
            AnomalyClass::Vandalism => "Vandalism",
        }
    }

    /// Whether it is one of the nine other than normal.
    pub fn is_anomaly(self) -> bool {
        self != AnomalyClass::Normal
    }

    /// The class's colour in every view and figure, sRGB: Paul Tol's "muted" scheme, which stays apart under the usual
    /// colour blindnesses; normal in grey. <https://sronpersonalpages.nl/~pault/>
    pub fn color_rgb(self) -> [u8; 3] {
        match self {
            AnomalyClass::Abuse => [0xcc, 0x66, 0x77],
            AnomalyClass::BabyCry => [0xdd, 0xcc, 0x77],
            AnomalyClass::Crash => [0x88, 0xcc, 0xee],
            AnomalyClass::Brawling => [0xaa, 0x44, 0x99],
            AnomalyClass::Explosion => [0x99, 0x99, 0x33],
            AnomalyClass::Intruder => [0x44, 0xaa, 0x99],
            AnomalyClass::Normal => [0x99, 0x99, 0x99],
            AnomalyClass::Pain => [0x88, 0x22, 0x55],
            AnomalyClass::PoliceSiren => [0x5b, 0x57, 0xb5],
            AnomalyClass::Vandalism => [0x11, 0x77, 0x33],
        }
    }
}

/// The anomaly score of one step when the network is given one modality alone; `None` where the recording has none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Evidence {
    /// From the picture alone, in `0..=1`.
    pub picture: Option<f32>,
    /// From the audio alone, in `0..=1`.
    pub sound: Option<f32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_sits_at_its_own_index_and_is_found_by_its_name() {
        for (index, class) in AnomalyClass::ALL.into_iter().enumerate() {
            assert_eq!(class.index(), index);
            assert_eq!(AnomalyClass::from_index(index), Some(class));
            assert_eq!(AnomalyClass::from_name(class.name()), Some(class));
            assert_eq!(serde_json::to_value(class).unwrap(), class.name());
        }
        assert_eq!(AnomalyClass::from_index(CLASS_COUNT), None);
    }
}
