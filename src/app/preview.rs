//! A clip that plays on its card in Evaluate, with its sound, while the pointer rests on it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::evaluate::state;
use super::video_texture;
use super::widgets::picture_fit::{PictureZoom, place};
use avar_base::job::{Job, JobEvent, Stopped, Wake};
use avar_base::time::MediaTime;
use avar_media::{OpenedMedia, open};
use avar_playback::{Player, PlayerOptions, SeekPrecision};

pub struct Preview {
    clip: String,
    from: MediaTime,
    /// Until the file is open.
    opening: Option<Job<(), OpenedMedia>>,
    media: Option<OpenedMedia>,
    player: Option<Player>,
    /// When to draw the next frame.
    pub next_wake: Option<Duration>,
}

impl Preview {
    /// Nothing plays where the system gives no thread.
    pub fn open(clip: String, file: PathBuf, from: MediaTime, wake: &Wake) -> Self {
        let job = Job::spawn("preview", wake.clone(), move |reporter| {
            let opened = open(&file, reporter.cancel_token(), |_| {});
            reporter.check()?;
            opened.map_err(|error| Stopped::Failed(error.to_string()))
        });
        Self { clip, from, opening: job.ok(), media: None, player: None, next_wake: None }
    }

    /// The frame of now; `None` until there is one. A clip that cannot be played keeps its still picture.
    pub fn tick(
        &mut self,
        now: Instant,
        (options, volume, is_muted): (&PlayerOptions, f32, bool),
        wake: &Wake,
    ) -> Option<state::Preview> {
        while let Some(event) = self.opening.as_mut().and_then(Job::try_next) {
            if let JobEvent::Done(media) = event {
                let player = Player::open(media.info.clone(), media.frames.clone(), options.clone(), wake.clone());
                self.player = player.ok().map(|mut player| {
                    player.set_volume(volume);
                    player.set_muted(is_muted);
                    player.seek(media.info.range.clamp(self.from), SeekPrecision::Exact);
                    player.play();
                    player
                });
                self.media = Some(media);
            }
        }
        self.opening.take_if(|job| job.has_ended());
        let view = self.player.as_mut()?.view(now);
        self.next_wake = view.next_wake;
        let video = self.media.as_ref()?.info.video.clone()?;
        let frame = view.frame?;
        let draw = move |rect| {
            let placement = place(rect, video_texture::shown_size(&video), PictureZoom::default());
            video_texture::shape(frame.clone(), placement)
        };
        Some(state::Preview { clip: self.clip.clone(), draw: Box::new(draw) })
    }
}
