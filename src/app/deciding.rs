//! From keys and buttons to the document of a review, and back to the list.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::command::Action;
use super::decisions::{Decision, Decisions, TrailStage, edge_after, edge_at, second_from};
use super::state::{FileDigest, Recording, RecordingId, ScoreStatus};
use super::trail::{TrailNews, TrailPlace, TrailWriter};
use super::update::Desk;
use avar_analysis::AnalysisSettings;
use avar_analysis::record::Configuration;
use avar_labels::AnomalyClass;
use avar_media::OpenedMedia;
use avar_playback::Player;
use avar_review::layers::ListedEvent;
use avar_review::list::{Direction, unreviewed};
use avar_review::{Edge, Header, Media, Operation, OrdinalsOf, ScoredBy, Stretch, Target, beside};

/// A decision with what was on screen when it was made.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    decision: Decision,
    /// Before the frame on screen; `None` in a recording without a picture.
    here: Option<Edge>,
    in_to_out: Option<Stretch>,
}

/// A threshold that has not moved for so long is meant.
pub(super) const RULE_SETTLES_IN: Duration = Duration::from_millis(600);

impl Desk {
    /// Takes in what came of the decisions, and sends on what could not be sent before.
    pub(super) fn tick_decisions(&mut self, now: Instant) {
        self.open_trail();
        let ids: Vec<RecordingId> = self.trails.keys().copied().collect();
        for id in ids {
            while let Some(news) = self.trails.get_mut(&id).and_then(TrailWriter::poll) {
                self.receive_trail(id, news);
            }
        }
        if self.rule_moved_at.is_some_and(|moved| now.duration_since(moved) >= RULE_SETTLES_IN) {
            self.rule_moved_at = None;
            self.settle_rule();
        }
        self.send_wishes();
    }

    /// Whether a decision is still to be written.
    pub(super) fn is_deciding(&self) -> bool {
        !self.wishes.is_empty() || self.rule_moved_at.is_some() || self.trails.values().any(TrailWriter::is_busy)
    }

    /// Opens the document of the recording on screen once it is known which recording that is; a new one needs scores.
    fn open_trail(&mut self) {
        let Some(recording) = self.state.recording() else { return };
        let has_scores = matches!(recording.review.status, ScoreStatus::Done);
        let is_due = match recording.decisions.stage {
            TrailStage::Unopened => true,
            TrailStage::Absent => has_scores,
            TrailStage::Opening | TrailStage::Open | TrailStage::Failed(_) => false,
        };
        let (true, Some(media), FileDigest::Known(sha256)) = (is_due, recording.whole_media(), &recording.digest)
        else {
            return;
        };
        let (id, path) = (recording.id, document_of(recording, self.state.review_folder.as_deref()));
        let place = TrailPlace {
            header: if has_scores { self.header(recording, media, sha256) } else { None },
            path,
            recording: recording.path.clone(),
            sha256: sha256.clone(),
            frames: media.frames.as_ref().map(|frames| frames.len()),
            duration: media.info.range.duration(),
        };
        let stage = match TrailWriter::open(place, self.state.author.clone(), self.wake.clone()) {
            Ok(writer) => {
                self.trails.insert(id, writer);
                TrailStage::Opening
            }
            Err(error) => TrailStage::Failed(format!("the review cannot be opened ({error})")),
        };
        if let Some(recording) = self.state.find(id) {
            recording.decisions.stage = stage;
        }
    }

    fn header(&self, recording: &Recording, media: &OpenedMedia, sha256: &str) -> Option<Header> {
        let path = std::path::absolute(&recording.path).unwrap_or_else(|_| recording.path.clone());
        let (ordinals_of, frames) = match &media.frames {
            Some(frames) => (OrdinalsOf::Frames, frames.len()),
            None => (OrdinalsOf::Steps, recording.review.scores.as_ref()?.grid.len()),
        };
        let of_media = Media {
            path: String::new(),
            absolute_path: String::new(),
            sha256: sha256.to_owned(),
            ordinals_of,
            frames,
            duration: media.info.range.duration(),
        };
        let media = of_media.moved_to(&path, &beside(&path));
        Some(Header { media, scored_by: self.scored_by(recording)?, rule: self.state.hysteresis })
    }

