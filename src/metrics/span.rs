//! Half-open stretches of an axis, in the unit of whoever uses them (frames or seconds), and their overlap.

/// `start <= x < end`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Included.
    pub start: f64,
    /// Not included.
    pub end: f64,
}

impl Span {
    /// Empty where `end` does not lie after `start`.
    pub fn new(start: f64, end: f64) -> Self {
        Self { start, end }
    }

    /// Zero where it is empty.
    pub fn length(self) -> f64 {
        (self.end - self.start).max(0.0)
    }

    /// The length of what both share, zero where they only touch.
    pub fn overlap(self, other: Self) -> f64 {
        (self.end.min(other.end) - self.start.max(other.start)).max(0.0)
    }

    /// Intersection over union; zero for two empty spans.
    pub fn iou(self, other: Self) -> f64 {
        let overlap = self.overlap(other);
        if overlap > 0.0 { overlap / (self.length() + other.length() - overlap) } else { 0.0 }
    }

    /// The part within `bounds`; `None` where nothing is left.
    pub fn within(self, bounds: Self) -> Option<Self> {
        let part = Self { start: self.start.max(bounds.start), end: self.end.min(bounds.end) };
        (part.start < part.end).then_some(part)
    }
}

/// The union as disjoint spans in order; spans that overlap or touch become one.
pub(crate) fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable_by(|a, b| a.start.total_cmp(&b.start));
    spans.dedup_by(|next, span| {
        let joined = next.start <= span.end;
        if joined {
            span.end = span.end.max(next.end);
        }
        joined
    });
    spans
}

/// The positions in `spans` (disjoint, in order) of those that overlap `span`.
pub(crate) fn overlapping(spans: &[Span], span: Span) -> std::ops::Range<usize> {
    let first = spans.partition_point(|other| other.end <= span.start);
    let past = spans.partition_point(|other| other.start < span.end);
    first..past.max(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_is_measured_against_the_union() {
        assert_eq!(Span::new(0.0, 4.0).iou(Span::new(2.0, 6.0)), 2.0 / 6.0);
        assert_eq!(Span::new(0.0, 4.0).iou(Span::new(4.0, 6.0)), 0.0);
        assert_eq!(Span::new(1.0, 1.0).iou(Span::new(1.0, 1.0)), 0.0);
    }

    #[test]
    fn spans_that_overlap_or_touch_become_one() {
        let spans = vec![Span::new(5.0, 6.0), Span::new(0.0, 2.0), Span::new(2.0, 3.0), Span::new(0.5, 1.0)];
        assert_eq!(merged(spans), [Span::new(0.0, 3.0), Span::new(5.0, 6.0)]);
    }

    #[test]
    fn neighbours_that_only_touch_do_not_overlap() {
        let spans = [Span::new(0.0, 1.0), Span::new(2.0, 3.0), Span::new(3.0, 4.0)];
        assert_eq!(overlapping(&spans, Span::new(1.0, 3.0)), 1..2);
        assert_eq!(overlapping(&spans, Span::new(1.0, 2.0)), 1..1);
        assert_eq!(overlapping(&spans, Span::new(-1.0, 9.0)), 0..3);
    }
}
