//! Names that are too long for their place: names of recordings differ at their ends, so the middle is left out.

use eframe::egui::{Color32, FontId, Painter};
use unicode_width::UnicodeWidthChar;

/// `name` in one line of at most `width` points.
pub fn elided(painter: &Painter, name: &str, font: &FontId, width: f32) -> String {
    shortened(name, |text| {
        painter.layout_no_wrap(text.to_owned(), font.clone(), Color32::PLACEHOLDER).size().x <= width
    })
}

/// The most letters from both ends of `name` that fit; not cut between a letter and what is written above it.
fn shortened(name: &str, fits: impl Fn(&str) -> bool) -> String {
    if fits(name) {
        return name.to_owned();
    }
    let starts = name.char_indices().filter(|(_, letter)| letter.width() != Some(0)).map(|(at, _)| at);
    let starts: Vec<usize> = starts.chain([name.len()]).collect();
    let letters = starts.len() - 1;
    let of_ends = |kept: usize| {
        let head = kept.div_ceil(2);
        format!("{}…{}", &name[..starts[head]], &name[starts[letters - (kept - head)]..])
    };
    // What more letters do not fit, still more do not.
    let (mut fitting, mut too_many) = (0, letters);
    while fitting + 1 < too_many {
        let middle = fitting.midpoint(too_many);
        match fits(&of_ends(middle)) {
            true => fitting = middle,
            false => too_many = middle,
        }
    }
    of_ends(fitting)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As if every letter were one wide.
    fn to(name: &str, most: usize) -> String {
        shortened(name, |text| text.chars().filter(|letter| letter.width() != Some(0)).count() <= most)
    }

    #[test]
    fn a_long_name_keeps_both_ends() {
        let name = "camera_04_2025-11-03_north_entrance_0017.mp4";
        assert_eq!(to(name, 24), "camera_04_20…ce_0017.mp4");
        assert_eq!(to(name, 44), name);
        assert_eq!(to("", 0), "");
        assert_eq!(to("abc", 0), "…");
    }

    #[test]
    fn a_letter_keeps_what_is_written_above_it() {
        assert_eq!(to("กี้กี้กี้กี้กี้กี้", 4), "กี้กี้…กี้");
    }
}
