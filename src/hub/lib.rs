//! Pretrained networks from a Hugging Face hub: a repository's name in, a checked file on disk out.
//!
//! [`Hub::pull`] asks the hub what a revision holds, transfers one file, and lets it appear under its final name only
//! once every announced byte has arrived and the SHA-256 is the expected one: the digest pinned in the [`PullSpec`], or
//! else the one that the hub announces for the file in Git LFS. Beside it, `FILE.json` records where it came from. A
//! file that is already there with the expected digest is not transferred again.
//!
//! A cancel is answered within 50 ms, whatever the network does. A proxy is taken from the environment (`HTTPS_PROXY`,
//! `NO_PROXY`).
//!
//! # What does not exist here
//!
//! - No crate of this workspace but `avar-base`: what is in the file is no concern here.
//! - No account and no token, so only public repositories can be pulled, and no transfer that was begun over https and
//!   goes on over http.
//! - Nothing without bounds: the size of the file and of the hub's answers, redirects, silence, and how often an
//!   interrupted transfer is continued.

mod transfer;

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use avar_base::files::{self, DigestError, WriteError, write_whole};
use avar_base::job::{CancelToken, Cancelled};
use transfer::{ListedFile, Listing};

/// The hub itself; a mirror or a local server has another address.
pub const PUBLIC_ENDPOINT: &str = "https://huggingface.co";

/// Twenty times the largest network of the desk; whoever announces more does not announce one of them.
const MAX_FILE_BYTES: u64 = 8 << 30;

/// What to pull: one file of a repository at a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullSpec {
    /// `owner/name`.
    pub repo: String,
    /// A branch, a tag, a reference such as `refs/pr/2`, or a commit.
    pub revision: String,
    /// In order of preference: the first that the revision holds is pulled.
    pub files: Vec<WantedFile>,
}

/// One file of a repository, and the digest that it must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedFile {
    /// Its path in the repository.
    pub name: String,
    /// SHA-256 in lower-case hexadecimal, where it is known beforehand.
    pub sha256: Option<String>,
}

/// How much of the file has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PullProgress {
    /// On disk so far; back to 0 where a server does not continue in the middle.
    pub bytes: u64,
    /// The size of the file, as the hub announces it.
    pub total_bytes: u64,
}

/// A file that is on disk and has the expected digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// `into/OWNER--NAME/FILE`, below the folder that [`Hub::pull`] was given.
    pub path: PathBuf,
    /// In lower-case hexadecimal.
    pub sha256: String,
    /// The size of the file.
    pub bytes: u64,
    /// The commit that the asked revision stood for.
    pub revision: String,
}

/// Why a pull came to nothing, in a sentence.
#[allow(missing_docs, reason = "what an error says names its fields")]
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The caller asked for it.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// The address of a hub has another scheme, or nothing behind it.
    #[error("a hub's address begins with https:// or http://, this one does not: {endpoint}")]
    Endpoint { endpoint: String },
    /// A name of the [`PullSpec`] has letters or parts that may not become part of an address or a path.
    #[error("this is not the name of a repository, a revision or a file on a hub: {name}")]
    Name { name: String },
    /// No answer to a request: the host is not found, or the connection fails or takes too long.
    #[error("the hub cannot be reached ({reason}); check the connection, or set HF_ENDPOINT to a mirror: {url}")]
    Unreachable { reason: String, url: String },
    /// Status 404.
    #[error("the hub has no such repository, revision or file; check the names: {url}")]
    NotFound { url: String },
    /// Status 401 or 403, as of a private repository or one that asks for an account.
    #[error(
        "the hub does not have this repository or does not give it to everyone (status {status}); check the name: {url}"
    )]
    Refused { status: u16, url: String },
    /// Any other status that is no success.
    #[error("the hub answers with status {status}; try again later: {url}")]
    Status { status: u16, url: String },
    /// What came is no listing of a revision, or no HTTP.
    #[error("the hub's answer is not understood ({reason}): {url}")]
    Answer { reason: String, url: String },
    /// The revision holds none of the wanted files.
    #[error("this revision has no file named {files}: {url}")]
    NoSuchFile { files: String, url: String },
    /// Neither the [`PullSpec`] nor the hub names a digest, as of a file outside Git LFS.
    #[error("the hub announces no SHA-256 for this file, so it cannot be checked: {url}")]
    NoDigest { url: String },
    /// The digest in the [`PullSpec`] is not the one that the hub announces.
    #[error(
        "the hub's file is not the expected one (SHA-256 {announced}, expected {expected}); nothing was pulled: {url}"
    )]
    OtherFile { announced: String, expected: String, url: String },
    /// More is announced than the 8 GiB that are pulled at most.
    #[error("the hub announces {bytes} bytes, far more than a network of this desk has; nothing was pulled: {url}")]
    TooLarge { bytes: u64, url: String },
    /// More arrives than was announced.
    #[error("the hub sends more than the {bytes} bytes that it announced; nothing was kept: {url}")]
    TooLong { bytes: u64, url: String },
    /// The transfer broke off too often to be continued again, or without having brought anything.
    #[error("the transfer broke off after {bytes} of {total_bytes} bytes ({reason}); pull again: {url}")]
    Interrupted { bytes: u64, total_bytes: u64, reason: String, url: String },
    /// All bytes arrived, and their digest is another one.
    #[error("the file arrived damaged (SHA-256 {received}, expected {expected}); nothing was kept, pull again: {url}")]
    Damaged { received: String, expected: String, url: String },
    /// There is no room left on the disk, or none that this user may take.
    #[error("the disk is full; free {bytes} bytes and pull again: {path}", path = .path.display())]
    DiskFull { bytes: u64, path: PathBuf },
    /// The file, its folder or the record beside it cannot be written for another reason.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// The two pretrained encoders of AVAR-Net, each as its authors published it.
