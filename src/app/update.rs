//! The one place where the state changes: commands from the user, reports from jobs, the passing of time.

use std::path::PathBuf;
use std::time::Instant;

use eframe::egui::{Context, Event, Key, Vec2, vec2};

use super::DeskOptions;
use super::command::{Action, ActionGroup, Command};
use super::evaluate::command::EvaluateCommand;
use super::evaluate::state::Slot;
use super::evaluate::{Evaluate, commands_of_keys};
use super::jobs::{Jobs, Opened, Report};
use super::present::PresentState;
use super::preview::Preview;
use super::state::{FileDigest, Mode, Recording, RecordingId, ScoreStatus, Sheet, Stage, State, Transport, Waveform};
use super::thumbnails::Moment;
use super::widgets::picture_fit::PictureZoom;
use super::widgets::time_axis::{following, zoomed};
use super::widgets::time_code::{GoToTarget, parse_go_to, time_code};
use crate::analysis::{AnalysisPartial, StepScores};
use crate::job::{JobEvent, Wake};
use crate::media::OpenedMedia;
use crate::playback::{Player, PlayerOptions, SeekPrecision};
use crate::runs::is_run;
use crate::time::{FrameIndex, MediaTime, TimeRange};

/// The state with what works for it: the player of the recording on screen, and the jobs.
pub struct Desk {
    pub state: State,
    pub evaluate: Evaluate,
    pub(super) jobs: Jobs,
    player: Option<Player>,
    pub(super) player_options: PlayerOptions,
    pub(super) wake: Wake,
    /// The clip that plays on its card in Evaluate.
    pub(super) preview: Option<Preview>,
    /// Pictures that Evaluate waits for, by the clip's path.
    pub(super) awaited_pictures: Vec<(String, Moment)>,
    /// Where a recording stood that is being opened again.
    return_to: Option<(RecordingId, MediaTime)>,
    next_id: u64,
    /// Size of the picture's panel, in points, and of the picture, in pixels: zooming is relative to them.
    pub picture_panel: Vec2,
    pub has_quit: bool,
}

impl Desk {
    pub fn new(options: DeskOptions, wake: Wake) -> Self {
        Self {
            state: State::new(options.network),
            evaluate: Evaluate::new(wake.clone()),
            jobs: Jobs::new(options.journals, wake.clone()),
            player: None,
            player_options: options.player,
            wake,
            preview: None,
            awaited_pictures: Vec::new(),
            return_to: None,
            next_id: 0,
            picture_panel: vec2(1.0, 1.0),
            has_quit: false,
        }
    }

    /// Takes in what has happened since the last frame of the window.
    pub fn tick(&mut self, now: Instant) {
        for report in self.jobs.poll() {
            self.receive(report);
        }
        self.evaluate.tick();
        for request in self.evaluate.take_requests() {
            self.serve(request);
        }
        self.tick_preview(now);
        self.schedule();
        self.state.player = self.player.as_mut().map(|player| player.view(now));
        self.go_round();
        if let (Some(player), Some((visible, whole))) = (&self.state.player, self.state.timeline())
            && player.playing
            && visible != whole
        {
            self.state.view.timeline = Some(following(visible, player.position, whole));
        }
    }

    /// Whether anything but the player is at work.
    pub fn is_busy(&self) -> bool {
        let waits = |recording: &Recording| {
            matches!(recording.stage, Stage::Waiting | Stage::Opening(_))
                || recording.media().is_some_and(|media| !media.is_whole())
                || recording.awaits_digest()
                || recording.awaits_analysis()
                || matches!(recording.review.status, ScoreStatus::Running(_))
        };
        self.evaluate.is_busy() || self.jobs.is_digesting() || self.state.queue.iter().any(waits)
    }

