//! The font of the figures, and how wide text is in it.
//!
//! Roboto under the Apache License 2.0, in `assets/fonts`. What is read in a viewer carries its Western letters
//! (`*-Latin1.ttf`, cut with `pyftsubset Roboto-Bold.ttf --no-hinting --layout-features=kern,tnum,lnum
//! --unicodes=U+20-7E,U+A0-FF,U+2010-2027,U+2030-203A,U+20AC,U+2190-2193,U+2212,U+2260,U+2264,U+2265`); for others, and
//! where a viewer takes no fonts, come the next of [`FAMILIES`], for which [`SLACK`] is left. Pictures are drawn with
//! the whole files, and with the system's fonts for letters that those lack too.

use std::sync::{LazyLock, OnceLock};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};
use unicode_width::UnicodeWidthChar;

pub(super) const FAMILY: &str = "Roboto";
pub(super) const FAMILIES: &str = "Roboto, Arial, 'Liberation Sans', Helvetica, sans-serif";
pub(super) const REGULAR: &[u8] = include_bytes!("../../assets/fonts/Roboto-Regular.ttf");
pub(super) const BOLD: &[u8] = include_bytes!("../../assets/fonts/Roboto-Bold.ttf");

/// The embedded letters as CSS.
pub(super) static FACES: LazyLock<String> = LazyLock::new(|| {
    let face = |(weight, bytes): (u16, &[u8])| {
        let data = BASE64_STANDARD.encode(bytes);
        format!(
            "@font-face{{font-family:{FAMILY};font-weight:{weight};src:url(data:font/ttf;base64,{data}) \
             format(\"truetype\")}}\n"
        )
    };
    let regular: &[u8] = include_bytes!("../../assets/fonts/Roboto-Regular-Latin1.ttf");
    let bold: &[u8] = include_bytes!("../../assets/fonts/Roboto-Bold-Latin1.ttf");
    [(400, regular), (700, bold)].map(face).concat()
});

/// By how much another family may be wider.
const SLACK: f64 = 1.05;

/// Of a letter that the font lacks and that takes one place or two in a row of text, in units of the size: another font
/// draws it, and the place that is left for it must not depend on which.
const MISSING_EM: f64 = 0.8;
const WIDE_MISSING_EM: f64 = 1.0;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weight {
    #[default]
    Regular,
    Bold,
}

/// Of one line of text.
pub(crate) fn text_width_px(text: &str, size_px: f64, weight: Weight) -> f64 {
    text.chars().map(|letter| advance_em(letter, weight)).sum::<f64>() * size_px
}

