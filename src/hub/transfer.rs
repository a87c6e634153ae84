//! The network side of a pull. Requests run on a thread of their own, so that the caller can stop waiting at any
//! time: its pieces arrive through a bounded channel that is watched together with the cancel token.
//!
//! The crate's own download is not used: it cannot be cancelled, has no time limit and no bound, checks no digest,
//! and takes the file's name in its cache from the server. From the crate come the names, the addresses and the
//! request for what a revision holds.

use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use hf_hub::api::sync::{ApiBuilder, ApiRepo};
use hf_hub::{Cache, Repo, RepoType};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tracing::{info, info_span};

use super::{Announced, Hub, HubError, PullProgress, PullSpec, is_hex};
use avar_base::files::{WriteError, hexadecimal, keep, partial_beside};
use avar_base::job::{CancelToken, Cancelled};

/// What a revision holds, by the hub's `api/models/…?blobs=true`.
#[derive(Deserialize)]
pub(super) struct Listing {
    #[serde(rename = "sha")]
    pub commit: String,
    #[serde(rename = "siblings")]
    pub files: Vec<ListedFile>,
}

#[derive(Deserialize)]
pub(super) struct ListedFile {
    #[serde(rename = "rfilename")]
    pub name: String,
    pub size: Option<u64>,
    /// For files in Git LFS, as weights are.
    pub lfs: Option<Lfs>,
}

#[derive(Deserialize)]
pub(super) struct Lfs {
    pub sha256: String,
}

const MAX_LISTING_BYTES: u64 = 8 << 20;
const MAX_REDIRECTS: u32 = 5;
/// However slowly the bytes drip in.
const LONGEST_TRANSFER: Duration = Duration::from_secs(12 * 60 * 60);
/// How often an interrupted transfer is continued, as long as each attempt brings something.
const CONTINUATIONS: usize = 4;
const PAUSE: Duration = Duration::from_millis(500);
const WATCH: Duration = Duration::from_millis(50);
const PIECE_BYTES: usize = 256 << 10;
const QUEUED_PIECES: usize = 4;

/// What `spec` holds at its revision.
pub(super) fn list(hub: &Hub, spec: &PullSpec, cancel: &CancelToken) -> Result<Listing, HubError> {
    let url = hub.page(spec);
    let request = hub
        .repository(spec, &spec.revision)?
        .info_request()
        .query("blobs", "true")
        .config()
        .https_only(hub.is_https())
        .max_redirects(MAX_REDIRECTS)
        .timeout_global(Some(hub.patience))
        .build();
    let answers = in_background(move |answers| {
        let answer = request
            .call()
            .and_then(|mut response| response.body_mut().with_config().limit(MAX_LISTING_BYTES).read_to_vec());
        // Nobody listens any more after a cancel.
        _ = answers.send(answer);
    })
    .map_err(|error| HubError::Unreachable { reason: error.to_string(), url: url.clone() })?;

    let text = match next(&answers, cancel)? {
        Some(answer) => answer.map_err(|error| explain(error, url.clone()))?,
        None => return Err(HubError::Answer { reason: "none came".to_owned(), url }),
    };
    let listing: Listing = serde_json::from_slice(&text)
        .map_err(|error| HubError::Answer { reason: error.to_string(), url: url.clone() })?;
    if !is_hex(&listing.commit, 40) {
        return Err(HubError::Answer { reason: "a commit that is none".to_owned(), url });
    }
    Ok(listing)
}

/// Transfers `file` to `target`, which keeps what it held before unless every byte arrives and the digest is right.
pub(super) fn fetch(
    hub: &Hub,
    file: &Announced,
    target: &Path,
    cancel: &CancelToken,
    progress: &mut dyn FnMut(PullProgress),
) -> Result<(), HubError> {
    let _span = info_span!("fetch", url = file.url, bytes = file.bytes).entered();
    let mut arrived = Arrived::new(file, target)?;
    let mut continuations_left = CONTINUATIONS;
    while let Some(broken) = attempt(hub, file, &mut arrived, cancel, progress)? {
        if continuations_left == 0 || !broken.brought_something {
            return Err(HubError::Interrupted {
                bytes: arrived.bytes,
                total_bytes: file.bytes,
                reason: broken.reason,
                url: file.url.clone(),
            });
        }
        info!(bytes = arrived.bytes, reason = %broken.reason, "broken off; it goes on");
        continuations_left -= 1;
        pause(cancel)?;
    }
    arrived.keep()
}