    pub fn apply(&mut self, command: Command) {
        match command {
            Command::Act(action) => self.act(action),
            Command::OpenPaths(paths) => self.open_paths(paths),
            Command::ShowFile(place) => self.show(place),
            Command::RemoveFile(place) => self.remove(place),
            Command::Seek(time, precision) => self.with_player(|player| player.seek(time, precision)),
            Command::SeekFrame(frame) => self.seek_frame(frame),
            Command::StepFrames(count) => self.with_player(|player| player.step(count)),
            Command::SetSpeed(speed) => self.set_speed(speed),
            Command::SetVolume(volume) => {
                self.state.transport.volume = volume.clamp(0.0, 1.0);
                self.apply_transport();
            }
            Command::ChooseSoundTrack(track) => self.choose_sound_track(track),
            Command::SetOnset(onset) => {
                self.state.hysteresis = self.state.hysteresis.with_onset(onset);
                self.state.refresh_events();
            }
            Command::SetOffset(offset) => {
                self.state.hysteresis.offset = offset.clamp(0.0, self.state.hysteresis.onset);
                self.state.refresh_events();
            }
            Command::SetTimelineView(range) => self.set_timeline(range),
            Command::ScaleWaveform(factor) => {
                let scale = self.state.view.waveform_scale * factor;
                self.state.view.waveform_scale = scale.clamp(1.0, 64.0);
            }
            Command::SetLoop(range) => {
                self.state.transport.in_point = range.map(|range| range.start);
                self.state.transport.out_point = range.map(|range| range.end);
                self.state.transport.is_looping = range.is_some();
                self.apply_transport();
            }
            Command::ZoomVideo { factor, around } => {
                let picture = self.picture_size();
                let zoom = self.state.view.picture_zoom;
                self.state.view.picture_zoom = zoom.zoomed(factor, around.into(), self.picture_panel, picture);
            }
            Command::PanVideo(offset) => {
                let zoom = self.state.view.picture_zoom;
                self.state.view.picture_zoom = zoom.panned(offset.into(), self.picture_panel, self.picture_size());
            }
            Command::EditGoTo(text) => self.state.sheet = Some(Sheet::GoTo { text, problem: None }),
            Command::GoToText(text) => self.go_to(text),
            Command::EditPath(text) => self.state.path_text = text,
            Command::DismissNotice(place) if place < self.state.notices.len() => {
                self.state.notices.remove(place);
            }
            Command::DismissNotice(_) => {}
            Command::Evaluate(EvaluateCommand::OpenRun(slot, path)) => self.open_in_evaluate(slot, path),
            Command::Evaluate(command) => self.evaluate.apply(command),
        }
    }

