//! The losses against PyTorch, values and gradients (`tests/parity/heads.py`), and at their edges.

use std::path::Path;

use avar_model::ModelError;
use avar_model::loss::{LabelOptions, cosine_distance, cross_entropy, multi_stage, soft_binary_cross_entropy};
use candle_core::safetensors::MmapedSafetensors;
use candle_core::{Device, Result, Tensor, Var};

const TOLERANCE: f32 = 1e-5;

struct Fixture(MmapedSafetensors);

impl Fixture {
    fn open() -> Fixture {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/parity/fixtures/losses.safetensors");
        // SAFETY: nothing writes to a fixture while the test runs.
        Fixture(unsafe { MmapedSafetensors::new(path) }.unwrap())
    }

    fn tensor(&self, name: &str) -> Tensor {
        self.0.load(name, &Device::Cpu).unwrap()
    }

    fn variable(&self, name: &str) -> Var {
        Var::from_tensor(&self.tensor(name)).unwrap()
    }

    /// Fails unless `loss` has PyTorch's value and gradients by `inputs`.
    #[track_caller]
    fn check(&self, name: &str, loss: &Tensor, inputs: &[Var]) {
        let mut compared = vec![(loss.clone(), self.tensor(&format!("{name}.value")))];
        let gradients = loss.backward().unwrap();
        for (index, input) in inputs.iter().enumerate() {
            let expected = self.tensor(&format!("{name}.gradient.{index}"));
            compared.push((gradients.get(input).unwrap().clone(), expected));
        }
        for (found, expected) in compared {
            let error = largest(&(&found - &expected).unwrap()) / largest(&expected);
            assert!(error <= TOLERANCE, "{name}: {error:e}, {found}, not {expected}");
        }
    }
}

fn largest(x: &Tensor) -> f32 {
    x.abs().unwrap().max_all().unwrap().to_scalar().unwrap()
}

fn value(loss: std::result::Result<Tensor, ModelError>) -> f32 {
    loss.unwrap().to_scalar().unwrap()
}

fn uniform_logits(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, candle_core::DType::F32, &Device::Cpu).unwrap()
}

#[test]
fn the_loss_over_stages_is_pytorchs() {
    let fixture = Fixture::open();
    let stages = [fixture.variable("stages.0"), fixture.variable("stages.1")];
    let tensors = stages.each_ref().map(|stage| stage.as_tensor().clone());
    let labels = fixture.tensor("labels");
    let plain = multi_stage(&tensors, &labels, None, &LabelOptions::default()).unwrap();
    fixture.check("multi_stage", &plain, &stages);
    let weights = fixture.tensor("step_weights");
    let options = LabelOptions { class_weights: Some(fixture.tensor("class_weights")), smoothing: 0.1 };
    let weighted = multi_stage(&tensors, &labels, Some(&weights), &options).unwrap();
    fixture.check("multi_stage_weighted", &weighted, &stages);
}

#[test]
fn cross_entropy_of_clips_is_pytorchs() {
    let fixture = Fixture::open();
    let (clips, labels) = (fixture.variable("clips"), fixture.tensor("clip_labels"));
    let plain = cross_entropy(&clips, &labels, None, &LabelOptions::default()).unwrap();
    fixture.check("clip", &plain, std::slice::from_ref(&clips));
    let options = LabelOptions { class_weights: Some(fixture.tensor("class_weights")), smoothing: 0.1 };
    let weighted = cross_entropy(&clips, &labels, None, &options).unwrap();
    fixture.check("clip_weighted", &weighted, &[clips]);
}

#[test]
fn the_losses_of_distillation_are_pytorchs() {
    let fixture = Fixture::open();
    let tags = fixture.variable("tags");
    let loss = soft_binary_cross_entropy(&tags, &fixture.tensor("scores")).unwrap();
    fixture.check("soft_binary", &loss, &[tags]);
    let student = fixture.variable("student");
    let loss = cosine_distance(&student, &fixture.tensor("teacher")).unwrap();
    fixture.check("cosine", &loss, &[student]);
}

