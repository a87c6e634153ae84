//! The tables of a run: their columns, and a row of each, for writing and reading alike.
//!
//! A row's fields stand in the order of its columns, the scores of the classes as one field. Tables are read by the
//! names of their columns, in whatever order those come.

use std::borrow::Cow;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use avar_labels::{AnomalyClass, CLASS_COUNT, Modalities, Split};

pub(super) const CLIPS: &str = "clips.csv";
pub(super) const TRUTH: &str = "truth.csv";
pub(super) const STEPS: &str = "steps.csv";
pub(super) const FEATURES: &str = "features.csv";
pub(super) const ABOUT: &str = "run.json";

/// A row of [`CLIPS`].
#[derive(Serialize, Deserialize)]
pub(super) struct ClipRow<'a> {
    pub path: &'a str,
    pub group: &'a str,
    #[serde(serialize_with = "write_split", deserialize_with = "read_split")]
    pub split: Option<Split>,
    #[serde(deserialize_with = "read_class")]
    pub label: AnomalyClass,
    #[serde(deserialize_with = "read_class")]
    pub predicted: AnomalyClass,
    pub max_score: Decimals<6>,
    #[serde(serialize_with = "write_modalities", deserialize_with = "read_modalities")]
    pub modalities: Option<Modalities>,
    pub duration_s: Exact,
    pub start_s: Option<Exact>,
    pub step_s: Option<Exact>,
    pub loudness_dbfs: Option<Decimals<2>>,
    pub brightness: Option<Decimals<4>>,
    #[serde(borrow)]
    pub file: Cow<'a, str>,
    pub scores: [Decimals<6>; CLASS_COUNT],
}

/// A row of [`TRUTH`].
#[derive(Serialize, Deserialize)]
pub(super) struct TruthRow<'a> {
    pub path: &'a str,
    #[serde(deserialize_with = "read_class")]
    pub class: AnomalyClass,
    pub start_s: Exact,
    pub end_s: Exact,
}

/// A row of [`STEPS`].
#[derive(Serialize, Deserialize)]
pub(super) struct StepRow<'a> {
    pub path: &'a str,
    pub step: usize,
    pub start_s: Decimals<6>,
    pub scores: [Decimals<6>; CLASS_COUNT],
    pub p_video: Option<Decimals<6>>,
    pub p_audio: Option<Decimals<6>>,
}

/// A row of [`FEATURES`].
#[derive(Serialize, Deserialize)]
pub(super) struct FeatureRow<'a> {
    pub path: &'a str,
    /// As many as the table has columns for, which may be none.
    #[serde(default)]
    pub features: Vec<Decimals<6>>,
}

/// A number that is written with `PLACES` decimals.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(super) struct Decimals<const PLACES: usize>(pub f64);

impl<const PLACES: usize> fmt::Display for Decimals<PLACES> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{:.*}", PLACES, self.0)
    }
}

impl<const PLACES: usize> Serialize for Decimals<PLACES> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A number that is written with as many digits as it takes to read it back the same.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(super) struct Exact(pub f64);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

fn read_class<'de, D: Deserializer<'de>>(cell: D) -> Result<AnomalyClass, D::Error> {
    let name = <&str>::deserialize(cell)?;
    AnomalyClass::from_name(name)
        .ok_or_else(|| D::Error::custom(format!("{} is none of the ten classes", quoted(name))))
}

fn read_split<'de, D: Deserializer<'de>>(cell: D) -> Result<Option<Split>, D::Error> {
    match <&str>::deserialize(cell)? {
        "" => Ok(None),
        name => match Split::from_name(name) {
            Some(split) => Ok(Some(split)),
            None => Err(D::Error::custom(format!("{} is none of train, val and test", quoted(name)))),
        },
    }
}

fn read_modalities<'de, D: Deserializer<'de>>(cell: D) -> Result<Option<Modalities>, D::Error> {
    match <&str>::deserialize(cell)? {
        "" => Ok(None),
        label => match Modalities::from_label(label) {
            Some(modalities) => Ok(Some(modalities)),
            None => Err(D::Error::custom(format!("{} is nothing that a network is given", quoted(label)))),
        },
    }
}

fn write_modalities<S: Serializer>(modalities: &Option<Modalities>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(modalities.map_or("", Modalities::label))
}

fn write_split<S: Serializer>(split: &Option<Split>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(split.map_or("", Split::name))
}

/// A cell of anyone's table inside our sentences: short, and nothing in it hidden.
pub(super) fn quoted(cell: &str) -> String {
    const SHOWN_CHARS: usize = 60;
    match cell.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{:?}…", &cell[..end]),
        None => format!("{cell:?}"),
    }
}

#[derive(Clone, Debug)]
pub(super) struct Column {
    pub name: Cow<'static, str>,
    pub need: Need,
}

/// Whether a table has to have a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Always,
    /// Runs of earlier versions lack it. Where it is, its cells are filled.
    Filled,
    /// Runs of earlier versions lack it, and a cell may be blank.
    Optional,
}

fn column(name: impl Into<Cow<'static, str>>, need: Need) -> Column {
    Column { name: name.into(), need }
}

/// `p_abuse` and so on, in the order of [`AnomalyClass::ALL`].
fn score_columns() -> impl Iterator<Item = Column> {
    AnomalyClass::ALL.into_iter().map(|class| column(format!("p_{}", class.name()), Need::Always))
}

/// The fields of [`ClipRow`].
pub(super) fn clip_columns() -> Vec<Column> {
    let facts = [
        column("path", Need::Always),
        column("group", Need::Optional),
        column("split", Need::Optional),
        column("label", Need::Always),
        column("predicted", Need::Always),
        column("max_score", Need::Always),
        column("modalities", Need::Optional),
        column("duration_s", Need::Always),
        column("start_s", Need::Filled),
        column("step_s", Need::Filled),
        column("loudness_dbfs", Need::Optional),
        column("brightness", Need::Optional),
        column("file", Need::Optional),
    ];
    facts.into_iter().chain(score_columns()).collect()
}

/// The fields of [`TruthRow`].
pub(super) fn truth_columns() -> Vec<Column> {
    ["path", "class", "start_s", "end_s"].map(|name| column(name, Need::Always)).to_vec()
}

/// The fields of [`StepRow`].
pub(super) fn step_columns() -> Vec<Column> {
    let place = ["path", "step", "start_s"].map(|name| column(name, Need::Always));
    let evidence = ["p_video", "p_audio"].map(|name| column(name, Need::Optional));
    place.into_iter().chain(score_columns()).chain(evidence).collect()
}

/// The fields of [`FeatureRow`] of `width` features.
pub(super) fn feature_columns(width: usize) -> Vec<Column> {
    let features = (0..width).map(|index| column(format!("f{index}"), Need::Always));
    std::iter::once(column("path", Need::Always)).chain(features).collect()
}