    fn act(&mut self, action: Action) {
        let is_veiled = self.state.mode == Mode::Present && !self.state.present.is_confirmed;
        if is_veiled && matches!(action.group(), ActionGroup::Playing | ActionGroup::Stepping | ActionGroup::Jumping) {
            return;
        }
        match action {
            Action::PlayPause => self.with_player(Player::toggle),
            Action::Reverse => self.shuttle(-1.0),
            Action::Forward => self.shuttle(1.0),
            Action::Stop => {
                self.set_speed(1.0);
                self.with_player(Player::pause);
            }
            Action::FrameBack => self.with_player(|player| player.step(-1)),
            Action::FrameOn => self.with_player(|player| player.step(1)),
            Action::TenFramesBack => self.with_player(|player| player.step(-10)),
            Action::TenFramesOn => self.with_player(|player| player.step(10)),
            Action::SecondBack => self.seek_by(-1.0),
            Action::SecondOn => self.seek_by(1.0),
            Action::PreviousKeyFrame => self.seek_key_frame(false),
            Action::NextKeyFrame => self.seek_key_frame(true),
            Action::PreviousEvent => self.seek_event(false),
            Action::NextEvent => self.seek_event(true),
            Action::PreviousFile => self.show_neighbour(-1),
            Action::NextFile => self.show_neighbour(1),
            Action::GoToStart => self.seek_in(|range| range.start),
            Action::GoToEnd => self.seek_in(|range| range.end),
            Action::InPoint => self.set_points(true),
            Action::OutPoint => self.set_points(false),
            Action::LoopRange => {
                self.state.transport.is_looping = !self.state.transport.is_looping;
                self.apply_transport();
            }
            Action::Mute => {
                self.state.transport.is_muted = !self.state.transport.is_muted;
                self.apply_transport();
            }
            Action::PictureEarlier => self.delay_picture(-LATENCY_STEP_MS),
            Action::PictureLater => self.delay_picture(LATENCY_STEP_MS),
            Action::GoTo => self.state.sheet = Some(Sheet::GoTo { text: String::new(), problem: None }),
            Action::ToggleOverlay => self.state.view.has_overlay = !self.state.view.has_overlay,
            Action::ThresholdUp => self.apply(Command::SetOnset(self.state.hysteresis.onset + 0.01)),
            Action::ThresholdDown => self.apply(Command::SetOnset(self.state.hysteresis.onset - 0.01)),
            Action::VideoZoom => {
                let is_fitted = self.state.view.picture_zoom.scale.is_none();
                let scale = is_fitted.then_some(1.0);
                self.state.view.picture_zoom = PictureZoom { scale, ..PictureZoom::default() };
            }
            Action::TimelineZoomIn => self.zoom_timeline(1.5),
            Action::TimelineZoomOut => self.zoom_timeline(1.0 / 1.5),
            Action::TimelineFit => self.state.view.timeline = None,
            Action::FullScreen => self.state.view.is_full_screen = !self.state.view.is_full_screen,
            Action::ToggleTheme => self.state.view.is_dark = !self.state.view.is_dark,
            Action::Open => self.jobs.choose_files(),
            Action::OpenSample => match super::sample_path() {
                Ok(path) => self.open_paths(vec![path]),
                Err(error) => self.state.notices.push(format!("The sample cannot be unpacked: {error:#}")),
            },
            Action::Analyse => self.analyse_again(),
            Action::Cancel => match self.state.sheet.take() {
                Some(_) => {}
                None if self.state.view.is_full_screen => self.state.view.is_full_screen = false,
                None if self.state.mode != Mode::Review => self.show_mode(Mode::Review),
                None => self.cancel_analysis(),
            },
            Action::KeySheet => {
                let is_open = self.state.sheet == Some(Sheet::Keys);
                self.state.sheet = (!is_open).then_some(Sheet::Keys);
            }
            Action::Quit => self.has_quit = true,
            Action::ShowReview => self.show_mode(Mode::Review),
            Action::ShowEvaluate => self.show_mode(Mode::Evaluate),
            Action::ShowPresent => self.show_mode(Mode::Present),
            Action::ConfirmContent if self.state.mode == Mode::Present => self.state.present.is_confirmed = true,
            Action::LoopQueue if self.state.mode == Mode::Present => {
                self.state.present.is_stand = !self.state.present.is_stand;
            }
            Action::NextScreen if self.state.mode == Mode::Present => {
                let next = self.state.present.screen.map_or(0, |screen| screen + 1);
                self.state.present.screen = Some(next % MOST_SCREENS);
                // So that F and Esc leave it again.
                self.state.view.is_full_screen = true;
            }
            Action::ConfirmContent | Action::LoopQueue | Action::NextScreen => {}
        }
    }

    fn show_mode(&mut self, mode: Mode) {
        if mode == Mode::Present && self.state.mode != Mode::Present {
            // Nothing is to be heard or seen before the warning has been answered.
            self.state.present = PresentState::default();
            self.with_player(Player::pause);
        }
        if mode == Mode::Evaluate {
            self.with_player(Player::pause);
        } else {
            self.evaluate.apply(EvaluateCommand::Hover(None));
        }
        self.state.mode = mode;
    }

    /// On a stand: at the end of a recording the next one that has results begins.
    fn go_round(&mut self) {
        let has_ended = self.state.player.as_ref().is_some_and(|player| player.at_end);
        let PresentState { is_confirmed, is_stand, .. } = self.state.present;
        if self.state.mode != Mode::Present || !is_confirmed || !is_stand || !has_ended {
            return;
        }
        let (count, current) = (self.state.queue.len(), self.state.current.unwrap_or(0));
        let has_results = |place: &usize| self.state.queue[*place].review.analysis.is_some();
        match (1..=count).map(|offset| (current + offset) % count).find(has_results) {
            Some(next) if next != current => self.show(next),
            _ => self.seek_in(|range| range.start),
        }
        self.with_player(Player::play);
    }

