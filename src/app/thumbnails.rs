//! Small pictures of moments of recordings, decoded in the background by the one reader that all frames come from.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::{ColorImage, Context, TextureHandle, TextureOptions};

use avar_base::job::{CancelToken, Job, JobEvent, Wake};
use avar_base::time::MediaTime;
use avar_media::{FrameScaler, MediaError, OpenedMedia, VideoReader, open};

/// The longer side of a thumbnail, in pixels.
const SIDE_PX: u32 = 320;
/// The longer side of a veiled one: enough for its light and colours, too few to recognise anything.
const VEILED_SIDE_PX: u32 = 10;
/// Textures that are kept; older ones are decoded again when they are wanted again.
const MOST: usize = 600;
/// Moments that wait for their turn; whoever asks for more is looking at others by then.
const MOST_WAITING: usize = 200;

/// A moment of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    pub file: PathBuf,
    pub at: MediaTime,
}

#[derive(Clone)]
pub enum Thumbnail {
    Waiting,
    Picture {
        plain: TextureHandle,
        /// Blurred beyond recognition.
        veiled: TextureHandle,
    },
    SoundOnly,
    /// The recording has been moved, or was never there.
    NotFound,
    /// One sentence.
    Missing(String),
}

#[derive(Default)]
pub struct Thumbnails {
    kept: HashMap<Moment, Thumbnail>,
    /// Oldest first.
    order: VecDeque<Moment>,
    wanted: VecDeque<(Moment, Option<OpenedMedia>)>,
    job: Option<Job<(Moment, Decoded), ()>>,
    /// What the job has still to tell of.
    under_way: Vec<Moment>,
}

/// What a moment looks like.
enum Decoded {
    Picture { plain: ColorImage, veiled: ColorImage },
    SoundOnly,
    NotFound,
    Missing(String),
}

impl Thumbnails {
    pub fn get(&self, moment: &Moment) -> Option<&Thumbnail> {
        self.kept.get(moment)
    }

    /// Asks for a thumbnail; with `opened` its file need not be indexed again.
    pub fn want(&mut self, moment: Moment, opened: Option<OpenedMedia>) {
        if self.kept.contains_key(&moment) {
            return;
        }
        self.keep(moment.clone(), Thumbnail::Waiting);
        self.wanted.push_back((moment, opened));
        if self.wanted.len() > MOST_WAITING
            && let Some((forgotten, _)) = self.wanted.pop_front()
        {
            self.kept.remove(&forgotten);
            self.order.retain(|kept| *kept != forgotten);
        }
    }

    /// Takes in what has been decoded and starts on what is wanted.
    pub fn tick(&mut self, ctx: &Context, wake: &Wake) {
        while let Some(event) = self.job.as_mut().and_then(Job::try_next) {
            match event {
                JobEvent::Partial((moment, decoded)) => {
                    self.under_way.retain(|known| *known != moment);
                    let thumbnail = decoded.upload(ctx, &moment);
                    self.keep(moment, thumbnail);
                }
                JobEvent::Failed(sentence) => self.give_up(&sentence),
                JobEvent::Progress(_) | JobEvent::Done(()) | JobEvent::Cancelled => {}
            }
        }
        self.job.take_if(|job| job.has_ended());
        if self.job.is_some() || self.wanted.is_empty() {
            return;
        }
        let batch: Vec<_> = self.wanted.drain(..).collect();
        self.under_way = batch.iter().map(|(moment, _)| moment.clone()).collect();
        let job = Job::spawn("thumbnails", wake.clone(), move |reporter| {
            for (moment, opened) in batch {
                reporter.check()?;
                let decoded = decode(&moment, opened, reporter.cancel_token());
                reporter.partial((moment, decoded));
            }
            Ok(())
        });
        match job {
            Ok(job) => self.job = Some(job),
            Err(error) => self.give_up(&format!("The system starts no more threads ({error}).")),
        }
    }

    /// None of what is under way will come.
    fn give_up(&mut self, sentence: &str) {
        for moment in std::mem::take(&mut self.under_way) {
            self.keep(moment, Thumbnail::Missing(sentence.to_owned()));
        }
    }

    pub fn is_busy(&self) -> bool {
        self.job.is_some() || !self.wanted.is_empty()
    }

    fn keep(&mut self, moment: Moment, thumbnail: Thumbnail) {
        if self.kept.insert(moment.clone(), thumbnail).is_none() {
            self.order.push_back(moment);
        }
        while self.order.len() > MOST {
            if let Some(oldest) = self.order.pop_front() {
                self.kept.remove(&oldest);
            }
        }
    }
}

