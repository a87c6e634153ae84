//! What was wrong with the sound of a file where it was read, and what a user should know of it.

use serde::Serialize;

use avar_base::time::MediaTime;

/// Sums over what has been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct AudioFaults {
    /// Packets that the decoder refused; where they lie there is no sound.
    pub undecodable_packets: usize,
    /// Moments at which the sample of some channel is no finite number, or too large for any scale.
    pub unusable_samples: u64,
    /// When the first of them was, on the file's own axis; `None`: there was none.
    pub first_unusable: Option<MediaTime>,
    /// How long channels were turned over because a mix would have canceled them.
    pub opposed_s: f64,
    /// When channels were first turned over, on the file's own axis; `None`: they never were.
    pub first_opposed: Option<MediaTime>,
}

impl AudioFaults {
    /// A sentence for each kind of fault; times are counted from `beginning`.
    pub fn notes(&self, beginning: MediaTime) -> Vec<String> {
        let after_s = |time: MediaTime| (time - beginning).seconds().max(0.0);
        let mut notes = Vec::new();
        match self.undecodable_packets {
            0 => {}
            1 => notes.push("1 packet of the sound is damaged and left out.".to_owned()),
            count => notes.push(format!("{count} packets of the sound are damaged and left out.")),
        }
        if let Some(first) = self.first_unusable {
            let first_s = after_s(first);
            notes.push(match self.unusable_samples {
                1 => format!(
                    "1 sample of the sound is not a finite number ({first_s:.2} s after the beginning) and is left out."
                ),
                count => format!(
                    "{count} samples of the sound are not finite numbers (the first {first_s:.2} s after the beginning) \
                     and are left out; stretches of them are without sound."
                ),
            });
        }
        if let Some(first) = self.first_opposed {
            notes.push(format!(
                "Channels of the sound have opposite polarity and would cancel each other for {:.2} s (first {:.2} s \
                 after the beginning); there the quieter ones are turned over before they are mixed.",
                self.opposed_s,
                after_s(first)
            ));
        }
        notes
    }

    /// Of this and of what was read after it.
    pub(super) fn followed_by(self, later: Self) -> Self {
        Self {
            undecodable_packets: self.undecodable_packets + later.undecodable_packets,
            unusable_samples: self.unusable_samples + later.unusable_samples,
            first_unusable: self.first_unusable.or(later.first_unusable),
            opposed_s: self.opposed_s + later.opposed_s,
            first_opposed: self.first_opposed.or(later.first_opposed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sound_without_faults_has_no_notes() {
        assert!(AudioFaults::default().notes(MediaTime::ZERO).is_empty());
    }

    #[test]
    fn each_fault_is_said_with_its_time_after_the_beginning() {
        let at = MediaTime::from_seconds;
        let faults = AudioFaults {
            unusable_samples: 1,
            first_unusable: Some(at(12.0)),
            opposed_s: 7.5,
            first_opposed: Some(at(10.5)),
            ..AudioFaults::default()
        };
        let more = AudioFaults { unusable_samples: 2, first_unusable: Some(at(15.0)), ..AudioFaults::default() };
        assert_eq!(
            faults.notes(at(10.0)),
            [
                "1 sample of the sound is not a finite number (2.00 s after the beginning) and is left out.",
                "Channels of the sound have opposite polarity and would cancel each other for 7.50 s (first 0.50 s after \
                 the beginning); there the quieter ones are turned over before they are mixed."
            ]
        );
        let notes = faults.followed_by(more).notes(at(10.0));
        assert_eq!(
            notes[0],
            "3 samples of the sound are not finite numbers (the first 2.00 s after the beginning) and are left out; \
             stretches of them are without sound."
        );
        let damaged = |undecodable_packets| AudioFaults { undecodable_packets, ..AudioFaults::default() };
        assert_eq!(damaged(1).notes(at(0.0)), ["1 packet of the sound is damaged and left out."]);
        let notes = damaged(1).followed_by(damaged(2)).notes(at(0.0));
        assert_eq!(notes, ["3 packets of the sound are damaged and left out."]);
    }
}