    /// What the scores on screen come from.
    fn scored_by(&self, recording: &Recording) -> Option<ScoredBy> {
        let (account, scores) = (recording.review.analysis.as_ref()?, recording.review.scores.as_ref()?);
        let configuration = Configuration {
            network: self.state.network.preset.name(),
            device: self.state.network.device.name(),
            modalities: account.modalities,
            steps_per_second: scores.grid.steps_per_second(),
            window_steps: AnalysisSettings::default().window_steps,
            hysteresis: self.state.hysteresis,
            classes: AnomalyClass::ALL.iter().map(|class| class.name()).collect(),
        };
        let mut settings = serde_json::to_value(configuration).ok()?.as_object()?.clone();
        // The rule has a place of its own, and changes without the scores.
        settings.remove("hysteresis");
        Some(ScoredBy {
            program: avar_analysis::record::program(),
            weights_sha256: account.network.digest().to_owned(),
            decoder: recording.media()?.info.decoder.clone(),
            settings,
        })
    }

    fn receive_trail(&mut self, id: RecordingId, news: TrailNews) {
        let is_shown = self.state.recording().is_some_and(|recording| recording.id == id);
        let hysteresis = self.state.hysteresis;
        let Some(recording) = self.state.find(id) else { return };
        match news {
            TrailNews::View(view, notes) => {
                let rule = view.state.rule;
                let has_changed = recording.decisions.view.as_ref().is_none_or(|before| before.state.rule != rule);
                recording.decisions.stage = TrailStage::Open;
                recording.decisions.view = Some(view);
                recording.refresh(hysteresis);
                recording.compare_anew();
                self.state.notices.extend(notes);
                // A threshold that is being moved is newer than what is on the disk.
                if is_shown && has_changed && self.rule_moved_at.is_none() {
                    self.show_rule_of_trail();
                }
            }
            TrailNews::Absent => recording.decisions.stage = TrailStage::Absent,
            TrailNews::Refused(sentence) => {
                let has_file = recording.decisions.begun().is_some();
                let elsewhere = format!(
                    "{sentence} \"{}\" ({}) finds it another place.",
                    Action::PlaceReview.label(),
                    self.state.keys.key_text(Action::Palette)
                );
                self.state.notices.push(if has_file { sentence } else { elsewhere });
            }
            TrailNews::Failed(sentence) => {
                recording.decisions.stage = TrailStage::Failed(sentence.clone());
                self.state.notices.push(sentence);
            }
        }
        let is_over = |desk: &Self| {
            let recording = desk.state.queue.iter().find(|recording| recording.id == id);
            recording.is_none_or(|recording| !matches!(recording.decisions.stage, TrailStage::Open))
        };
        if is_over(self) {
            self.trails.remove(&id);
        }
    }

    /// Reviews that are not begun yet lie in this folder from now on, where they do not lie beside their recordings.
    pub(super) fn keep_review_in(&mut self, folder: PathBuf) {
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        self.state.review_folder = Some(folder.clone());
        let Some(place) = self.state.current else { return };
        let recording = &mut self.state.queue[place];
        if let Some(view) = recording.decisions.begun() {
            self.state
                .notices
                .push(format!("This review is begun already and stays where it is: {}", view.path.display()));
            return;
        }
        recording.document = beside(&recording.path).file_name().map(|name| folder.join(name));
        recording.decisions.stage = TrailStage::Unopened;
        recording.decisions.view = None;
        let id = recording.id;
        self.trails.remove(&id);
    }

    /// A review that has decisions has its own rule, by which they were made.
    pub(super) fn show_rule_of_trail(&mut self) {
        let begun = self.state.recording().and_then(|recording| recording.decisions.begun());
        let of_review = begun.map(|view| view.state.rule);
        let rule = of_review.unwrap_or(self.state.own_rule);
        if rule != self.state.hysteresis {
            self.state.hysteresis = rule;
            self.rule_moved_at = None;
            self.state.refresh_events();
        }
    }