///
/// Both main branches held PyTorch pickles and no safetensors when this was written; the caller converts them. The
/// digests were taken from what others published, not from a pull of our own: MobileViT's from the hub's page of the
/// file, wav2vec 2.0's from several records that agree. MobileViT is under the Apple sample code licence, wav2vec 2.0
/// under Apache-2.0.
pub fn default_networks() -> [PullSpec; 2] {
    let pickle = |repo: &str, revision: &str, sha256: &str| PullSpec {
        repo: repo.to_owned(),
        revision: revision.to_owned(),
        files: vec![WantedFile { name: "pytorch_model.bin".to_owned(), sha256: Some(sha256.to_owned()) }],
    };
    [
        pickle("apple/mobilevit-small", "main", "e82f00eb463387332cfc6204f1590225bd2c16cab4e45f113438f04378b84763"),
        pickle(
            "facebook/wav2vec2-base",
            "0b5b8e868dd84f03fd87d01f9c4ff0f080fecfe8",
            "3249fe98bfc62fcbc26067f724716a6ec49d12c4728a2af1df659013905dff21",
        ),
    ]
}

/// A hub and how long its silence is borne.
#[derive(Clone, Debug)]
pub struct Hub {
    endpoint: String,
    patience: Duration,
}

impl Hub {
    /// A hub at an address such as [`PUBLIC_ENDPOINT`].
    pub fn new(endpoint: &str) -> Result<Self, HubError> {
        let address = endpoint.trim_end_matches('/');
        if !["https://", "http://"].iter().any(|scheme| address.len() > scheme.len() && address.starts_with(scheme)) {
            return Err(HubError::Endpoint { endpoint: endpoint.to_owned() });
        }
        Ok(Self { endpoint: address.to_owned(), patience: Duration::from_secs(30) })
    }

    /// For how long nothing may arrive before the connection counts as broken; 30 s unless set.
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Pulls one file to `into/OWNER--NAME/FILE` and reports on the way, on this thread.
    pub fn pull(
        &self,
        spec: &PullSpec,
        into: &Path,
        cancel: &CancelToken,
        mut progress: impl FnMut(PullProgress),
    ) -> Result<Pulled, HubError> {
        check_names(spec)?;
        let Listing { commit, files } = transfer::list(self, spec, cancel)?;
        let (wanted, listed) = choose(spec, &files).ok_or_else(|| HubError::NoSuchFile {
            files: spec.files.iter().map(|file| file.name.as_str()).collect::<Vec<_>>().join(" or "),
            url: self.page(spec),
        })?;
        let file = Announced {
            url: self.file_url(spec, &commit, &wanted.name)?,
            bytes: listed.size.ok_or_else(|| self.answer(spec, "a file without a size"))?,
            sha256: self.expected_digest(spec, wanted, listed)?,
        };
        if file.bytes > MAX_FILE_BYTES {
            return Err(HubError::TooLarge { bytes: file.bytes, url: file.url });
        }

        let path = into.join(spec.repo.replace('/', "--")).join(&wanted.name);
        let lies_there = match files::digest(&path, cancel) {
            Ok(digest) => digest == file.sha256,
            Err(DigestError::Cancelled(cancelled)) => return Err(cancelled.into()),
            // It is pulled anew, and what is in its way is named then.
            Err(DigestError::Read { .. }) => false,
        };
        if lies_there {
            progress(PullProgress { bytes: file.bytes, total_bytes: file.bytes });
        } else {
            transfer::fetch(self, &file, &path, cancel, &mut progress)?;
        }
        let pulled = Pulled { path, sha256: file.sha256, bytes: file.bytes, revision: commit };
        self.record(spec, wanted, &pulled)?;
        Ok(pulled)
    }

