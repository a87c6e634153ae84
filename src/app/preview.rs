//! A clip that plays on its card in Evaluate, with its sound, while the pointer rests on it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::evaluate::state::{self, PreviewFrame};
use super::video_texture;
use super::widgets::picture_fit::{PictureZoom, place};
use avar_base::job::{Job, JobEvent, Stopped, Wake};
use avar_base::time::MediaTime;
use avar_media::{OpenedMedia, open};
use avar_playback::{Player, PlayerOptions, SeekPrecision};

pub(crate) struct Preview {
    clip: String,
    from: MediaTime,
    /// Until the file is open.
    opening: Option<Job<(), OpenedMedia>>,
    media: Option<OpenedMedia>,
    player: Option<Player>,
    /// Why it does not play.
    problem: Option<String>,
    /// When to draw the next frame.
    pub next_wake: Option<Duration>,
}

/// How a clip on a card is played.
pub(crate) struct PreviewSettings<'a> {
    pub options: &'a PlayerOptions,
    pub volume: f32,
    pub is_muted: bool,
}

impl Preview {
    pub(crate) fn open(clip: String, file: PathBuf, from: MediaTime, wake: &Wake) -> Self {
        let job = Job::spawn("preview", wake.clone(), move |reporter| {
            let opened = open(&file, reporter.cancel_token(), |_| {});
            reporter.check()?;
            opened.map_err(|error| Stopped::Failed(error.to_string()))
        });
        let (opening, problem) = match job {
            Ok(job) => (Some(job), None),
            Err(error) => (None, Some(format!("the system starts no more threads ({error})"))),
        };
        Self { clip, from, opening, media: None, player: None, problem, next_wake: None }
    }

    /// The frame of now, or why there will be none; `None` while it is on its way, and where there is only sound.
    pub(crate) fn tick(&mut self, now: Instant, settings: PreviewSettings, wake: &Wake) -> Option<state::Preview> {
        while let Some(event) = self.opening.as_mut().and_then(Job::try_next) {
            match event {
                JobEvent::Done(media) => self.start(media, &settings, wake),
                JobEvent::Failed(sentence) => self.problem = Some(sentence),
                JobEvent::Progress(_) | JobEvent::Partial(()) | JobEvent::Cancelled => {}
            }
        }
        self.opening.take_if(|job| job.has_ended());
        let shown = match &self.problem {
            Some(sentence) => PreviewFrame::Problem(sentence.clone()),
            None => self.frame(now)?,
        };
        Some(state::Preview { clip: self.clip.clone(), shown })
    }

    fn start(&mut self, media: OpenedMedia, settings: &PreviewSettings, wake: &Wake) {
        match Player::open(media.info.clone(), media.frames.clone(), settings.options.clone(), wake.clone()) {
            Ok(mut player) => {
                player.set_volume(settings.volume);
                player.set_muted(settings.is_muted);
                player.seek(media.info.range.clamp(self.from), SeekPrecision::Exact);
                player.play();
                self.player = Some(player);
            }
            Err(error) => self.problem = Some(error.to_string()),
        }
        self.media = Some(media);
    }

    fn frame(&mut self, now: Instant) -> Option<PreviewFrame> {
        let view = self.player.as_mut()?.view(now);
        self.next_wake = view.next_wake;
        let Some(frame) = view.frame else { return view.error.map(PreviewFrame::Problem) };
        let video = self.media.as_ref()?.info.video.clone()?;
        Some(PreviewFrame::Frame(Box::new(move |rect| {
            let placement = place(rect, video_texture::shown_size(&video), PictureZoom::default());
            video_texture::shape(frame.clone(), placement)
        })))
    }
}