    /// The rule on screen becomes that of the review.
    fn settle_rule(&mut self) {
        let rule = self.state.hysteresis;
        let Some(recording) = self.state.recording() else { return };
        let has_other = recording.decisions.view.as_ref().is_some_and(|view| view.state.rule != rule);
        if has_other && recording.decisions.is_writable() {
            self.decide(Decision::SetRule(rule));
        }
    }

    pub(super) fn decide(&mut self, decision: Decision) {
        let Some(recording) = self.state.recording() else { return };
        if let Some(sentence) = why_not(recording, &decision) {
            self.state.notices.push(sentence);
            return;
        }
        let media = recording.media();
        let position = self.player.as_ref().map(Player::position);
        let at = |time| media.and_then(|media| edge_at(media, time));
        let here = position.and_then(at);
        let transport = self.state.transport;
        let in_to_out = transport.in_point.zip(transport.out_point);
        let in_to_out = in_to_out.and_then(|(start, end)| Some(Stretch { start: at(start)?, end: at(end)? }));
        let in_to_out = in_to_out.filter(|stretch| stretch.frames() > 0);
        self.wishes.push_back((recording.id, Wish { decision, here, in_to_out }));
        self.send_wishes();
    }

    /// One after another: what is decided next is decided on what came of the last.
    fn send_wishes(&mut self) {
        while let Some((id, _)) = self.wishes.front() {
            let id = *id;
            match self.trails.get(&id) {
                Some(writer) if writer.is_busy() => return,
                Some(_) => {}
                None => {
                    self.wishes.pop_front();
                    continue;
                }
            }
            let Some((_, wish)) = self.wishes.pop_front() else { return };
            let rule = self.state.hysteresis;
            let is_shown = self.state.recording().is_some_and(|recording| recording.id == id);
            let Some(place) = self.state.queue.iter().position(|recording| recording.id == id) else { continue };
            let recording = &self.state.queue[place];
            let scored_by = self.scored_by(recording);
            match operation(recording, &wish) {
                Ok(operation) => {
                    let Some(view) = &recording.decisions.view else { continue };
                    let changes_rule =
                        matches!(operation, Operation::SetRule { .. } | Operation::Undo | Operation::Redo);
                    let rule = (is_shown && !changes_rule && view.state.rule != rule).then_some(rule);
                    let scored_by = scored_by.filter(|scored_by| *scored_by != view.state.scored_by);
                    let Some(writer) = self.trails.get_mut(&id) else { continue };
                    // A decision is made by the scores and the rule on screen, and the trail has to say which.
                    let scored_by = scored_by.map(|scored_by| Operation::Rescore { scored_by });
                    let rule = rule.map(|rule| Operation::SetRule { rule });
                    [scored_by, rule, Some(operation)].into_iter().flatten().for_each(|next| writer.ask(next));
                }
                Err(sentence) => self.state.notices.push(sentence.to_owned()),
            }
        }
    }

    /// Chooses an event of the recording on screen, and goes to its first frame.
    pub(super) fn choose_event(&mut self, place: usize) {
        let Some(current) = self.state.current else { return };
        let decisions = &mut self.state.queue[current].decisions;
        let Some(start) = decisions.listed.get(place).map(|event| event.stretch.start) else { return };
        decisions.choose(place);
        self.seek_edge(start);
    }

    /// Chooses an event as well, or no longer, and stays where it is.
    pub(super) fn choose_also(&mut self, place: usize) {
        if let Some(decisions) = self.current_decisions()
            && place < decisions.listed.len()
        {
            decisions.toggle(place);
        }
    }

