//! `avar weights pull`: pretrained backbones from a hub.

use std::io::IsTerminal;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::say;
use avar_base::files::write_whole;
use avar_base::job::CancelToken;
use avar_hub::{Hub, PUBLIC_ENDPOINT, PullProgress, default_networks};
use avar_model::pickle::as_safetensors;

#[derive(Subcommand)]
pub(super) enum WeightsCommand {
    /// Download the paper's backbones, apple/mobilevit-small and facebook/wav2vec2-base, and check their digests
    Pull(PullArguments),
}

#[derive(Args)]
pub(super) struct PullArguments {
    /// The folder to write to: a folder for each network, and backbones-full.safetensors made of both
    #[arg(long, default_value = "weights")]
    out: PathBuf,
}

pub(super) fn run(command: WeightsCommand) -> anyhow::Result<()> {
    let WeightsCommand::Pull(PullArguments { out }) = command;
    let endpoint = std::env::var("HF_ENDPOINT").ok().filter(|endpoint| !endpoint.is_empty());
    let hub = Hub::new(endpoint.as_deref().unwrap_or(PUBLIC_ENDPOINT))?;
    let shows_progress = std::io::stderr().is_terminal();
    let mut files = Vec::new();
    for spec in default_networks() {
        let pulled = hub.pull(&spec, &out, &CancelToken::default(), |PullProgress { bytes, total_bytes }| {
            if shows_progress {
                let percent = bytes as f64 / total_bytes.max(1) as f64 * 100.0;
                eprint!("\r\x1b[K{}: {percent:.0} % of {} MB", spec.repo, total_bytes / 1_000_000);
            }
        })?;
        if shows_progress {
            eprint!("\r\x1b[K");
        }
        say(&format!(
            "{}\n  sha256 {}, {} bytes, revision {}",
            pulled.path.display(),
            pulled.sha256,
            pulled.bytes,
            pulled.revision
        ))?;
        files.push(pulled.path);
    }
    let bytes = as_safetensors(&files.iter().map(PathBuf::as_path).collect::<Vec<_>>())?;
    let joined = out.join("backbones-full.safetensors");
    write_whole(&joined, |file| file.write_all(&bytes))?;
    say(&joined.display().to_string())
}
