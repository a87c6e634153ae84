//! Playing, seeking and the timeline: what keys and panels ask of the recording on screen.

use super::state::{Sheet, Transport, Waveform};
use super::update::Desk;
use super::widgets::picture_fit::PictureZoom;
use super::widgets::time_axis::{following, zoomed};
use super::widgets::time_code::{GoToTarget, parse_go_to, time_code};
use avar_base::time::{FrameIndex, MediaTime, TimeRange};
use avar_media::OpenedMedia;
use avar_playback::{Player, SeekPrecision};

/// Wireless devices are late by a few hundred milliseconds.
const MOST_LATENCY_MS: i32 = 1000;
pub(super) const LATENCY_STEP_MS: i32 = 10;

impl Desk {
    /// Opens the recording on screen for playing, with a fresh view on it.
    pub(super) fn start_player(&mut self) {
        self.player = None;
        self.state.player = None;
        self.state.view.timeline = None;
        self.state.view.picture_zoom = PictureZoom::default();
        let Transport { is_muted, volume, extra_latency_ms, .. } = self.state.transport;
        self.state.transport = Transport { is_muted, volume, extra_latency_ms, ..Transport::default() };
        let Some(recording) = self.state.recording() else { return };
        let Some(media) = recording.media().cloned() else { return };
        let (id, path) = (recording.id, recording.path.clone());
        if let (Some(audio), Waveform::Unknown) = (&media.info.audio, &recording.waveform) {
            self.jobs.read_waveform(id, path, audio.clone());
        }
        match Player::open(media.info, media.frames, self.player_options.clone(), self.wake.clone()) {
            Ok(player) => self.player = Some(player),
            Err(error) => self.state.notices.push(error.to_string()),
        }
        self.apply_transport();
        self.return_to_moment();
    }

    /// Goes where the recording on screen is to be shown, as soon as its index reaches so far.
    pub(super) fn return_to_moment(&mut self) {
        let Some((id, moment)) = self.return_to else { return };
        let Some(recording) = self.state.recording().filter(|recording| recording.id == id) else { return };
        let reaches = |media: &OpenedMedia| {
            media.is_whole() || media.frames.as_ref().is_some_and(|frames| frames.range().end > moment)
        };
        if self.player.is_some() && recording.media().is_some_and(reaches) {
            self.return_to = None;
            self.seek_in(|range| range.clamp(moment));
        }
    }

    /// Where the last command has led: keys that follow each other faster than pictures come add up.
    pub(super) fn position(&self) -> Option<MediaTime> {
        self.player.as_ref().map(Player::position)
    }

    pub(super) fn with_player(&mut self, act: impl FnOnce(&mut Player)) {
        if let Some(player) = &mut self.player {
            act(player);
        }
    }

    pub(super) fn apply_transport(&mut self) {
        let transport = self.state.transport;
        let whole = self.state.media().map(|media| media.info.range).unwrap_or_default();
        let range = TimeRange::new(transport.in_point.unwrap_or(whole.start), transport.out_point.unwrap_or(whole.end));
        let range = (transport.is_looping && range.start < range.end).then_some(range);
        self.with_player(|player| {
            player.set_muted(transport.is_muted);
            player.set_volume(transport.volume);
            player.set_extra_latency(f64::from(transport.extra_latency_ms) / 1000.0);
            player.set_speed(transport.speed);
            player.set_loop(range);
        });
    }

    pub(super) fn delay_picture(&mut self, by_ms: i32) {
        let latency_ms = &mut self.state.transport.extra_latency_ms;
        *latency_ms = (*latency_ms + by_ms).clamp(-MOST_LATENCY_MS, MOST_LATENCY_MS);
        self.apply_transport();
    }

    pub(super) fn set_speed(&mut self, speed: f64) {
        self.state.transport.speed = speed;
        self.with_player(|player| player.set_speed(speed));
    }

    /// J and L: turns round at speed one, then doubles with each press, up to eight.
    pub(super) fn shuttle(&mut self, direction: f64) {
        let is_playing = self.state.player.as_ref().is_some_and(|player| player.playing);
        let speed = self.state.transport.speed;
        let goes_on = is_playing && speed.signum() == direction;
        let faster = (speed.abs() * 2.0).clamp(1.0, 8.0);
        self.set_speed(direction * if goes_on { faster } else { 1.0 });
        self.with_player(Player::play);
    }

