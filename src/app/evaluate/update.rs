//! The one place where the state changes: commands from the user, news from the jobs.

use std::path::PathBuf;

use super::Evaluate;
use super::command::{EvaluateAction, EvaluateCommand, Request};
use super::jobs::{ReadRun, Report};
use super::pictures::PictureRequest;
use super::state::{Cells, Comparison, Gallery, OpenRun, RunNotes, RunSlot, Saving, Slot};
use avar_base::job::JobEvent;
use avar_export::{Export, ExportSettings};
use avar_labels::AnomalyClass;
use avar_metrics::alarms::LEVELS;
use avar_metrics::inspection::notes::{self, tags_of};
use avar_metrics::inspection::selection::Outcome;

impl Evaluate {
    pub fn apply(&mut self, command: EvaluateCommand) {
        let state = &mut self.state;
        match command {
            EvaluateCommand::Act(action) => self.act(action),
            EvaluateCommand::OpenRun(slot, folder) => self.open_run(slot, folder),
            EvaluateCommand::CloseRun(slot) => self.close_run(slot),
            EvaluateCommand::SwapRuns => self.swap_runs(),
            EvaluateCommand::EditPath(text) => state.path_text = text,
            EvaluateCommand::SetFilter(filter) => {
                state.filter = filter;
                self.select_again();
            }
            EvaluateCommand::SetLevel(level) => {
                state.level = level.min(LEVELS - 1);
                state.is_by_threshold = true;
                self.decide();
            }
            EvaluateCommand::DecideByTopClass(is_top_class) => {
                state.is_by_threshold = !is_top_class;
                self.decide();
            }
            EvaluateCommand::SetUnit(unit) => state.unit = unit,
            EvaluateCommand::SetCells(cells) => state.cells = cells,
            EvaluateCommand::ShowTable(table) => state.table = table,
            EvaluateCommand::ShowCurves(curves) => state.curves = curves,
            EvaluateCommand::ShowGallery(gallery) => self.show_gallery(gallery),
            EvaluateCommand::Select(place) => self.select_clip(place),
            EvaluateCommand::Hover(place) => self.hover(place),
            EvaluateCommand::SetPlayhead(time_s) => self.set_playhead(time_s),
            EvaluateCommand::SetNote(place, note) => self.change_remark(place, |remark| remark.note = note),
            EvaluateCommand::SetTags(place, tags) => self.change_remark(place, |remark| remark.tags = tags_of(&tags)),
            EvaluateCommand::Correct(place, class) => {
                let truth = state.clip(place).map(|clip| clip.truth);
                self.change_remark(place, |remark| remark.corrected = class.filter(|class| Some(*class) != truth));
            }
            EvaluateCommand::WriteCorrections => self.write_corrections(),
            EvaluateCommand::Review(place) => {
                self.select_clip(place);
                self.act(EvaluateAction::Review);
            }
            EvaluateCommand::WantPictures(places) => self.want_pictures(&places),
            EvaluateCommand::DismissNotice(place) if place < state.notices.len() => {
                state.notices.remove(place);
            }
            EvaluateCommand::DismissNotice(_) => {}
            EvaluateCommand::SaveExport(export) => self.save_export(export),
            EvaluateCommand::ForgetSaved => self.state.saving = Saving::Nothing,
            EvaluateCommand::Ask(request) => self.requests.push(request),
        }
    }

    fn act(&mut self, action: EvaluateAction) {
        let (level, is_by_threshold) = (self.state.level, self.state.is_by_threshold);
        match action {
            EvaluateAction::OpenFirst => self.requests.push(Request::ChooseRun(Slot::A)),
            EvaluateAction::OpenSecond => self.requests.push(Request::ChooseRun(Slot::B)),
            EvaluateAction::ThresholdUp => self.apply(EvaluateCommand::SetLevel(level + LEVEL_STEP)),
            EvaluateAction::ThresholdDown => self.apply(EvaluateCommand::SetLevel(level.saturating_sub(LEVEL_STEP))),
            EvaluateAction::TopClass => self.apply(EvaluateCommand::DecideByTopClass(is_by_threshold)),
            EvaluateAction::NextCells => self.state.cells = neighbour(&Cells::ALL, self.state.cells, 1),
            EvaluateAction::PreviousGallery => {
                self.show_gallery(neighbour(&self.state.galleries(), self.state.gallery, -1))
            }
            EvaluateAction::NextGallery => self.show_gallery(neighbour(&self.state.galleries(), self.state.gallery, 1)),
            EvaluateAction::PreviousClip => self.select_neighbour(-1),
            EvaluateAction::NextClip => self.select_neighbour(1),
            EvaluateAction::StepBack => self.step(-1.0),
            EvaluateAction::StepOn => self.step(1.0),
            EvaluateAction::Review => {
                let (Some(place), Some(run)) = (self.state.selected, self.state.open(Slot::A)) else { return };
                let (file, time_s) = (run.index.run.clips[place].facts.file.clone(), self.state.playhead_s);
                // What played on the card would go on unseen.
                self.hover(None);
                self.requests.push(Request::Review { file, time_s });
            }
            EvaluateAction::SaveReport => self.save_export(Export::Report),
            EvaluateAction::Back if matches!(self.state.gallery, Gallery::Cell(..)) => {
                self.show_gallery(Gallery::default())
            }
            EvaluateAction::Back => {}
        }
    }

