//! How large a document may be: far above what people decide, and small enough for what a stranger's file may cost.

/// Of the file.
pub(crate) const MOST_BYTES: u64 = 64 << 20;
/// Of a line with its end: an operation over [`MOST_TARGETS`] events of the model fits.
pub(crate) const MOST_LINE_BYTES: usize = 8 << 20;
/// Lines below the first.
pub(crate) const MOST_OPERATIONS: usize = 1_000_000;
/// Of one operation.
pub(crate) const MOST_TARGETS: usize = 10_000;
/// Events of the analyst's layer, deleted ones among them, and notes.
pub(crate) const MOST_EVENTS: usize = 20_000;
/// The model's events that one of the analyst's may be merged of.
pub(crate) const MOST_BASES: usize = 256;
/// Of a note.
pub(crate) const MOST_TEXT_BYTES: usize = 64 << 10;
/// Of an author's name.
pub(crate) const MOST_AUTHOR_BYTES: usize = 1 << 10;
/// The longest least duration and gap of a rule.
pub(crate) const LONGEST_RULE_S: f64 = 3600.0;