    /// Chooses all events of the list from the chosen one to this one, as they are shown.
    pub(super) fn choose_up_to(&mut self, place: usize) {
        let shown = self.shown_events();
        let Some(decisions) = self.current_decisions() else { return };
        let row_of = |place: usize| shown.iter().position(|shown| *shown == place);
        if let Some(to) = row_of(place) {
            let from = decisions.chosen.and_then(row_of).unwrap_or(to);
            decisions.choose_all(&shown[from.min(to)..=from.max(to)]);
        }
    }

    /// Chooses all events that the filter shows.
    pub(super) fn choose_all(&mut self) {
        let shown = self.shown_events();
        if let Some(decisions) = self.current_decisions() {
            decisions.choose_all(&shown);
        }
    }

    /// Places in the list of events, as they are shown.
    fn shown_events(&self) -> Vec<usize> {
        let shown = |recording: &Recording| self.state.view.list.shown(&recording.decisions.listed);
        self.state.recording().map(shown).unwrap_or_default()
    }

    pub(super) fn current_decisions(&mut self) -> Option<&mut Decisions> {
        let current = self.state.current?;
        self.state.queue.get_mut(current).map(|recording| &mut recording.decisions)
    }

    /// Up and Down: the neighbour of the chosen event while the playhead is in it, else of the playhead.
    pub(super) fn choose_neighbour(&mut self, is_forward: bool) {
        let (Some(position), Some(recording)) = (self.position(), self.state.recording()) else { return };
        let decisions = &recording.decisions;
        let is_in = |event: &ListedEvent| {
            let times = event.stretch.times();
            (times.start..times.end).contains(&position)
        };
        let chosen = decisions.chosen.filter(|place| is_in(&decisions.listed[*place]));
        let starts = || decisions.listed.iter().map(|event| event.stretch.start.time);
        let place = match (chosen, is_forward) {
            (Some(chosen), true) => (chosen + 1 < decisions.listed.len()).then_some(chosen + 1),
            (Some(chosen), false) if decisions.listed[chosen].stretch.start.time < position => Some(chosen),
            (Some(chosen), false) => chosen.checked_sub(1),
            (None, true) => starts().position(|start| start >= position),
            (None, false) => starts().rposition(|start| start < position),
        };
        if let Some(place) = place {
            self.choose_event(place);
        }
    }

    pub(super) fn choose_unreviewed(&mut self, direction: Direction) {
        let Some(recording) = self.state.recording() else { return };
        let decisions = &recording.decisions;
        match unreviewed(&decisions.listed, decisions.chosen, direction) {
            Some(place) => self.choose_event(place),
            None if decisions.listed.is_empty() => {}
            None => self.state.notices.push(format!("All is reviewed: {}.", decisions.count())),
        }
    }

    fn seek_edge(&mut self, edge: Edge) {
        let has_picture = self.state.media().is_some_and(|media| media.frames.is_some());
        match has_picture {
            true => self.seek_frame(edge.frame),
            false => self.seek_in(|range| range.clamp(edge.time)),
        }
    }
}

/// Where the review of a recording is, or will be: where it was opened from, beside the recording, or in the folder for
/// reviews of recordings whose own cannot be written.
pub(super) fn document_of(recording: &Recording, folder: Option<&Path>) -> PathBuf {
    let beside = beside(&recording.path);
    let elsewhere = || folder.zip(beside.file_name()).map(|(folder, name)| folder.join(name));
    match &recording.document {
        Some(document) => document.clone(),
        None if beside.exists() => beside,
        None => elsewhere().filter(|path| path.exists()).unwrap_or(beside),
    }
}

/// Why nothing can be decided on a recording now, in a sentence.
pub(crate) fn obstacle(recording: &Recording) -> Option<String> {
    let decisions = &recording.decisions;
    match (&decisions.stage, &decisions.view, &recording.digest, &recording.review.status) {
        (TrailStage::Failed(sentence), ..) => Some(sentence.clone()),
        (_, Some(view), ..) => view.read_only.as_ref().map(|reason| format!("Nothing can be decided here: {reason}.")),
        (_, None, FileDigest::Failed, _) => {
            Some("Nothing can be decided: the file could not be read to its end.".to_owned())
        }
        (_, None, _, ScoreStatus::Done) => Some("The review is being opened; decide in a moment.".to_owned()),
        (_, None, ..) => Some("A recording can be reviewed once it is analysed to its end.".to_owned()),
    }
}

