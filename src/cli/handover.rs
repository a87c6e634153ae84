//! `avar export`, `avar verify` and `avar clip`: a review as one file, whether such a file stands up, and stretches of a
//! recording.

use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;

use super::{NetworkArguments, analysed, say, watched};
use avar_analysis::{Analysis, AnalysisSettings, AnalysisSpec, JournalPlace, NetworkChoice, NetworkShelf};
use avar_app::widgets::time_code::{GoToTarget, parse_go_to};
use avar_base::job::CancelToken;
use avar_base::time::FrameIndex;
use avar_base::wording::counted;
use avar_handover::{
    Agreement, Bundle, Burn, Handover, HandoverError, Manifest, SCORE_TOLERANCE, Scoring, Word, bundle, clip,
};
use avar_labels::Hysteresis;
use avar_media::{OpenedMedia, open_track};
use avar_review::{ReviewState, verify as verify_review};

#[derive(Args)]
pub(super) struct ExportArguments {
    /// The review, as it lies beside its recording (NAME.avar)
    review: PathBuf,
    /// The zip file to write
    #[arg(long)]
    out: PathBuf,
    /// The recording; without it the review says where it lies
    #[arg(long)]
    media: Option<PathBuf>,
    #[command(flatten)]
    scoring: ScoringArguments,
}

#[derive(Args)]
pub(super) struct ClipArguments {
    /// The recording
    file: PathBuf,
    /// The first frame: its ordinal, or a time from the start of the recording (12.5s, 1:02:03.5)
    #[arg(long, value_parser = place, required_unless_present = "event", conflicts_with = "event")]
    from: Option<GoToTarget>,
    /// Where it ends: the frame after the last, or a time
    #[arg(long, value_parser = place, required_unless_present = "event", conflicts_with = "event")]
    to: Option<GoToTarget>,
    /// The file to write: .mp4 is H.264, for viewing; .mkv is FFV1, without loss
    #[arg(long)]
    out: PathBuf,
    /// What is written into the frames: class, score, state, timecode, frame, with commas between
    #[arg(long, value_parser = word, value_delimiter = ',')]
    burn: Vec<Word>,
    /// The review that classes and events are taken from; without it they are what the network finds
    #[arg(long)]
    review: Option<PathBuf>,
    /// An event in place of a stretch, by its number in the list of the review or of what is found
    #[arg(long)]
    event: Option<usize>,
    #[command(flatten)]
    scoring: ScoringArguments,
}

#[derive(Args)]
struct ScoringArguments {
    /// The track of sound, by its stream's number; without it the best one
    #[arg(long)]
    audio_track: Option<usize>,
    /// The folder in which scores are kept; without it that of the window, so that what it has analysed is not analysed
    /// again
    #[arg(long)]
    journal: Option<PathBuf>,
    #[command(flatten)]
    network: NetworkArguments,
}

#[derive(Args)]
pub(super) struct VerifyArguments {
    /// The bundle
    bundle: PathBuf,
    /// The recording: its stills are decoded and its steps are scored again, and both are compared
    #[arg(long)]
    media: Option<PathBuf>,
    #[command(flatten)]
    network: NetworkArguments,
}

fn place(text: &str) -> Result<GoToTarget, String> {
    parse_go_to(text).ok_or_else(|| "must be a frame (150) or a time (6s, 0:06.5)".to_owned())
}

fn word(text: &str) -> Result<Word, String> {
    Word::from_name(text).ok_or_else(|| format!("must be of {}", Word::ALL.map(Word::name).join(", ")))
}

pub(super) fn export(arguments: ExportArguments) -> anyhow::Result<()> {
    let ExportArguments { review, out, media, scoring } = arguments;
    let reviewed = Reviewed::read(review)?;
    let media = reviewed.recording(media)?;
    let handover = scored(&media, Some(&reviewed), scoring)?;
    let manifest = watched(&avar_app::state::file_name(&out), |watch| bundle::write(&handover, &out, watch))?;
    print_manifest(&out, &manifest)
}

