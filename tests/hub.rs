//! Pulls from a small hub on this machine: what it should be, and what else a network may do.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use avar::hub::{Hub, HubError, PullProgress, PullSpec, Pulled, WantedFile};
use avar::job::CancelToken;
use sha2::{Digest, Sha256};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const FILE: &str = "pytorch_model.bin";

#[test]
fn a_pulled_file_is_whole_checked_and_recorded() {
    let (body, folder) = (weights(), tempfile::tempdir().unwrap());
    let hub = LocalHub::holding(&body, serve_ranges);
    let mut reports = Vec::new();
    let pulled = hub.pull(&spec(None), folder.path(), |report| reports.push(report)).unwrap();

    assert_eq!(pulled.path, folder.path().join("owner--network").join(FILE));
    assert_eq!((pulled.bytes, pulled.sha256.as_str()), (body.len() as u64, sha256(&body).as_str()));
    assert_eq!(pulled.revision, COMMIT);
    assert_eq!(std::fs::read(&pulled.path).unwrap(), body);

    let record = std::fs::read(pulled.path.with_file_name("pytorch_model.bin.json")).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
    assert_eq!(record["sha256"], pulled.sha256);
    assert_eq!(record["asked_revision"], "main");
    assert_eq!(record["revision"], COMMIT);
    assert_eq!(record["sha256_from"], "announced by the hub");

    let total_bytes = body.len() as u64;
    assert!(reports.is_sorted_by_key(|report| report.bytes) && reports.len() > 2, "{reports:?}");
    assert_eq!(reports.first(), Some(&PullProgress { bytes: 0, total_bytes }));
    assert_eq!(reports.last(), Some(&PullProgress { bytes: total_bytes, total_bytes }));
}

#[test]
fn the_first_wanted_file_that_the_revision_holds_is_pulled() {
    let hub = LocalHub::holding(&weights(), serve_ranges);
    let folder = tempfile::tempdir().unwrap();
    let mut spec = spec(None);
    spec.files.insert(0, WantedFile { name: "model.safetensors".to_owned(), sha256: None });
    assert!(hub.pull(&spec, folder.path(), |_| {}).unwrap().path.ends_with(FILE));
}

#[test]
fn a_revision_with_slashes_reaches_the_hub_as_one_name() {
    let hub = LocalHub::holding(&weights(), serve_ranges);
    let folder = tempfile::tempdir().unwrap();
    let spec = PullSpec { revision: "refs/pr/2".to_owned(), ..spec(None) };
    hub.pull(&spec, folder.path(), |_| {}).unwrap();
    assert_eq!(hub.requests()[0].path, "/api/models/owner/network/revision/refs%2Fpr%2F2?blobs=true");
}

#[test]
fn a_file_that_is_already_there_is_not_transferred_again() {
    let hub = LocalHub::holding(&weights(), serve_ranges);
    let folder = tempfile::tempdir().unwrap();
    let first = hub.pull(&spec(None), folder.path(), |_| {}).unwrap();
    assert_eq!(hub.pull(&spec(None), folder.path(), |_| {}).unwrap(), first);
    assert_eq!(hub.transfers(), 1);
}

#[test]
fn a_file_that_was_damaged_on_disk_is_replaced() {
    let (body, folder) = (weights(), tempfile::tempdir().unwrap());
    let hub = LocalHub::holding(&body, serve_ranges);
    let path = hub.pull(&spec(None), folder.path(), |_| {}).unwrap().path;
    std::fs::write(&path, "damaged").unwrap();
    hub.pull(&spec(None), folder.path(), |_| {}).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), body);
}

#[test]
fn a_redirect_to_another_server_is_followed() {
    let body = weights();
    let store = LocalHub::holding(&body, serve_ranges);
    let elsewhere = format!("{}/store", store.endpoint);
    let hub = LocalHub::holding(&body, move |_, _, stream| {
        answer(stream, "302 Found", &[("Location", &elsewhere), ("Content-Length", "0")], b"");
    });
    let folder = tempfile::tempdir().unwrap();
    hub.pull(&spec(None), folder.path(), |_| {}).unwrap();
    assert_eq!((hub.transfers(), store.transfers()), (1, 1));
}

