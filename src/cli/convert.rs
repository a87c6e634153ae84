//! `avar convert`: annotations from one format to another, exact to the frame; of our own reviews as well.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;

use avar_base::job::CancelToken;
use avar_handover::annotations::{annotations_of, timeline_of};
use avar_interchange::{Annotations, Format, Subject, read_file, write_file};
use avar_media::OpenedMedia;
use avar_review::{Candidate, verify};

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