/// `text` in lines of at most `width_px`, broken between words, and within a word that is longer than a line.
pub(crate) fn wrapped(text: &str, width_px: f64, size_px: f64, weight: Weight) -> Vec<String> {
    let fits = |line: &str| text_width_px(line, size_px, weight) * SLACK <= width_px;
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if fits(&longer) {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for letter in word.chars() {
            line.push(letter);
            if !fits(&line) && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::replace(&mut line, letter.to_string()));
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// `text` in one line, its middle left out where it is too long: names differ at their ends.
pub(crate) fn elided(text: &str, width_px: f64, size_px: f64, weight: Weight) -> String {
    let fits = |line: &str| text_width_px(line, size_px, weight) * SLACK <= width_px;
    if fits(text) {
        return text.to_owned();
    }
    // Each with what is written above or below it.
    let mut letters: Vec<String> = Vec::new();
    for letter in text.chars() {
        match letters.last_mut() {
            Some(last) if letter.width() == Some(0) => last.push(letter),
            _ => letters.push(letter.to_string()),
        }
    }
    let shortened = |kept: usize| {
        let head = kept.div_ceil(2);
        let tail = letters.len() - (kept - head);
        format!("{}…{}", letters[..head].concat(), letters[tail..].concat())
    };
    let kept = (0..letters.len()).rev().find(|kept| fits(&shortened(*kept)));
    shortened(kept.unwrap_or(0))
}

/// Whether it can be drawn with the bundled files.
pub(super) fn is_bundled(letter: char) -> bool {
    let has = |file: &[u8]| FontRef::new(file).is_ok_and(|font| font.charmap().map(letter).is_some());
    letter.is_ascii() || letter.width() == Some(0) || [REGULAR, BOLD].into_iter().all(has)
}

fn advance_em(letter: char, weight: Weight) -> f64 {
    /// Latin letters, their accents, and punctuation are asked for thousands of times.
    const KEPT: usize = 0x180;
    static ADVANCES: OnceLock<[Vec<f64>; 2]> = OnceLock::new();
    let kept = ADVANCES.get_or_init(|| {
        [REGULAR, BOLD].map(|file| (0..KEPT as u32).map(|code| read_advance_em(file, char::from_u32(code))).collect())
    });
    let (kept, file) = match weight {
        Weight::Regular => (&kept[0], REGULAR),
        Weight::Bold => (&kept[1], BOLD),
    };
    kept.get(letter as usize).copied().unwrap_or_else(|| read_advance_em(file, Some(letter)))
}

fn read_advance_em(file: &[u8], letter: Option<char>) -> f64 {
    let advance = || {
        let font = FontRef::new(file).ok()?;
        let glyph = font.charmap().map(letter?)?;
        font.glyph_metrics(Size::new(1.0), LocationRef::default()).advance_width(glyph)
    };
    let of_other_font = || match letter.and_then(char::width) {
        Some(0) => 0.0,
        Some(2) => WIDE_MISSING_EM,
        _ => MISSING_EM,
    };
    advance().map_or_else(of_other_font, f64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_all_as_wide_so_that_columns_line_up() {
        for weight in [Weight::Regular, Weight::Bold] {
            let widths: Vec<f64> = ('0'..='9').map(|digit| advance_em(digit, weight)).collect();
            assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}");
        }
        // 1151 of 2048 units, as the font's own table says.
        assert!((text_width_px("00", 16.0, Weight::Regular) - 2.0 * 16.0 * 1151.0 / 2048.0).abs() < 1e-3);
    }

    #[test]
    fn lines_are_broken_between_words_and_none_is_too_long() {
        let text = "Of the clips of a class, the share taken for each class; rows sum to one.";
        let lines = wrapped(text, 120.0, 11.0, Weight::Regular);
        assert_eq!(lines.join(" "), text);
        assert!(lines.len() > 2 && lines.iter().all(|line| text_width_px(line, 11.0, Weight::Regular) <= 120.0));
    }

    #[test]
    fn a_word_longer_than_a_line_is_broken_within() {
        let lines = wrapped(&"ab".repeat(40), 60.0, 12.0, Weight::Regular);
        assert_eq!(lines.concat(), "ab".repeat(40));
        assert!(lines.iter().all(|line| text_width_px(line, 12.0, Weight::Regular) <= 60.0));
    }

    #[test]
    fn a_long_name_loses_its_middle_and_keeps_its_ends() {
        let short = elided("camera-north-2024-recording-000017.mp4", 120.0, 12.0, Weight::Regular);
        assert!(short.starts_with("camera") && short.ends_with(".mp4") && short.contains('…'), "{short}");
        assert!(text_width_px(&short, 12.0, Weight::Regular) <= 120.0);
        assert_eq!(elided("a.mp4", 120.0, 12.0, Weight::Regular), "a.mp4");
    }

    #[test]
    fn letters_of_other_fonts_have_a_place_that_does_not_depend_on_them() {
        let width = |text: &str| text_width_px(text, 10.0, Weight::Regular);
        assert_eq!(width("停車"), 20.0);
        assert_eq!(width("שם"), 16.0);
        // The vowel stands above its consonant.
        assert_eq!(width("กี"), width("ก"));
    }

    #[test]
    fn a_name_is_not_cut_between_a_letter_and_what_stands_above_it() {
        let name = "กี้กี้กี้กี้กี้กี้กี้กี้";
        for width_px in 20..120 {
            let short = elided(name, f64::from(width_px), 12.0, Weight::Regular);
            assert!(short.split('…').all(|part| part.replace("กี้", "").is_empty()), "{short}");
        }
    }
}