#[test]
fn redirects_in_circles_end() {
    let hub = LocalHub::holding(&weights(), |request, _, stream| {
        answer(stream, "302 Found", &[("Location", &request.path), ("Content-Length", "0")], b"");
    });
    assert!(matches!(hub.fail(&spec(None)), HubError::Answer { .. }));
    assert!(hub.transfers() < 10);
}

#[test]
fn the_command_asks_the_endpoint_of_its_environment_and_refuses_other_bytes_than_the_pinned_ones() {
    let hub = LocalHub::holding(&weights(), serve_ranges);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("weights");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_avar"))
        .args(["weights", "pull", "--out"])
        .arg(&out)
        .env("HF_ENDPOINT", &hub.endpoint)
        .output()
        .unwrap();
    let sentence = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(sentence.contains("SHA-256") && sentence.contains("apple/mobilevit-small"), "{sentence}");
    assert!(hub.requests()[0].path.starts_with("/api/models/apple/mobilevit-small/revision/main"));
    assert!(!out.join("backbones-full.safetensors").exists());
}

#[test]
fn no_token_is_sent() {
    let hub = LocalHub::holding(&weights(), serve_ranges);
    let folder = tempfile::tempdir().unwrap();
    hub.pull(&spec(None), folder.path(), |_| {}).unwrap();
    assert!(hub.requests().iter().all(|request| !request.has_token));
}

#[test]
fn a_host_that_nobody_listens_on_is_reported_with_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = pull_into_nothing(&hub_at(&endpoint), &spec(None));
    assert!(matches!(&error, HubError::Unreachable { url, .. } if url.starts_with(&endpoint)), "{error}");
}

#[test]
fn a_repository_that_does_not_exist_is_told_from_one_that_is_refused() {
    for (status, is_expected) in [
        ("404 Not Found", (|error| matches!(error, HubError::NotFound { .. })) as fn(&HubError) -> bool),
        ("401 Unauthorized", |error| matches!(error, HubError::Refused { status: 401, .. })),
        ("403 Forbidden", |error| matches!(error, HubError::Refused { status: 403, .. })),
        ("503 Service Unavailable", |error| matches!(error, HubError::Status { status: 503, .. })),
    ] {
        let hub = LocalHub::answering(move |_, _, stream| answer(stream, status, &[("Content-Length", "0")], b""));
        let error = hub.fail(&spec(None));
        assert!(is_expected(&error), "{status}: {error}");
        assert!(error.to_string().ends_with("/owner/network/tree/main"), "{error}");
    }
}

#[test]
fn a_file_that_the_revision_does_not_hold_is_named() {
    let hub = LocalHub::holding(&weights(), serve_ranges);
    let mut spec = spec(None);
    spec.files = vec![WantedFile { name: "model.safetensors".to_owned(), sha256: None }];
    let error = hub.fail(&spec);
    assert!(matches!(&error, HubError::NoSuchFile { files, .. } if files == "model.safetensors"), "{error}");
}

#[test]
fn a_file_that_is_listed_but_missing_is_reported_by_its_address() {
    let hub = LocalHub::holding(&weights(), |_, _, stream| {
        answer(stream, "404 Not Found", &[("Content-Length", "0")], b"");
    });
    let error = hub.fail(&spec(None));
    assert!(matches!(&error, HubError::NotFound { url } if url.ends_with(FILE)), "{error}");
}

#[test]
fn a_file_with_another_digest_is_not_kept() {
    let hub = LocalHub::holding(&weights(), |request, body, stream| {
        let mut damaged = body.to_vec();
        damaged[12_345] ^= 1;
        serve_ranges(request, &damaged, stream);
    });
    assert!(matches!(hub.fail(&spec(None)), HubError::Damaged { .. }));
}

