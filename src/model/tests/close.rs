//! Numbers that are to be the same but for rounding.

/// `max |found - expected| <= tolerance * max |expected|`
#[track_caller]
pub(crate) fn assert_close(name: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{name}");
    let largest = expected.iter().fold(0f32, |largest, value| largest.max(value.abs()));
    let error = found.iter().zip(expected).fold(0f32, |error, (a, b)| error.max((a - b).abs()));
    println!("{name}: error {error:e} of {largest}");
    assert!(largest > 0.0 && error <= tolerance * largest, "{name}: {error} of {largest}");
}
