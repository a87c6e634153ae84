//! `avar export` and `avar verify`: a review as one file, and whether such a file stands up.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;

use super::{NetworkArguments, analysed, say, watched};
use avar_analysis::{Analysis, AnalysisSettings, AnalysisSpec, JournalPlace, NetworkChoice, NetworkShelf};
use avar_base::job::CancelToken;
use avar_base::wording::counted;
use avar_handover::{Agreement, Bundle, Handover, HandoverError, Manifest, SCORE_TOLERANCE, Scoring, bundle};
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
    /// The track of sound that was analysed, by its stream's number; without it the best one
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

pub(super) fn export(arguments: ExportArguments) -> anyhow::Result<()> {
    let ExportArguments { review, out, media, audio_track, journal, network } = arguments;
    let cancel = CancelToken::default();
    let trail = verify_review(&review)?;
    let state = trail.history.state();
    let network = network.choice()?;
    let shelf = NetworkShelf::default();
    // Before a recording of hours is analysed for nothing.
    let found = shelf.take(&network, &cancel)?.digest().to_owned();
    if found != state.scored_by.weights_sha256 {
        let short = |digest: &str| digest.chars().take(12).collect();
        let decided = short(&state.scored_by.weights_sha256);
        return Err(HandoverError::OtherWeights { decided, found: short(&found), path: review }.into());
    }
    let (media, sha256) = recording_of(state, &review, media)?;
    let media = open_track(&media, audio_track, &cancel, |_| {})?;
    let journal = journal.unwrap_or_else(avar_app::journals_folder);
    let journal = Some(JournalPlace { folder: journal, afresh: false });
    let (spec, analysis) = analysed(&media, &network, &settings_of(state), journal, &shelf)?;
    let scoring = Scoring::new(&analysis.account.network, &spec.network, &spec.settings);
    let rule = state.rule;
    let handover = Handover { media, sha256, scores: analysis.scores, scoring, document: Some(review), rule };
    let manifest = watched(&avar_app::state::file_name(&out), |watch| bundle::write(&handover, &out, watch))?;
    print_manifest(&out, &manifest)
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

/// Where the recording of a review lies, and its digest; the review names more than one place where it may lie.
fn recording_of(state: &ReviewState, review: &Path, named: Option<PathBuf>) -> anyhow::Result<(PathBuf, String)> {
    let cancel = CancelToken::default();
    let digest = |path: &Path| avar_media::digest(path, &cancel);
    if let Some(path) = named {
        let sha256 = digest(&path)?;
        return Ok((path, sha256));
    }
    for place in state.media.places(review).into_iter().filter(|place| place.is_file() || place.is_dir()) {
        let sha256 = digest(&place)?;
        if sha256 == state.media.sha256 {
            return Ok((place, sha256));
        }
    }
    bail!("the recording is no longer where it lay; name it with --media: {}", review.display())
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
