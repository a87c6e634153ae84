//! What Evaluate works out in the background: at most one job of each kind for each run.

use std::path::PathBuf;
use std::sync::Arc;

use super::state::Slot;
use avar_base::job::{Job, JobEvent, Stopped, Wake, drain};
use avar_metrics::Decision;
use avar_metrics::difference::Differences;
use avar_metrics::inspection::comparison::Paired;
use avar_metrics::inspection::filter::Filter;
use avar_metrics::inspection::notes::{Notes, not_saved};
use avar_metrics::inspection::run_index::RunIndex;
use avar_metrics::inspection::selection::Selection;
use avar_metrics::runs::read_run;

/// A run with the notes in its folder, or the sentence why these cannot be read.
pub(super) struct ReadRun {
    pub index: Arc<RunIndex>,
    pub notes: Result<Notes, String>,
}

/// News from a job.
pub(super) enum Report {
    Reading(Slot, JobEvent<(), ReadRun>),
    Selecting(Slot, JobEvent<(), Arc<Selection>>),
    Pairing(JobEvent<(), Arc<Paired>>),
    Comparing(JobEvent<(), Box<Differences>>),
    Saving(JobEvent<(), ()>),
    /// One sentence.
    Problem(String),
}

pub(super) struct Jobs {
    wake: Wake,
    reading: [Option<Job<(), ReadRun>>; 2],
    selecting: [Option<Job<(), Arc<Selection>>>; 2],
    pairing: Option<Job<(), Arc<Paired>>>,
    comparing: Option<Job<(), Box<Differences>>>,
    saving: Option<Job<(), ()>>,
    problems: Vec<String>,
}

impl Jobs {
    pub(super) fn new(wake: Wake) -> Self {
        Self {
            wake,
            reading: [None, None],
            selecting: [None, None],
            pairing: None,
            comparing: None,
            saving: None,
            problems: Vec::new(),
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        let is_reading = self.reading.iter().any(Option::is_some) || self.selecting.iter().any(Option::is_some);
        is_reading || self.pairing.is_some() || self.comparing.is_some() || self.saving.is_some()
    }

    /// Replaces what is being read into the same place.
    pub(super) fn read(&mut self, slot: Slot, folder: PathBuf) {
        let job = Job::spawn("read run", self.wake.clone(), move |reporter| {
            let run = read_run(&folder).map_err(|error| Stopped::Failed(error.to_string()))?;
            reporter.check()?;
            let notes = Notes::read(&folder).map_err(|error| error.to_string());
            let index = RunIndex::new(run, reporter.cancel_token(), |fraction| reporter.progress(fraction))?;
            Ok(ReadRun { index: Arc::new(index), notes })
        });
        self.reading[slot as usize] = self.started(job);
    }

    pub(super) fn is_selecting(&self, slot: Slot) -> bool {
        self.selecting[slot as usize].is_some()
    }

    /// For a run of which nothing is being selected.
    pub(super) fn select(&mut self, slot: Slot, index: Arc<RunIndex>, filter: Filter, notes: Notes) {
        let job = Job::spawn("select clips", self.wake.clone(), move |reporter| {
            Ok(Arc::new(Selection::new(&index, &filter, &notes, reporter.cancel_token())?))
        });
        self.selecting[slot as usize] = self.started(job);
    }

    pub(super) fn pair(&mut self, first: Arc<RunIndex>, second: Arc<RunIndex>) {
        let job = Job::spawn("pair runs", self.wake.clone(), move |reporter| {
            Ok(Arc::new(Paired::new(&first, &second, reporter.cancel_token())?))
        });
        self.pairing = self.started(job);
    }

    pub(super) fn is_comparing(&self) -> bool {
        self.comparing.is_some()
    }

    pub(super) fn compare(
        &mut self,
        paired: Arc<Paired>,
        runs: [Arc<RunIndex>; 2],
        selection: Arc<Selection>,
        decision: Decision,
    ) {
        let job = Job::spawn("compare runs", self.wake.clone(), move |reporter| {
            Ok(Box::new(paired.differences(&runs[0], &runs[1], &selection, decision, reporter.cancel_token())?))
        });
        self.comparing = self.started(job);
    }

    pub(super) fn is_saving(&self) -> bool {
        self.saving.is_some()
    }

    pub(super) fn save(&mut self, folder: PathBuf, notes: Notes) {
        let job = Job::spawn("save notes", self.wake.clone(), move |_| {
            notes.write(&folder).map_err(|error| Stopped::Failed(not_saved(&error)))
        });
        self.saving = self.started(job);
    }

    /// Waits for what is being saved; `Err` with a sentence where it could not be.
    pub(super) fn finish_saving(&mut self) -> Result<(), String> {
        let mut outcome = Ok(());
        if let Some(job) = self.saving.take() {
            job.wait(|event| {
                if let JobEvent::Failed(sentence) = event {
                    outcome = Err(sentence);
                }
            });
        }
        outcome
    }

    /// Stops whatever works on the run in this place, and on both together.
    pub(super) fn forget(&mut self, slot: Slot) {
        self.reading[slot as usize] = None;
        self.selecting[slot as usize] = None;
        self.pairing = None;
        self.comparing = None;
    }

    pub(super) fn poll(&mut self) -> Vec<Report> {
        let mut reports: Vec<Report> = self.problems.drain(..).map(Report::Problem).collect();
        for slot in Slot::BOTH {
            drain(&mut self.reading[slot as usize], |event| reports.push(Report::Reading(slot, event)));
            drain(&mut self.selecting[slot as usize], |event| reports.push(Report::Selecting(slot, event)));
        }
        drain(&mut self.pairing, |event| reports.push(Report::Pairing(event)));
        drain(&mut self.comparing, |event| reports.push(Report::Comparing(event)));
        drain(&mut self.saving, |event| reports.push(Report::Saving(event)));
        reports
    }

    fn started<T>(&mut self, job: std::io::Result<T>) -> Option<T> {
        job.map_err(|error| self.problems.push(format!("The system starts no more threads ({error})."))).ok()
    }
}
