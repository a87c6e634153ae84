//! Draws examples so that each class comes as often as is wanted, whichever dataset it is in.

use std::collections::BTreeMap;

use fastrand::Rng;

use super::error::TrainingError;
use avar_labels::{AnomalyClass, CLASS_COUNT};

/// The steps, or the frames, of one clip at which one class holds.
pub(crate) struct Moments {
    pub clip: usize,
    pub at: Vec<usize>,
}

/// Those of the clip `index`, a `label` whose steps or frames are of `classes`: class, kind, moments. Clips in which
/// nothing happens are a kind of their own: what looks like an event and is none is met there.
pub(crate) fn moments(
    index: usize,
    label: AnomalyClass,
    classes: &[Option<AnomalyClass>],
) -> impl Iterator<Item = (AnomalyClass, bool, Moments)> {
    AnomalyClass::ALL.into_iter().filter_map(move |class| {
        let at: Vec<usize> = (0..classes.len()).filter(|place| classes[*place] == Some(class)).collect();
        (!at.is_empty()).then_some((class, label == AnomalyClass::Normal, Moments { clip: index, at }))
    })
}

/// Examples by class and kind (the dataset, and what else sets them apart). Of the kinds that a class has each is drawn in
/// proportion to the square root of its examples: a large one does not drown a small one, and a single recording is not
/// heard over and over.
pub(crate) struct Sampler<T> {
    of_class: Vec<Vec<(f32, Vec<T>)>>,
}

impl<T> Sampler<T> {
    /// `examples`: class, kind, example.
    pub(crate) fn new<Kind: Ord>(examples: impl IntoIterator<Item = (AnomalyClass, Kind, T)>) -> Sampler<T> {
        let mut of_class: Vec<BTreeMap<Kind, Vec<T>>> = (0..CLASS_COUNT).map(|_| BTreeMap::new()).collect();
        for (class, kind, example) in examples {
            of_class[class.index()].entry(kind).or_default().push(example);
        }
        let weigh = |examples: Vec<T>| ((examples.len() as f32).sqrt(), examples);
        let of_class = of_class.into_iter().map(|kinds| kinds.into_values().map(weigh).collect());
        Sampler { of_class: of_class.collect() }
    }

    fn is_empty(&self) -> bool {
        self.of_class.iter().all(Vec::is_empty)
    }

    /// An example of `class`; `None` where there is none.
    pub(crate) fn draw(&self, class: AnomalyClass, rng: &mut Rng) -> Option<&T> {
        let examples = draw_weighted(&self.of_class[class.index()], rng)?;
        examples.get(rng.usize(0..examples.len().max(1)))
    }

    /// An example of one of the classes in `shares`, which name a class and how often it is drawn; what remains of 1
    /// is drawn evenly from all ten.
    pub(crate) fn draw_any(&self, shares: &[(AnomalyClass, f32)], rng: &mut Rng) -> &T {
        loop {
            let mut place = rng.f32();
            let preferred = shares.iter().find(|(_, share)| {
                place -= share;
                place < 0.0
            });
            let class = preferred.map_or_else(|| AnomalyClass::ALL[rng.usize(0..CLASS_COUNT)], |(class, _)| *class);
            if let Some(example) = self.draw(class, rng) {
                return example;
            }
        }
    }
}

/// Draws the footage before the class, each by the square root of its clips: if fights were nearly all that is drawn of
/// surveillance cameras, a surveillance camera would mean a fight.
pub(crate) struct FootageSampler<T> {
    of_footage: Vec<(f32, Sampler<T>)>,
}

