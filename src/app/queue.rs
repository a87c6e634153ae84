//! The queue of recordings: which is on screen, what is due of each, and what the jobs say of them.

use std::path::PathBuf;

use super::comparison::{Compared, Comparison};
use super::deciding::document_of;
use super::jobs::{Destination, Found, Opened, PathKind, Sorted};
use super::state::{FileDigest, Mode, OpeningStage, QueueOrder, Recording, RecordingId, ScoreStatus, Waveform};
use super::update::Desk;
use avar_analysis::{Account, AnalysisPartial, StepScores};
use avar_base::job::JobEvent;
use avar_base::time::{FrameIndex, MediaTime};
use avar_media::OpenedMedia;
use avar_review::beside;

impl Desk {
    /// Shows a moment of a recording, once it is open.
    pub(super) fn show_moment(&mut self, file: PathBuf, time: MediaTime) {
        self.open_recordings(vec![file]);
        self.return_to = self.state.recording().map(|recording| (recording.id, time));
        self.return_to_moment();
    }

    /// What has been found at the paths that were to be opened.
    pub(super) fn receive_sorted(&mut self, destination: Destination, found: Found) {
        let Found { paths: found, notes } = found;
        self.state.notices.extend(notes);
        match destination {
            Destination::Slot(slot) => self.open_in_evaluate(Some(slot), found),
            Destination::Evaluate => self.open_in_evaluate(None, found),
            Destination::Review => {
                let is_evaluated = |found: &Sorted| matches!(found.kind, PathKind::Run | PathKind::Manifest { .. });
                let (evaluated, recordings): (Vec<_>, Vec<_>) = found.into_iter().partition(is_evaluated);
                if !evaluated.is_empty() {
                    self.show_mode(Mode::Evaluate);
                    self.open_in_evaluate(None, evaluated);
                }
                let mut opened = Vec::new();
                for Sorted { path, kind } in recordings {
                    match kind {
                        PathKind::Annotations { .. } => self.to_compare = Some(path),
                        PathKind::Review { recording } => opened.extend(self.recording_of_review(path, recording)),
                        PathKind::Run | PathKind::Manifest { .. } | PathKind::File { .. } | PathKind::Other => {
                            opened.push(path);
                        }
                    }
                }
                self.open_recordings(opened);
            }
        }
    }

    /// A review is of the recording on screen, and then compared with what is decided here, or opens its own.
    fn recording_of_review(&mut self, review: PathBuf, recording: Option<PathBuf>) -> Option<PathBuf> {
        let shown = self.state.recording();
        if shown.is_some_and(|shown| {
            recording.as_ref().is_none_or(|path| *path == shown.path) && document_of(shown, None) != review
        }) {
            self.to_compare = Some(review);
            return None;
        }
        let Some(recording) = recording else {
            let sentence =
                "The recording of this review is not where it was; open the recording first, then the review";
            self.state.notices.push(format!("{sentence}: {}", review.display()));
            return None;
        };
        self.documents.insert(recording.clone(), review);
        Some(recording)
    }

    /// Has what the recording on screen is to be compared with read, once that is open to its end.
    pub(super) fn tick_comparison(&mut self) {
        let Some(path) = self.to_compare.clone() else { return };
        let failed = |recording: &Recording| {
            matches!(recording.stage, OpeningStage::Failed(_)) || recording.digest == FileDigest::Failed
        };
        let Some(recording) = self.state.recording().filter(|recording| !failed(recording)) else {
            self.to_compare = None;
            let sentence = "Annotations are shown beside the events of a recording; open it first";
            self.state.notices.push(format!("{sentence}: {}", path.display()));
            return;
        };
        if let (Some(media), FileDigest::Known(sha256)) = (recording.whole_media(), &recording.digest) {
            let with = Compared { path: recording.path.clone(), media: media.clone(), sha256: sha256.clone() };
            self.jobs.compare(recording.id, path, with);
            self.to_compare = None;
        }
    }

    pub(super) fn receive_comparison(&mut self, id: RecordingId, read: Result<Box<Comparison>, String>) {
        let Some(recording) = self.state.find(id) else { return };
        match read {
            Ok(comparison) => {
                let mut comparison = *comparison;
                comparison.refresh(&recording.decisions, recording.review.scores.as_ref());
                recording.comparison = Some(comparison);
            }
            Err(sentence) => self.state.notices.push(sentence),
        }
    }