/// Why this decision cannot be made now.
fn why_not(recording: &Recording, decision: &Decision) -> Option<String> {
    let lacks_event = decision.needs_event() && recording.decisions.chosen.is_none();
    let no_event = || "Choose an event first, in the list or on the lane Decided.".to_owned();
    obstacle(recording).or_else(|| lacks_event.then(no_event))
}

/// What a decision is in the words of the document.
fn operation(recording: &Recording, wish: &Wish) -> Result<Operation, &'static str> {
    const NO_EVENT: &str = "The event is no longer there; choose it anew from the list.";
    const NO_PICTURE: &str = "This recording has no picture, and edges are frames.";
    let decisions = &recording.decisions;
    let target = || decisions.chosen().map(|event| event.target.clone()).ok_or(NO_EVENT);
    let targets = || {
        let all: Vec<Target> = decisions.all_chosen().map(|event| event.target.clone()).collect();
        (!all.is_empty()).then_some(all).ok_or(NO_EVENT)
    };
    let here = || wish.here.ok_or(NO_PICTURE);
    let media = recording.media().ok_or(NO_PICTURE)?;
    let after = |edge: Edge| edge_after(media, edge).ok_or(NO_PICTURE);
    Ok(match &wish.decision {
        Decision::Judge(verdict) => Operation::Judge { on: targets()?, verdict: *verdict },
        Decision::SetClass(class) => Operation::SetClass { on: targets()?, class: *class },
        Decision::TrimStart => Operation::TrimStart { on: target()?, to: here()? },
        Decision::TrimEnd => Operation::TrimEnd { on: target()?, to: after(here()?)? },
        Decision::MoveEdge { is_start: true, to } => Operation::TrimStart { on: target()?, to: *to },
        Decision::MoveEdge { is_start: false, to } => Operation::TrimEnd { on: target()?, to: *to },
        Decision::Move(to) => Operation::Move { on: target()?, to: *to },
        Decision::Split => Operation::Split { on: target()?, at: here()? },
        Decision::Merge if !decisions.also.is_empty() => Operation::Merge { on: targets()? },
        Decision::Merge => Operation::Merge { on: with_next(decisions.chosen, &decisions.listed)? },
        Decision::Delete => Operation::Delete { on: targets()? },
        Decision::Note(text) => Operation::Note { on: target()?, text: text.clone() },
        Decision::NoteHere(text) => Operation::NoteAt { at: here()?, text: text.clone() },
        Decision::Add => {
            let stretch = match wish.in_to_out {
                Some(stretch) => stretch,
                None => second_from(media, here()?).ok_or(NO_PICTURE)?,
            };
            Operation::Add { class: class_within(recording, stretch), stretch }
        }
        Decision::SetRule(rule) => Operation::SetRule { rule: *rule },
        Decision::Undo => Operation::Undo,
        Decision::Redo => Operation::Redo,
    })
}

fn with_next(chosen: Option<usize>, events: &[ListedEvent]) -> Result<Vec<Target>, &'static str> {
    let pair = chosen.and_then(|chosen| events.get(chosen..chosen + 2));
    let pair = pair.ok_or("There is no event after this one to merge it with.")?;
    Ok(pair.iter().map(|event| event.target.clone()).collect())
}

/// What an added event is called at first: the anomaly that the scores say most of there.
fn class_within(recording: &Recording, stretch: Stretch) -> AnomalyClass {
    let mut sums = avar_labels::ClassScores::<f64>::default();
    let steps = recording.review.scores.iter().flat_map(|scores| &scores.steps);
    let times = stretch.times();
    steps.filter(|step| (times.start..times.end).contains(&step.start)).for_each(|step| sums += step.class_scores);
    sums.top_anomaly()
}