impl<T> FootageSampler<T> {
    /// `clips`: the footage of each, and its examples: class, kind, example.
    pub(crate) fn new<Footage: Ord, Kind: Ord, Examples: IntoIterator<Item = (AnomalyClass, Kind, T)>>(
        clips: impl IntoIterator<Item = (Footage, Examples)>,
    ) -> FootageSampler<T> {
        let mut of_footage: BTreeMap<Footage, Vec<Examples>> = BTreeMap::new();
        for (footage, examples) in clips {
            of_footage.entry(footage).or_default().push(examples);
        }
        let weigh = |clips: Vec<Examples>| ((clips.len() as f32).sqrt(), Sampler::new(clips.into_iter().flatten()));
        let of_footage = of_footage.into_values().map(weigh).filter(|(_, sampler)| !sampler.is_empty());
        FootageSampler { of_footage: of_footage.collect() }
    }

    /// As [`Sampler::draw_any`], of some footage; an error where no clip has an example.
    pub(crate) fn draw_any(&self, shares: &[(AnomalyClass, f32)], rng: &mut Rng) -> Result<&T, TrainingError> {
        let of_one = draw_weighted(&self.of_footage, rng);
        let nothing = || TrainingError::NothingToTrainOn("no clip shows any class".to_owned());
        Ok(of_one.ok_or_else(nothing)?.draw_any(shares, rng))
    }
}

/// One of `items`, each with a weight, in proportion to it; `None` where there is none.
fn draw_weighted<'a, T>(items: &'a [(f32, T)], rng: &mut Rng) -> Option<&'a T> {
    let mut place = rng.f32() * items.iter().map(|(weight, _)| weight).sum::<f32>();
    let drawn = items.iter().find(|(weight, _)| {
        place -= weight;
        place < 0.0
    });
    drawn.or(items.last()).map(|(_, item)| item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_drawn_by_the_root_of_their_size() {
        let examples = (0..100).map(|n| (AnomalyClass::Pain, n == 0, n));
        let sampler = Sampler::new(examples);
        let mut rng = Rng::with_seed(1);
        let lone = (0..11_000).filter(|_| *sampler.draw(AnomalyClass::Pain, &mut rng).unwrap() == 0).count();
        assert!((800..1250).contains(&lone), "{lone} of 11000, where 1 in 1 + sqrt(99) is about 1005");
    }

    #[test]
    fn classes_come_as_often_as_is_asked_for() {
        let sampler = Sampler::new(AnomalyClass::ALL.map(|class| (class, 0, class)));
        let mut rng = Rng::with_seed(2);
        let shares = [(AnomalyClass::Normal, 0.5)];
        let drawn = (0..10_000).filter(|_| *sampler.draw_any(&shares, &mut rng) == AnomalyClass::Normal).count();
        assert!((5300..5700).contains(&drawn), "{drawn} of 10000, where 0.5 + 0.05 are expected");
    }

    #[test]
    fn footage_is_drawn_by_the_root_of_its_clips_whatever_it_shows() {
        let everyday = |footage| (footage, vec![(AnomalyClass::Normal, 0, footage)]);
        let fights = (0..99).map(|_| (0, vec![(AnomalyClass::Brawling, 0, 0)]));
        let clips = fights.chain([everyday(0)]).chain((0..25).map(|_| everyday(1))).chain([(2, Vec::new())]);
        let (sampler, mut rng) = (FootageSampler::new(clips), Rng::with_seed(4));
        let drawn = (0..3000).filter(|_| *sampler.draw_any(&[], &mut rng).unwrap() == 0).count();
        assert!((1900..2100).contains(&drawn), "{drawn} of 3000, where 10 in 10 + 5 are expected");
        let nothing = FootageSampler::new([(0, Vec::<(AnomalyClass, u8, u8)>::new())]);
        assert!(matches!(nothing.draw_any(&[], &mut rng), Err(TrainingError::NothingToTrainOn(_))));
    }

    #[test]
    fn a_class_without_examples_is_passed_over() {
        let sampler = Sampler::new([(AnomalyClass::Crash, 0, 7)]);
        let mut rng = Rng::with_seed(3);
        assert_eq!(sampler.draw(AnomalyClass::Abuse, &mut rng), None);
        assert_eq!(*sampler.draw_any(&[(AnomalyClass::Abuse, 0.9)], &mut rng), 7);
    }
}
