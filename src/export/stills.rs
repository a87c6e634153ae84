//! Frames of a run's recordings for its figures.

use std::collections::BTreeMap;
use std::path::Path;

use super::Watch;
use avar_base::job::Cancelled;
use avar_base::time::{FrameIndex, MediaTime};
use avar_figures::{Moment, RgbPicture, Still};
use avar_media::{FrameScaler, MediaError, VideoFrame, VideoReader, open};
use avar_metrics::runs::Run;

/// Twice as wide as the widest frame of a figure: pictures are drawn at twice the size.
const WIDEST_PX: u32 = 384;

/// One for each moment, in their order; every recording is opened once. A recording that has been moved since, or
/// cannot be read, has a still that says so; the watch hears why, once for each recording.
pub(super) fn fetch_stills(run: &Run, moments: &[Moment], watch: &Watch) -> Result<Vec<Still>, Cancelled> {
    let mut by_clip: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (place, moment) in moments.iter().enumerate() {
        by_clip.entry(moment.clip).or_default().push(place);
    }
    let mut stills = vec![Still::NotFound; moments.len()];
    let clips = by_clip.len();
    for (done, (clip, places)) in by_clip.into_iter().enumerate() {
        watch.tell(done as f32 / clips as f32)?;
        let times_s: Vec<f64> = places.iter().map(|place| moments[*place].time_s).collect();
        let found = stills_of(&run.clips[clip].facts.file, &times_s, watch)?;
        places.into_iter().zip(found).for_each(|(place, still)| stills[place] = still);
    }
    Ok(stills)
}

fn stills_of(file: &Path, times_s: &[f64], watch: &Watch) -> Result<Vec<Still>, Cancelled> {
    let opened = open(file, watch.cancel(), |_| {}).and_then(|media| match media.frames {
        Some(table) => Ok(Some((VideoReader::open(file, table.clone())?, table))),
        None => Ok(None),
    });
    watch.cancel().check()?;
    let (mut reader, table) = match opened {
        Ok(Some(opened)) => opened,
        Ok(None) => return Ok(vec![Still::SoundOnly; times_s.len()]),
        Err(error) => {
            watch.notice(&error);
            return Ok(vec![without_picture(&error); times_s.len()]);
        }
    };
    let mut scaler = FrameScaler::new();
    let mut is_told = false;
    let mut stills = Vec::with_capacity(times_s.len());
    for time_s in times_s {
        watch.cancel().check()?;
        let index = table.at_or_before(MediaTime::from_seconds(*time_s));
        stills.push(match read_picture(&mut reader, &mut scaler, index) {
            Ok(Some(picture)) => Still::RgbPicture(picture),
            Ok(None) => Still::Damaged,
            Err(error) => {
                if !std::mem::replace(&mut is_told, true) {
                    watch.notice(&error);
                }
                without_picture(&error)
            }
        });
    }
    Ok(stills)
}

/// What is drawn in place of a picture that could not be read.
fn without_picture(error: &MediaError) -> Still {
    match error {
        MediaError::NotFound { .. } => Still::NotFound,
        MediaError::FrameDamaged { .. } => Still::Damaged,
        _ => Still::Unreadable,
    }
}

fn read_picture(
    reader: &mut VideoReader,
    scaler: &mut FrameScaler,
    index: FrameIndex,
) -> Result<Option<RgbPicture>, MediaError> {
    small_picture(&reader.seek_exact(index)?, scaler)
}

/// A frame as figures show it; `None` where it has no pixels.
pub fn small_picture(frame: &VideoFrame, scaler: &mut FrameScaler) -> Result<Option<RgbPicture>, MediaError> {
    let (width_px, height_px) = frame.upright_size_px();
    let fit = (f64::from(WIDEST_PX) / f64::from(width_px.max(height_px).max(1))).min(1.0);
    let scaled = |length_px: u32| ((f64::from(length_px) * fit).round() as u32).max(1);
    let (width_px, height_px) = (scaled(width_px), scaled(height_px));
    Ok(RgbPicture::new(width_px, height_px, scaler.scale(frame, width_px, height_px)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use avar_base::job::CancelToken;
    use std::cell::RefCell;

    #[test]
    fn a_recording_that_cannot_be_read_is_said_once_and_one_that_is_gone_is_no_damage() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("text.mp4");
        std::fs::write(&text, "no recording").unwrap();
        let (cancel, notices) = (CancelToken::default(), RefCell::new(Vec::new()));
        let notice = |sentence| notices.borrow_mut().push(sentence);
        let watch = Watch::new(&cancel, &|_| {}, &notice);
        assert_eq!(stills_of(&text, &[0.0, 1.0], &watch).unwrap(), [Still::Unreadable, Still::Unreadable]);
        assert_eq!(stills_of(&folder.path().join("gone.mp4"), &[0.0], &watch).unwrap(), [Still::NotFound]);
        let notices = notices.take();
        assert!(
            notices.len() == 2 && notices[0].ends_with("text.mp4") && notices[1].ends_with("gone.mp4"),
            "{notices:?}"
        );
    }
}
