//! A picture as bytes of red, green and blue.

use super::orientation::Orientation;

/// An upright picture: `height_px * width_px * 3` bytes of R, G, B.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RgbImage {
    /// Of the upright picture: pixels of a row.
    pub width_px: u32,
    /// Of the upright picture: rows.
    pub height_px: u32,
    /// Row by row from the top left, without padding.
    pub bytes: Vec<u8>,
}

impl RgbImage {
    /// A stored picture as it is to be shown.
    pub(super) fn upright(self, orientation: Orientation) -> Self {
        if orientation == Orientation::default() {
            return self;
        }
        let (width, height) = (self.width_px as usize, self.height_px as usize);
        let pixel = |x: usize, y: usize| &self.bytes[(y * width + x) * 3..][..3];
        let (across, down) = if orientation.swaps_sides() { (height, width) } else { (width, height) };
        let turned = |x: usize, y: usize| match orientation.quarter_turns() {
            1 => pixel(y, height - 1 - x),
            2 => pixel(width - 1 - x, height - 1 - y),
            3 => pixel(width - 1 - y, x),
            _ => pixel(x, y),
        };
        let shown = |x: usize, y: usize| turned(if orientation.is_mirrored { across - 1 - x } else { x }, y);
        let bytes = (0..down).flat_map(|y| (0..across).flat_map(move |x| shown(x, y))).copied().collect();
        Self { width_px: across as u32, height_px: down as u32, bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_turn_moves_the_left_column_to_the_top_row() {
        let image = RgbImage { width_px: 2, height_px: 3, bytes: (0..6).flat_map(|v| [v; 3]).collect() };
        let shown = |rotation_deg, is_mirrored| {
            let turned = image.clone().upright(Orientation { rotation_deg, is_mirrored });
            (turned.width_px, turned.bytes.chunks(3).map(|pixel| pixel[0]).collect::<Vec<_>>())
        };
        let values = |degrees| shown(degrees, false);
        assert_eq!(shown(0, true), (2, vec![1, 0, 3, 2, 5, 4]));
        assert_eq!(shown(90, true), (3, vec![0, 2, 4, 1, 3, 5]));
        assert_eq!(values(90), (3, vec![4, 2, 0, 5, 3, 1]));
        assert_eq!(values(180), (2, vec![5, 4, 3, 2, 1, 0]));
        assert_eq!(values(270), (3, vec![1, 3, 5, 0, 2, 4]));
        assert_eq!(values(0), (2, vec![0, 1, 2, 3, 4, 5]));
    }
}
