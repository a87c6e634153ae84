//! Frames of a run's recordings for its figures.

use std::collections::BTreeMap;
use std::path::Path;

use super::Watch;
use avar_base::job::Cancelled;
use avar_base::time::{FrameIndex, MediaTime};
use avar_figures::{Moment, Picture, Still};
use avar_media::{FrameScaler, MediaError, VideoReader, open};
use avar_metrics::runs::Run;

/// Twice as wide as the widest frame of a figure: pictures are drawn at twice the size.
const WIDEST_PX: u32 = 384;

/// One for each moment, in their order; every recording is opened once. A recording that has been moved since, or
/// cannot be read, has a still that says so.
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
        let found = stills_of(&run.facts[clip].file, &times_s, watch)?;
        places.into_iter().zip(found).for_each(|(place, still)| stills[place] = still);
    }
    Ok(stills)
}

fn stills_of(file: &Path, times_s: &[f64], watch: &Watch) -> Result<Vec<Still>, Cancelled> {
    let all = |still: Still| Ok(vec![still; times_s.len()]);
    if !file.is_file() {
        return all(Still::NotFound);
    }
    let Ok(media) = open(file, watch.cancel(), |_| {}) else {
        watch.cancel().check()?;
        return all(Still::Damaged);
    };
    let Some(table) = media.frames else { return all(Still::SoundOnly) };
    let Ok(mut reader) = VideoReader::open(file, table.clone()) else { return all(Still::Damaged) };
    let mut scaler = FrameScaler::new();
    let still = |time_s: &f64| {
        watch.cancel().check()?;
        let index = table.at_or_before(MediaTime::from_seconds(*time_s));
        let picture = read_picture(&mut reader, &mut scaler, index);
        Ok(picture.ok().flatten().map_or(Still::Damaged, Still::Picture))
    };
    times_s.iter().map(still).collect()
}

fn read_picture(
    reader: &mut VideoReader,
    scaler: &mut FrameScaler,
    index: FrameIndex,
) -> Result<Option<Picture>, MediaError> {
    let frame = reader.seek_exact(index)?;
    let (width_px, height_px) = frame.upright_size_px();
    let fit = (f64::from(WIDEST_PX) / f64::from(width_px.max(height_px).max(1))).min(1.0);
    let scaled = |length_px: u32| ((f64::from(length_px) * fit).round() as u32).max(1);
    let (width_px, height_px) = (scaled(width_px), scaled(height_px));
    Ok(Picture::new(width_px, height_px, scaler.scale(&frame, width_px, height_px)?))
}