    fn receive(&mut self, report: Report) {
        match report {
            Report::Chosen(paths) => self.open_paths(paths),
            Report::ChosenRun(slot, folder) => self.open_in_evaluate(slot, folder),
            Report::ChosenManifest(manifest) => self.evaluate_manifest(manifest),
            Report::Evaluation(event) => self.receive_evaluation(event),
            Report::Plate(plate, event) => self.evaluate.plate_news(plate, event),
            Report::Corrected(outcome) => self.receive_corrected(outcome),
            Report::Problem(sentence) => self.state.notices.push(sentence),
            Report::Opening(id, event) => self.receive_opening(id, event),
            Report::Digest(id, event) => {
                let Some(recording) = self.state.find(id) else { return };
                match event {
                    JobEvent::Done(digest) => recording.digest = FileDigest::Known(digest),
                    JobEvent::Failed(sentence) => {
                        recording.digest = FileDigest::Failed;
                        recording.ingest.iter_mut().for_each(|report| report.warnings.push(sentence.clone()));
                    }
                    JobEvent::Progress(_) | JobEvent::Partial(()) | JobEvent::Cancelled => {}
                }
            }
            Report::Waveform(id, event) => {
                let Some(recording) = self.state.find(id) else { return };
                match event {
                    JobEvent::Partial(waveform) | JobEvent::Done(waveform) => {
                        recording.waveform = Waveform::Known(waveform)
                    }
                    JobEvent::Failed(sentence) => recording.waveform = Waveform::Failed(sentence),
                    JobEvent::Cancelled | JobEvent::Progress(_) => {}
                }
            }
            Report::Analysis(id, event) => self.receive_analysis(id, event),
        }
    }

    /// Shows a moment of a recording, once it is open.
    pub(super) fn show_moment(&mut self, file: PathBuf, time: MediaTime) {
        self.open_paths(vec![file]);
        match self.state.recording() {
            Some(recording) if recording.media().is_some() => self.seek_in(|range| range.clamp(time)),
            Some(recording) => self.return_to = Some((recording.id, time)),
            None => {}
        }
    }

    fn receive_opening(&mut self, id: RecordingId, event: JobEvent<OpenedMedia, Opened>) {
        let Some(recording) = self.state.find(id) else { return };
        match event {
            JobEvent::Progress(progress) if recording.media().is_some() => recording.indexing = Some(progress),
            JobEvent::Progress(progress) => recording.stage = Stage::Opening(Some(progress)),
            JobEvent::Partial(media) => self.take_in(id, media),
            JobEvent::Done((media, report)) => {
                recording.indexing = None;
                recording.ingest = Some(*report);
                self.take_in(id, media);
            }
            JobEvent::Failed(sentence) => {
                recording.indexing = None;
                recording.stage = Stage::Failed(sentence);
            }
            JobEvent::Cancelled => recording.stage = Stage::Waiting,
        }
    }

    /// A file that has been opened, or indexed further.
    fn take_in(&mut self, id: RecordingId, media: OpenedMedia) {
        let is_shown = self.state.recording().is_some_and(|recording| recording.id == id);
        let Some(recording) = self.state.find(id) else { return };
        let before = recording.media().and_then(|media| media.frames.clone());
        let (info, frames) = (media.info.clone(), media.frames.clone());
        recording.stage = Stage::Ready(media);
        if !is_shown {
            return;
        }
        match (&mut self.player, before, frames) {
            (Some(player), Some(before), Some(frames)) if before.is_continued_by(&frames) => {
                player.extend(&info, frames)
            }
            _ => self.start_player(),
        }
    }

    fn receive_analysis(&mut self, id: RecordingId, event: JobEvent<AnalysisPartial, crate::analysis::Analysis>) {
        let hysteresis = self.state.hysteresis;
        let Some(recording) = self.state.find(id) else { return };
        let review = &mut recording.review;
        match event {
            JobEvent::Progress(progress) => review.status = ScoreStatus::Running(Some(progress)),
            JobEvent::Partial(AnalysisPartial::Started { grid, modalities }) => {
                if !review.scores.as_ref().is_some_and(StepScores::is_complete) {
                    review.scores = Some(StepScores { grid, modalities, steps: Vec::new() });
                }
            }
            JobEvent::Partial(AnalysisPartial::Steps(steps)) => {
                if let Some(scores) = review.scores.as_mut().filter(|scores| !scores.is_complete()) {
                    scores.steps.extend(steps);
                    review.refresh_events(hysteresis);
                }
            }
            JobEvent::Done(analysis) => {
                review.scores = Some(analysis.scores.clone());
                review.analysis = Some(analysis);
                review.status = ScoreStatus::Done;
                review.refresh_events(hysteresis);
            }
            JobEvent::Failed(sentence) => review.status = ScoreStatus::Failed(sentence),
            JobEvent::Cancelled => review.status = ScoreStatus::Cancelled,
        }
    }