pub(super) fn clip(arguments: ClipArguments) -> anyhow::Result<()> {
    let ClipArguments { file, from, to, out, burn: words, review, event, scoring } = arguments;
    if clip::codec_of(&out).is_none() {
        return Err(HandoverError::ClipName { path: out }.into());
    }
    let reviewed = review.map(Reviewed::read).transpose()?;
    let is_of_scores = |word: &Word| matches!(word, Word::Class | Word::Score | Word::State);
    let (media, burn) = match event.is_some() || words.iter().any(is_of_scores) {
        true => {
            let handover = scored(&file, reviewed.as_ref(), scoring)?;
            let burn = Burn::of(&handover, words)?;
            (handover.media, burn)
        }
        false => {
            let media = open_track(&file, scoring.audio_track, &CancelToken::default(), |_| {})?;
            (media, Burn { words, ..Burn::default() })
        }
    };
    let stretch = match (event, from, to) {
        (Some(number), ..) => number.checked_sub(1).and_then(|place| burn.events.get(place)).map(|event| {
            let stretch = event.stretch;
            stretch.start.frame..stretch.end.frame
        }),
        (None, Some(from), Some(to)) => stretch_of(&media, from, to),
        (None, ..) => None,
    };
    let Some(stretch) = stretch else {
        match event {
            Some(number) => bail!("there is no event {number} of {}: {}", burn.events.len(), file.display()),
            None => return Err(HandoverError::NoPicture { path: file }.into()),
        }
    };
    watched(&avar_app::state::file_name(&out), |watch| clip::write(&media, stretch.clone(), &burn, &out, watch))?;
    let (first, last) = (stretch.start.0, stretch.end.0 - 1);
    say(&format!("{}: frames {first} to {last} of {}", out.display(), file.display()))
}

/// A time is that of the frame on screen then, and as an end that of the first frame that is not shown before it.
fn stretch_of(media: &OpenedMedia, from: GoToTarget, to: GoToTarget) -> Option<Range<FrameIndex>> {
    let (frames, origin) = (media.frames.as_ref()?, media.info.range.start);
    let first = match from {
        GoToTarget::Frame(frame) => FrameIndex(frame),
        GoToTarget::Time(time) => frames.at_or_before(origin + time),
    };
    let end = match to {
        GoToTarget::Frame(frame) => FrameIndex(frame),
        GoToTarget::Time(time) => FrameIndex(frames.entries().partition_point(|entry| entry.time < origin + time)),
    };
    Some(first..end)
}

/// A review as it lies on the disk.
struct Reviewed {
    path: PathBuf,
    state: ReviewState,
}

impl Reviewed {
    fn read(path: PathBuf) -> anyhow::Result<Self> {
        let state = verify_review(&path)?.history.state().clone();
        Ok(Self { path, state })
    }

    /// Where its recording lies: as named, or at one of the places that the review names.
    fn recording(&self, named: Option<PathBuf>) -> anyhow::Result<PathBuf> {
        if let Some(path) = named {
            return Ok(path);
        }
        let places = self.state.media.places(&self.path).into_iter().filter(|place| place.is_file() || place.is_dir());
        for place in places {
            if avar_media::digest(&place, &CancelToken::default())? == self.state.media.sha256 {
                return Ok(place);
            }
        }
        bail!("the recording is no longer where it lay; name it with --media: {}", self.path.display())
    }
}