    /// The pinned digest, which the announced one must not contradict, or else the announced one.
    fn expected_digest(&self, spec: &PullSpec, wanted: &WantedFile, listed: &ListedFile) -> Result<String, HubError> {
        let announced = listed.lfs.as_ref().map(|lfs| &lfs.sha256);
        match (&wanted.sha256, announced) {
            (_, Some(announced)) if !is_hex(announced, 64) => Err(self.answer(spec, "a SHA-256 that is none")),
            (Some(expected), Some(announced)) if expected != announced => Err(HubError::OtherFile {
                announced: announced.clone(),
                expected: expected.clone(),
                url: self.page(spec),
            }),
            (Some(expected), _) => Ok(expected.clone()),
            (None, Some(announced)) => Ok(announced.clone()),
            (None, None) => Err(HubError::NoDigest { url: self.page(spec) }),
        }
    }

    /// Beside the file: where it came from, and by whose word its digest is the right one.
    fn record(&self, spec: &PullSpec, wanted: &WantedFile, pulled: &Pulled) -> Result<(), WriteError> {
        #[derive(Serialize)]
        struct Record<'a> {
            endpoint: &'a str,
            repo: &'a str,
            asked_revision: &'a str,
            revision: &'a str,
            file: &'a str,
            bytes: u64,
            sha256: &'a str,
            sha256_from: &'a str,
        }
        let record = Record {
            endpoint: &self.endpoint,
            repo: &spec.repo,
            asked_revision: &spec.revision,
            revision: &pulled.revision,
            file: &wanted.name,
            bytes: pulled.bytes,
            sha256: &pulled.sha256,
            sha256_from: if wanted.sha256.is_some() { "pinned" } else { "announced by the hub" },
        };
        let mut name = pulled.path.clone().into_os_string();
        name.push(".json");
        write_whole(Path::new(&name), |file| Ok(serde_json::to_writer_pretty(file, &record)?))
    }

    /// The page of the revision, to name it in a message.
    fn page(&self, spec: &PullSpec) -> String {
        format!("{}/{}/tree/{}", self.endpoint, spec.repo, spec.revision)
    }

    fn answer(&self, spec: &PullSpec, reason: &str) -> HubError {
        HubError::Answer { reason: reason.to_owned(), url: self.page(spec) }
    }
}

/// A file that the hub announced, with the digest that it must have.
struct Announced {
    url: String,
    bytes: u64,
    sha256: String,
}

fn choose<'a>(spec: &'a PullSpec, files: &'a [ListedFile]) -> Option<(&'a WantedFile, &'a ListedFile)> {
    spec.files.iter().find_map(|wanted| Some((wanted, files.iter().find(|file| file.name == wanted.name)?)))
}

/// Names become parts of addresses and paths: letters, digits and `. _ -` between slashes, and no way upwards.
fn check_names(spec: &PullSpec) -> Result<(), HubError> {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with("..")
            && part != "."
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
    };
    let files = spec.files.iter().map(|file| &file.name);
    for name in [&spec.repo, &spec.revision].into_iter().chain(files) {
        if !name.split('/').all(is_part) {
            return Err(HubError::Name { name: name.clone() });
        }
    }
    Ok(())
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_networks_are_pinned_to_digests() {
        for spec in default_networks() {
            check_names(&spec).unwrap();
            assert!(spec.files.iter().all(|file| file.sha256.as_ref().is_some_and(|sha256| is_hex(sha256, 64))));
        }
    }

    #[test]
    fn an_address_without_a_scheme_is_refused_by_name() {
        for endpoint in ["", "huggingface.co", "ftp://huggingface.co", "https://", "file:///etc"] {
            let sentence = Hub::new(endpoint).unwrap_err().to_string();
            assert!(sentence.ends_with(endpoint), "{sentence}");
        }
    }
}