    pub(super) fn receive(&mut self, report: Report) {
        match report {
            Report::Problem(sentence) => self.state.notices.push(sentence),
            Report::Reading(slot, event) => self.receive_reading(slot, event),
            Report::Selecting(slot, event) => {
                let RunSlot::Open(run) = &mut self.state.slots[slot as usize] else { return };
                run.is_selecting = false;
                match event {
                    JobEvent::Done(selection) => run.selection = Some(selection),
                    JobEvent::Failed(sentence) => self.state.notices.push(sentence),
                    JobEvent::Progress(_) | JobEvent::Partial(()) | JobEvent::Cancelled => return,
                }
                self.refresh_order();
                self.decide();
            }
            Report::Pairing(event) => {
                match event {
                    JobEvent::Done(paired) => self.state.comparison.paired = Some(paired),
                    JobEvent::Failed(sentence) => self.state.notices.push(sentence),
                    JobEvent::Progress(_) | JobEvent::Partial(()) | JobEvent::Cancelled => return,
                }
                self.is_comparison_due = true;
                self.refresh_order();
                self.refresh_list();
            }
            Report::Comparing(event) => {
                self.state.comparison.is_working = false;
                match event {
                    JobEvent::Done(differences) => self.state.comparison.differences = Some(differences),
                    JobEvent::Failed(sentence) => self.state.notices.push(sentence),
                    JobEvent::Progress(_) | JobEvent::Partial(()) | JobEvent::Cancelled => {}
                }
            }
            Report::Saving(event) => {
                let saved = self.being_saved.take();
                if let JobEvent::Failed(sentence) = event {
                    self.state.notices.push(sentence);
                    self.refused.extend(saved);
                }
            }
        }
    }

    fn receive_reading(&mut self, slot: Slot, event: JobEvent<(), ReadRun>) {
        let place = &mut self.state.slots[slot as usize];
        let Some(folder) = place.folder().map(PathBuf::from) else { return };
        match event {
            JobEvent::Progress(progress) => *place = RunSlot::Reading { folder, progress: Some(progress) },
            JobEvent::Failed(sentence) => *place = RunSlot::Failed { folder, sentence },
            JobEvent::Cancelled | JobEvent::Partial(()) => {}
            JobEvent::Done(ReadRun { index, notes }) => {
                let notes = match notes {
                    Ok(notes) => RunNotes { notes, ..RunNotes::default() },
                    Err(sentence) => RunNotes { problem: Some(sentence), ..RunNotes::default() },
                };
                *place = RunSlot::Open(Box::new(OpenRun::new(index, notes)));
                self.select_again();
                self.pair_again();
            }
        }
    }

    /// Starts what is due. While something is dragged, selection and comparison are those of a moment ago: one thread
    /// for each is enough.
    pub(super) fn schedule(&mut self) {
        for slot in Slot::BOTH {
            if !self.is_selection_due[slot as usize] || self.jobs.is_selecting(slot) {
                continue;
            }
            self.is_selection_due[slot as usize] = false;
            let filter = self.state.filter.clone();
            if let Some(run) = self.state.open_mut(slot) {
                run.is_selecting = true;
                self.jobs.select(slot, run.index.clone(), filter, run.notes.notes.clone());
            }
        }
        if !self.jobs.is_saving()
            && let Some((folder, notes)) = self.unsaved.pop_first()
        {
            self.refused.remove(&folder);
            self.being_saved = Some((folder.clone(), notes.clone()));
            self.jobs.save(folder, notes);
            if !self.jobs.is_saving() {
                self.refused.extend(self.being_saved.take());
            }
        }
        if self.is_comparison_due && !self.jobs.is_comparing() {
            self.is_comparison_due = false;
            let (Some(first), Some(second)) = (self.state.open(Slot::A), self.state.open(Slot::B)) else { return };
            let (Some(paired), Some(selection)) = (&self.state.comparison.paired, &first.selection) else { return };
            let runs = [first.index.clone(), second.index.clone()];
            self.jobs.compare(paired.clone(), runs, selection.clone(), self.state.decision());
            self.state.comparison.is_working = true;
        }
    }

