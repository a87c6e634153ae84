//! Text from anyone, within bounds.

use avar_base::wording::quoted;

use crate::error::{EntryPlace, EntryProblem, FormatError};

/// Far above the annotations of any recording or list of recordings.
pub(crate) const MOST_MIB: usize = 64;

/// UTF-8 without a byte-order mark, and without control characters that no text has.
pub(crate) fn decode(bytes: &[u8]) -> Result<&str, FormatError> {
    if bytes.len() > MOST_MIB << 20 {
        return Err(FormatError::TooLarge { limit_mib: MOST_MIB });
    }
    let line_of = |end: usize| 1 + bytes[..end].iter().filter(|byte| **byte == b'\n').count();
    let text =
        std::str::from_utf8(bytes).map_err(|error| FormatError::NotText { line: line_of(error.valid_up_to()) })?;
    match text.find('\0') {
        Some(at) => Err(FormatError::NotText { line: line_of(at) }),
        None => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
    }
}

/// Decimal seconds.
pub(crate) fn seconds(text: &str, place: &EntryPlace) -> Result<f64, FormatError> {
    let not_a_number = || EntryProblem::NotANumber { text: quoted(text), wanted: "time in seconds" };
    // `inf` and `nan` are numbers to the standard library.
    let is_decimal = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'));
    text.parse().ok().filter(|_| is_decimal).ok_or_else(|| not_a_number().at(place))
}

/// A frame number without sign; `None` of -1, which lists write where there is no frame.
pub(crate) fn frame_or_none(text: &str, place: &EntryPlace) -> Result<Option<u64>, FormatError> {
    if text == "-1" {
        return Ok(None);
    }
    let is_all_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let problem = match text.strip_prefix('-') {
        Some(digits) if is_all_digits(digits) => EntryProblem::Negative { text: quoted(text) },
        None if is_all_digits(text) => match text.parse() {
            Ok(frame) => return Ok(Some(frame)),
            Err(_) => EntryProblem::TooLong { text: quoted(text) },
        },
        _ => EntryProblem::NotANumber { text: quoted(text), wanted: "frame number" },
    };
    Err(problem.at(place))
}

/// A frame number without sign.
pub(crate) fn frame(text: &str, place: &EntryPlace) -> Result<u64, FormatError> {
    frame_or_none(text, place)?.ok_or_else(|| EntryProblem::Negative { text: quoted(text) }.at(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_named_by_their_line() {
        assert_eq!(decode(b"\xef\xbb\xbfa\r\n"), Ok("a\r\n"));
        assert_eq!(decode(b"a\nb\xff"), Err(FormatError::NotText { line: 2 }));
        assert_eq!(decode(b"a\n\nb\0"), Err(FormatError::NotText { line: 3 }));
    }

    #[test]
    fn a_number_is_read_only_where_it_is_written_as_one() {
        let place = EntryPlace::Line(1);
        assert_eq!(seconds("1.5e1", &place), Ok(15.0));
        for text in ["nan", "NaN", "inf", "-infinity", "0x10", "1,5", "", " 1", "1:30"] {
            assert!(seconds(text, &place).is_err(), "{text:?}");
        }
        assert_eq!((frame("7", &place), frame_or_none("-1", &place)), (Ok(7), Ok(None)));
        for text in ["-1", "-7", "7.0", "+7", "", "99999999999999999999"] {
            assert!(frame(text, &place).is_err(), "{text:?}");
        }
    }
}
