//! The small letters that a camera writes into its picture.

const GLYPH_SIDE: (usize, usize) = (5, 7);

/// Five bits a row from the top, the leftmost pixel in the highest; blank for what the label never says.
fn glyph(character: char) -> [u8; 7] {
    match character {
        '0' => [14, 17, 19, 21, 25, 17, 14],
        '1' => [4, 12, 4, 4, 4, 4, 14],
        '2' => [14, 17, 1, 2, 4, 8, 31],
        '3' => [31, 2, 4, 2, 1, 17, 14],
        '4' => [2, 6, 10, 18, 31, 2, 2],
        '5' => [31, 16, 30, 1, 1, 17, 14],
        '6' => [6, 8, 16, 30, 17, 17, 14],
        '7' => [31, 1, 2, 4, 8, 8, 8],
        '8' => [14, 17, 17, 14, 17, 17, 14],
        '9' => [14, 17, 17, 15, 1, 2, 12],
        'A' => [14, 17, 17, 31, 17, 17, 17],
        'C' => [14, 17, 16, 16, 16, 17, 14],
        'M' => [17, 27, 21, 21, 17, 17, 17],
        'R' => [30, 17, 17, 30, 20, 18, 17],
        'E' => [31, 16, 16, 30, 16, 16, 31],
        ':' => [0, 4, 4, 0, 4, 4, 0],
        _ => [0; 7],
    }
}

/// Writes `text` into the R, G, B bytes of a picture `width_px` wide, its top left corner at `(left, top)`, with a
/// shadow to stay readable. The text must fit into the picture.
pub(crate) fn stamp(rgb: &mut [u8], width_px: usize, text: &str, (left, top): (usize, usize)) {
    for (shift, light) in [(1, [10, 11, 16]), (0, [214, 218, 224])] {
        for (position, character) in text.chars().enumerate() {
            for (row, bits) in glyph(character).into_iter().enumerate() {
                for column in (0..GLYPH_SIDE.0).filter(|column| bits >> (GLYPH_SIDE.0 - 1 - column) & 1 == 1) {
                    let x = left + position * (GLYPH_SIDE.0 + 1) + column + shift;
                    let first = ((top + row + shift) * width_px + x) * 3;
                    rgb[first..first + 3].copy_from_slice(&light);
                }
            }
        }
    }
}

/// How wide [`stamp`] writes.
pub(crate) fn stamp_width_px(text: &str) -> usize {
    text.chars().count() * (GLYPH_SIDE.0 + 1)
}
