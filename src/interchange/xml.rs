//! XML from anyone: no document type, no entities but the five, and bounds on what a parser takes long for.

use roxmltree::{Document, ParsingOptions};

use crate::error::FormatError;
use crate::format::Format;

/// Of one tag, with its attributes: those of a tag are compared with each other.
const LONGEST_TAG_BYTES: usize = 16 << 10;
/// Namespaces are handed down from element to element.
const MOST_NAMESPACES: usize = 32;
const DEEPEST: usize = 64;
const MOST_NODES: u32 = 4_000_000;

pub(crate) fn parse(format: Format, text: &str) -> Result<Document<'_>, FormatError> {
    let failed = |reason: String| FormatError::Syntax { format, reason };
    check_tags(text).map_err(|reason| failed(reason.to_owned()))?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => {
            failed("it has a document type, which may define entities; remove it".to_owned())
        }
        error => failed(error.to_string()),
    })
}

/// One pass over the tags, before anything is built from them; what is no XML is left to the parser.
fn check_tags(text: &str) -> Result<(), &'static str> {
    let (mut rest, mut depth, mut namespaces) = (text, 0usize, 0);
    while let Some(at) = rest.find('<') {
        rest = &rest[at..];
        let skipped = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")]
            .into_iter()
            .find(|(start, _)| rest.starts_with(start));
        if let Some((start, end)) = skipped {
            let Some(at) = rest[start.len()..].find(end) else { return Ok(()) };
            rest = &rest[start.len() + at + end.len()..];
            continue;
        }
        let Some(length) = tag_length(rest.as_bytes()) else {
            return Err("a tag is not closed, or longer than 16 KiB");
        };
        let tag = &rest[..length];
        namespaces += tag.matches("xmlns").count();
        if namespaces > MOST_NAMESPACES {
            return Err("it declares more namespaces than any such file needs");
        }
        match (tag.starts_with("</"), tag.ends_with("/>")) {
            (true, _) => depth = depth.saturating_sub(1),
            (false, true) => {}
            (false, false) => depth += 1,
        }
        if depth > DEEPEST {
            return Err("its elements are nested deeper than those of any such file");
        }
        rest = &rest[length..];
    }
    Ok(())
}

/// Up to and with the `>` that closes it; one within quotes does not.
fn tag_length(bytes: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in bytes.iter().enumerate().take(LONGEST_TAG_BYTES) {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// Text between tags or within double quotes. What XML cannot hold, such as a bell, becomes U+FFFD.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // A parser makes other white space of them.
            '\t' | '\n' | '\r' => escaped.push_str(&format!("&#{};", u32::from(c))),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(c),
        }
    }
    escaped
}
