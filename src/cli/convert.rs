//! `avar convert`: annotations from one format to another, exact to the frame; of our own reviews as well.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;

use avar_base::job::CancelToken;
use avar_interchange::{AnnotatedSpan, Annotations, Format, Marker, Subject, Timeline, read_file, write_file};
use avar_labels::Verdict;
use avar_media::OpenedMedia;
use avar_review::{Candidate, ReviewState, verify};

#[derive(Args)]
pub(super) struct ConvertArguments {
    /// Annotations in any format that can be read, or a review (NAME.avar)
    file: PathBuf,
    /// The recording that they are of
    #[arg(long)]
    media: PathBuf,
    /// The file to write
    #[arg(long)]
    out: PathBuf,
    /// The format of the file; without it the one that it is found to be in
    #[arg(long, value_parser = format)]
    from: Option<Format>,
    /// The format to write; without it the one that the ending of --out names
    #[arg(long, value_parser = format)]
    to: Option<Format>,
}

fn format(text: &str) -> Result<Format, String> {
    Format::from_name(text).ok_or_else(|| format!("must be one of {}", names()))
}

fn names() -> String {
    Format::ALL.map(Format::name).join(", ")
}

/// Remarks go to standard error: what has no class here, what the format has no place for, what it cannot write exactly.
pub(super) fn run(arguments: ConvertArguments) -> anyhow::Result<()> {
    let ConvertArguments { file, media, out, from, to } = arguments;
    let to = match to {
        Some(to) => to,
        None => named_by_ending(&out)?,
    };
    let opened = avar_media::open(&media, &CancelToken::default(), |_| {})?;
    let timeline = timeline_of(&opened)
        .ok_or_else(|| anyhow!("annotations are of frames, and this recording has none: {}", media.display()))?;
    let name = media.file_name().unwrap_or_default().to_string_lossy();
    let subject = Subject { name: &name, timeline: &timeline };
    let is_review = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("avar"));
    let (annotations, mut remarks) = match is_review && from.is_none() {
        true => of_review(&file, &media, &opened, &subject, to)?,
        false => {
            let (_, read) = read_file(&file, from, &subject)?;
            (read.annotations, read.remarks)
        }
    };
    remarks.extend(write_file(&out, to, &annotations, &timeline)?);
    remarks.iter().for_each(|remark| eprintln!("avar: {remark}"));
    super::say(&out.display().to_string())
}

/// Where several formats share an ending, the name of one has to be said.
fn named_by_ending(out: &Path) -> anyhow::Result<Format> {
    let ending = out.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let of_ending: Vec<Format> = Format::ALL.into_iter().filter(|format| format.extension() == ending).collect();
    match of_ending[..] {
        [format] => Ok(format),
        [] => bail!("say with --to which format to write ({}): {}", names(), out.display()),
        _ => {
            let names: Vec<&str> = of_ending.into_iter().map(Format::name).collect();
            bail!("say with --to which of {} to write: {}", names.join(", "), out.display())
        }
    }
}

/// When each frame is shown; `None` in a recording without a picture. Others count from its start.
fn timeline_of(opened: &OpenedMedia) -> Option<Timeline> {
    let frames = opened.frames.as_ref()?;
    let times = frames.entries().iter().map(|entry| entry.time).collect();
    Timeline::new(opened.info.range.start.min(frames.range().start), times, frames.range().end)
}

/// What was decided, without what was rejected where the format cannot say that it was.
fn of_review(
    file: &Path,
    media: &Path,
    opened: &OpenedMedia,
    subject: &Subject,
    to: Format,
) -> anyhow::Result<(Annotations, Vec<String>)> {
    let trail = verify(file)?;
    let state = trail.history.state();
    let sha256 = avar_media::digest(media, &CancelToken::default()).context("the recording cannot be read")?;
    let frames = opened.frames.as_ref().map(|frames| frames.len());
    let duration = opened.info.range.duration();
    state.media.check(&Candidate { path: media, sha256: &sha256, frames, duration })?;
    Ok(annotations_of(state, subject, to))
}

fn annotations_of(state: &ReviewState, subject: &Subject, to: Format) -> (Annotations, Vec<String>) {
    let is_told = |verdict: Option<Verdict>| to.carries().decisions || verdict != Some(Verdict::Rejected);
    let mut annotations = Annotations::of(subject);
    let rejected = state.events().filter(|event| !is_told(event.verdict)).count();
    annotations.spans = state
        .events()
        .filter(|event| is_told(event.verdict))
        .map(|event| AnnotatedSpan {
            score: event.bases.iter().map(|basis| basis.peak).reduce(f32::max),
            note: Some(event.note.to_string()).filter(|note| !note.is_empty()),
            decision: event.verdict,
            ..AnnotatedSpan::new(event.stretch.start.frame.0, event.stretch.end.frame.0, event.class)
        })
        .collect();
    annotations.spans.sort_by_key(|span| (span.frames.start, span.frames.end));
    let marker = |note: &avar_review::FrameNote| Marker { frame: note.at.frame, text: note.text.to_string() };
    annotations.markers = state.notes().map(marker).collect();
    annotations.markers.sort_by_key(|marker| marker.frame);
    let remark = format!(
        "{} left out: {} has no place for decisions",
        avar_base::wording::counted(rejected, "rejected event"),
        to.label()
    );
    (annotations, (rejected > 0).then_some(remark).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_names_a_format_where_it_is_the_only_one_with_it() {
        assert_eq!(named_by_ending(Path::new("a.EAF")).unwrap(), Format::Elan);
        let error = named_by_ending(Path::new("a.json")).unwrap_err().to_string();
        assert!(error.contains("activitynet, label-studio") && error.ends_with("a.json"), "{error}");
        assert!(named_by_ending(Path::new("a")).unwrap_err().to_string().contains("--to"));
    }
}