    /// A second run without a first is the first.
    pub(super) fn open_run(&mut self, slot: Slot, folder: PathBuf) {
        let slot = if matches!(self.state.slot(Slot::A), RunSlot::Empty) { Slot::A } else { slot };
        self.leave_run(slot);
        self.state.slots[slot as usize] = RunSlot::Reading { folder: folder.clone(), progress: None };
        self.jobs.read(slot, folder);
    }

    fn close_run(&mut self, slot: Slot) {
        if slot == Slot::A && !matches!(self.state.slot(Slot::B), RunSlot::Empty) {
            self.swap_runs();
            return self.close_run(Slot::B);
        }
        self.leave_run(slot);
        self.state.slots[slot as usize] = RunSlot::Empty;
        self.refresh_list();
    }

    /// What belongs to a run goes with it.
    fn leave_run(&mut self, slot: Slot) {
        self.jobs.forget(slot);
        self.state.comparison = Comparison::default();
        if slot == Slot::A {
            if matches!(self.state.saving, Saving::Saved(_)) {
                self.state.saving = Saving::Nothing;
            }
            self.state.pictures.clear();
            self.state.selected = None;
            self.hover(None);
        }
        if !matches!(self.state.gallery, Gallery::FalseAlarms | Gallery::Misses | Gallery::Confusions | Gallery::All) {
            self.state.gallery = Gallery::default();
        }
    }

    fn swap_runs(&mut self) {
        // A run that is still being read is asked for in its new place.
        let folders = Slot::BOTH.map(|slot| match self.state.slot(slot) {
            RunSlot::Reading { folder, .. } => Some(folder.clone()),
            _ => None,
        });
        Slot::BOTH.into_iter().for_each(|slot| self.leave_run(slot));
        self.state.slots.swap(0, 1);
        for (slot, folder) in Slot::BOTH.into_iter().zip(folders.into_iter().rev()) {
            if let Some(folder) = folder {
                self.jobs.read(slot, folder);
            }
        }
        self.select_again();
        self.pair_again();
    }

    fn select_again(&mut self) {
        self.is_selection_due = [true; 2];
    }

    fn pair_again(&mut self) {
        self.state.comparison = Comparison::default();
        if let (Some(first), Some(second)) = (self.state.open(Slot::A), self.state.open(Slot::B)) {
            self.jobs.pair(first.index.clone(), second.index.clone());
        }
    }

    /// What the decision makes of both selections.
    fn decide(&mut self) {
        let decision = self.state.decision();
        for slot in Slot::BOTH {
            if let Some(OpenRun { index, selection: Some(selection), outcome, .. }) = self.state.open_mut(slot) {
                *outcome = Some(Outcome::new(index, selection, decision));
            }
        }
        self.is_comparison_due = self.state.comparison.paired.is_some();
        self.refresh_list();
    }

    fn show_gallery(&mut self, gallery: Gallery) {
        self.state.gallery = gallery;
        self.refresh_list();
    }

    /// What the gallery shows.
    fn refresh_list(&mut self) {
        let listed = self.state.shown(Slot::A).map(|(index, selection, outcome)| {
            let list = |wanted: &dyn Fn(AnomalyClass, AnomalyClass) -> bool| outcome.list(index, selection, wanted);
            match self.state.gallery {
                Gallery::FalseAlarms => list(&|truth, called| !truth.is_anomaly() && called.is_anomaly()),
                Gallery::Misses => list(&|truth, called| truth.is_anomaly() && !called.is_anomaly()),
                Gallery::Confusions => {
                    list(&|truth, called| truth.is_anomaly() && called.is_anomaly() && truth != called)
                }
                Gallery::All => list(&|_, _| true),
                Gallery::Disagreements => self.state.comparison.order.clone(),
                Gallery::Cell(row, column) => list(&|truth, called| (truth, called) == (row, column)),
            }
        });
        self.state.listed = listed.unwrap_or_default();
    }

    /// Which of the shown clips both runs have.
    fn refresh_order(&mut self) {
        let order = self.state.open(Slot::A).and_then(|run| {
            let (selection, paired) = (run.selection.as_ref()?, self.state.comparison.paired.as_ref()?);
            let is_shown = |place: &usize| selection.places.binary_search(place).is_ok();
            Some(paired.order.iter().copied().filter(is_shown).collect())
        });
        self.state.comparison.order = order.unwrap_or_default();
    }

    fn select_clip(&mut self, place: usize) {
        let Some(run) = self.state.open(Slot::A) else { return };
        if place < run.index.run.clips.len() && self.state.selected != Some(place) {
            self.state.playhead_s = run.index.peak_s(place);
            self.state.selected = Some(place);
        }
    }