    /// Starts what is due: files are opened one after another and analysed one at a time, the one on screen first.
    fn schedule(&mut self) {
        if !self.jobs.is_opening()
            && let Some(place) = self.first_due(|recording| matches!(recording.stage, Stage::Waiting))
        {
            let recording = &mut self.state.queue[place];
            recording.stage = Stage::Opening(None);
            self.jobs.open(recording.id, recording.path.clone(), recording.sound_track);
        }
        if !self.jobs.is_digesting()
            && let Some(place) = self.first_due(Recording::awaits_digest)
        {
            let recording = &mut self.state.queue[place];
            recording.digest = FileDigest::Running;
            self.jobs.digest(recording.id, recording.path.clone());
        }
        // Presenting shows what is there already. A waveform comes first: on a recording of many hours every reader
        // holds its own index of the file.
        if !self.jobs.is_analysing()
            && !self.jobs.is_reading_waveform()
            && self.state.mode != Mode::Present
            && let Some(place) = self.first_due(Recording::awaits_analysis)
        {
            let network = self.state.network.clone();
            let recording = &mut self.state.queue[place];
            if let Stage::Ready(media) = &recording.stage {
                recording.review.status = ScoreStatus::Running(None);
                // One that was cancelled goes on; one that was done is wanted anew.
                let afresh = recording.review.analysis.is_some();
                self.jobs.analyse(recording.id, media.clone(), network, afresh);
            }
        }
    }

    /// The place of the recording on screen if it is due, else of the first in the queue that is.
    fn first_due(&self, is_due: impl Fn(&Recording) -> bool) -> Option<usize> {
        let mut places = self.state.current.into_iter().chain(0..self.state.queue.len());
        places.find(|place| is_due(&self.state.queue[*place]))
    }

