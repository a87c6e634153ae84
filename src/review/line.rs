//! One line of a document: JSON, closed by its own digest, and with that of the line before.
//!
//! ```text
//! {"format":"avar-review","version":1,"time":…,"author":…,"about":{…},"sha256":"D0"}
//! {"seq":1,"time":…,"author":…,"did":{"what":"judge",…},"previous":"P0","sha256":"D1"}
//! ```
//!
//! `sha256`, always last, is of the line's bytes before `,"sha256"`: it tells a changed line, the last one too, which no
//! other line vouches for. `previous` is of the whole line before, without its end: it ties the lines together.

use avar_base::files::hexadecimal;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Header, Operation};

/// The format that is written.
pub(crate) const VERSION: u32 = 1;
pub(crate) const FORMAT: &str = "avar-review";

/// What every version's first line begins with.
#[derive(Deserialize)]
pub(crate) struct FormatLine {
    pub format: String,
    pub version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FirstLine {
    pub format: String,
    pub version: u32,
    pub time: Timestamp,
    pub author: String,
    pub about: Header,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperationLine {
    pub seq: u64,
    pub time: Timestamp,
    pub author: String,
    pub did: Operation,
    pub previous: String,
}

const CLOSING: &str = ",\"sha256\":\"";
const DIGEST_DIGITS: usize = 64;

/// The line without its end.
pub(crate) fn encode(line: &impl Serialize) -> serde_json::Result<String> {
    let mut text = serde_json::to_string(line)?;
    text.pop();
    let digest = digest(text.as_bytes());
    text.push_str(CLOSING);
    text.push_str(&digest);
    text.push_str("\"}");
    Ok(text)
}

/// What of a line, without its end, its digest vouches for; `None` for a line that was not written so.
pub(crate) fn vouched(line: &[u8]) -> Option<&[u8]> {
    let inner = line.strip_suffix(b"\"}")?;
    let (rest, written) = inner.split_at_checked(inner.len().checked_sub(DIGEST_DIGITS)?)?;
    let body = rest.strip_suffix(CLOSING.as_bytes())?;
    (digest(body).as_bytes() == written).then_some(body)
}

/// Reads what [`vouched`] returned.
pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(&[body, b"}"].concat())
}

/// Lower-case hexadecimal.
pub(crate) fn digest(bytes: &[u8]) -> String {
    hexadecimal(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_closed_by_the_digest_of_what_is_before() {
        let line = encode(&serde_json::json!({"a": "\"},\"sha256\":\"\n"})).unwrap();
        let body = vouched(line.as_bytes()).unwrap();
        assert_eq!(line, format!("{},\"sha256\":\"{}\"}}", str::from_utf8(body).unwrap(), digest(body)));
        assert_eq!(decode::<serde_json::Value>(body).unwrap()["a"], "\"},\"sha256\":\"\n");
        assert_eq!(line.lines().count(), 1);
    }

    #[test]
    fn what_was_not_closed_so_is_vouched_for_by_nothing() {
        let line = encode(&serde_json::json!({"a": 1})).unwrap();
        for wrong in ["", "{}", "\"}", &line[1..], &line[..line.len() - 1], &line.to_uppercase()] {
            assert_eq!(vouched(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
