//! Whether the ranges of a clip lie within its recording.
//!
//! Annotations of another file, or of the same one at another frame rate, name moments that the recording does not
//! have. Cut in silence, such a range leaves an anomalous clip without an anomaly, and every frame-level number wrong.

use std::fmt;

use super::Clip;
use avar_base::time::{MediaTime, TimeRange};
use avar_base::wording::{counted, listed, quoted};

/// A step of the desk: what ends less than this after its recording was meant to end with it.
const TOLERANCE: MediaTime = MediaTime::from_nanoseconds(250_000_000);

/// A range that goes on after the end of its recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// From the start of the recording, as in a manifest.
    pub range: TimeRange,
    /// Of the whole recording.
    pub duration: MediaTime,
}

impl Misfit {
    /// Whether nothing of the range is within the recording.
    pub fn is_outside(self) -> bool {
        self.range.start >= self.duration
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let seconds = |time: MediaTime| (time.seconds() * 1000.0).round() / 1000.0;
        let (start_s, end_s) = (seconds(self.range.start), seconds(self.range.end));
        write!(f, "{start_s} to {end_s} s of {} s", seconds(self.duration))
    }
}

impl Clip {
    /// Those of its ranges, with a class or without, that go on after the end of a recording of this length.
    pub fn misfits(&self, duration: MediaTime) -> Vec<Misfit> {
        let classified = self.ranges.iter().map(|labelled| labelled.range);
        let all = classified.chain(self.unclassified.iter().map(|unclassified| unclassified.range));
        all.map(|range| Misfit { range, duration })
            .filter(|misfit| misfit.is_outside() || misfit.range.end - duration > TOLERANCE)
            .collect()
    }
}

/// The misfits of many clips, to be said in a sentence a kind.
#[derive(Clone, Debug, Default)]
pub struct Misfits {
    cut: Vec<String>,
    outside: Vec<String>,
}

impl Misfits {
    /// Takes in what [`Clip::misfits`] found of a clip.
    pub fn add(&mut self, clip: &Clip, misfits: &[Misfit]) {
        for misfit in misfits {
            let list = if misfit.is_outside() { &mut self.outside } else { &mut self.cut };
            list.push(format!("{} ({misfit})", quoted(&clip.path.to_string_lossy())));
        }
    }

    /// A sentence on ranges wholly after the end, then one on those that are cut; each only where there are any.
    pub fn notes(&self) -> Vec<String> {
        let note = |ranges: &[String], what: &str| {
            let count = counted(ranges.len(), "range");
            (!ranges.is_empty()).then(|| format!("{count} {what}: {}", listed(ranges, 5)))
        };
        let cut = note(&self.cut, "past the end of the recording, cut there");
        let outside = note(&self.outside, "wholly after the end of the recording, whose clip cannot be evaluated");
        outside.into_iter().chain(cut).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Manifest;
    use std::path::Path;

    const FOUR_SECONDS: MediaTime = MediaTime::from_nanoseconds(4_000_000_000);

    fn manifest(ranges: &str) -> Manifest {
        let text = format!("path,label,start_s,end_s\n{ranges}");
        Manifest::from_bytes(Path::new("m.csv"), text.as_bytes()).unwrap()
    }

    #[test]
    fn a_range_that_ends_with_its_recording_or_a_step_later_fits() {
        let clip = &manifest("a.mp4,crash,0,4.0\na.mp4,pain,3,4.25\na.mp4,riot,1,2\n").clips[0];
        assert_eq!(clip.misfits(FOUR_SECONDS), []);
    }

    #[test]
    fn a_range_of_which_nothing_is_recorded_is_outside() {
        let clip = &manifest("a.mp4,crash,4,4.1\na.mp4,pain,3,9\na.mp4,riot,10,12\n").clips[0];
        let found: Vec<_> = clip.misfits(FOUR_SECONDS).iter().map(|m| (m.is_outside(), m.to_string())).collect();
        let expected = [(false, "3 to 9 s of 4 s"), (true, "4 to 4.1 s of 4 s"), (true, "10 to 12 s of 4 s")];
        assert_eq!(found, expected.map(|(is_outside, text)| (is_outside, text.to_owned())));
    }

    #[test]
    fn the_ranges_that_do_not_fit_are_counted_and_five_are_named() {
        let rows: String = (0..7).map(|clip| format!("{clip}.mp4,crash,3,9\n")).collect();
        let mut misfits = Misfits::default();
        for clip in &manifest(&rows).clips {
            misfits.add(clip, &clip.misfits(FOUR_SECONDS));
        }
        let [note] = &misfits.notes()[..] else { panic!("{misfits:?}") };
        assert!(note.starts_with("7 ranges past the end of the recording") && note.ends_with("and 2 more"), "{note}");
        assert!(note.contains("`4.mp4` (3 to 9 s of 4 s)"), "{note}");
    }
}