    /// Puts recordings into the queue and shows the first of them.
    fn open_recordings(&mut self, paths: Vec<PathBuf>) {
        let Some(first) = paths.first().cloned() else { return };
        for path in paths {
            if self.state.queue.iter().all(|recording| recording.path != path) {
                let id = RecordingId(self.next_id);
                self.next_id += 1;
                let document = self.documents.remove(&path).filter(|document| *document != beside(&path));
                self.state.queue.push(Recording { document, ..Recording::new(id, path) });
            }
        }
        self.state.path_text.clear();
        if let Some(place) = self.state.queue.iter().position(|recording| recording.path == first) {
            // Opening a file that failed before means: try again.
            if matches!(self.state.queue[place].stage, OpeningStage::Failed(_)) {
                self.state.queue[place].stage = OpeningStage::Waiting;
            }
            self.show(place);
        }
    }

    /// Opens the recording on screen again, with another track of sound, and stays where it is.
    pub(super) fn choose_sound_track(&mut self, track: usize) {
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
        self.trails.remove(&recording.id);
        *recording = Recording {
            audio_track: Some(track),
            digest,
            document: recording.document.take(),
            ..Recording::new(recording.id, recording.path.clone())
        };
        self.return_to = position.map(|position| (recording.id, position));
        self.player = None;
    }

    pub(super) fn show(&mut self, place: usize) {
        if place < self.state.queue.len() && self.state.current != Some(place) {
            self.state.current = Some(place);
            self.start_player();
            self.show_rule_of_trail();
        }
    }

    pub(super) fn remove(&mut self, place: usize) {
        if place >= self.state.queue.len() {
            return;
        }
        let recording = self.state.queue.remove(place);
        self.jobs.forget(recording.id);
        self.trails.remove(&recording.id);
        let current = self.state.current.unwrap_or(0);
        let is_shown = current == place;
        let next = if current > place { current - 1 } else { current };
        self.state.current = self.state.queue.len().checked_sub(1).map(|last| next.min(last));
        if is_shown {
            self.start_player();
        }
    }

    /// The recording on screen changes places with its neighbour; analyses follow the order.
    pub(super) fn move_in_queue(&mut self, is_down: bool) {
        let Some(current) = self.state.current else { return };
        let to = if is_down { current + 1 } else { current.wrapping_sub(1) };
        if to < self.state.queue.len() {
            self.state.queue.swap(current, to);
            self.state.current = Some(to);
        }
    }

    /// What is on screen stays there.
    pub(super) fn sort_queue(&mut self, order: QueueOrder) {
        let shown = self.state.recording().map(|recording| recording.id);
        let queue = &mut self.state.queue;
        let unreviewed = |recording: &Recording| {
            let count = recording.decisions.count();
            count.all - count.reviewed
        };
        let peak = |recording: &Recording| recording.peak().unwrap_or(-1.0);
        match order {
            QueueOrder::Added => queue.sort_by_key(|recording| recording.id.0),
            QueueOrder::Peak => queue.sort_by(|a, b| peak(b).total_cmp(&peak(a))),
            QueueOrder::Unreviewed => queue.sort_by_key(|recording| std::cmp::Reverse(unreviewed(recording))),
        }
        self.state.current = shown.and_then(|shown| queue.iter().position(|recording| recording.id == shown));
    }

    pub(super) fn show_neighbour(&mut self, offset: i64) {
        if let Some(current) = self.state.current {
            let place = FrameIndex(current).offset_within(offset, self.state.queue.len()).0;
            self.show(place);
        }
    }

    pub(super) fn receive_opening(&mut self, id: RecordingId, event: JobEvent<OpenedMedia, Opened>) {
        let Some(recording) = self.state.find(id) else { return };
        match event {
            JobEvent::Progress(progress) if recording.media().is_some() => recording.indexing = Some(progress),
            JobEvent::Progress(progress) => recording.stage = OpeningStage::Opening(Some(progress)),
            JobEvent::Partial(media) => self.take_in(id, media),
            JobEvent::Done((media, report)) => {
                recording.indexing = None;
                recording.ingest = Some(*report);
                self.take_in(id, media);
            }
            JobEvent::Failed(sentence) => {
                recording.indexing = None;
                recording.stage = OpeningStage::Failed(sentence);
            }
            JobEvent::Cancelled => recording.stage = OpeningStage::Waiting,
        }
    }