    fn select_neighbour(&mut self, offset: isize) {
        let listed = &self.state.listed;
        let at = self.state.selected.and_then(|selected| listed.iter().position(|place| *place == selected));
        let next = at.map_or(0, |at| at.saturating_add_signed(offset));
        if let Some(place) = listed.get(next.min(listed.len().saturating_sub(1))).copied() {
            self.select_clip(place);
            self.state.reveals += 1;
        }
    }

    fn set_playhead(&mut self, time_s: f64) {
        let Some(clip) = self.state.selected.and_then(|place| self.state.clip(place)) else { return };
        self.state.playhead_s = time_s.clamp(clip.start_s, clip.start_s + clip.duration_s);
    }

    /// To the middle of a neighbouring step.
    fn step(&mut self, offset: f64) {
        let Some(clip) = self.state.selected.and_then(|place| self.state.clip(place)) else { return };
        let last = clip.steps.len() as f64 - 1.0;
        if last >= 0.0 {
            let step = ((self.state.playhead_s - clip.start_s) / clip.step_s).floor() + offset;
            let middle_s = clip.start_s + (step.clamp(0.0, last) + 0.5) * clip.step_s;
            self.set_playhead(middle_s);
        }
    }

    fn hover(&mut self, place: Option<usize>) {
        if self.state.hovered == place {
            return;
        }
        self.state.hovered = place;
        let run = self.state.open(Slot::A);
        let played = place.and_then(|place| {
            let run = &run?.index.run;
            let clip = run.clips.get(place)?;
            // A little before the peak, so that what leads to it is heard too.
            let from_s = (self.state.open(Slot::A)?.index.peak_s(place) - LEAD_S).max(clip.scored.start_s);
            Some(Request::Play { clip: clip.scored.path.clone(), file: clip.facts.file.clone(), from_s })
        });
        self.requests.push(played.unwrap_or(Request::StopPlaying));
    }

    fn want_pictures(&mut self, places: &[usize]) {
        let Some(run) = self.state.open(Slot::A) else { return };
        let index = run.index.clone();
        let request = |place: &usize| {
            let clip = index.run.clips.get(*place)?;
            let (clip, file) = (clip.scored.path.clone(), clip.facts.file.clone());
            Some(PictureRequest { clip, file, time_s: index.peak_s(*place) })
        };
        self.state.pictures.want(places.iter().filter_map(request).collect());
    }

    fn change_remark(&mut self, place: usize, change: impl FnOnce(&mut notes::Remark)) {
        let Some(run) = self.state.open_mut(Slot::A) else { return };
        let Some(clip) = run.index.run.clips.get(place) else { return };
        if run.notes.problem.is_some() {
            return;
        }
        run.notes.notes.change(&clip.scored.path, change);
        run.notes.written = None;
        self.unsaved.insert(run.index.run.folder.clone(), run.notes.notes.clone());
        if !self.state.filter.text.trim().is_empty() {
            self.select_again();
        }
    }

    /// Of the whole run, whatever the filter, as the threshold and the selected clip stand.
    fn save_export(&mut self, export: Export) {
        let Some(run) = self.state.open(Slot::A).map(|run| run.index.run.clone()) else { return };
        if matches!(self.state.saving, Saving::Running { .. }) {
            return;
        }
        let selected = self.state.selected.filter(|_| export == Export::Curve);
        let ablation = run.folder.join("ablation.csv");
        let settings = ExportSettings {
            threshold: self.state.threshold(),
            clip: selected.and_then(|place| Some(run.clips.get(place)?.scored.path.clone())),
            playhead_s: selected.map(|_| self.state.playhead_s),
            ablation: Some(ablation),
            ..ExportSettings::default()
        };
        let out = run.folder.join("figures").join(export.file_name());
        self.state.saving = Saving::Running { export, progress: None };
        self.requests.push(Request::SaveExport { run, export, settings, out });
    }

    fn write_corrections(&mut self) {
        let Some(run) = self.state.open(Slot::A) else { return };
        let manifest = PathBuf::from(&run.index.run.about.manifest);
        let corrections: Vec<_> = run.notes.notes.corrections().map(|(path, class)| (path.to_owned(), class)).collect();
        if !corrections.is_empty() {
            self.requests.push(Request::WriteManifest { manifest, corrections });
        }
    }
}

/// 0.01.
const LEVEL_STEP: usize = 10;
/// How long before its peak a clip begins to play.
const LEAD_S: f64 = 1.0;

fn neighbour<T: Copy + PartialEq>(all: &[T], of: T, offset: isize) -> T {
    let at = all.iter().position(|one| *one == of).unwrap_or_default() as isize;
    all[(at + offset).rem_euclid(all.len() as isize) as usize]
}
