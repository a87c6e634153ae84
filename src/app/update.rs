//! The one way in which the state changes: commands from the user, reports from jobs, the passing of time. What they do
//! to the queue, to playing and at the wish of Evaluate stands in `queue`, `transport` and `requests`.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use eframe::egui::{Vec2, vec2};

use super::DeskOptions;
use super::command::{Action, ActionGroup, Command, KeyEdit};
use super::deciding::{RULE_SETTLES_IN, Wish};
use super::decisions::Decision;
use super::evaluate::Evaluate;
use super::evaluate::command::EvaluateCommand;
use super::jobs::{Destination, Jobs, Report};
use super::keymap::{AnyAction, KeyMap};
use super::present::PresentState;
use super::preview::Preview;
use super::state::{
    FileDigest, KeyChange, LogView, Mode, OpeningStage, Recording, RecordingId, SCALES, ScoreStatus, Sheet, SidePanel,
    State, Wanted, Waveform,
};
use super::thumbnails::Moment;
use super::trail::TrailWriter;
use super::transport::LATENCY_STEP_MS;
use super::widgets::picture_fit::PictureZoom;
use super::widgets::time_axis::following;
use avar_base::job::{JobEvent, Wake};
use avar_base::time::MediaTime;
use avar_log::LogPlace;
use avar_media::RgbImage;
use avar_playback::{Player, PlayerOptions};
use avar_review::list::Direction;

/// The state with what works for it: the player of the recording on screen, and the jobs.
pub struct Desk {
    pub state: State,
    pub evaluate: Evaluate,
    pub(super) jobs: Jobs,
    pub(super) player: Option<Player>,
    pub(super) player_options: PlayerOptions,
    pub(super) wake: Wake,
    /// The clip that plays on its card in Evaluate.
    pub(super) preview: Option<Preview>,
    /// Pictures that Evaluate waits for, by the clip's path.
    pub(super) awaited_pictures: Vec<(String, Moment)>,
    /// Where a recording stood that is being opened again.
    pub(super) return_to: Option<(RecordingId, MediaTime)>,
    /// The recording whose analysis gives way to that of the one on screen.
    pub(super) giving_way: Option<RecordingId>,
    pub(super) next_id: u64,
    /// The documents of reviews that are open.
    pub(super) trails: HashMap<RecordingId, TrailWriter>,
    /// Where the reviews of recordings are that are about to be opened.
    pub(super) documents: HashMap<PathBuf, PathBuf>,
    /// What the recording on screen is to be compared with once it is open.
    pub(super) to_compare: Option<PathBuf>,
    /// Decisions that are not sent on yet, the oldest first.
    pub(super) wishes: VecDeque<(RecordingId, Wish)>,
    /// When a threshold was last moved, until it is taken into the review.
    pub(super) rule_moved_at: Option<Instant>,
    /// Size of the picture's panel, in points, and of the picture, in pixels: zooming is relative to them.
    pub picture_panel: Vec2,
    /// A picture that is to be put on the clipboard.
    pub(super) to_copy: Option<RgbImage>,
    pub has_quit: bool,
    log: LogPlace,
}

impl Desk {
    pub fn new(options: DeskOptions, wake: Wake) -> Self {
        Self {
            state: State::new(options.network, options.author),
            evaluate: Evaluate::new(wake.clone()),
            jobs: Jobs::new(options.journals, wake.clone()),
            player: None,
            player_options: options.player,
            wake,
            preview: None,
            awaited_pictures: Vec::new(),
            return_to: None,
            giving_way: None,
            next_id: 0,
            trails: HashMap::new(),
            documents: HashMap::new(),
            to_compare: None,
            wishes: VecDeque::new(),
            rule_moved_at: None,
            picture_panel: vec2(1.0, 1.0),
            to_copy: None,
            has_quit: false,
            log: options.log,
        }
    }