    /// A file that has been opened, or indexed further.
    fn take_in(&mut self, id: RecordingId, media: OpenedMedia) {
        let is_shown = self.state.recording().is_some_and(|recording| recording.id == id);
        let Some(recording) = self.state.find(id) else { return };
        let before = recording.media().and_then(|media| media.frames.clone());
        let (info, frames) = (media.info.clone(), media.frames.clone());
        // Where the clock of a joined file starts again is found on the way: what was read of the sound is out of place.
        let keeps_clock = recording.media().is_none_or(|before| before.has_audio_clock_of(&media));
        if !keeps_clock {
            recording.waveform = Waveform::Unknown;
            self.jobs.forget_waveform(id);
        }
        recording.stage = OpeningStage::Ready(media);
        if !is_shown {
            return;
        }
        match (&mut self.player, before, frames) {
            (Some(player), Some(before), Some(frames)) if keeps_clock && before.is_continued_by(&frames) => {
                player.extend(&info, frames);
                self.return_to_moment();
            }
            _ => self.start_player(),
        }
    }

    pub(super) fn receive_analysis(&mut self, id: RecordingId, event: JobEvent<AnalysisPartial, Account>) {
        let hysteresis = self.state.hysteresis;
        let has_ended = !matches!(event, JobEvent::Progress(_) | JobEvent::Partial(_));
        let gives_way = has_ended && self.giving_way.take_if(|giving| *giving == id).is_some();
        let Some(recording) = self.state.find(id) else { return };
        let review = &mut recording.review;
        match event {
            JobEvent::Progress(progress) => review.status = ScoreStatus::Running(Some(progress)),
            JobEvent::Partial(AnalysisPartial::Started { grid, modalities, network, .. }) => {
                let none_yet = Some(StepScores { grid, modalities, steps: Vec::new() });
                if review.scores.as_ref().is_some_and(StepScores::is_complete) {
                    review.coming = none_yet;
                } else {
                    review.scores = none_yet;
                    review.network = Some(network);
                }
            }
            JobEvent::Partial(AnalysisPartial::Steps(steps)) => match (&mut review.coming, &mut review.scores) {
                (Some(coming), _) => coming.steps.extend(steps),
                (None, Some(scores)) => {
                    scores.steps.extend(steps);
                    recording.refresh(hysteresis);
                }
                (None, None) => {}
            },
            JobEvent::Done(account) => {
                review.scores = review.coming.take().or(review.scores.take());
                review.network = Some(account.network.clone());
                review.analysis = Some(account);
                review.status = ScoreStatus::Done;
                recording.refresh(hysteresis);
            }
            JobEvent::Failed(sentence) => {
                review.coming = None;
                review.status = ScoreStatus::Failed(sentence);
            }
            JobEvent::Cancelled => {
                review.coming = None;
                review.status = if gives_way { ScoreStatus::Queued } else { ScoreStatus::Cancelled };
            }
        }
    }

    /// Starts what is due: files are opened one after another and analysed one at a time, the one on screen first.
    pub(super) fn schedule(&mut self) {
        if !self.jobs.is_opening()
            && let Some(place) = self.first_due(|recording| matches!(recording.stage, OpeningStage::Waiting))
        {
            let recording = &mut self.state.queue[place];
            recording.stage = OpeningStage::Opening(None);
            self.jobs.open(recording.id, recording.path.clone(), recording.audio_track);
        }
        if !self.jobs.is_digesting()
            && let Some(place) = self.first_due(Recording::awaits_digest)
        {
            let recording = &mut self.state.queue[place];
            recording.digest = FileDigest::Running;
            self.jobs.digest(recording.id, recording.path.clone());
        }
        self.give_way_if_due();
        // Presenting shows what is there already. A waveform comes first: on a recording of many hours every reader
        // holds its own index of the file.
        if !self.jobs.is_analysing()
            && !self.jobs.is_reading_waveform()
            && self.state.mode() != Mode::Present
            && !self.state.is_paused
            && let Some(place) = self.first_due(Recording::awaits_analysis)
        {
            let network = self.state.network.clone();
            let recording = &mut self.state.queue[place];
            if let OpeningStage::Ready(media) = &recording.stage {
                recording.review.status = ScoreStatus::Running(None);
                // One that was cancelled goes on; one that was done is wanted anew.
                let afresh = recording.review.analysis.is_some();
                self.jobs.analyse(recording.id, media.clone(), network, afresh);
            }
        }
    }

