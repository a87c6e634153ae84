//! What moves from one step's picture to the next: where the picture network's features change, and how much of the
//! picture does.
//!
//! ```text
//! features of every place, now and before -> difference -> largest over the places      [Dv]
//! luminance of 32 x 32 cells, now and before -> difference, by the picture's contrast -> [6]
//! ```
//!
//! A camera stands still: what does not move takes itself away, and with it the room that training never showed. Means
//! over the whole picture, as features are, hardly notice two people in a corner. Nothing here has weights.

/// Numbers that say how much moves: the mean over the picture, the share that moves, the mean of the four blocks that
/// move most, the block in the middle and the one at the upper quarter, and the mean where anything moves.
const AMOUNTS: usize = 6;

/// Length of the vector beside `features` features.
pub const fn motion_width(features: usize) -> usize {
    features + AMOUNTS
}

/// Brings the change of features to about the size of normed ones.
const CHANGE_GAIN: f32 = 2.0;

/// The picture is seen as this many cells a side, which takes away noise and what the camera's coding does.
const CELLS: usize = 32;
const BLOCKS: usize = 8;
const CELLS_OF_BLOCK: usize = CELLS / BLOCKS;
/// Part of a picture's contrast by which a cell has to differ in order to count as moving.
const MOVES_FROM: f32 = 0.25;
/// Added to the contrast: what stirs in the dark is noise.
const LEAST_CONTRAST: f32 = 0.02;

/// Compares each picture with the one before.
#[derive(Clone, Debug)]
pub struct Motion {
    size_px: (usize, usize),
    features: usize,
    before: Option<(Cells, Vec<f32>)>,
}

impl Motion {
    /// For pictures of `size_px` = (width, height) with so many `features`.
    pub fn new(size_px: (usize, usize), features: usize) -> Motion {
        Motion { size_px, features, before: None }
    }

    /// `rgb`: rows of red, green, blue bytes; `map`: its features, places x features. What has moved since the
    /// picture before, [`motion_width`] numbers; zeros where nothing has or where there was none before.
    pub fn update(&mut self, rgb: &[u8], map: &[f32]) -> Vec<f32> {
        let features = self.features;
        let now = Cells::new(rgb, self.size_px);
        let mut moved = vec![0f32; motion_width(features)];
        if let Some((cells, before)) = &self.before {
            let (change, amounts) = moved.split_at_mut(features);
            for (now, before) in map.chunks_exact(features).zip(before.chunks_exact(features)) {
                for ((most, now), before) in change.iter_mut().zip(now).zip(before) {
                    *most = most.max(CHANGE_GAIN * (now - before).abs());
                }
            }
            amounts.copy_from_slice(&now.moved_since(cells));
        }
        self.before = Some((now, map.to_owned()));
        moved
    }
}

/// Mean luminance, 0 to 1, of each cell.
#[derive(Clone, Debug)]
struct Cells(Box<[f32; CELLS * CELLS]>);

impl Cells {
    fn new(rgb: &[u8], (width, height): (usize, usize)) -> Cells {
        let mut sums = Box::new([0f32; CELLS * CELLS]);
        let mut counts = [0u32; CELLS * CELLS];
        for (y, row) in rgb.chunks_exact((width * 3).max(1)).enumerate() {
            for (x, [r, g, b]) in row.as_chunks::<3>().0.iter().enumerate() {
                let cell = y * CELLS / height * CELLS + x * CELLS / width;
                // ITU-R BT.709.
                sums[cell] += (0.2126 * f32::from(*r) + 0.7152 * f32::from(*g) + 0.0722 * f32::from(*b)) / 255.0;
                counts[cell] += 1;
            }
        }
        sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum /= count.max(1) as f32);
        Cells(sums)
    }

    /// Standard deviation over the cells.
    fn contrast(&self) -> f32 {
        let count = self.0.len() as f32;
        let mean = self.0.iter().sum::<f32>() / count;
        (self.0.iter().map(|cell| (cell - mean).powi(2)).sum::<f32>() / count).sqrt()
    }

    fn moved_since(&self, before: &Cells) -> [f32; AMOUNTS] {
        let contrast = self.contrast() + LEAST_CONTRAST;
        let mut blocks = [0f32; BLOCKS * BLOCKS];
        let (mut all, mut moving, mut of_moving) = (0.0, 0usize, 0.0);
        for (at, (now, before)) in self.0.iter().zip(before.0.iter()).enumerate() {
            let moved = (now - before).abs() / contrast;
            let (x, y) = (at % CELLS, at / CELLS);
            blocks[y / CELLS_OF_BLOCK * BLOCKS + x / CELLS_OF_BLOCK] += moved;
            all += moved;
            if moved > MOVES_FROM {
                moving += 1;
                of_moving += moved;
            }
        }
        blocks.sort_by(|a, b| b.total_cmp(a));
        let cells = self.0.len() as f32;
        let block = |rank: usize| blocks[rank] / (CELLS_OF_BLOCK * CELLS_OF_BLOCK) as f32;
        let most = (0..4).map(block).sum::<f32>() / 4.0;
        let where_moving = of_moving / moving.max(1) as f32;
        let share = moving as f32 / cells;
        [all / cells, share, most, block(blocks.len() / 2), block(blocks.len() / 4), where_moving].map(compressed)
    }
}

