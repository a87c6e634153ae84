//! Words from right to left. egui lays out each Arabic or Hebrew word as it is written, but sets one after another from
//! left to right; here the words of a row are put where Unicode's algorithm (UAX 9) has them. It is done to what is
//! about to be drawn, row by row: what widgets hold, copy and tell a screen reader stays in the order of reading.
//!
//! Marks that override the direction are not obeyed: in the name of a recording they would show what is not there.

use std::ops::Range;
use std::sync::Arc;

use eframe::egui::epaint::text::{Glyph, PlacedRow, Row};
use eframe::egui::{Context, FullOutput, Galley, Plugin, Rect, Shape};
use unicode_bidi::{BidiClass, Level, ParagraphBidiInfo, bidi_class};

/// Puts words in their places in everything that is drawn.
pub(super) struct Direction;

impl Plugin for Direction {
    fn debug_name(&self) -> &'static str {
        "direction"
    }

    fn output_hook(&mut self, _: &Context, output: &mut FullOutput) {
        output.shapes.iter_mut().for_each(|clipped| put_in_place(&mut clipped.shape));
    }
}

fn put_in_place(shape: &mut Shape) {
    match shape {
        Shape::Vec(shapes) => shapes.iter_mut().for_each(put_in_place),
        Shape::Text(text) if has_right_to_left(&text.galley.job.text) => {
            reorder(Arc::make_mut(&mut text.galley));
        }
        _ => {}
    }
}

fn has_right_to_left(text: &str) -> bool {
    !text.is_ascii() && text.chars().any(is_right_to_left)
}

fn is_right_to_left(letter: char) -> bool {
    is_strong_right_to_left(letter) == Some(true)
}

/// `None` for what has no direction of its own, such as digits and blanks.
fn is_strong_right_to_left(letter: char) -> Option<bool> {
    match bidi_class(letter) {
        BidiClass::R | BidiClass::AL => Some(true),
        BidiClass::L => Some(false),
        _ => None,
    }
}

/// A paragraph's direction is that of its first letter that has one.
fn direction_of(paragraph: &str) -> Level {
    let first = paragraph.chars().find_map(is_strong_right_to_left);
    if first == Some(true) { Level::rtl() } else { Level::ltr() }
}

fn reorder(galley: &mut Galley) {
    let (job, pixels_per_point) = (Arc::clone(&galley.job), galley.pixels_per_point);
    let mut paragraphs = job.text.split('\n');
    let mut paragraph = paragraphs.next().unwrap_or_default();
    for PlacedRow { row, ends_with_newline, .. } in &mut galley.rows {
        if has_right_to_left(paragraph) {
            reorder_row(Arc::make_mut(row), paragraph, pixels_per_point);
        }
        if *ends_with_newline {
            paragraph = paragraphs.next().unwrap_or_default();
        }
    }
    galley.mesh_bounds = Rect::NOTHING;
    for placed in &galley.rows {
        galley.mesh_bounds |= placed.row.visuals.mesh_bounds.translate(placed.pos.to_vec2());
    }
}

/// A row of a paragraph.
fn reorder_row(row: &mut Row, paragraph: &str, pixels_per_point: f32) {
    let Some(mut left) = row.glyphs.first().map(|_| start_of(&row.glyphs)) else { return };
    let pieces = pieces(&row.glyphs, paragraph);
    let letters: Vec<char> = pieces.iter().map(|piece| piece.letter).collect();
    // Where the piece on the left ends among the glyphs, and how far it was moved.
    let mut before: Option<(usize, f32)> = None;
    for (place, level) in from_left_to_right(&letters, direction_of(paragraph)) {
        let Piece { letter, ref glyphs, is_turned } = pieces[place];
        let drawn = &row.glyphs[glyphs.clone()];
        let offset = match before {
            // Letters that join stay as they were set.
            Some((end, offset)) if end == glyphs.start => offset,
            _ => ((left - start_of(drawn)) * pixels_per_point).round() / pixels_per_point,
        };
        before = Some((glyphs.end, offset));
        left += drawn.iter().map(|glyph| glyph.advance_width).sum::<f32>();
        for glyph in glyphs.clone() {
            if level.is_rtl() && !is_turned && is_mirrored(letter) {
                mirror(row, glyph);
            }
            shift(row, glyph, offset);
        }
    }
    row.visuals.mesh_bounds = row.visuals.mesh.calc_bounds();
}

