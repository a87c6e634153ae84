//! How a picture that lies in its file is shown upright.

use ffmpeg_next as ffmpeg;
use ffmpeg_next::ffi;
use serde::Serialize;

use super::ffi_enum::is_side_data;

/// First turned, then mirrored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Orientation {
    /// Clockwise: 0, 90, 180 or 270.
    pub rotation_deg: i32,
    /// Left and right are exchanged, as a camera does that faces its user.
    pub is_mirrored: bool,
}

impl Orientation {
    /// As the stream's display matrix states, to the nearest quarter.
    pub(super) fn of(stream: &ffmpeg::Stream<'_>) -> Orientation {
        let display_matrix = ffi::AVPacketSideDataType::AV_PKT_DATA_DISPLAYMATRIX;
        let matrix = stream.side_data().find(|data| is_side_data(data, display_matrix));
        let Some(bytes) = matrix.map(|data| data.data().to_vec()) else { return Self::default() };
        let (words, _) = bytes.as_chunks::<4>();
        match <[[u8; 4]; 9]>::try_from(words) {
            Ok(words) => Self::of_matrix(words.map(i32::from_ne_bytes)),
            Err(_) => Self::default(),
        }
    }

    /// Rows (a, b, u), (c, d, v), (x, y, w): a stored point (p, q) is shown at (a p + c q, b p + d q).
    fn of_matrix(mut matrix: [i32; 9]) -> Orientation {
        let [a, b, _, c, d, ..] = matrix.map(i64::from);
        let is_mirrored = a * d - b * c < 0;
        if is_mirrored {
            // Taken back, so that a turn remains.
            (matrix[0], matrix[3]) = (matrix[0].saturating_neg(), matrix[3].saturating_neg());
        }
        // SAFETY: nine entries, as the function wants them.
        let counterclockwise = unsafe { ffi::av_display_rotation_get(matrix.as_ptr()) };
        if !counterclockwise.is_finite() {
            return Self::default();
        }
        Self { rotation_deg: ((-counterclockwise / 90.0).round() as i32).rem_euclid(4) * 90, is_mirrored }
    }

    /// Clockwise.
    pub fn quarter_turns(self) -> u32 {
        (self.rotation_deg.rem_euclid(360) / 90) as u32
    }

    /// Whether the stored picture's width is the height of the shown one.
    pub fn swaps_sides(self) -> bool {
        self.quarter_turns() % 2 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 16.16 fixed point, the last column 2.30.
    fn of([a, b, c, d]: [i32; 4]) -> (i32, bool) {
        let one = 1 << 16;
        let found = Orientation::of_matrix([a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30]);
        (found.rotation_deg, found.is_mirrored)
    }

    #[test]
    fn turns_are_told_apart() {
        assert_eq!(of([1, 0, 0, 1]), (0, false));
        assert_eq!(of([0, 1, -1, 0]), (90, false));
        assert_eq!(of([-1, 0, 0, -1]), (180, false));
        assert_eq!(of([0, -1, 1, 0]), (270, false));
    }

    #[test]
    fn a_mirror_image_is_a_turn_with_left_and_right_exchanged() {
        assert_eq!(of([-1, 0, 0, 1]), (0, true));
        // Upside down is half a turn, mirrored.
        assert_eq!(of([1, 0, 0, -1]), (180, true));
    }

    #[test]
    fn a_matrix_of_zeros_turns_nothing() {
        assert_eq!(of([0, 0, 0, 0]), (0, false));
    }
}
