//! MobileViT's unfolding: positions that share a place within their patches become one sequence of tokens.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::{expect_some, values};

/// `[B, H, W, C]` with `H` and `W` divisible by `patch` -> `[B patch^2, H W / patch^2, C]`; differentiable.
pub fn to_patches(map: &Tensor, patch: usize) -> Result<Tensor> {
    expect_some("the patch", patch)?;
    let (batch, height, width, channels) = map.dims4()?;
    let grid = Grid { batch, rows: height / patch, columns: width / patch, patch, channels };
    if map.device().is_cpu() {
        return map.contiguous()?.apply_op1(Rearrange { grid, direction: Direction::ToPatches });
    }
    map.reshape(&[batch, grid.rows, patch, grid.columns, patch, channels][..])?
        .permute(&[0, 2, 4, 1, 3, 5][..])?
        .reshape((batch * patch * patch, grid.rows * grid.columns, channels))
}

/// The inverse of [`to_patches`]: `[B patch^2, rows columns, C]` -> `[B, rows patch, columns patch, C]`.
pub fn from_patches(tokens: &Tensor, rows: usize, columns: usize, patch: usize) -> Result<Tensor> {
    expect_some("the patch", patch)?;
    let (sequences, _, channels) = tokens.dims3()?;
    let batch = sequences / (patch * patch);
    let grid = Grid { batch, rows, columns, patch, channels };
    if tokens.device().is_cpu() {
        return tokens.contiguous()?.apply_op1(Rearrange { grid, direction: Direction::FromPatches });
    }
    tokens.reshape(&[batch, patch, patch, rows, columns, channels][..])?.permute(&[0, 3, 1, 4, 2, 5][..])?.reshape((
        batch,
        rows * patch,
        columns * patch,
        channels,
    ))
}

/// Sizes in patches.
#[derive(Clone, Copy)]
struct Grid {
    batch: usize,
    rows: usize,
    columns: usize,
    patch: usize,
    channels: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToPatches,
    FromPatches,
}

struct Rearrange {
    grid: Grid,
    direction: Direction,
}

impl CustomOp1 for Rearrange {
    fn name(&self) -> &'static str {
        "patches"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = values(storage, layout)?;
        let Grid { batch, rows, columns, patch, channels } = self.grid;
        if x.len() != batch * rows * columns * patch * patch * channels {
            candle_core::bail!("{:?} does not fit {rows} x {columns} patches", layout.shape());
        }
        let mut out = vec![0f32; x.len()];
        let run = columns * channels;
        // One run: the tokens of one row of patches, at one place.
        let runs = out.par_chunks_mut(match self.direction {
            Direction::ToPatches => run.max(1),
            Direction::FromPatches => (run * patch).max(1),
        });
        match self.direction {
            Direction::ToPatches => runs.enumerate().for_each(|(index, out)| {
                let (sequence, row) = (index / rows, index % rows);
                let (picture, place) = (sequence / (patch * patch), sequence % (patch * patch));
                let line = (picture * rows + row) * patch + place / patch;
                for (column, out) in out.chunks_exact_mut(channels).enumerate() {
                    let from = ((line * columns + column) * patch + place % patch) * channels;
                    out.copy_from_slice(&x[from..from + channels]);
                }
            }),
            Direction::FromPatches => runs.enumerate().for_each(|(line, out)| {
                let (picture, y) = (line / (rows * patch), line % (rows * patch));
                for (x_position, out) in out.chunks_exact_mut(channels).enumerate() {
                    let sequence = (picture * patch + y % patch) * patch + x_position % patch;
                    let from = ((sequence * rows + y / patch) * columns + x_position / patch) * channels;
                    out.copy_from_slice(&x[from..from + channels]);
                }
            }),
        }
        let shape = match self.direction {
            Direction::ToPatches => Shape::from((batch * patch * patch, rows * columns, channels)),
            Direction::FromPatches => Shape::from((batch, rows * patch, columns * patch, channels)),
        };
        Ok((CpuStorage::F32(out), shape))
    }

    fn bwd(&self, _x: &Tensor, _y: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let direction = match self.direction {
            Direction::ToPatches => Direction::FromPatches,
            Direction::FromPatches => Direction::ToPatches,
        };
        Ok(Some(gradient.contiguous()?.apply_op1_no_bwd(&Rearrange { grid: self.grid, direction })?))
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::super::check::{assert_close, random};
    use super::*;

    #[test]
    fn patches_are_the_permutation_and_back() {
        let x = Var::from_tensor(&random(&[2, 6, 4, 3], 1)).unwrap();
        let tokens = to_patches(&x, 2).unwrap();
        let expected = x
            .reshape(&[2, 3, 2, 2, 2, 3][..])
            .and_then(|x| x.permute(&[0, 2, 4, 1, 3, 5][..]))
            .and_then(|x| x.reshape((8, 6, 3)))
            .unwrap();
        assert_close(&tokens, &expected, 0.0);
        let back = from_patches(&tokens, 3, 2, 2).unwrap();
        assert_close(&back, &x, 0.0);
        let share = random(&[2, 6, 4, 3], 2);
        let loss = (back * &share).unwrap().sum_all().unwrap();
        assert_close(loss.backward().unwrap().get(&x).unwrap(), &share, 0.0);
    }
}