/// A recording with its scores, kept or computed now, and the review of it.
fn scored(file: &Path, reviewed: Option<&Reviewed>, arguments: ScoringArguments) -> anyhow::Result<Handover> {
    let ScoringArguments { audio_track, journal, network } = arguments;
    let cancel = CancelToken::default();
    let (network, shelf) = (network.choice()?, NetworkShelf::default());
    let found = shelf.take(&network, &cancel)?.digest().to_owned();
    // Before a recording of hours is analysed for nothing.
    if let Some(Reviewed { path, state }) = reviewed.filter(|reviewed| reviewed.state.scored_by.weights_sha256 != found)
    {
        let short = |digest: &str| digest.chars().take(12).collect();
        let decided = short(&state.scored_by.weights_sha256);
        return Err(HandoverError::OtherWeights { decided, found: short(&found), path: path.clone() }.into());
    }
    let media = open_track(file, audio_track, &cancel, |_| {})?;
    let sha256 = avar_media::digest(file, &cancel)?;
    let journal = journal.unwrap_or_else(avar_app::journals_folder);
    let journal = Some(JournalPlace { folder: journal, afresh: false });
    let settings = reviewed.map(|reviewed| settings_of(&reviewed.state)).unwrap_or_default();
    let (spec, analysis) = analysed(&media, &network, &settings, journal, &shelf)?;
    let scoring = Scoring::new(&analysis.account.network, &spec.network, &spec.settings);
    let rule = reviewed.map_or_else(Hysteresis::default, |reviewed| reviewed.state.rule);
    let document = reviewed.map(|reviewed| reviewed.path.clone());
    Ok(Handover { media, sha256, scores: analysis.scores, scoring, document, rule })
}

/// The bundle of a recording on which nothing has been decided.
pub(super) fn write_found(
    media: OpenedMedia,
    sha256: String,
    spec: &AnalysisSpec,
    analysis: &Analysis,
    rule: Hysteresis,
    out: &Path,
) -> anyhow::Result<()> {
    let scoring = Scoring::new(&analysis.account.network, &spec.network, &spec.settings);
    let handover = Handover { media, sha256, scores: analysis.scores.clone(), scoring, document: None, rule };
    watched(&avar_app::state::file_name(out), |watch| bundle::write(&handover, out, watch))?;
    Ok(())
}

/// As the scores were computed that were decided on.
fn settings_of(state: &ReviewState) -> AnalysisSettings {
    let settings = &state.scored_by.settings;
    let usual = AnalysisSettings::default();
    let steps = |name: &str| settings.get(name).and_then(serde_json::Value::as_u64);
    AnalysisSettings {
        steps_per_second: settings.get("steps_per_second").and_then(serde_json::Value::as_f64),
        window_steps: steps("window_steps").and_then(|steps| steps.try_into().ok()).unwrap_or(usual.window_steps),
    }
}

pub(super) fn verify(arguments: VerifyArguments) -> anyhow::Result<()> {
    let VerifyArguments { bundle: path, media, network } = arguments;
    let mut bundle = Bundle::open(&path, &CancelToken::default())?;
    print_manifest(&path, bundle.manifest())?;
    say(&format!("  every byte of its {} files is as it was written", bundle.manifest().entries.len() + 1))?;
    let Some(media) = media else { return Ok(()) };
    let network = network.choice()?;
    let agreement = compare(&mut bundle, &media, &network)?;
    let Agreement { stills, steps, largest_difference } = agreement;
    say(&format!(
        "  {} the same to the pixel; {} scored again, no score further off than {largest_difference:.1e} ({SCORE_TOLERANCE:.0e} is allowed)",
        counted(stills, "still"),
        counted(steps, "step"),
    ))
}

fn compare(bundle: &mut Bundle, media: &Path, network: &NetworkChoice) -> Result<Agreement, HandoverError> {
    let shelf = NetworkShelf::default();
    watched(&avar_app::state::file_name(media), |watch| bundle.compare(media, network, &shelf, watch))
}

fn print_manifest(path: &Path, manifest: &Manifest) -> anyhow::Result<()> {
    let Manifest { media, weights, trail, program, decoder, .. } = manifest;
    say(&format!("{}: of {}", path.display(), media.name))?;
    say(&format!("  recording: SHA-256 {}", media.sha256))?;
    say(&format!("  weights:   SHA-256 {}", weights.sha256))?;
    say(&format!("  made with: {program}, {decoder}"))?;
    match trail {
        Some(trail) => say(&format!(
            "  trail:     {}, the last line SHA-256 {}",
            counted(trail.operations, "operation"),
            trail.last_sha256
        ))?,
        None => say("  trail:     none, nothing was decided")?,
    }
    weights.warning.iter().try_for_each(|warning| say(&format!("  {warning}")))
}