impl Hub {
    /// The crate's handle of a repository; its names have been checked.
    fn repository(&self, spec: &PullSpec, revision: &str) -> Result<ApiRepo, HubError> {
        // The crate looks for a token beside its cache. Neither is used: no token leaves this machine.
        let api = ApiBuilder::from_cache(Cache::new(PathBuf::from("/")))
            .with_token(None)
            .with_endpoint(self.endpoint.clone())
            .with_user_agent("avar", env!("CARGO_PKG_VERSION"))
            .build()
            .map_err(|error| HubError::Unreachable { reason: error.to_string(), url: self.page(spec) })?;
        Ok(api.repo(Repo::with_revision(spec.repo.clone(), RepoType::Model, revision.to_owned())))
    }

    pub(super) fn file_url(&self, spec: &PullSpec, commit: &str, file: &str) -> Result<String, HubError> {
        Ok(self.repository(spec, commit)?.url(file))
    }

    fn is_https(&self) -> bool {
        self.endpoint.starts_with("https://")
    }

    fn agent(&self) -> ureq::Agent {
        ureq::Agent::config_builder()
            .https_only(self.is_https())
            .max_redirects(MAX_REDIRECTS)
            .user_agent(concat!("avar/", env!("CARGO_PKG_VERSION")))
            // The digest is that of the bytes as they are stored.
            .accept_encoding("identity")
            .timeout_resolve(Some(self.patience))
            .timeout_connect(Some(self.patience))
            .timeout_recv_response(Some(self.patience))
            .timeout_per_read(Some(self.patience))
            .timeout_recv_body(Some(LONGEST_TRANSFER))
            .build()
            .into()
    }
}

/// What has arrived of a file, beside its final place.
struct Arrived<'a> {
    file: &'a Announced,
    target: &'a Path,
    partial: NamedTempFile,
    hasher: Sha256,
    bytes: u64,
}

impl<'a> Arrived<'a> {
    fn new(file: &'a Announced, target: &'a Path) -> Result<Self, HubError> {
        let partial = target
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| partial_beside(target))
            .map_err(|reason| cannot_write(reason, file, target))?;
        Ok(Self { file, target, partial, hasher: Sha256::new(), bytes: 0 })
    }

    fn add(&mut self, piece: &[u8]) -> Result<(), HubError> {
        if self.bytes + piece.len() as u64 > self.file.bytes {
            return Err(HubError::TooLong { bytes: self.file.bytes, url: self.file.url.clone() });
        }
        self.partial.write_all(piece).map_err(|reason| cannot_write(reason, self.file, self.target))?;
        self.hasher.update(piece);
        self.bytes += piece.len() as u64;
        Ok(())
    }

    fn is_whole(&self) -> bool {
        self.bytes == self.file.bytes
    }

    /// For a server that does not continue in the middle.
    fn start_over(&mut self) -> Result<(), HubError> {
        let file = self.partial.as_file_mut();
        file.rewind().and_then(|()| file.set_len(0)).map_err(|reason| cannot_write(reason, self.file, self.target))?;
        self.hasher = Sha256::new();
        self.bytes = 0;
        Ok(())
    }

    /// Gives the file its name if it is the right one.
    fn keep(self) -> Result<(), HubError> {
        let received = hexadecimal(self.hasher.finalize());
        if received != self.file.sha256 {
            return Err(HubError::Damaged { received, expected: self.file.sha256.clone(), url: self.file.url.clone() });
        }
        keep(self.partial.into_temp_path(), self.target).map_err(|reason| cannot_write(reason, self.file, self.target))
    }
}

struct Broken {
    reason: String,
    brought_something: bool,
}

enum Piece {
    /// An answer has begun, with the byte at this offset.
    From(u64),
    Bytes(Vec<u8>),
}

/// A request and its answer's body, on a thread that ends with this value.
struct Connection {
    agent: ureq::Agent,
    pieces: Receiver<Result<Piece, ureq::Error>>,
}

impl Connection {
    fn open(hub: &Hub, url: &str, offset: u64) -> io::Result<Self> {
        let agent = hub.agent();
        let (requester, url) = (agent.clone(), url.to_owned());
        let pieces = in_background(move |pieces| {
            if let Err(error) = request(&requester, &url, offset, pieces) {
                // Nobody listens any more after a cancel.
                _ = pieces.send(Err(error));
            }
        })?;
        Ok(Self { agent, pieces })
    }
}

