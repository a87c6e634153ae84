//! Words over a frame: what the desk knows of it, in the strip that stills and clips can have.

use avar_base::time::{FrameIndex, MediaTime, time_code};
use avar_figures::{Overlay, RasterError};
use avar_labels::{AnomalyClass, Verdict};
use avar_media::RgbImage;
use avar_review::layers::ListedEvent;

/// Something that a strip can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Word {
    /// The class of the event at the frame; "no event" where there is none.
    Class,
    /// The anomaly score of the step that holds the frame.
    Score,
    /// What was decided of the event.
    State,
    /// When the frame is shown, from the start of the recording.
    TimeCode,
    /// The frame's ordinal.
    Frame,
}

impl Word {
    /// All of them, in the order in which they stand.
    pub const ALL: [Self; 5] = [Self::Class, Self::Score, Self::State, Self::TimeCode, Self::Frame];

    /// For the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Score => "score",
            Self::State => "state",
            Self::TimeCode => "timecode",
            Self::Frame => "frame",
        }
    }

    /// Reads [`Word::name`], to the letter.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.name() == name)
    }
}

/// What is known of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameFacts {
    /// Its ordinal.
    pub frame: FrameIndex,
    /// From the start of the recording.
    pub since_start: MediaTime,
    /// Of the step that holds the frame; `None` where it has not been scored.
    pub anomaly: Option<f32>,
    /// Class and verdict of the event at the frame, of several the first that was not rejected.
    pub event: Option<(AnomalyClass, Option<Verdict>)>,
}

impl FrameFacts {
    /// With what a list of events says of the frame.
    pub fn new(frame: FrameIndex, since_start: MediaTime, anomaly: Option<f32>, listed: &[ListedEvent]) -> Self {
        let here = || listed.iter().filter(|event| event.stretch.contains(frame));
        let stands = here().find(|event| event.verdict != Some(Verdict::Rejected)).or_else(|| here().next());
        Self { frame, since_start, anomaly, event: stands.map(|event| (event.class, event.verdict)) }
    }

    /// Lays the strip with these words over the frame.
    pub fn paint(&self, words: &[Word], picture: &mut RgbImage) -> Result<(), RasterError> {
        let (left, right) = self.sides(words);
        Overlay::new((picture.width_px, picture.height_px), &left, &right)?.paint(&mut picture.bytes);
        Ok(())
    }

    /// What stands at the left and at the right of the strip.
    fn sides(&self, words: &[Word]) -> (String, String) {
        let text = |word: &Word| match word {
            Word::Class => Some(self.event.map_or("no event", |(class, _)| class.label()).to_owned()),
            Word::Score => {
                Some(self.anomaly.map_or_else(|| "no score".to_owned(), |score| format!("score {score:.2}")))
            }
            Word::State => self.event.map(|(_, verdict)| verdict.map_or("Unreviewed", Verdict::label).to_owned()),
            Word::TimeCode => Some(time_code(self.since_start)),
            Word::Frame => Some(format!("frame {}", self.frame.0)),
        };
        let is_of_event = |word: &Word| matches!(word, Word::Class | Word::Score | Word::State);
        let side = |is_left: bool| {
            let words = Word::ALL.iter().filter(|word| words.contains(word) && is_of_event(word) == is_left);
            words.filter_map(text).collect::<Vec<_>>().join("  ")
        };
        (side(true), side(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(event: Option<(AnomalyClass, Option<Verdict>)>) -> FrameFacts {
        let since_start = MediaTime::from_seconds(4.25);
        FrameFacts { frame: FrameIndex(106), since_start, anomaly: Some(0.834), event }
    }

    #[test]
    fn a_strip_says_what_it_is_asked_for_in_its_own_order() {
        let facts = facts(Some((AnomalyClass::Crash, Some(Verdict::Accepted))));
        let sides = |words: &[Word]| facts.sides(words);
        let all = ("Crash  score 0.83  Accepted".to_owned(), "0:04.250  frame 106".to_owned());
        assert_eq!(sides(&Word::ALL), all);
        assert_eq!(sides(&[Word::TimeCode, Word::Class]), ("Crash".to_owned(), "0:04.250".to_owned()));
        assert_eq!(sides(&[]), (String::new(), String::new()));
    }

    #[test]
    fn a_frame_without_event_or_score_says_so() {
        let facts = FrameFacts { anomaly: None, ..facts(None) };
        assert_eq!(facts.sides(&Word::ALL).0, "no event  no score");
    }

    #[test]
    fn a_word_is_found_by_its_name() {
        assert!(Word::ALL.into_iter().all(|word| Word::from_name(word.name()) == Some(word)));
        assert_eq!(Word::from_name("nothing"), None);
    }
}