impl Decoded {
    fn upload(self, ctx: &Context, moment: &Moment) -> Thumbnail {
        let name = || format!("thumbnail {} {}", moment.file.display(), moment.at.nanoseconds());
        match self {
            Self::Picture { plain, veiled } => Thumbnail::Picture {
                plain: ctx.load_texture(name(), plain, TextureOptions::LINEAR),
                veiled: ctx.load_texture(name(), veiled, TextureOptions::LINEAR),
            },
            Self::SoundOnly => Thumbnail::SoundOnly,
            Self::NotFound => Thumbnail::NotFound,
            Self::Missing(sentence) => Thumbnail::Missing(sentence),
        }
    }
}

fn decode(moment: &Moment, opened: Option<OpenedMedia>, cancel: &CancelToken) -> Decoded {
    match try_decode(&moment.file, moment.at, opened, cancel) {
        Ok(Some((plain, veiled))) => Decoded::Picture { plain, veiled },
        Ok(None) => Decoded::SoundOnly,
        Err(MediaError::NotFound { .. }) => Decoded::NotFound,
        Err(error) => Decoded::Missing(error.to_string()),
    }
}

/// The frame on screen at a moment, small and veiled; `None` in a file without a picture.
fn try_decode(
    path: &Path,
    at: MediaTime,
    opened: Option<OpenedMedia>,
    cancel: &CancelToken,
) -> Result<Option<(ColorImage, ColorImage)>, MediaError> {
    let opened = opened.map_or_else(|| open(path, cancel, |_| {}), Ok)?;
    let (Some(video), Some(frames)) = (&opened.info.video, opened.frames.clone()) else { return Ok(None) };
    let (width_px, height_px) = video.display_size_px();
    let mut reader = VideoReader::open_cancellable(path, Arc::clone(&frames), cancel)?;
    let frame = reader.seek_exact(frames.at_or_before(at))?;
    let mut scaler = FrameScaler::new();
    let mut scaled = |side_px: u32| -> Result<ColorImage, MediaError> {
        let share = f64::from(side_px) / f64::from(width_px.max(height_px).max(1));
        let [width_px, height_px] =
            [width_px, height_px].map(|side| ((f64::from(side) * share).round() as u32).clamp(2, side_px));
        let bytes = scaler.scale(&frame, width_px, height_px)?;
        Ok(ColorImage::from_rgb([width_px as usize, height_px as usize], &bytes))
    };
    Ok(Some((scaled(SIDE_PX)?, scaled(VEILED_SIDE_PX)?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use avar_base::job::no_wake;
    use std::time::{Duration, Instant};

    fn moment(file: &Path) -> Moment {
        Moment { file: file.to_owned(), at: MediaTime::ZERO }
    }

    fn settle(thumbnails: &mut Thumbnails) {
        let (ctx, wake, begun) = (Context::default(), no_wake(), Instant::now());
        while thumbnails.is_busy() {
            thumbnails.tick(&ctx, &wake);
            assert!(begun.elapsed() < Duration::from_secs(60), "they never come");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_recording_that_is_gone_and_one_that_is_none_each_say_so() {
        let folder = tempfile::tempdir().unwrap();
        let (gone, text) = (folder.path().join("gone.mp4"), folder.path().join("text.mp4"));
        std::fs::write(&text, "no recording").unwrap();
        let mut thumbnails = Thumbnails::default();
        [&gone, &text].into_iter().for_each(|file| thumbnails.want(moment(file), None));
        settle(&mut thumbnails);
        assert!(matches!(thumbnails.get(&moment(&gone)), Some(Thumbnail::NotFound)));
        let Some(Thumbnail::Missing(sentence)) = thumbnails.get(&moment(&text)) else { panic!("no sentence") };
        assert!(sentence.ends_with("text.mp4"), "{sentence}");
    }

    #[test]
    fn what_a_broken_job_was_asked_for_waits_for_nothing() {
        let (told, untold) = (moment(Path::new("/a.mp4")), moment(Path::new("/b.mp4")));
        let mut thumbnails = Thumbnails::default();
        for moment in [&told, &untold] {
            thumbnails.keep(moment.clone(), Thumbnail::Waiting);
            thumbnails.under_way.push(moment.clone());
        }
        let first = told.clone();
        let job = Job::spawn("thumbnails", no_wake(), move |reporter| {
            reporter.partial((first, Decoded::SoundOnly));
            panic!("on purpose")
        });
        thumbnails.job = Some(job.unwrap());
        settle(&mut thumbnails);
        assert!(matches!(thumbnails.get(&told), Some(Thumbnail::SoundOnly)));
        let Some(Thumbnail::Missing(sentence)) = thumbnails.get(&untold) else { panic!("it waits") };
        assert!(sentence.contains("on purpose"), "{sentence}");
    }
}