    /// Has the analysis that runs give way, if its scores are kept, to a pause, or to the recording on screen where that
    /// waits for its own.
    fn give_way_if_due(&mut self) {
        let Some(analysing) = self.jobs.analysing_resumably() else { return };
        let waits = |recording: &&Recording| recording.id != analysing && recording.awaits_analysis();
        let is_on_screen = self.state.mode() != Mode::Present && self.state.recording().filter(waits).is_some();
        if (is_on_screen || self.state.is_paused) && self.giving_way != Some(analysing) {
            self.giving_way = Some(analysing);
            self.jobs.cancel_analysis();
        }
    }

    /// The place of the recording on screen if it is due, else of the first in the queue that is.
    fn first_due(&self, is_due: impl Fn(&Recording) -> bool) -> Option<usize> {
        let mut places = self.state.current.into_iter().chain(0..self.state.queue.len());
        places.find(|place| is_due(&self.state.queue[*place]))
    }

    pub(super) fn analyse_again(&mut self) {
        let Some(place) = self.state.current else { return };
        let recording = &mut self.state.queue[place];
        match (&recording.stage, &recording.review.status) {
            (OpeningStage::Failed(_), _) => recording.stage = OpeningStage::Waiting,
            (_, ScoreStatus::Running(_)) => {}
            _ => recording.review.status = ScoreStatus::Queued,
        }
    }

    /// Of the recording on screen and of all that wait for their turn; what has been computed is kept.
    pub(super) fn cancel_analyses(&mut self) {
        self.giving_way = None;
        self.jobs.cancel_analysis();
        for recording in &mut self.state.queue {
            if recording.awaits_analysis() {
                recording.review.status = ScoreStatus::Cancelled;
            }
        }
    }

    /// Takes back [`Desk::cancel_analyses`].
    pub(super) fn analyse_cancelled(&mut self) {
        for recording in &mut self.state.queue {
            if matches!(recording.review.status, ScoreStatus::Cancelled) {
                recording.review.status = ScoreStatus::Queued;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::DeskOptions;
    use crate::command::Command;
    use avar_base::job::{CancelToken, no_wake};
    use avar_playback::{AudioOutput, Player, PlayerOptions};

    #[test]
    fn a_moment_beyond_what_is_indexed_is_gone_to_once_the_index_reaches_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clip.mp4");
        avar_testing::write_clip(&path, 3, true);
        let whole = avar_media::open(&path, &CancelToken::default(), |_| {}).unwrap();
        let frames = whole.frames.as_ref().unwrap();
        let part = |count| {
            let frames = Some(Arc::new(frames.as_ref().clone().first_part(count)));
            OpenedMedia { frames, ..whole.clone() }
        };
        let player = PlayerOptions { output: AudioOutput::Silent, ..PlayerOptions::default() };
        let mut desk = Desk::new(DeskOptions { player, ..DeskOptions::default() }, no_wake());
        let (id, moment) = (RecordingId(7), MediaTime::from_seconds(2.4));
        desk.state.queue.push(Recording::new(id, path.clone()));
        desk.state.current = Some(0);
        desk.return_to = Some((id, moment));
        let position = |desk: &Desk| desk.player.as_ref().map(Player::position);
        desk.take_in(id, part(25));
        assert_eq!(position(&desk), Some(whole.info.range.start));
        desk.take_in(id, part(50));
        assert_eq!(position(&desk), Some(whole.info.range.start));
        desk.take_in(id, whole.clone());
        assert_eq!(position(&desk), Some(moment));
        desk.return_to = Some((id, moment));
        desk.apply(Command::GoToText("10".to_owned()));
        assert_eq!(desk.return_to, None, "who goes elsewhere is taken back");
    }

    #[test]
    fn an_analysis_that_ended_before_it_could_give_way_is_cancelled_like_any_other_the_next_time() {
        let mut desk = Desk::new(DeskOptions::default(), no_wake());
        let id = RecordingId(7);
        desk.state.queue.push(Recording::new(id, PathBuf::from("clip.mp4")));
        let status = |desk: &Desk| desk.state.queue[0].review.status.clone();
        desk.giving_way = Some(id);
        desk.receive_analysis(id, JobEvent::Cancelled);
        assert!(matches!(status(&desk), ScoreStatus::Queued), "{:?}", status(&desk));
        desk.giving_way = Some(id);
        desk.receive_analysis(id, JobEvent::Failed("no".to_owned()));
        desk.receive_analysis(id, JobEvent::Cancelled);
        assert!(matches!(status(&desk), ScoreStatus::Cancelled), "{:?}", status(&desk));
    }
}