    pub(super) fn seek_by(&mut self, seconds_s: f64) {
        if let Some(position) = self.position() {
            let target = position + MediaTime::from_seconds(seconds_s);
            self.seek_in(|range| range.clamp(target));
        }
    }

    pub(super) fn seek_in(&mut self, target: impl FnOnce(TimeRange) -> MediaTime) {
        if let Some(range) = self.state.media().map(|media| media.info.range) {
            let time = target(range);
            self.with_player(|player| player.seek(time, SeekPrecision::Exact));
            self.reveal(time);
        }
    }

    pub(super) fn seek_frame(&mut self, frame: FrameIndex) {
        self.with_player(|player| player.seek_frame(frame));
        let time = self.state.media().and_then(|media| Some(media.frames.as_ref()?.entry(frame)?.time));
        if let Some(time) = time {
            self.reveal(time);
        }
    }

    pub(super) fn seek_key_frame(&mut self, is_forward: bool) {
        let at = self.player.as_ref().and_then(Player::frame);
        let frames = self.state.media().and_then(|media| media.frames.clone());
        if let (Some(at), Some(frames)) = (at, frames) {
            let target = if is_forward { frames.next_key_after(at) } else { frames.previous_key_before(at) };
            if let Some(target) = target {
                self.seek_frame(target);
            }
        }
    }

    pub(super) fn set_points(&mut self, is_in: bool) {
        let Some(position) = self.state.position() else { return };
        let transport = &mut self.state.transport;
        if is_in {
            transport.in_point = Some(position);
            transport.out_point.take_if(|out| *out <= position);
        } else {
            transport.out_point = Some(position);
            transport.in_point.take_if(|point| *point >= position);
        }
        self.apply_transport();
    }

    pub(super) fn zoom_timeline(&mut self, factor: f64) {
        if let (Some((visible, whole)), Some(position)) = (self.state.timeline(), self.state.position()) {
            let anchor = if visible.contains(position) { position } else { visible.start };
            self.set_timeline(zoomed(visible, factor, anchor, whole));
        }
    }

    pub(super) fn set_timeline(&mut self, range: TimeRange) {
        let whole = self.state.media().map(|media| media.info.range);
        self.state.view.timeline = Some(range).filter(|range| Some(*range) != whole);
    }

    /// Brings a moment onto the visible part of the timeline.
    fn reveal(&mut self, time: MediaTime) {
        if let (Some((visible, whole)), Some(_)) = (self.state.timeline(), self.state.view.timeline) {
            self.state.view.timeline = Some(following(visible, time, whole));
        }
    }

    pub(super) fn go_to(&mut self, text: String) {
        let Some(media) = self.state.media().cloned() else { return };
        let frames = media.frames.as_ref().map_or(0, |frames| frames.len());
        // How far one can go in a file that is still being indexed.
        let reached = media.frames.as_ref().filter(|frames| !frames.is_whole()).map(|frames| frames.range().end);
        let indexed = |reached: MediaTime| {
            let so_far = time_code(reached - media.info.range.start);
            Some(format!("Indexed up to {so_far} so far; the rest follows."))
        };
        let problem = match parse_go_to(&text) {
            Some(GoToTarget::Frame(frame)) if frame >= frames && reached.is_some() => reached.and_then(indexed),
            Some(GoToTarget::Time(offset))
                if reached.is_some_and(|reached| media.info.range.start + offset > reached) =>
            {
                reached.and_then(indexed)
            }
            Some(GoToTarget::Frame(frame)) if frame < frames => {
                self.seek_frame(FrameIndex(frame));
                None
            }
            Some(GoToTarget::Frame(_)) if frames == 0 => Some("This recording has no picture; type a time.".to_owned()),
            Some(GoToTarget::Frame(_)) => Some(format!("The last frame is {}.", frames - 1)),
            Some(GoToTarget::Time(offset)) if offset <= media.info.range.duration() => {
                self.seek_in(|range| range.start + offset);
                None
            }
            Some(GoToTarget::Time(_)) => {
                let end = time_code(media.info.range.duration());
                Some(format!("The recording ends at {end}."))
            }
            None => Some("Type a frame (120) or a time (0:04.5 or 4.5s).".to_owned()),
        };
        self.state.sheet = problem.map(|problem| Sheet::GoTo { text, problem: Some(problem) });
    }
}