/// A letter with what is written above it and below.
#[derive(Clone, Debug, PartialEq)]
struct Piece {
    letter: char,
    glyphs: Range<usize>,
    /// Set by egui from right to left, brackets turned.
    is_turned: bool,
}

/// The letters of a row in the order of reading. egui shapes at once what one font draws without a break, and gives
/// its glyphs from left to right.
fn pieces(glyphs: &[Glyph], paragraph: &str) -> Vec<Piece> {
    let font = |glyph: &Glyph| (glyph.font_face_ascent.to_bits(), glyph.font_face_height.to_bits());
    let mut pieces = Vec::new();
    let mut start = 0;
    for run in glyphs.chunk_by(|a, b| font(a) == font(b)) {
        let is_turned = is_turned(run, paragraph);
        let mut of_run: Vec<Piece> = Vec::new();
        // Marks follow their letter; in a turned run they stand before it.
        let mut marks_from = None;
        for (glyph, place) in run.iter().zip(start..) {
            let is_mark = glyph.advance_width <= 0.0;
            match of_run.last_mut() {
                _ if is_mark && is_turned => marks_from = marks_from.or(Some(place)),
                Some(last) if is_mark => last.glyphs.end = place + 1,
                _ => {
                    let from = marks_from.take().unwrap_or(place);
                    of_run.push(Piece { letter: glyph.chr, glyphs: from..place + 1, is_turned });
                }
            }
        }
        // Nothing is drawn for these: egui has a glyph for each letter, also for those that another took in.
        if let Some(from) = marks_from {
            of_run.push(Piece { letter: '\u{200b}', glyphs: from..start + run.len(), is_turned });
        }
        if is_turned {
            of_run.reverse();
        }
        pieces.extend(of_run);
        start += run.len();
    }
    pieces
}

/// Whether egui has set the run from right to left: it does where its first letter that has a direction has this one.
fn is_turned(run: &[Glyph], paragraph: &str) -> bool {
    let drawn = || run.iter().filter(|glyph| glyph.advance_width > 0.0).map(|glyph| glyph.chr);
    let strong: Vec<bool> = drawn().filter_map(is_strong_right_to_left).collect();
    match (strong.first(), strong.last()) {
        (Some(true), _) => true,
        (_, None | Some(false)) | (None, _) => false,
        // As in a font that has none of these letters, so that all are boxes.
        (Some(false), Some(true)) => !paragraph.contains(&drawn().collect::<String>()),
    }
}

fn start_of(glyphs: &[Glyph]) -> f32 {
    let first = glyphs.iter().find(|glyph| glyph.advance_width > 0.0).or(glyphs.first());
    first.map_or(0.0, |glyph| glyph.pos.x)
}

/// The places of letters as they follow each other on screen, each with its level: an odd one is from right to left.
fn from_left_to_right(letters: &[char], direction: Level) -> Vec<(usize, Level)> {
    let seen = |letter: char| match bidi_class(letter) {
        BidiClass::LRE | BidiClass::LRO | BidiClass::RLE | BidiClass::RLO | BidiClass::PDF => '\u{200b}',
        BidiClass::LRI | BidiClass::RLI | BidiClass::FSI | BidiClass::PDI => '\u{200b}',
        _ => letter,
    };
    let text: String = letters.iter().map(|letter| seen(*letter)).collect();
    let levels = ParagraphBidiInfo::new(&text, Some(direction)).reordered_levels_per_char(0..text.len());
    ParagraphBidiInfo::reorder_visual(&levels).into_iter().map(|place| (place, levels[place])).collect()
}