#[test]
fn teachers_and_weights_are_given_no_gradient() -> Result<()> {
    let fixture = Fixture::open();
    let (student, teacher) = (fixture.variable("student"), fixture.variable("teacher"));
    assert!(cosine_distance(&student, &teacher).unwrap().backward()?.get(&teacher).is_none());
    let (tags, scores) = (fixture.variable("tags"), fixture.variable("scores"));
    assert!(soft_binary_cross_entropy(&tags, &scores).unwrap().backward()?.get(&scores).is_none());
    let (stage, weights) = (fixture.variable("stages.0"), fixture.variable("step_weights"));
    let stages = [stage.as_tensor().clone()];
    let loss = multi_stage(&stages, &fixture.tensor("labels"), Some(&weights), &LabelOptions::default()).unwrap();
    assert!(loss.backward()?.get(&weights).is_none());
    Ok(())
}

#[test]
fn what_does_not_count_does_not_matter() -> Result<()> {
    let fixture = Fixture::open();
    let (labels, weights) = (fixture.tensor("labels"), fixture.tensor("step_weights"));
    let stage = fixture.tensor("stages.0");
    // Other logits where the weight is zero.
    let noise = fixture
        .tensor("stages.1")
        .broadcast_mul(&weights.eq(0f32)?.to_dtype(candle_core::DType::F32)?.unsqueeze(2)?)?;
    let options = LabelOptions { class_weights: None, smoothing: 0.1 };
    let of = |stage: Tensor| value(multi_stage(&[stage], &labels, Some(&weights), &options));
    assert_eq!(of(stage.clone()), of((stage + noise)?));
    Ok(())
}

#[test]
fn no_counting_label_is_an_error_and_no_counting_neighbours_are_none() {
    let labels = Tensor::zeros((1, 3), candle_core::DType::U32, &Device::Cpu).unwrap();
    let of = |weights: [f32; 3]| {
        let weights = Tensor::new(&[weights], &Device::Cpu).unwrap();
        multi_stage(&[uniform_logits(&[1, 3, 10])], &labels, Some(&weights), &LabelOptions::default())
    };
    let message = of([0.0; 3]).unwrap_err().to_string();
    assert_eq!(message, "no label of this batch counts: all their weights are zero");
    assert!((value(of([1.0, 0.0, 1.0])) - 10f32.ln()).abs() < 1e-6);
    let one_step = uniform_logits(&[1, 1, 10]);
    let loss = multi_stage(&[one_step], &labels.narrow(1, 0, 1).unwrap(), None, &LabelOptions::default());
    assert!((value(loss) - 10f32.ln()).abs() < 1e-6);
    assert!(matches!(multi_stage(&[], &labels, None, &LabelOptions::default()), Err(ModelError::Input(_))));
}

#[test]
fn smoothing_outside_its_range_is_refused() {
    let labels = Tensor::zeros(2, candle_core::DType::U32, &Device::Cpu).unwrap();
    for smoothing in [-0.1, 1.0, f64::NAN] {
        let options = LabelOptions { class_weights: None, smoothing };
        let found = cross_entropy(&uniform_logits(&[2, 10]), &labels, None, &options);
        assert!(matches!(found, Err(ModelError::Config(_))));
    }
}

#[test]
fn a_label_that_is_no_class_is_an_error() {
    let labels = Tensor::new(&[3u32, 10], &Device::Cpu).unwrap();
    assert!(cross_entropy(&uniform_logits(&[2, 10]), &labels, None, &LabelOptions::default()).is_err());
}

#[test]
fn extreme_logits_and_rows_of_zeros_give_finite_values_and_gradients() -> Result<()> {
    let logits = Var::new(&[-1e4f32, 0.0, 1e4], &Device::Cpu)?;
    let scores = Tensor::new(&[0.3f32, 0.3, 0.3], &Device::Cpu)?;
    let loss = soft_binary_cross_entropy(&logits, &scores).unwrap();
    assert!(loss.to_scalar::<f32>()?.is_finite());
    let slopes = loss.backward()?.get(&logits).unwrap().to_vec1::<f32>()?;
    for (slope, probability) in slopes.into_iter().zip([0.0, 0.5, 1.0]) {
        assert!((slope - (probability - 0.3) / 3.0).abs() < 1e-6, "{slope}");
    }
    let rows = Var::new(&[[0f32, 0.0], [3.0, 4.0]], &Device::Cpu)?;
    let loss = cosine_distance(&rows, &Tensor::new(&[[1f32, 0.0], [3.0, 4.0]], &Device::Cpu)?).unwrap();
    assert!((loss.to_scalar::<f32>()? - 0.5).abs() < 1e-6);
    let slopes = loss.backward()?.get(&rows).unwrap().flatten_all()?.to_vec1::<f32>()?;
    assert!(slopes.iter().all(|slope| slope.is_finite()), "{slopes:?}");
    Ok(())
}
