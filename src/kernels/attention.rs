//! Scaled dot-product attention of all heads in one pass: scores never leave the second cache.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor};
use rayon::prelude::*;

use super::norm::softmax_row;
use super::packed::{Epilogue, PackedMatrix, Rows, multiply};
use super::{Output, expect_some, new_values, norm, portable, values};

/// Query rows whose scores are held at a time.
const QUERIES: usize = 96;

/// `softmax(Q K^T / sqrt(d)) V` for each head; all three `[B, N, heads d]`. Differentiable.
pub fn attention(query: &Tensor, key: &Tensor, value: &Tensor, heads: usize) -> Result<Tensor> {
    expect_some("the heads", heads)?;
    let tracked = query.track_op() || key.track_op() || value.track_op();
    if !query.device().is_cpu() || tracked {
        return portable::attention(query, key, value, heads, norm::softmax);
    }
    query.contiguous()?.apply_op3_no_bwd(&key.contiguous()?, &value.contiguous()?, &Attention { heads })
}

struct Attention {
    heads: usize,
}

impl CustomOp3 for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (query, key, value) = (values(s1, l1)?, values(s2, l2)?, values(s3, l3)?);
        let (batch, length, width) = l1.shape().dims3()?;
        if l2.shape() != l1.shape() || l3.shape() != l1.shape() || width % self.heads != 0 {
            candle_core::bail!("attention of {} heads does not fit {:?}", self.heads, l1.shape());
        }
        if query.is_empty() {
            return Ok((CpuStorage::F32(Vec::new()), l1.shape().clone()));
        }
        let each = width / self.heads;
        let scale = 1.0 / (each as f32).sqrt();
        let mut out = new_values(query.len());
        let target = Output(out.as_mut_ptr());
        (0..batch * self.heads).into_par_iter().for_each(|index| {
            let start = index / self.heads * length * width + index % self.heads * each;
            let keys = PackedMatrix::from_strided(&key[start..], each, length, 1, width);
            let values = PackedMatrix::from_strided(&value[start..], length, each, width, 1);
            (0..length.div_ceil(QUERIES)).into_par_iter().for_each(|block| {
                let first = block * QUERIES;
                let rows = QUERIES.min(length - first);
                let from = start + first * width;
                let mut scores = new_values(rows * length);
                // SAFETY: the first product writes all scores, which are new; each row of them has `length` numbers; the
                // second writes this head's columns of these rows, which lie in `out` and which no other task touches.
                unsafe {
                    let queries = Rows::Strided { values: &query[from..], stride: width };
                    multiply(queries, rows, &keys, &Epilogue::NONE, scores.as_mut_ptr(), length);
                    scores.set_len(rows * length);
                    for row in scores.chunks_exact_mut(length) {
                        softmax_row(row.as_mut_ptr(), length, scale);
                    }
                    let scores = Rows::Strided { values: &scores, stride: length };
                    multiply(scores, rows, &values, &Epilogue::NONE, target.at(from), width);
                }
            });
        });
        // SAFETY: heads and blocks cover every element.
        unsafe { out.set_len(query.len()) };
        Ok((CpuStorage::F32(out), l1.shape().clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::{assert_close, random};
    use super::*;

    #[test]
    fn all_heads_agree_with_the_composition() {
        for (batch, length, heads, each) in [(2, 7, 2, 4), (1, 130, 3, 36), (4, 1, 1, 5), (1, 300, 2, 64)] {
            let shape = [batch, length, heads * each];
            let [query, key, value] = [1, 2, 3].map(|seed| (random(&shape, seed) * 2.0).unwrap());
            let ours = attention(&query, &key, &value, heads).unwrap();
            let theirs = portable::attention(&query, &key, &value, heads, portable::softmax).unwrap();
            assert_close(&ours, &theirs, 1e-5);
        }
    }
}