    /// Runs open in Evaluate, everything else in Review.
    fn open_paths(&mut self, paths: Vec<PathBuf>) {
        let (runs, paths): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| is_run(path));
        for (slot, run) in Slot::BOTH.into_iter().zip(runs) {
            self.state.mode = Mode::Evaluate;
            self.evaluate.apply(EvaluateCommand::OpenRun(slot, run));
        }
        let Some(first) = paths.first().cloned() else { return };
        for path in paths {
            if self.state.queue.iter().all(|recording| recording.path != path) {
                let id = RecordingId(self.next_id);
                self.next_id += 1;
                self.state.queue.push(Recording::new(id, path));
            }
        }
        self.state.path_text.clear();
        if let Some(place) = self.state.queue.iter().position(|recording| recording.path == first) {
            // Opening a file that failed before means: try again.
            if matches!(self.state.queue[place].stage, Stage::Failed(_)) {
                self.state.queue[place].stage = Stage::Waiting;
            }
            self.show(place);
        }
    }

    /// Opens the recording on screen again, with another track of sound, and stays where it is.
    fn choose_sound_track(&mut self, track: usize) {
        let Some(place) = self.state.current else { return };
        let position = self.state.position();
        let recording = &mut self.state.queue[place];
        if recording
            .media()
            .and_then(|media| media.info.audio.as_ref())
            .is_some_and(|audio| audio.stream_index == track)
        {
            return;
        }
        self.jobs.forget(recording.id);
        let digest = match &recording.digest {
            FileDigest::Running => FileDigest::Due,
            known => known.clone(),
        };
        *recording =
            Recording { sound_track: Some(track), digest, ..Recording::new(recording.id, recording.path.clone()) };
        self.return_to = position.map(|position| (recording.id, position));
        self.player = None;
    }

    fn show(&mut self, place: usize) {
        if place < self.state.queue.len() && self.state.current != Some(place) {
            self.state.current = Some(place);
            self.start_player();
        }
    }

    fn remove(&mut self, place: usize) {
        if place >= self.state.queue.len() {
            return;
        }
        let recording = self.state.queue.remove(place);
        self.jobs.forget(recording.id);
        let current = self.state.current.unwrap_or(0);
        let is_shown = current == place;
        let next = if current > place { current - 1 } else { current };
        self.state.current = self.state.queue.len().checked_sub(1).map(|last| next.min(last));
        if is_shown {
            self.start_player();
        }
    }

    /// Opens the recording on screen for playing, with a fresh view on it.
    fn start_player(&mut self) {
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
            self.jobs.read_waveform(id, path, audio.stream_index);
        }
        match Player::open(media.info, media.frames, self.player_options.clone(), self.wake.clone()) {
            Ok(player) => self.player = Some(player),
            Err(error) => self.state.notices.push(error.to_string()),
        }
        self.apply_transport();
        if let Some((_, position)) = self.return_to.take_if(|(of, _)| *of == id) {
            self.with_player(|player| player.seek(position, SeekPrecision::Exact));
        }
    }

    fn with_player(&mut self, act: impl FnOnce(&mut Player)) {
        if let Some(player) = &mut self.player {
            act(player);
        }
    }

    fn apply_transport(&mut self) {
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

    fn delay_picture(&mut self, by_ms: i32) {
        let latency_ms = &mut self.state.transport.extra_latency_ms;
        *latency_ms = (*latency_ms + by_ms).clamp(-MOST_LATENCY_MS, MOST_LATENCY_MS);
        self.apply_transport();
    }

    fn set_speed(&mut self, speed: f64) {
        self.state.transport.speed = speed;
        self.with_player(|player| player.set_speed(speed));
    }

    /// J and L: turns round at speed one, then doubles with each press, up to eight.
    fn shuttle(&mut self, direction: f64) {
        let is_playing = self.state.player.as_ref().is_some_and(|player| player.playing);
        let speed = self.state.transport.speed;
        let goes_on = is_playing && speed.signum() == direction;
        let faster = (speed.abs() * 2.0).clamp(1.0, 8.0);
        self.set_speed(direction * if goes_on { faster } else { 1.0 });
        self.with_player(Player::play);
    }

    fn seek_by(&mut self, seconds_s: f64) {
        if let Some(position) = self.state.position() {
            let target = position + MediaTime::from_seconds(seconds_s);
            self.seek_in(|range| range.clamp(target));
        }
    }

    fn seek_in(&mut self, target: impl FnOnce(TimeRange) -> MediaTime) {
        if let Some(range) = self.state.media().map(|media| media.info.range) {
            let time = target(range);
            self.with_player(|player| player.seek(time, SeekPrecision::Exact));
            self.reveal(time);
        }
    }

    fn seek_frame(&mut self, frame: FrameIndex) {
        self.with_player(|player| player.seek_frame(frame));
        let time = self.state.media().and_then(|media| Some(media.frames.as_ref()?.entry(frame)?.time));
        if let Some(time) = time {
            self.reveal(time);
        }
    }

    fn seek_key_frame(&mut self, is_forward: bool) {
        let shown = self.state.player.as_ref().and_then(|player| player.frame.as_ref()).map(|frame| frame.index);
        let frames = self.state.media().and_then(|media| media.frames.clone());
        if let (Some(shown), Some(frames)) = (shown, frames) {
            let target = if is_forward { frames.next_key_after(shown) } else { frames.previous_key_before(shown) };
            if let Some(target) = target {
                self.seek_frame(target);
            }
        }
    }

    fn seek_event(&mut self, is_forward: bool) {
        let (Some(position), Some(recording)) = (self.state.position(), self.state.recording()) else { return };
        // The frame of an event's first step may start a little before or after the step itself.
        let margin = MediaTime::from_seconds(0.05);
        let events = &recording.review.events;
        let target = if is_forward {
            events.iter().find(|event| event.range.start > position + margin)
        } else {
            events.iter().rev().find(|event| event.range.start + margin < position)
        };
        if let Some(start) = target.map(|event| event.range.start) {
            self.seek_in(|range| range.clamp(start));
        }
    }

    fn show_neighbour(&mut self, offset: i64) {
        if let Some(current) = self.state.current {
            let place = FrameIndex(current).offset_within(offset, self.state.queue.len()).0;
            self.show(place);
        }
    }

    fn set_points(&mut self, is_in: bool) {
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

    fn zoom_timeline(&mut self, factor: f64) {
        if let (Some((visible, whole)), Some(position)) = (self.state.timeline(), self.state.position()) {
            let anchor = if visible.contains(position) { position } else { visible.start };
            self.set_timeline(zoomed(visible, factor, anchor, whole));
        }
    }

    fn set_timeline(&mut self, range: TimeRange) {
        let whole = self.state.media().map(|media| media.info.range);
        self.state.view.timeline = Some(range).filter(|range| Some(*range) != whole);
    }

    /// Brings a moment onto the visible part of the timeline.
    fn reveal(&mut self, time: MediaTime) {
        if let (Some((visible, whole)), Some(_)) = (self.state.timeline(), self.state.view.timeline) {
            self.state.view.timeline = Some(following(visible, time, whole));
        }
    }

    fn go_to(&mut self, text: String) {
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

    fn analyse_again(&mut self) {
        let Some(place) = self.state.current else { return };
        let recording = &mut self.state.queue[place];
        match (&recording.stage, &recording.review.status) {
            (Stage::Failed(_), _) => recording.stage = Stage::Waiting,
            (_, ScoreStatus::Running(_)) => {}
            _ => recording.review.status = ScoreStatus::Queued,
        }
    }

    fn cancel_analysis(&mut self) {
        self.jobs.cancel_analysis();
        for recording in &mut self.state.queue {
            if recording.awaits_analysis() {
                recording.review.status = ScoreStatus::Cancelled;
            }
        }
    }

    /// As it is to be seen: upright, with square pixels.
    fn picture_size(&self) -> Vec2 {
        let video = self.state.media().and_then(|media| media.info.video.as_ref());
        video.map_or(vec2(1.0, 1.0), super::video_texture::shown_size)
    }
}

/// Wireless devices are late by a few hundred milliseconds.
const MOST_LATENCY_MS: i32 = 1000;
const LATENCY_STEP_MS: i32 = 10;
/// Asking for a screen that is not there does nothing.
const MOST_SCREENS: usize = 4;

/// The commands of the keys pressed since the last frame, in the mode that is shown. In Evaluate its own keys come
/// first, and of the others only those that mean the same everywhere.
pub fn commands_of_mode(ctx: &Context, state: &State) -> Vec<Command> {
    let actions = actions_of_keys(ctx);
    match state.mode {
        Mode::Review | Mode::Present => actions.into_iter().map(Command::Act).collect(),
        Mode::Evaluate => {
            let is_heard = |action: &Action| {
                let closes_sheet = *action == Action::Cancel && state.sheet.is_some();
                closes_sheet || (action.is_of_every_mode() && *action != Action::ShowEvaluate)
            };
            let own = commands_of_keys(ctx).into_iter().map(Command::Evaluate);
            own.chain(actions.into_iter().filter(is_heard).map(Command::Act)).collect()
        }
    }
}

/// The actions of the keys pressed since the last frame. A widget that has the focus keeps the keys by which it is
/// worked: typing never moves the playhead, Space presses the focused button, arrows move the focused slider.
pub fn actions_of_keys(ctx: &Context) -> Vec<Action> {
    let is_typing = ctx.text_edit_focused();
    let has_focus = ctx.memory(|memory| memory.focused().is_some());
    let pressed = |event: &Event| match event {
        Event::Key { key, pressed: true, modifiers, .. } => {
            let is_widgets_own = has_focus && modifiers.is_none() && WIDGET_KEYS.contains(key);
            let action = Action::of_key(*modifiers, *key)?;
            let is_heard = action == Action::Cancel || !(is_typing || is_widgets_own);
            is_heard.then_some(action)
        }
        _ => None,
    };
    ctx.input(|input| input.events.iter().filter_map(pressed).collect())
}

const WIDGET_KEYS: [Key; 6] = [Key::Space, Key::Enter, Key::ArrowLeft, Key::ArrowRight, Key::ArrowUp, Key::ArrowDown];
