//! The window as the documentation shows it.

use std::path::Path;

use avar::app::scenes::SCENES;
use image::RgbImage;

/// Levels of 255 by which a channel may differ: text is drawn a little differently from one renderer to the next.
const TOLERANCE: u8 = 32;
/// Pixels of a thousand that may differ by more. A line of text that is another is two or three.
const MOST_PER_MILLE: f64 = 1.0;

/// Pixels of a thousand that differ by more than [`TOLERANCE`]; all where the sizes differ.
fn different_per_mille(a: &RgbImage, b: &RgbImage) -> f64 {
    if a.dimensions() != b.dimensions() {
        return 1000.0;
    }
    let differs =
        |(a, b): &(&image::Rgb<u8>, &image::Rgb<u8>)| a.0.iter().zip(b.0).any(|(a, b)| a.abs_diff(b) > TOLERANCE);
    1000.0 * a.pixels().zip(b.pixels()).filter(differs).count() as f64 / f64::from(a.width() * a.height())
}

#[test]
fn the_pictures_of_the_documentation_show_the_window_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let run = crate::program::avar(["screenshot".as_ref(), "--out".as_ref(), folder.path().as_os_str()]);
    run.expect_status(0);
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("screenshots");
    let read = |path: &Path| image::open(path).unwrap_or_else(|error| panic!("{error}: {}", path.display())).to_rgb8();
    let mut changed = Vec::new();
    for name in SCENES.map(|scene| format!("{}.png", scene.name)) {
        let different = different_per_mille(&read(&kept.join(&name)), &read(&folder.path().join(&name)));
        if different > MOST_PER_MILLE {
            changed.push(format!("{name}: {different:.1} ‰"));
        }
    }
    assert!(changed.is_empty(), "another window ({}): run `make screenshots` and look at them", changed.join(", "));
}
