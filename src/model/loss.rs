//! What training makes small. Every function returns one number, differentiable by the logits or embeddings that a
//! network put out, constant in labels, weights and whatever a teacher said.
//!
//! | function | for |
//! |---|---|
//! | [`cross_entropy`] | labels, of steps (`[B, T, 10]`) or of whole clips (`[B, 10]`) |
//! | [`multi_stage`] | labels of steps, over all stages of a head, with the smoothness term of MS-TCN |
//! | [`soft_binary_cross_entropy`] | a teacher's independent scores in 0..1 |
//! | [`cosine_distance`] | a teacher's embeddings |

use candle_core::{D, DType, Tensor};
use candle_nn::ops::log_softmax;

use super::error::ModelError;

/// Share of the smoothness term in [`multi_stage`], lambda of MS-TCN.
pub const SMOOTHNESS_SHARE: f64 = 0.15;

/// Where the smoothness term stops growing: tau = 4 of MS-TCN, squared.
const SMOOTHNESS_CEILING: f32 = 16.0;

/// How labels are taken.
#[derive(Clone, Debug, Default)]
pub struct LabelOptions {
    /// A weight for each class, `[10]`, against rare ones being drowned; equal ones if `None`.
    pub class_weights: Option<Tensor>,
    /// Share of the target that is spread over all classes evenly, in 0..1.
    pub smoothing: f64,
}

/// Weighted mean of `-log p[label]`: `logits` `[.., C]`, `labels` `[..]` of unsigned integers, `weights` `[..]`, which
/// say how much each label counts (all the same if `None`; at least one must count).
///
/// As in PyTorch, an item's class weight multiplies both its loss and its part of the mean's denominator, and what
/// label smoothing adds is weighted by each class's own weight.
pub fn cross_entropy(
    logits: &Tensor,
    labels: &Tensor,
    weights: Option<&Tensor>,
    options: &LabelOptions,
) -> Result<Tensor, ModelError> {
    label_loss(&log_softmax(logits, D::Minus1)?, labels, weights, options)
}

/// The loss of a multi-stage head (Farha and Gall, MS-TCN, 2019), summed over stages `[B, T, C]`:
///
/// [`cross_entropy`] + 0.15 mean(min((log p_t - log p_(t-1))^2, 16))
///
/// where `log p_(t-1)` gives no gradient, and the mean is over the classes of each step that counts and whose
/// predecessor counts: `weights` `[B, T]` above zero.
pub fn multi_stage(
    stages: &[Tensor],
    labels: &Tensor,
    weights: Option<&Tensor>,
    options: &LabelOptions,
) -> Result<Tensor, ModelError> {
    let mut total: Option<Tensor> = None;
    for logits in stages {
        let log_p = log_softmax(logits, D::Minus1)?;
        let labelled = label_loss(&log_p, labels, weights, options)?;
        let loss = (labelled + (roughness(&log_p, weights)? * SMOOTHNESS_SHARE)?)?;
        total = Some(match total {
            None => loss,
            Some(total) => (total + loss)?,
        });
    }
    total.ok_or_else(|| ModelError::Input("a loss needs the logits of at least one stage".to_owned()))
}

/// Mean of `-t log s(x) - (1 - t) log(1 - s(x))` with the logistic function `s`: `logits` and `scores` of one shape,
/// scores in 0..1.
pub fn soft_binary_cross_entropy(logits: &Tensor, scores: &Tensor) -> Result<Tensor, ModelError> {
    // Softmax of (x, 0) is (s(x), 1 - s(x)): finite, with the right slope, for every x.
    let log_p = log_softmax(&Tensor::stack(&[logits, &logits.zeros_like()?], D::Minus1)?, D::Minus1)?;
    let scores = scores.detach();
    let targets = Tensor::stack(&[&scores, &scores.affine(-1.0, 1.0)?], D::Minus1)?;
    Ok(((log_p * targets)?.sum(D::Minus1)?.mean_all()?.neg())?)
}

/// Mean over rows of `1 - cos`: `student` and `teacher` `[.., D]`. A row of zeros has no direction: its cosine is 0.
pub fn cosine_distance(student: &Tensor, teacher: &Tensor) -> Result<Tensor, ModelError> {
    let teacher = teacher.detach();
    let cosine = ((student * &teacher)?.sum(D::Minus1)? / (length(student)? * length(&teacher)?)?)?;
    Ok(cosine.mean_all()?.affine(-1.0, 1.0)?)
}

fn label_loss(
    log_p: &Tensor,
    labels: &Tensor,
    weights: Option<&Tensor>,
    options: &LabelOptions,
) -> Result<Tensor, ModelError> {
    if !(0.0..1.0).contains(&options.smoothing) {
        return Err(ModelError::Config(format!("label smoothing must be in 0..1, not {}", options.smoothing)));
    }
    let classes = log_p.dim(D::Minus1)?;
    let class_weights = match &options.class_weights {
        Some(class_weights) => class_weights.detach(),
        None => Tensor::ones(classes, DType::F32, log_p.device())?,
    };
    let of_label = class_weights.index_select(&labels.flatten_all()?, 0)?.reshape(labels.shape())?;
    let weights = match weights {
        Some(weights) => weights.detach(),
        None => of_label.ones_like()?,
    };
    let denominator = (&weights * &of_label)?.sum_all()?;
    let counted = denominator.to_scalar::<f32>()?;
    if counted <= 0.0 || counted.is_nan() {
        return Err(ModelError::Input("no label of this batch counts: all their weights are zero".to_owned()));
    }
    let right = (log_p.gather(&labels.unsqueeze(D::Minus1)?, D::Minus1)?.squeeze(D::Minus1)? * of_label)?;
    let mut gain = (right * (1.0 - options.smoothing))?;
    if options.smoothing > 0.0 {
        let even = log_p.broadcast_mul(&class_weights)?.sum(D::Minus1)?;
        gain = (gain + (even * (options.smoothing / classes as f64))?)?;
    }
    Ok(((gain * weights)?.sum_all()? / denominator)?.neg()?)
}

/// Mean of `min((log p_t - log p_(t-1))^2, 16)`; 0 where no two neighbours count.
fn roughness(log_p: &Tensor, weights: Option<&Tensor>) -> Result<Tensor, ModelError> {
    let (_, steps, classes) = log_p.dims3()?;
    if steps < 2 {
        return Ok(Tensor::zeros((), DType::F32, log_p.device())?);
    }
    let change = (log_p.narrow(1, 1, steps - 1)? - log_p.narrow(1, 0, steps - 1)?.detach())?;
    let clipped = change.sqr()?.minimum(SMOOTHNESS_CEILING)?;
    let Some(weights) = weights else { return Ok(clipped.mean_all()?) };
    let counts = weights.detach().gt(0f32)?.to_dtype(DType::F32)?;
    let pairs = (counts.narrow(1, 1, steps - 1)? * counts.narrow(1, 0, steps - 1)?)?;
    let compared = (pairs.sum_all()?.maximum(1f32)? * classes as f64)?;
    Ok((clipped.broadcast_mul(&pairs.unsqueeze(2)?)?.sum_all()? / compared)?)
}

/// Euclidean length of each row; never below 1e-8, so that rows of zeros give neither NaN nor gradient.
fn length(x: &Tensor) -> candle_core::Result<Tensor> {
    x.sqr()?.sum(D::Minus1)?.maximum(1e-16f32)?.sqrt()
}