    /// Takes in what has happened since the last frame of the window.
    pub fn tick(&mut self, now: Instant) {
        for report in self.jobs.poll() {
            self.receive(report);
        }
        self.state.notices.extend(avar_log::take_problem());
        self.evaluate.tick();
        for request in self.evaluate.take_requests() {
            self.serve(request);
        }
        self.tick_preview(now);
        self.schedule();
        self.tick_decisions(now);
        self.tick_comparison();
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
            matches!(recording.stage, OpeningStage::Waiting | OpeningStage::Opening(_))
                || recording.media().is_some_and(|media| !media.is_whole())
                || recording.awaits_digest()
                || recording.awaits_analysis()
                || matches!(recording.review.status, ScoreStatus::Running(_))
        };
        self.evaluate.is_busy()
            || self.jobs.is_reading_log()
            || self.jobs.is_sorting()
            || self.jobs.is_comparing()
            || self.jobs.is_handing_over()
            || self.to_compare.is_some()
            || self.jobs.is_digesting()
            || self.is_deciding()
            || self.state.queue.iter().any(waits)
    }

    pub fn apply(&mut self, command: Command) {
        if moves_playhead(&command) {
            // Who moves by themselves wants to be nowhere else any more.
            self.return_to = None;
        }
        match command {
            Command::Act(action) => self.act(action),
            Command::OpenPaths(paths) => self.jobs.sort(Destination::Review, paths),
            Command::OpenInEvaluate(paths) => self.jobs.sort(Destination::Evaluate, paths),
            Command::ShowFile(place) => self.show(place),
            Command::RemoveFile(place) => self.remove(place),
            Command::SortQueue(order) => self.sort_queue(order),
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
                self.rule_moved();
            }
            Command::SetOffset(offset) => {
                self.state.hysteresis.offset = offset.clamp(0.0, self.state.hysteresis.onset);
                self.rule_moved();
            }
            Command::SetTimelineView(range) => self.set_timeline(range),
            Command::EditHandOver(sheet) => self.state.sheet = Some(Sheet::HandOver(sheet)),
            Command::WriteBundle(out) => self.write_bundle(out),
            Command::CancelWriting => self.jobs.cancel_writing(),
            Command::WriteClip(out, has_words) => self.write_clip(out, has_words),
            Command::WriteAnnotations(format, out) => self.write_annotations(format, out),
            Command::CloseComparison => {
                let current = self.state.current;
                if let Some(recording) = current.and_then(|current| self.state.queue.get_mut(current)) {
                    recording.comparison = None;
                }
            }
            Command::SetPanel(panel, view) => *self.state.view.panels.of_mut(panel) = view,
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
            Command::EditSheetPath(typed) => {
                if let Some(Sheet::Path { text, .. }) = &mut self.state.sheet {
                    *text = typed;
                }
            }
            Command::OpenTyped(wanted, path) => {
                self.state.sheet = None;
                match wanted {
                    Wanted::Recordings => self.jobs.sort(Destination::Review, vec![path]),
                    Wanted::Run(slot) => self.jobs.sort(Destination::Slot(slot), vec![path]),
                    Wanted::Manifest => self.jobs.sort(Destination::Evaluate, vec![path]),
                    Wanted::ReviewFolder => self.keep_review_in(path),
                }
            }
            Command::DismissNotice(place) if place < self.state.notices.len() => {
                self.state.notices.remove(place);
            }
            Command::DismissNotice(_) => {}
            Command::Evaluate(EvaluateCommand::OpenRun(slot, path)) => {
                self.jobs.sort(Destination::Slot(slot), vec![path]);
            }
            Command::Evaluate(command) => self.evaluate.apply(command),
            Command::ChooseEvent(place) => self.choose_event(place),
            Command::ChooseAlso(place) => self.choose_also(place),
            Command::ChooseUpTo(place) => self.choose_up_to(place),
            Command::Decide(decision) => self.decide(decision),
            Command::SetListView(view) => self.state.view.list = view,
            Command::EditKeys(edit) => self.edit_keys(edit),
            Command::EditPalette { text, chosen } => {
                if let Some(Sheet::Palette { .. }) = self.state.sheet {
                    self.state.sheet = Some(Sheet::Palette { text, chosen });
                }
            }
            Command::Run(action) => {
                self.state.sheet = None;
                match action {
                    AnyAction::Desk(action) => self.apply(action.into()),
                    AnyAction::Evaluate(action) => self.apply(Command::Evaluate(action.into())),
                }
            }
            Command::EditNote(typed) => {
                if let Some(Sheet::Note { text, .. }) = &mut self.state.sheet {
                    *text = typed;
                }
            }
            Command::WriteNote(text) => {
                if let Some(Sheet::Note { is_on_event, .. }) = self.state.sheet.take() {
                    self.decide(if is_on_event { Decision::Note(text) } else { Decision::NoteHere(text) });
                }
            }
        }
    }

    fn rule_moved(&mut self) {
        if self.state.recording().and_then(|recording| recording.decisions.begun()).is_none() {
            self.state.own_rule = self.state.hysteresis;
        }
        self.rule_moved_at = Some(Instant::now());
        self.state.refresh_events();
    }

    /// How long until a threshold that was moved is meant.
    pub fn rule_settles_in(&self, now: Instant) -> Option<std::time::Duration> {
        let moved = self.rule_moved_at?;
        Some(RULE_SETTLES_IN.saturating_sub(now.duration_since(moved)))
    }

    /// The sheet for a note: of the event that is chosen with the text that it has, or at the playhead.
    fn open_note(&mut self, is_on_event: bool) {
        let chosen = self.state.recording().and_then(|recording| recording.decisions.chosen());
        let text = match (is_on_event, chosen) {
            (true, Some(event)) => event.note.clone(),
            (true, None) => return self.decide(Decision::Note(String::new())),
            (false, _) => String::new(),
        };
        self.state.sheet = Some(Sheet::Note { text, is_on_event });
    }

    fn act(&mut self, action: Action) {
        let is_veiled = self.state.mode() == Mode::Present && !self.state.is_content_confirmed();
        if is_veiled && is_about_playhead(action) {
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
            Action::PreviousEvent => self.choose_neighbour(false),
            Action::NextEvent => self.choose_neighbour(true),
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
            Action::ToggleSidebar => self.fold(SidePanel::Sidebar),
            Action::ToggleInspector => self.fold(SidePanel::Inspector),
            Action::ToggleTimeline => self.fold(SidePanel::Timeline),
            Action::Larger => self.scale_by(SCALE_STEP),
            Action::Smaller => self.scale_by(-SCALE_STEP),
            Action::UsualSize => self.state.view.scale = 1.0,
            Action::ToggleTheme => self.state.view.is_dark = !self.state.view.is_dark,
            Action::Open => self.jobs.choose_files(),
            Action::OpenSample => self.jobs.unpack_sample(),
            Action::OpenLastQueue if self.state.last_queue.is_empty() => {
                self.state.notices.push("No queue of last time is remembered.".to_owned());
            }
            Action::OpenLastQueue => {
                let paths = self.state.last_queue.iter().map(Into::into).collect();
                self.jobs.sort(Destination::Review, paths);
            }
            Action::HandOver => self.open_hand_over(),
            Action::SaveFrame => self.save_frame(false),
            Action::SaveFrameWithWords => self.save_frame(true),
            Action::CopyFrame => self.copy_frame(),
            Action::PlaceReview => self.jobs.choose_review_folder(),
            Action::MoveUp => self.move_in_queue(false),
            Action::MoveDown => self.move_in_queue(true),
            Action::ClearQueue => (0..self.state.queue.len()).rev().for_each(|place| self.remove(place)),
            Action::PauseAnalyses => self.state.is_paused = !self.state.is_paused,
            Action::Analyse => self.analyse_again(),
            Action::AnalyseCancelled => self.analyse_cancelled(),
            Action::CancelAnalyses => self.cancel_analyses(),
            Action::Close => match self.state.sheet.take() {
                Some(Sheet::Keys(Some(_))) => self.state.sheet = Some(Sheet::Keys(None)),
                Some(_) => {}
                None if self.state.view.is_full_screen => self.state.view.is_full_screen = false,
                None if self.has_chosen_several() => {
                    self.current_decisions().iter_mut().for_each(|now| now.also.clear())
                }
                None => self.show_mode(Mode::Review),
            },
            Action::KeySheet => {
                let is_open = matches!(self.state.sheet, Some(Sheet::Keys(_)));
                self.state.sheet = (!is_open).then_some(Sheet::Keys(None));
            }
            Action::Palette => self.state.sheet = Some(Sheet::Palette { text: String::new(), chosen: 0 }),
            Action::ShowLog => self.toggle_log(),
            Action::Quit => self.has_quit = true,
            Action::ShowReview => self.show_mode(Mode::Review),
            Action::ShowEvaluate => self.show_mode(Mode::Evaluate),
            Action::ShowPresent => self.show_mode(Mode::Present),
            Action::ConfirmContent if self.state.asks_about_content() => {
                let recording = self.state.recording().map(|recording| recording.id);
                self.state.present.confirmed.extend(recording);
            }
            Action::LoopQueue if self.state.mode() == Mode::Present => {
                self.state.present.is_stand = !self.state.present.is_stand;
                if self.state.present.is_stand && self.state.is_content_confirmed() {
                    self.with_player(Player::play);
                }
            }
            Action::NextScreen if self.state.mode() == Mode::Present => {
                let next = self.state.present.screen.map_or(0, |screen| screen + 1);
                self.state.present.screen = Some(next % MOST_SCREENS);
                // So that F and Esc leave it again.
                self.state.view.is_full_screen = true;
            }
            Action::ConfirmContent | Action::LoopQueue | Action::NextScreen => {}
            Action::Judge(verdict) => self.decide(Decision::Judge(verdict)),
            Action::AssignClass(class) => self.decide(Decision::SetClass(class)),
            Action::ChooseAll => self.choose_all(),
            Action::NextUnreviewed => self.choose_unreviewed(Direction::Next),
            Action::PreviousUnreviewed => self.choose_unreviewed(Direction::Previous),
            Action::TrimStart => self.decide(Decision::TrimStart),
            Action::TrimEnd => self.decide(Decision::TrimEnd),
            Action::SplitEvent => self.decide(Decision::Split),
            Action::MergeEvents => self.decide(Decision::Merge),
            Action::AddEvent => self.decide(Decision::Add),
            Action::DeleteEvent => self.decide(Decision::Delete),
            Action::NoteHere => self.open_note(false),
            Action::NoteOnEvent => self.open_note(true),
            Action::Undo => self.decide(Decision::Undo),
            Action::Redo => self.decide(Decision::Redo),
        }
    }

    fn fold(&mut self, panel: SidePanel) {
        let view = self.state.view.panels.of_mut(panel);
        view.is_open = !view.is_open;
    }

    fn scale_by(&mut self, step: f32) {
        let scale = &mut self.state.view.scale;
        *scale = (((*scale + step) / SCALE_STEP).round() * SCALE_STEP).clamp(*SCALES.start(), *SCALES.end());
    }

    fn has_chosen_several(&self) -> bool {
        let is_review = self.state.mode() == Mode::Review;
        is_review && self.state.recording().is_some_and(|recording| !recording.decisions.also.is_empty())
    }

    fn edit_keys(&mut self, edit: KeyEdit) {
        let asked = match self.state.sheet {
            Some(Sheet::Keys(change)) => change.map(|change| change.action),
            _ => return,
        };
        let keys = Arc::make_mut(&mut self.state.keys);
        let mut change = None;
        match edit {
            KeyEdit::Ask(action) => change = Some(KeyChange { action, offered: None }),
            KeyEdit::Offer(shortcut) => {
                if let Some(action) = asked {
                    match keys.holders(action, shortcut).is_empty() {
                        true => keys.give(action, shortcut),
                        false => change = Some(KeyChange { action, offered: Some(shortcut) }),
                    }
                }
            }
            KeyEdit::Give(action, shortcut) => keys.give(action, shortcut),
            KeyEdit::TakeAway(action) => keys.take_away(action),
            KeyEdit::Restore(action) => keys.restore(action),
            KeyEdit::RestoreAll => *keys = KeyMap::default(),
            KeyEdit::Leave => {}
        }
        self.state.sheet = Some(Sheet::Keys(change));
    }

    /// The log names recordings, and what Present shows is for a room.
    fn toggle_log(&mut self) {
        self.state.sheet = match (&self.state.sheet, &self.log) {
            _ if self.state.mode() == Mode::Present => return,
            (Some(Sheet::Log(_)), _) => None,
            (_, LogPlace::Nowhere(sentence)) => Some(Sheet::Log(LogView::Problem(sentence.clone()))),
            (_, LogPlace::File(path)) => {
                self.jobs.read_log(path.clone());
                Some(Sheet::Log(LogView::Reading))
            }
        };
    }

    fn receive_log(&mut self, read: Result<String, String>) {
        if let (Some(Sheet::Log(view)), LogPlace::File(path)) = (&mut self.state.sheet, &self.log) {
            *view = match read {
                Ok(text) => LogView::Lines { path: path.clone(), text },
                Err(sentence) => LogView::Problem(sentence),
            };
        }
    }

    /// The one way from one mode to another.
    pub(super) fn show_mode(&mut self, mode: Mode) {
        if mode == Mode::Present && self.state.mode() != Mode::Present {
            self.state.sheet.take_if(|sheet| matches!(sheet, Sheet::Log(_)));
            // Nothing is to be heard or seen before the warning has been answered.
            self.state.present = PresentState::default();
            self.with_player(Player::pause);
        }
        if mode == Mode::Evaluate {
            self.with_player(Player::pause);
        } else {
            self.evaluate.apply(EvaluateCommand::Hover(None));
        }
        self.state.set_mode(mode);
    }

    /// On a stand: at the end of a recording the next one that has results begins.
    fn go_round(&mut self) {
        let has_ended = self.state.player.as_ref().is_some_and(|player| player.at_end);
        let goes_round = self.state.present.is_stand && self.state.is_content_confirmed();
        if self.state.mode() != Mode::Present || !goes_round || !has_ended {
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
            Report::Sorted(destination, found) => self.receive_sorted(destination, found),
            Report::Chosen(paths) => self.jobs.sort(Destination::Review, paths),
            Report::ChosenRun(slot, folder) => self.jobs.sort(Destination::Slot(slot), vec![folder]),
            Report::ChosenManifest(manifest) => self.evaluate_manifest(manifest),
            Report::NoDialog(wanted) => self.state.sheet = Some(Sheet::Path { wanted, text: String::new() }),
            Report::Evaluation(event) => self.receive_evaluation(event),
            Report::Export(export, event) => self.evaluate.export_news(export, event),
            Report::Corrected(outcome) => self.receive_corrected(outcome),
            Report::ChosenReviewFolder(folder) => self.keep_review_in(folder),
            Report::Bundle(out, event) => self.receive_bundle(out, event),
            Report::Clip(event) => self.receive_clip(event),
            Report::Still(made) => self.receive_still(made),
            Report::Annotations(read) => self.receive_annotations(read),
            Report::Comparison(id, read) => self.receive_comparison(id, read),
            Report::Log(read) => self.receive_log(read),
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

    /// As it is to be seen: upright, with square pixels.
    fn picture_size(&self) -> Vec2 {
        let video = self.state.media().and_then(|media| media.info.video.as_ref());
        video.map_or(vec2(1.0, 1.0), super::video_texture::shown_size)
    }
}

/// Playing, stepping and jumping.
fn is_about_playhead(action: Action) -> bool {
    matches!(action.group(), ActionGroup::Playing | ActionGroup::Stepping | ActionGroup::Jumping)
}

/// Whether the user goes somewhere in the recording by themselves.
fn moves_playhead(command: &Command) -> bool {
    match command {
        Command::Seek(..)
        | Command::SeekFrame(_)
        | Command::StepFrames(_)
        | Command::GoToText(_)
        | Command::ChooseEvent(_) => true,
        Command::Act(Action::NextUnreviewed | Action::PreviousUnreviewed) => true,
        Command::Act(action) => is_about_playhead(*action),
        _ => false,
    }
}

/// By which everything grows or shrinks.
const SCALE_STEP: f32 = 0.1;

/// Asking for a screen that is not there does nothing.
const MOST_SCREENS: usize = 4;
