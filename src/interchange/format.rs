//! The formats: their names, which way they go, and reading and writing by them.

use std::fmt;

use crate::annotations::{Annotations, Subject};
use crate::collector::Read;
use crate::error::FormatError;
use crate::formats::{
    activitynet, audacity, elan, fiftyone, label_studio, losslesscut, manifest, opentimelineio, score_table, ucf_crime,
    via, webvtt, xd_violence,
};
use crate::text::{MOST_MIB, decode};
use crate::timeline::Timeline;
use crate::writing::{Written, check};

/// A format of annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// `annotations.txt` of XD-Violence, plain or with the codes of its labels.
    XdViolence,
    /// The temporal annotation of UCF-Crime.
    UcfCrime,
    /// The JSON of ActivityNet, annotation or result.
    ActivityNet,
    /// `.eaf` of ELAN.
    Elan,
    /// Tasks of Label Studio with timeline labels.
    LabelStudio,
    /// A project of the VGG Image Annotator, version 3.
    Via,
    /// A label track of Audacity.
    Audacity,
    /// Segments of LosslessCut.
    LosslessCut,
    /// A dataset of temporal detections of FiftyOne.
    FiftyOne,
    /// Captions of the web; out only.
    WebVtt,
    /// Markers on a timeline for editing programs; out only.
    OpenTimelineIo,
    /// Our own table of scores.
    ScoreTable,
    /// Our own list of events and marks, in which nothing is lost.
    Manifest,
}

/// What of the annotations a format has a place for, beside events and their labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carries {
    /// Scores of events.
    pub scores: bool,
    /// Notes on events.
    pub notes: bool,
    /// Decisions about events.
    pub decisions: bool,
    /// Marked frames.
    pub markers: bool,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 13] = [
        Format::XdViolence,
        Format::UcfCrime,
        Format::ActivityNet,
        Format::Elan,
        Format::LabelStudio,
        Format::Via,
        Format::Audacity,
        Format::LosslessCut,
        Format::FiftyOne,
        Format::WebVtt,
        Format::OpenTimelineIo,
        Format::ScoreTable,
        Format::Manifest,
    ];

    /// Identifier for the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::XdViolence => "xd-violence",
            Format::UcfCrime => "ucf-crime",
            Format::ActivityNet => "activitynet",
            Format::Elan => "elan",
            Format::LabelStudio => "label-studio",
            Format::Via => "via",
            Format::Audacity => "audacity",
            Format::LosslessCut => "losslesscut",
            Format::FiftyOne => "fiftyone",
            Format::WebVtt => "webvtt",
            Format::OpenTimelineIo => "otio",
            Format::ScoreTable => "avar-csv",
            Format::Manifest => "avar-json",
        }
    }

    /// Reads [`Format::name`], to the letter.
    pub fn from_name(name: &str) -> Option<Format> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Text for people.
    pub fn label(self) -> &'static str {
        match self {
            Format::XdViolence => "XD-Violence list",
            Format::UcfCrime => "UCF-Crime list",
            Format::ActivityNet => "ActivityNet JSON",
            Format::Elan => "ELAN annotation",
            Format::LabelStudio => "Label Studio JSON",
            Format::Via => "VIA 3 project",
            Format::Audacity => "Audacity label track",
            Format::LosslessCut => "LosslessCut CSV",
            Format::FiftyOne => "FiftyOne JSON",
            Format::WebVtt => "WebVTT",
            Format::OpenTimelineIo => "OpenTimelineIO",
            Format::ScoreTable => "AVAR score table",
            Format::Manifest => "AVAR annotation JSON",
        }
    }

    /// Ending of its files, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Format::XdViolence | Format::UcfCrime | Format::Audacity => "txt",
            Format::ActivityNet | Format::LabelStudio | Format::Via | Format::FiftyOne | Format::Manifest => "json",
            Format::Elan => "eaf",
            Format::LosslessCut | Format::ScoreTable => "csv",
            Format::WebVtt => "vtt",
            Format::OpenTimelineIo => "otio",
        }
    }

    /// Whether [`read`] takes it.
    pub fn can_read(self) -> bool {
        !matches!(self, Format::WebVtt | Format::OpenTimelineIo)
    }

    /// Whether [`write()`] takes it.
    pub fn can_write(self) -> bool {
        true
    }

    /// What it has a place for; the score table has none for events either.
    pub fn carries(self) -> Carries {
        let all = Carries { scores: true, notes: true, decisions: true, markers: true };
        match self {
            Format::XdViolence | Format::UcfCrime | Format::ScoreTable => Carries::default(),
            Format::ActivityNet => Carries { scores: true, ..Carries::default() },
            Format::Audacity | Format::LosslessCut => Carries { markers: true, ..Carries::default() },
            Format::LabelStudio | Format::Via | Format::FiftyOne | Format::WebVtt => Carries { markers: false, ..all },
            Format::Elan | Format::OpenTimelineIo | Format::Manifest => all,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// Reads what a text says of one recording. A byte-order mark and either kind of line end are fine.
pub fn read(format: Format, text: &str, recording: &Subject) -> Result<Read, FormatError> {
    let text = decode(text.as_bytes())?;
    match format {
        Format::XdViolence => xd_violence::read(text, recording),
        Format::UcfCrime => ucf_crime::read(text, recording),
        Format::ActivityNet => activitynet::read(text, recording),
        Format::Elan => elan::read(text, recording),
        Format::LabelStudio => label_studio::read(text, recording),
        Format::Via => via::read(text, recording),
        Format::Audacity => audacity::read(text, recording),
        Format::LosslessCut => losslesscut::read(text, recording),
        Format::FiftyOne => fiftyone::read(text, recording),
        Format::ScoreTable => score_table::read(text, recording),
        Format::Manifest => manifest::read(text, recording),
        Format::WebVtt | Format::OpenTimelineIo => Err(FormatError::WriteOnly { format }),
    }
}

/// Writes annotations of the recording with this timeline. What the format has no place for is said in the remarks; so
/// is an edge that it cannot write finely enough to be read back on the same frame.
pub fn write(format: Format, annotations: &Annotations, timeline: &Timeline) -> Result<Written, FormatError> {
    check(annotations, timeline)?;
    let written = match format {
        Format::XdViolence => xd_violence::write(annotations)?,
        Format::UcfCrime => ucf_crime::write(annotations)?,
        Format::ActivityNet => activitynet::write(annotations, timeline),
        Format::Elan => elan::write(annotations, timeline),
        Format::LabelStudio => label_studio::write(annotations),
        Format::Via => via::write(annotations, timeline),
        Format::Audacity => audacity::write(annotations, timeline),
        Format::LosslessCut => losslesscut::write(annotations, timeline),
        Format::FiftyOne => fiftyone::write(annotations),
        Format::WebVtt => webvtt::write(annotations, timeline),
        Format::OpenTimelineIo => opentimelineio::write(annotations, timeline),
        Format::ScoreTable => score_table::write(annotations, timeline),
        Format::Manifest => manifest::write(annotations, timeline),
    };
    // What cannot be read again is not written.
    if written.text.len() > MOST_MIB << 20 {
        return Err(FormatError::TooLarge { limit_mib: MOST_MIB });
    }
    Ok(written)
}
