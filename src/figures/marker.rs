//! A sign of its own for every class, so that classes are told apart without their colours.

use super::color::Color;
use super::drawing::{Drawing, Outline, Style};
use avar_labels::AnomalyClass;

/// Filled in the class's colour, edged in a darker one.
pub(super) fn put_marker(drawing: &mut Drawing, class: AnomalyClass, center: (f64, f64), radius_px: f64) {
    let fill = Color::of_class(class);
    let edge = Color(fill.0.map(|channel| (f64::from(channel) * 0.5) as u8));
    let style = Style::filled(fill).with_stroke(edge, 0.6);
    let outline = match class {
        AnomalyClass::Normal => Outline::Circle { center, radius: radius_px * 0.8 },
        class => Outline::Polygon(corners(class, center, radius_px)),
    };
    // Hollow, so that the many normal ones recede.
    let style = if class == AnomalyClass::Normal { Style::filled(Color::WHITE).with_stroke(edge, 1.0) } else { style };
    drawing.add("marker", outline, style);
}

fn corners(class: AnomalyClass, (x, y): (f64, f64), radius_px: f64) -> Vec<(f64, f64)> {
    /// Corners at even angles from `turned_deg` on, at distances that repeat.
    fn rays(count: usize, turned_deg: f64, distances: &[f64]) -> Vec<(f64, f64)> {
        (0..count)
            .map(|corner| {
                let angle = (turned_deg + 360.0 * corner as f64 / count as f64).to_radians();
                let distance = distances[corner % distances.len()];
                (distance * angle.cos(), distance * angle.sin())
            })
            .collect()
    }
    /// The outline of a plus sign.
    fn plus(arm: f64, half: f64) -> Vec<(f64, f64)> {
        let quarter = [(half, -arm), (half, -half), (arm, -half)];
        let turned = |(x, y): (f64, f64), turns: usize| (0..turns).fold((x, y), |(x, y), _| (-y, x));
        (0..4).flat_map(|turns| quarter.map(|corner| turned(corner, turns))).collect()
    }
    let unit = match class {
        AnomalyClass::Abuse => rays(16, 0.0, &[0.95]),
        AnomalyClass::BabyCry => rays(4, 45.0, &[1.2]),
        AnomalyClass::Crash => rays(3, -90.0, &[1.25]),
        AnomalyClass::Brawling => rays(4, 0.0, &[1.25]),
        AnomalyClass::Explosion => rays(10, -90.0, &[1.4, 0.6]),
        AnomalyClass::Intruder => rays(3, 90.0, &[1.25]),
        AnomalyClass::Normal => Vec::new(),
        AnomalyClass::Pain => plus(1.15, 0.42),
        AnomalyClass::PoliceSiren => {
            let slope = std::f64::consts::FRAC_1_SQRT_2;
            plus(1.25, 0.42).into_iter().map(|(x, y)| ((x - y) * slope, (x + y) * slope)).collect()
        }
        AnomalyClass::Vandalism => rays(6, 0.0, &[1.2, 1.2]),
    };
    unit.into_iter().map(|(dx, dy)| (x + dx * radius_px, y + dy * radius_px)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_classes_share_a_sign() {
        let shapes: Vec<Vec<(f64, f64)>> =
            AnomalyClass::ALL.map(|class| corners(class, (0.0, 0.0), 1.0)).into_iter().collect();
        for (a, shape) in shapes.iter().enumerate() {
            assert!(shapes[..a].iter().all(|other| other != shape), "{a}");
        }
    }
}
