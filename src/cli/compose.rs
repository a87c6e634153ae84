//! `avar compose`: untrimmed recordings with a truth file, made of short sounds.

use std::ops::Range;
use std::path::PathBuf;

use clap::Args;

use super::{say, with_progress};
use avar_base::job::CancelToken;
use avar_compose::{ComposeSpec, SceneSpec, write_recordings};
use avar_dataset::{Manifest, Shares};
use avar_labels::Split;

#[derive(Args)]
pub(super) struct ComposeArguments {
    /// A manifest with everyday sounds (labelled normal) and events; clips with pictures are passed over
    #[arg(long)]
    manifest: PathBuf,
    /// The folder for recordings and manifest.csv, which says what is heard in them and when
    #[arg(long)]
    out: PathBuf,
    /// Which part of the manifest they are made of: train, val or test
    #[arg(long, default_value = "test", value_parser = super::evaluation::split)]
    part: Split,
    /// How many recordings
    #[arg(long, default_value_t = 12)]
    recordings: usize,
    /// The shortest and the longest recording, in minutes
    #[arg(long, default_value = "5..30", value_parser = range)]
    minutes: Range<f32>,
    /// Events in an hour, on average
    #[arg(long, default_value_t = 48.0)]
    events_per_hour: f32,
    /// Everyday sounds in an hour, on average, beside what goes on in the background
    #[arg(long, default_value_t = 400.0)]
    everyday_per_hour: f32,
    /// Level of an event over what else is heard meanwhile, in dB
    #[arg(long, default_value = "0..20", value_parser = range, allow_hyphen_values = true)]
    ratio_db: Range<f32>,
    /// The same seed and manifest give the same recordings; clips without a part are given one by it
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Two numbers, the smaller first, with two dots between them.
fn range(text: &str) -> Result<Range<f32>, String> {
    let wrong = || "must be two numbers, the smaller first, as in 5..30".to_owned();
    let (low, high) = text.split_once("..").ok_or_else(wrong)?;
    let number = |text: &str| text.trim().parse::<f32>().ok().filter(|number| number.is_finite()).ok_or_else(wrong);
    let (low, high) = (number(low)?, number(high)?);
    if low > high { Err(wrong()) } else { Ok(low..high) }
}

pub(super) fn run(arguments: ComposeArguments) -> anyhow::Result<()> {
    let mut manifest = Manifest::read(&arguments.manifest)?;
    manifest.check_files()?;
    manifest.assign_splits(Shares::default(), arguments.seed);
    let Range { start, end } = arguments.minutes;
    let scene = SceneSpec {
        duration_s: 60.0 * start..60.0 * end,
        events_per_hour: arguments.events_per_hour,
        everyday_per_hour: arguments.everyday_per_hour,
        ratio_db: arguments.ratio_db,
    };
    let recordings = vec![(arguments.part, arguments.recordings)];
    let spec = ComposeSpec { recordings, scene, seed: arguments.seed };
    let cancel = CancelToken::default();
    let written = with_progress(|told| write_recordings(&manifest, &arguments.out, &spec, &cancel, told))?;
    say(&written.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_two_numbers_in_order() {
        assert_eq!(range("5..30"), Ok(5.0..30.0));
        assert_eq!(range("-3 .. 20"), Ok(-3.0..20.0));
        assert!(["5", "30..5", "a..b", "1..inf", ".."].iter().all(|text| range(text).is_err()));
    }
}