/// From a fiftieth on it is the ratio that tells, a person who strolls from one who runs; below, it is noise.
fn compressed(moved: f32) -> f32 {
    (50.0 * moved).ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE_PX: (usize, usize) = (96, 64);

    /// A bright square of `edge` pixels at `at` before a ramp.
    fn picture(at: (usize, usize), edge: usize, brightness: f32) -> Vec<u8> {
        let (width, height) = SIZE_PX;
        let luma = |x: usize, y: usize| {
            let is_square = (at.0..at.0 + edge).contains(&x) && (at.1..at.1 + edge).contains(&y);
            (if is_square { 250.0 } else { x as f32 } * brightness) as u8
        };
        (0..height).flat_map(|y| (0..width).flat_map(move |x| [luma(x, y); 3])).collect()
    }

    fn moved(pictures: &[Vec<u8>]) -> [f32; AMOUNTS] {
        let cells = |picture: &Vec<u8>| Cells::new(picture, SIZE_PX);
        cells(&pictures[1]).moved_since(&cells(&pictures[0]))
    }

    #[test]
    fn a_first_picture_and_one_like_the_last_do_not_move() {
        let (still, map) = (picture((10, 10), 20, 1.0), [1.0, -2.0, 0.5, 0.25]);
        let mut motion = Motion::new(SIZE_PX, 2);
        for _ in 0..2 {
            assert_eq!(motion.update(&still, &map), [0.0; 2 + AMOUNTS]);
        }
    }

    #[test]
    fn a_feature_has_changed_as_far_as_at_the_place_where_it_changed_most() {
        let mut motion = Motion::new(SIZE_PX, 2);
        let still = picture((10, 10), 20, 1.0);
        motion.update(&still, &[1.0, -2.0, 0.5, 0.25, 0.0, 0.0]);
        let moved = motion.update(&still, &[1.0, -2.5, 0.75, 0.25, -0.5, 0.25]);
        assert_eq!(moved[..2], [1.0, 1.0]);
        assert_eq!(moved[2..], [0.0; AMOUNTS]);
    }

    #[test]
    fn what_is_larger_moves_more() {
        let by_ten = |edge| moved(&[picture((10, 10), edge, 1.0), picture((20, 10), edge, 1.0)]);
        let (small, large) = (by_ten(8), by_ten(32));
        assert!(0.0 < small[0] && small[0] < large[0], "mean");
        assert!(0.0 < small[1] && small[1] < large[1], "share");
    }

    #[test]
    fn only_the_mean_of_what_moves_is_blind_to_how_much_does() {
        let [mean, share, _, middle, _, where_moving] =
            moved(&[picture((10, 10), 12, 1.0), picture((60, 40), 12, 1.0)]);
        assert_eq!(middle, 0.0, "half of the blocks stand still");
        assert!(where_moving > 2.0 * mean && where_moving > share);
    }

    #[test]
    fn a_darker_recording_of_the_same_moves_nearly_as_much() {
        let at = |brightness| moved(&[picture((10, 10), 20, brightness), picture((20, 15), 20, brightness)]);
        for (bright, dark) in at(1.0).into_iter().zip(at(0.4)) {
            assert!((bright - dark).abs() < 0.15 * bright.max(1.0), "{bright} {dark}");
        }
    }

    #[test]
    fn noise_in_the_dark_hardly_moves() {
        let noise = |seed: u64| {
            let mut rng = fastrand::Rng::with_seed(seed);
            (0..SIZE_PX.0 * SIZE_PX.1 * 3).map(|_| rng.u8(0..4)).collect::<Vec<_>>()
        };
        let [_, share, ..] = moved(&[noise(1), noise(2)]);
        assert!(share < compressed(0.02), "{share}");
    }
}