#[test]
fn a_damaged_download_leaves_the_older_file_as_it_was() {
    let hub = LocalHub::holding(&weights(), |request, body, stream| {
        serve_ranges(request, &vec![0; body.len()], stream);
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("owner--network").join(FILE);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "older").unwrap();
    hub.pull(&spec(None), folder.path(), |_| {}).unwrap_err();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "older");
}

#[test]
fn a_file_other_than_the_pinned_one_is_not_even_transferred() {
    let hub = LocalHub::holding(&weights(), serve_ranges);
    assert!(matches!(hub.fail(&spec(Some(sha256(b"another")))), HubError::OtherFile { .. }));
    assert_eq!(hub.transfers(), 0);
}

#[test]
fn a_pinned_file_is_recorded_as_such() {
    let (body, folder) = (weights(), tempfile::tempdir().unwrap());
    let hub = LocalHub::holding(&body, serve_ranges);
    let pulled = hub.pull(&spec(Some(sha256(&body))), folder.path(), |_| {}).unwrap();
    let record = std::fs::read_to_string(pulled.path.with_file_name("pytorch_model.bin.json")).unwrap();
    assert!(record.contains("\"pinned\""), "{record}");
}

#[test]
fn a_file_whose_digest_nobody_knows_is_not_pulled() {
    let hub = LocalHub::answering(|_, _, stream| {
        let listing = format!(r#"{{"sha":"{COMMIT}","siblings":[{{"rfilename":"{FILE}","size":5}}]}}"#);
        answer_whole(stream, listing.as_bytes());
    });
    assert!(matches!(hub.fail(&spec(None)), HubError::NoDigest { .. }));
}

#[test]
fn an_interrupted_transfer_continues_where_it_broke_off() {
    let body = weights();
    let hub = LocalHub::holding(&body, |request, body, stream| match request.from {
        0 => send_but_promise(stream, &body[..300_000], body.len()),
        _ => serve_ranges(request, body, stream),
    });
    let folder = tempfile::tempdir().unwrap();
    let path = hub.pull(&spec(None), folder.path(), |_| {}).unwrap().path;
    assert_eq!(std::fs::read(path).unwrap(), body);
    let offsets: Vec<u64> = hub.requests()[1..].iter().map(|request| request.from).collect();
    assert_eq!(offsets, [0, 300_000]);
}

#[test]
fn a_server_that_cannot_continue_starts_over() {
    let body = weights();
    let hub = LocalHub::holding(&body, |request, body, stream| match request.from {
        0 => send_but_promise(stream, &body[..300_000], body.len()),
        _ => answer_whole(stream, body),
    });
    let folder = tempfile::tempdir().unwrap();
    let path = hub.pull(&spec(None), folder.path(), |_| {}).unwrap().path;
    assert_eq!(std::fs::read(path).unwrap(), body);
}

#[test]
fn a_transfer_that_always_breaks_off_is_given_up() {
    let hub = LocalHub::holding(&weights(), |_, body, stream| send_but_promise(stream, &body[..1000], body.len()));
    let error = hub.fail(&spec(None));
    assert!(matches!(error, HubError::Interrupted { bytes: 1000, .. }), "{error}");
    assert_eq!(hub.transfers(), 5);
}

#[test]
fn a_body_that_ends_early_without_a_promised_length_is_noticed() {
    let hub = LocalHub::holding(&weights(), |request, body, stream| {
        if request.from == 0 {
            answer(stream, "200 OK", &[], &body[..1000]);
        }
    });
    let error = hub.fail(&spec(None));
    assert!(matches!(error, HubError::Interrupted { bytes: 1000, .. }), "{error}");
}

#[test]
fn a_server_that_sends_without_end_is_stopped_at_the_announced_size() {
    let hub = LocalHub::holding(&weights(), |_, body, stream| {
        answer(stream, "200 OK", &[], body);
        go_on_sending(stream);
    });
    assert!(matches!(hub.fail(&spec(None)), HubError::TooLong { .. }));
}

#[test]
fn a_size_beyond_reason_is_not_pulled() {
    let hub = LocalHub::answering(|_, _, stream| answer_whole(stream, listing(1 << 60, &sha256(b"")).as_bytes()));
    assert!(matches!(hub.fail(&spec(None)), HubError::TooLarge { bytes, .. } if bytes == 1 << 60));
    assert_eq!(hub.transfers(), 0);
}

#[test]
fn a_server_that_falls_silent_is_given_up_after_the_patience() {
    let hub = LocalHub::holding(&weights(), |request, body, stream| {
        if request.from == 0 {
            send_but_promise(stream, &body[..1000], body.len());
        }
        std::thread::sleep(Duration::from_secs(5));
    });
    let started = Instant::now();
    let error = hub.fail(&spec(None));
    assert!(matches!(error, HubError::Interrupted { bytes: 1000, .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

#[test]
fn a_hub_that_never_answers_is_given_up_after_the_patience() {
    let hub = LocalHub::answering(|_, _, _| std::thread::sleep(Duration::from_secs(5)));
    let started = Instant::now();
    assert!(matches!(hub.fail(&spec(None)), HubError::Unreachable { .. }));
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[test]
fn a_cancel_is_answered_at_once_though_the_server_is_silent() {
    let (closed, when_closed) = channel();
    let server = LocalHub::holding(&weights(), move |_, body, stream| {
        send_but_promise(stream, &body[..1000], body.len());
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        // Ends when the other side closes the connection, or with an error when it does not.
        _ = stream.read(&mut [0]).map(|_| closed.send(Instant::now()));
    });
    let folder = tempfile::tempdir().unwrap();
    let (cancel, mut cancelled_at) = (CancelToken::default(), None);
    let patient = Hub::new(&server.endpoint).unwrap().with_patience(Duration::from_secs(60));
    let error = patient
        .pull(&spec(None), folder.path(), &cancel, |report| {
            if report.bytes == 1000 {
                cancelled_at = Some(Instant::now());
                cancel.cancel();
            }
        })
        .unwrap_err();
    let cancelled_at = cancelled_at.unwrap();
    assert!(matches!(error, HubError::Cancelled(_)), "{error}");
    assert!(cancelled_at.elapsed() < Duration::from_millis(500));
    assert_eq!(files_in(folder.path()), 0);
    let closed_at = when_closed.recv_timeout(Duration::from_secs(10)).expect("the connection stayed open");
    assert!(closed_at - cancelled_at < Duration::from_secs(2));
}

#[test]
fn an_answer_that_is_no_listing_is_reported() {
    for text in ["<html>", "{}", r#"{"sha":"../..","siblings":[]}"#, r#"{"sha":"main","siblings":[]}"#] {
        let hub = LocalHub::answering(move |_, _, stream| answer_whole(stream, text.as_bytes()));
        let error = hub.fail(&spec(None));
        assert!(matches!(error, HubError::Answer { .. }), "{text}: {error}");
    }
}

#[test]
fn an_endless_listing_is_given_up() {
    let hub = LocalHub::answering(|_, _, stream| {
        answer(stream, "200 OK", &[], b"[");
        go_on_sending(stream);
    });
    let error = hub.fail(&spec(None));
    assert!(matches!(&error, HubError::Answer { reason, .. } if reason.contains("limit")), "{error}");
}

#[test]
fn a_digest_that_is_none_is_reported() {
    let hub = LocalHub::answering(|_, _, stream| answer_whole(stream, listing(5, "../../etc").as_bytes()));
    assert!(matches!(hub.fail(&spec(None)), HubError::Answer { .. }));
}

#[test]
fn names_that_lead_out_of_the_folder_are_refused_before_any_request() {
    let hub = LocalHub::holding(&weights(), serve_ranges);
    for name in ["..", "../x", "a/../b", "/etc/passwd", "a//b", "", "a b", "a?b", "a#b", "a\\b", "a%2Fb", "a\nb"] {
        let file = WantedFile { name: name.to_owned(), sha256: None };
        for spec in [
            PullSpec { repo: name.to_owned(), ..spec(None) },
            PullSpec { revision: name.to_owned(), ..spec(None) },
            PullSpec { files: vec![file.clone()], ..spec(None) },
        ] {
            assert!(matches!(hub.fail(&spec), HubError::Name { .. }), "{name}");
        }
    }
    assert!(hub.requests().is_empty());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let hub = LocalHub::holding(&weights(), serve_ranges);
    let folder = tempfile::tempdir().unwrap();
    let occupied = folder.path().join("weights");
    std::fs::write(&occupied, "a file").unwrap();
    let sentence = hub.pull(&spec(None), &occupied, |_| {}).unwrap_err().to_string();
    assert!(sentence.contains(occupied.to_str().unwrap()), "{sentence}");
}

/// On a file system of 1 MiB, which takes root to mount: `AVAR_FULL_DISK=/mnt/small cargo test -- --ignored`.
#[test]
#[ignore = "needs a small file system in AVAR_FULL_DISK"]
fn a_full_disk_is_reported_and_nothing_is_left_on_it() {
    let small = std::env::var_os("AVAR_FULL_DISK").expect("AVAR_FULL_DISK names a folder on a small file system");
    let hub = LocalHub::holding(&vec![7; 4 << 20], serve_ranges);
    let error = hub.pull(&spec(None), Path::new(&small), |_| {}).unwrap_err();
    assert!(matches!(error, HubError::DiskFull { bytes, .. } if bytes == 4 << 20), "{error}");
    assert_eq!(files_in(Path::new(&small)), 0);
}

/// A hub on this machine that closes each connection after one answer.
struct LocalHub {
    endpoint: String,
    requests: Arc<Mutex<Vec<Request>>>,
    closing: Arc<AtomicBool>,
}

#[derive(Clone, Debug)]
struct Request {
    path: String,
    /// The offset that `Range` asks for.
    from: u64,
    has_token: bool,
}

type Answer = dyn Fn(&Request, &[u8], &mut TcpStream) + Send + Sync;

impl LocalHub {
    /// Lists one file with the digest of `body`, and hands `body` to whatever answers for the file.
    fn holding(body: &[u8], file: impl Fn(&Request, &[u8], &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listing = listing(body.len() as u64, &sha256(body));
        Self::start(body, move |request, body, stream| match request.is_listing() {
            true => answer_whole(stream, listing.as_bytes()),
            false => file(request, body, stream),
        })
    }

    /// Answers every request by itself.
    fn answering(all: impl Fn(&Request, &[u8], &mut TcpStream) + Send + Sync + 'static) -> Self {
        Self::start(&[], all)
    }

    fn start(body: &[u8], respond: impl Fn(&Request, &[u8], &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (requests, closing) = (Arc::<Mutex<Vec<Request>>>::default(), Arc::<AtomicBool>::default());
        let (seen, closed) = (requests.clone(), closing.clone());
        let (body, respond): (Arc<[u8]>, Arc<Answer>) = (body.into(), Arc::new(respond));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if closed.load(Ordering::Relaxed) {
                    return;
                }
                let (body, respond, seen) = (body.clone(), respond.clone(), seen.clone());
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    let Some(request) = read_request(&stream) else { return };
                    seen.lock().unwrap().push(request.clone());
                    respond(&request, &body, &mut stream);
                });
            }
        });
        Self { endpoint, requests, closing }
    }

    fn pull(&self, spec: &PullSpec, into: &Path, report: impl FnMut(PullProgress)) -> Result<Pulled, HubError> {
        hub_at(&self.endpoint).pull(spec, into, &CancelToken::default(), report)
    }

    /// The error of a pull that leaves no file behind.
    fn fail(&self, spec: &PullSpec) -> HubError {
        pull_into_nothing(&hub_at(&self.endpoint), spec)
    }

    fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    fn transfers(&self) -> usize {
        self.requests().iter().filter(|request| !request.is_listing()).count()
    }
}

impl Drop for LocalHub {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for a connection.
        _ = TcpStream::connect(self.endpoint.trim_start_matches("http://"));
    }
}

impl Request {
    fn is_listing(&self) -> bool {
        self.path.starts_with("/api/models/")
    }
}

fn read_request(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines();
    let path = lines.next()?.ok()?.split(' ').nth(1)?.to_owned();
    let mut request = Request { path, from: 0, has_token: false };
    for line in lines {
        let line = line.ok()?.to_ascii_lowercase();
        if line.is_empty() {
            return Some(request);
        }
        if let Some(range) = line.strip_prefix("range: bytes=") {
            request.from = range.trim_end_matches('-').parse().unwrap();
        }
        request.has_token |= line.starts_with("authorization:");
    }
    None
}

fn answer(stream: &mut TcpStream, status: &str, headers: &[(&str, &str)], body: &[u8]) {
    let mut head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    // The other side may have gone: that is what some of the tests are about.
    _ = stream.write_all(format!("{head}\r\n").as_bytes()).and_then(|()| stream.write_all(body));
}

fn answer_whole(stream: &mut TcpStream, body: &[u8]) {
    answer(stream, "200 OK", &[("Content-Length", &body.len().to_string())], body);
}

fn send_but_promise(stream: &mut TcpStream, body: &[u8], promised_bytes: usize) {
    answer(stream, "200 OK", &[("Content-Length", &promised_bytes.to_string())], body);
}

/// Spaces, far more than any bound allows and yet not without end: a bound that is gone must fail a test, not fill the
/// disk of whoever runs it.
fn go_on_sending(stream: &mut TcpStream) {
    _ = (0..1024).try_for_each(|_| stream.write_all(&[b' '; 65_536]));
}

/// As a hub's file store does it.
fn serve_ranges(request: &Request, body: &[u8], stream: &mut TcpStream) {
    let Some(rest) = body.get(request.from as usize..).filter(|_| request.from > 0) else {
        return answer_whole(stream, body);
    };
    let range = format!("bytes {}-{}/{}", request.from, body.len() - 1, body.len());
    let length = rest.len().to_string();
    answer(stream, "206 Partial Content", &[("Content-Range", &range), ("Content-Length", &length)], rest);
}

fn listing(bytes: u64, sha256: &str) -> String {
    let lfs = format!(r#"{{"sha256":"{sha256}","size":{bytes},"pointerSize":134}}"#);
    let file = format!(r#"{{"rfilename":"{FILE}","size":{bytes},"blobId":"00","lfs":{lfs}}}"#);
    format!(r#"{{"id":"owner/network","sha":"{COMMIT}","siblings":[{{"rfilename":"README.md","size":3}},{file}]}}"#)
}

fn spec(sha256: Option<String>) -> PullSpec {
    PullSpec {
        repo: "owner/network".to_owned(),
        revision: "main".to_owned(),
        files: vec![WantedFile { name: FILE.to_owned(), sha256 }],
    }
}

fn hub_at(endpoint: &str) -> Hub {
    Hub::new(endpoint).unwrap().with_patience(Duration::from_secs(1))
}

fn pull_into_nothing(hub: &Hub, spec: &PullSpec) -> HubError {
    let folder = tempfile::tempdir().unwrap();
    let error = hub.pull(spec, folder.path(), &CancelToken::default(), |_| {}).unwrap_err();
    assert_eq!(files_in(folder.path()), 0, "files were left after: {error}");
    error
}

/// Counts files, hidden ones too, in the folder and in those within it.
fn files_in(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files_in(&path) } else { 1 }).sum()
}

/// A megabyte and a bit, no two of whose pieces are alike.
fn weights() -> Vec<u8> {
    (0..300_000_u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
