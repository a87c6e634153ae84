//! What is written for others: the bundle of a review, and annotations for other programs.

use std::path::{Path, PathBuf};

use super::state::{FileDigest, HandOverSheet, Sheet, file_name};
use super::update::Desk;
use avar_analysis::AnalysisSettings;
use avar_base::job::JobEvent;
use avar_handover::annotations::{annotations_of, annotations_of_model};
use avar_handover::{Handover, Manifest, Scoring};
use avar_interchange::Format;

impl Desk {
    pub(super) fn open_hand_over(&mut self) {
        let Some(recording) = self.state.recording() else { return };
        let path = std::path::absolute(&recording.path).unwrap_or_else(|_| recording.path.clone());
        let folder = self.state.review_folder.clone().filter(|_| recording.document.is_some());
        let folder = folder.or_else(|| path.parent().map(Path::to_path_buf)).unwrap_or_default();
        let beside = |ending: &str| folder.join(format!("{}.{ending}", file_name(&path))).display().to_string();
        let format = Format::Elan;
        let annotations = beside(format.extension());
        self.state.sheet = Some(Sheet::HandOver(HandOverSheet { bundle: beside("zip"), annotations, format }));
    }

    /// What is handed over of the recording on screen; otherwise why nothing can be.
    fn handover(&self) -> Result<Handover, &'static str> {
        let recording = self.state.recording().ok_or("No recording is open.")?;
        if self.is_deciding() {
            return Err("A decision is just being saved; hand over in a moment.");
        }
        let FileDigest::Known(sha256) = &recording.digest else {
            return Err("The digest of the recording is still being computed; hand over in a moment.");
        };
        let parts = (recording.whole_media(), &recording.review.scores, &recording.review.analysis);
        let (Some(media), Some(scores), Some(account)) = parts else {
            return Err("A recording is handed over once it is analysed to its end.");
        };
        let document = recording.decisions.view.as_ref().filter(|view| view.saved > 0).map(|view| view.path.clone());
        Ok(Handover {
            media: media.clone(),
            sha256: sha256.clone(),
            scores: scores.clone(),
            scoring: Scoring::new(&account.network, &self.state.network, &AnalysisSettings::default()),
            document,
            rule: self.state.hysteresis,
        })
    }

    pub(super) fn write_bundle(&mut self, out: PathBuf) {
        if self.jobs.is_handing_over() {
            return;
        }
        match self.handover() {
            Ok(handover) => {
                self.jobs.write_bundle(handover, out);
                self.state.bundling = Some(None);
            }
            Err(sentence) => self.state.notices.push(sentence.to_owned()),
        }
    }

    pub(super) fn receive_bundle(&mut self, out: PathBuf, event: JobEvent<String, Manifest>) {
        match event {
            JobEvent::Progress(progress) => {
                self.state.bundling = Some(Some(progress));
                return;
            }
            JobEvent::Partial(sentence) => {
                self.state.notices.push(sentence);
                return;
            }
            JobEvent::Done(_) => {
                self.state.sheet.take_if(|sheet| matches!(sheet, Sheet::HandOver(_)));
                self.state.notices.push(format!("The bundle is written: {}", out.display()));
            }
            JobEvent::Failed(sentence) => self.state.notices.push(sentence),
            JobEvent::Cancelled => {}
        }
        self.state.bundling = None;
    }

    /// What was decided; where nothing was, what the network found.
    pub(super) fn write_annotations(&mut self, format: Format, out: PathBuf) {
        let Some(recording) = self.state.recording() else { return };
        let Some(media) = recording.whole_media().filter(|_| !self.jobs.is_handing_over()) else {
            self.state.notices.push("The recording is still being opened.".to_owned());
            return;
        };
        let decided = recording.decisions.view.as_ref().filter(|view| view.saved > 0).map(|view| view.state.clone());
        let (model, media) = (recording.decisions.model.clone(), media.clone());
        self.jobs.write_annotations(media, format, out, move |subject| match &decided {
            Some(state) => annotations_of(state, subject, format),
            None => {
                let remark = "Nothing is decided yet: these are the events that the network found.".to_owned();
                (annotations_of_model(&model, subject), vec![remark])
            }
        });
    }

    pub(super) fn receive_annotations(&mut self, written: Result<(PathBuf, Vec<String>), String>) {
        match written {
            Ok((out, remarks)) => {
                self.state.notices.push(format!("The annotations are written: {}", out.display()));
                self.state.notices.extend(remarks);
            }
            Err(sentence) => self.state.notices.push(sentence),
        }
    }
}
