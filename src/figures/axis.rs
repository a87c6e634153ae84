//! Values to pixels, and the round values at which an axis is labelled.

/// Maps `from` at `from_px` and `to` at `to_px`, straight in between.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    pub from: f64,
    pub to: f64,
    pub from_px: f64,
    pub to_px: f64,
}

impl Scale {
    pub(crate) fn px(self, value: f64) -> f64 {
        let whole = self.to - self.from;
        let part = if whole == 0.0 { 0.5 } else { (value - self.from) / whole };
        self.from_px + part * (self.to_px - self.from_px)
    }

    /// At most `most` values at a distance of 1, 2 or 5 times a power of ten.
    pub(crate) fn ticks(self, most: usize) -> Vec<f64> {
        let whole = (self.to - self.from).abs();
        if !(whole > 0.0 && whole.is_finite()) {
            return vec![self.from];
        }
        let least = whole / most.max(1) as f64;
        let power = 10f64.powf(least.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= least * 0.999);
        let step = step.unwrap_or(10.0 * power);
        let (low, high) = (self.from.min(self.to), self.from.max(self.to));
        let first = (low / step - 1e-9).ceil() as i64;
        let last = (high / step + 1e-9).floor() as i64;
        (first..=last).map(|multiple| multiple as f64 * step).collect()
    }
}

/// A tick's value without digits that say nothing.
pub(crate) fn tick_text(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_axis() {
        let scale = Scale { from: 0.3, to: 47.0, from_px: 0.0, to_px: 467.0 };
        assert_eq!(scale.ticks(10), [5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0]);
        assert_eq!(scale.px(47.0), 467.0);
        let unit = Scale { from: 0.0, to: 1.0, from_px: 100.0, to_px: 0.0 };
        assert_eq!(
            unit.ticks(5).iter().map(|tick| tick_text(*tick)).collect::<Vec<_>>().join(" "),
            "0 0.2 0.4 0.6 0.8 1"
        );
        assert_eq!(unit.px(0.25), 75.0);
    }

    #[test]
    fn an_axis_of_no_length_has_its_one_value_in_the_middle() {
        let scale = Scale { from: 2.0, to: 2.0, from_px: 0.0, to_px: 10.0 };
        assert_eq!((scale.ticks(5), scale.px(2.0)), (vec![2.0], 5.0));
    }
}
