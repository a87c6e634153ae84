//! What is written for others: the bundle of a review, and annotations for other programs.

use std::path::{Path, PathBuf};

use super::deciding::document_of;
use super::jobs::Still;
use super::state::{FileDigest, HandOverSheet, Recording, Sheet, file_name};
use super::update::Desk;
use avar_analysis::{AnalysisSettings, StepScore};
use avar_base::job::JobEvent;
use avar_handover::annotations::{annotations_of, annotations_of_model};
use avar_handover::{Burn, FrameFacts, Handover, Manifest, Scoring, Word};
use avar_interchange::Format;
use avar_media::VideoFrame;
use avar_playback::FrameState;

const BUSY: &str = "Something is just being written; write the next in a moment.";

impl Desk {
    pub(super) fn open_hand_over(&mut self) {
        let Some(recording) = self.state.recording() else { return };
        let path = std::path::absolute(&recording.path).unwrap_or_else(|_| recording.path.clone());
        let folder = self.folder_for(recording);
        let beside = |ending: &str| folder.join(format!("{}.{ending}", file_name(&path))).display().to_string();
        let format = Format::Elan;
        self.state.sheet = Some(Sheet::HandOver(HandOverSheet {
            bundle: beside("zip"),
            clip: beside("clip.mp4"),
            has_words: false,
            annotations: beside(format.extension()),
            format,
        }));
    }

    /// Where files about a recording go: where its review is kept.
    fn folder_for(&self, recording: &Recording) -> PathBuf {
        let document = document_of(recording, self.state.review_folder.as_deref());
        let folder = document.parent().unwrap_or(Path::new(""));
        std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
    }

    /// What is handed over of the recording on screen; otherwise why nothing can be.
    fn handover(&self) -> Result<Handover, &'static str> {
        let recording = self.state.recording().ok_or("No recording is open.")?;
        if self.jobs.is_handing_over() {
            return Err(BUSY);
        }
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
        let document = recording.decisions.begun().map(|view| view.path.clone());
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
        match self.handover() {
            Ok(handover) => {
                self.jobs.write_bundle(handover, out);
                self.begin_writing();
            }
            Err(sentence) => self.state.notices.push(sentence.to_owned()),
        }
    }

    pub(super) fn receive_bundle(&mut self, out: PathBuf, event: JobEvent<String, Manifest>) {
        match event {
            JobEvent::Progress(progress) => {
                self.state.writing = Some(Some(progress));
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
        self.state.writing = None;
    }

    pub(super) fn write_clip(&mut self, out: PathBuf, has_words: bool) {
        let Some(recording) = self.state.recording() else { return };
        let (Some(media), Some(stretch)) = (recording.whole_media(), self.state.clip_stretch()) else { return };
        if self.jobs.is_handing_over() {
            self.state.notices.push(BUSY.to_owned());
            return;
        }
        let burn = Burn {
            words: if has_words { Word::ALL.to_vec() } else { Vec::new() },
            scores: recording.review.scores.clone(),
            events: recording.decisions.listed.clone(),
        };
        self.jobs.write_clip(media.clone(), stretch, burn, out);
        self.begin_writing();
    }

    /// Progress is shown from now on, unless the system started no thread for it.
    fn begin_writing(&mut self) {
        self.state.writing = self.jobs.is_handing_over().then_some(None);
    }

    pub(super) fn receive_clip(&mut self, event: JobEvent<(), PathBuf>) {
        match event {
            JobEvent::Progress(progress) => {
                self.state.writing = Some(Some(progress));
                return;
            }
            JobEvent::Partial(()) => return,
            JobEvent::Done(out) => self.state.notices.push(format!("The clip is written: {}", out.display())),
            JobEvent::Failed(sentence) => self.state.notices.push(sentence),
            JobEvent::Cancelled => {}
        }
        self.state.writing = None;
    }

    /// The frame on screen, if it is the exact one.
    fn shown_frame(&self) -> Result<VideoFrame, &'static str> {
        let view = self.player.as_ref().and(self.state.player.as_ref()).ok_or("No recording is open.")?;
        let frame = view.frame.clone().ok_or("There is no picture to save.")?;
        match view.frame_state {
            FrameState::Preview | FrameState::Loading => Err("The exact frame is on its way; save it in a moment."),
            _ => Ok(frame),
        }
    }

    pub(super) fn save_frame(&mut self, has_words: bool) {
        let frame = match self.shown_frame() {
            Ok(frame) => frame,
            Err(sentence) => return self.state.notices.push(sentence.to_owned()),
        };
        let Some(recording) = self.state.recording() else { return };
        let ending = if has_words { "words.png" } else { "png" };
        let name = format!("{}.frame-{:06}.{ending}", recording.name(), frame.index.0);
        let out = self.folder_for(recording).join(name);
        let told = recording.media().filter(|_| has_words).map(|media| {
            let step = recording.review.scores.as_ref().and_then(|scores| scores.at_frame(frame.index));
            let since_start = frame.time - media.info.range.start;
            FrameFacts::new(frame.index, since_start, step.map(StepScore::anomaly), &recording.decisions.listed)
        });
        self.jobs.save_still(frame, told, out);
    }

    pub(super) fn copy_frame(&mut self) {
        match self.shown_frame() {
            Ok(frame) => self.jobs.copy_still(frame),
            Err(sentence) => self.state.notices.push(sentence.to_owned()),
        }
    }

    pub(super) fn receive_still(&mut self, made: Result<Still, String>) {
        match made {
            Ok(Still::Saved(out)) => self.state.notices.push(format!("The frame is saved: {}", out.display())),
            Ok(Still::ToCopy(picture)) => {
                self.to_copy = Some(picture);
                self.state.notices.push("The frame is on the clipboard.".to_owned());
            }
            Err(sentence) => self.state.notices.push(sentence),
        }
    }

    /// What was decided; where nothing was, what the network found.
    pub(super) fn write_annotations(&mut self, format: Format, out: PathBuf) {
        let Some(recording) = self.state.recording() else { return };
        let media = match recording.whole_media() {
            _ if self.jobs.is_handing_over() => return self.state.notices.push(BUSY.to_owned()),
            None => return self.state.notices.push("The recording is still being opened.".to_owned()),
            Some(media) => media,
        };
        let decided = recording.decisions.begun().map(|view| view.state.clone());
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