impl Drop for Connection {
    /// Closes the socket, so that a read that waits for the server returns at once.
    fn drop(&mut self) {
        self.agent.clone().shutdown();
    }
}

/// Sends the body piece by piece until it ends or nobody listens.
fn request(
    agent: &ureq::Agent,
    url: &str,
    offset: u64,
    pieces: &SyncSender<Result<Piece, ureq::Error>>,
) -> Result<(), ureq::Error> {
    let mut request = agent.get(url);
    if offset > 0 {
        request = request.header("Range", format!("bytes={offset}-"));
    }
    let response = request.call()?;
    // 206: the part that was asked for. A server that sends another part is found out by the digest.
    let from = if response.status() == 206 { offset } else { 0 };
    let mut listening = pieces.send(Ok(Piece::From(from))).is_ok();
    let mut body = response.into_body().into_reader();
    let mut buffer = vec![0; PIECE_BYTES];
    while listening {
        match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => listening = pieces.send(Ok(Piece::Bytes(buffer[..count].to_vec()))).is_ok(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// One request, for the bytes that are still missing; `None` once the file is whole.
fn attempt(
    hub: &Hub,
    file: &Announced,
    arrived: &mut Arrived,
    cancel: &CancelToken,
    progress: &mut dyn FnMut(PullProgress),
) -> Result<Option<Broken>, HubError> {
    let connection = Connection::open(hub, &file.url, arrived.bytes)
        .map_err(|error| HubError::Unreachable { reason: error.to_string(), url: file.url.clone() })?;
    let (mut answered, mut brought_something) = (false, false);
    let reason = loop {
        match next(&connection.pieces, cancel)? {
            Some(Ok(Piece::From(offset))) => {
                answered = true;
                if offset != arrived.bytes {
                    arrived.start_over()?;
                }
                progress(PullProgress { bytes: arrived.bytes, total_bytes: file.bytes });
            }
            Some(Ok(Piece::Bytes(piece))) => {
                arrived.add(&piece)?;
                brought_something = true;
                progress(PullProgress { bytes: arrived.bytes, total_bytes: file.bytes });
            }
            // With nothing to continue yet, say what is wrong with the request.
            Some(Err(error)) if !answered && arrived.bytes == 0 => return Err(explain(error, file.url.clone())),
            Some(Err(error)) => break error.to_string(),
            None => break "the server ended it".to_owned(),
        }
    };
    Ok((!arrived.is_whole()).then_some(Broken { reason, brought_something }))
}

/// Runs `work` on a thread; what it sends waits until it is taken.
fn in_background<T: Send + 'static>(work: impl FnOnce(&SyncSender<T>) + Send + 'static) -> io::Result<Receiver<T>> {
    let (sender, receiver) = sync_channel(QUEUED_PIECES);
    std::thread::Builder::new().name("hub".to_owned()).spawn(move || work(&sender))?;
    Ok(receiver)
}

/// What the thread sends next, or `None` after its end.
fn next<T>(messages: &Receiver<T>, cancel: &CancelToken) -> Result<Option<T>, Cancelled> {
    loop {
        cancel.check()?;
        match messages.recv_timeout(WATCH) {
            Ok(message) => return Ok(Some(message)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

fn pause(cancel: &CancelToken) -> Result<(), Cancelled> {
    let until = Instant::now() + PAUSE;
    while Instant::now() < until {
        cancel.check()?;
        std::thread::sleep(WATCH);
    }
    Ok(())
}

/// Why a request brought no answer, or no usable one.
fn explain(error: ureq::Error, url: String) -> HubError {
    use ureq::Error;
    match error {
        Error::StatusCode(404) => HubError::NotFound { url },
        Error::StatusCode(status @ (401 | 403)) => HubError::Refused { status, url },
        Error::StatusCode(status) => HubError::Status { status, url },
        Error::Io(_)
        | Error::Timeout(_)
        | Error::HostNotFound
        | Error::ConnectionFailed
        | Error::InvalidProxyUrl
        | Error::ConnectProxyFailed(_)
        | Error::Tls(_)
        | Error::Rustls(_) => HubError::Unreachable { reason: error.to_string(), url },
        _ => HubError::Answer { reason: error.to_string(), url },
    }
}

fn cannot_write(reason: io::Error, file: &Announced, target: &Path) -> HubError {
    let path = target.to_owned();
    match reason.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => HubError::DiskFull { bytes: file.bytes, path },
        _ => HubError::Write(WriteError { path, reason }),
    }
}