/// Brackets and the like, which open towards what follows.
fn is_mirrored(letter: char) -> bool {
    matches!(letter, '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '«' | '»' | '‹' | '›')
}

fn vertices(row: &Row, glyph: usize) -> Option<Range<usize>> {
    let Glyph { first_vertex, uv_rect, .. } = row.glyphs[glyph];
    let first = first_vertex as usize;
    let is_drawn = !uv_rect.is_nothing() && first + 4 <= row.visuals.mesh.vertices.len();
    is_drawn.then_some(first..first + 4)
}

fn shift(row: &mut Row, glyph: usize, offset: f32) {
    let moved = vertices(row, glyph).unwrap_or_default();
    row.visuals.mesh.vertices[moved].iter_mut().for_each(|vertex| vertex.pos.x += offset);
    row.glyphs[glyph].pos.x += offset;
}

/// About the middle of the place that the glyph takes.
fn mirror(row: &mut Row, glyph: usize) {
    let axis = 2.0 * row.glyphs[glyph].pos.x + row.glyphs[glyph].advance_width;
    let drawn = vertices(row, glyph).unwrap_or_default();
    row.visuals.mesh.vertices[drawn].iter_mut().for_each(|vertex| vertex.pos.x = axis - vertex.pos.x);
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Color32, FontId, RawInput};

    use super::super::Letters;
    use super::*;
    use avar_base::job::no_wake;
    use avar_fonts::SystemFonts;

    /// Letters as they follow each other on screen.
    fn on_screen(text: &str) -> String {
        let letters: Vec<char> = text.chars().collect();
        from_left_to_right(&letters, direction_of(text)).into_iter().map(|(place, _)| letters[place]).collect()
    }

    #[test]
    fn words_are_put_where_the_algorithm_of_unicode_has_them() {
        assert_eq!(on_screen("north entrance.mp4"), "north entrance.mp4");
        // A name that begins in Hebrew is read from the right, its ending and its number from the left.
        assert_eq!(on_screen("אבג דה 12.mp4"), "mp4.12 הד גבא");
        assert_eq!(on_screen("camera אבג דה 12"), "camera 12 הד גבא");
        assert_eq!(on_screen("تسجيل ٣٤"), "٣٤ ليجست");
    }

    #[test]
    fn a_mark_that_overrides_the_direction_is_not_obeyed() {
        let name = "invoice\u{202e}4pm.exe";
        assert_eq!(on_screen(name).replace('\u{202e}', ""), "invoice4pm.exe");
    }

    fn laid_out(ctx: &Context, text: &str) -> Galley {
        let mut galley = None;
        let mut output = ctx.run_ui(RawInput::default(), |ui| {
            let font = FontId::proportional(20.0);
            galley = Some(ui.painter().layout_no_wrap(text.to_owned(), font, Color32::WHITE));
        });
        // Nothing is drawn here.
        output.textures_delta.clear();
        Arc::unwrap_or_clone(galley.expect("it was laid out"))
    }

    /// Letters as their glyphs stand on screen.
    fn drawn(galley: &Galley) -> String {
        let mut glyphs: Vec<Glyph> = galley.rows.iter().flat_map(|row| row.row.glyphs.iter().copied()).collect();
        glyphs.retain(|glyph| glyph.advance_width > 0.0);
        glyphs.sort_by(|a, b| a.pos.x.total_cmp(&b.pos.x));
        glyphs.into_iter().map(|glyph| glyph.chr).collect()
    }

    #[test]
    fn boxes_of_letters_without_a_font_leave_latin_letters_as_they_are_read() {
        for name in ["אבג cam 1.mp4", "cam אבג 1.mp4", "cam1-אבג"] {
            let mut galley = laid_out(&Context::default(), name);
            let width = galley.mesh_bounds.width();
            reorder(&mut galley);
            assert_eq!(drawn(&galley), on_screen(name), "{name}");
            assert!((galley.mesh_bounds.width() - width).abs() < 2.0, "{name}");
        }
    }

    #[test]
    fn words_in_a_font_of_the_system_are_drawn_in_their_places() {
        let name = "אבג דהו (זח) 12.mp4";
        let hebrew = name.chars().filter(|letter| is_right_to_left(*letter)).collect();
        if !SystemFonts::shared().cover(&hebrew, u64::MAX).missing.is_empty() {
            return avar_testing::skip(&format!(
                "no font of this system has {hebrew:?}; scripts/setup.sh installs some"
            ));
        }
        let ctx = Context::default();
        let mut letters = Letters::new(&ctx);
        let started = std::time::Instant::now();
        loop {
            let galley = laid_out(&ctx, name);
            letters.tick(&ctx, &no_wake());
            if !letters.is_busy() {
                drop(galley);
                break;
            }
            assert!(started.elapsed().as_secs() < 60, "no font is found");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let mut galley = laid_out(&ctx, name);
        assert!(galley.rows[0].row.glyphs.iter().any(|glyph| glyph.font_face_height != glyph.font_height));
        reorder(&mut galley);
        assert_eq!(drawn(&galley), "mp4.12 )חז( והד גבא");
    }
}
