//! Where a picture goes in its panel, and which part of it: pure geometry.

use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};

/// How close the picture is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PictureZoom {
    /// `None`: as large as the panel allows. Else points per picture pixel.
    pub scale: Option<f32>,
    /// The point of the picture in the middle of the panel, in `0..=1` of its width and height.
    pub center: Pos2,
}

impl Default for PictureZoom {
    fn default() -> Self {
        Self { scale: None, center: pos2(0.5, 0.5) }
    }
}

const SCALES: std::ops::RangeInclusive<f32> = 0.05..=32.0;

impl PictureZoom {
    /// Zooms by `factor` and keeps the picture's point under `around` (points from the panel's middle) in place.
    pub fn zoomed(self, factor: f32, around: Vec2, panel: Vec2, picture: Vec2) -> Self {
        let old = self.scale.unwrap_or_else(|| fit_scale(panel, picture));
        let new = (old * factor).clamp(*SCALES.start(), *SCALES.end());
        let shift = around / picture * (1.0 / old - 1.0 / new);
        Self { scale: Some(new), center: (self.center + shift).clamp(Pos2::ZERO, pos2(1.0, 1.0)) }
    }

    /// Moves the picture with the pointer, by `offset` points.
    pub fn panned(self, offset: Vec2, panel: Vec2, picture: Vec2) -> Self {
        let scale = self.scale.unwrap_or_else(|| fit_scale(panel, picture));
        let center = self.center - offset / (picture * scale);
        Self { center: center.clamp(Pos2::ZERO, pos2(1.0, 1.0)), ..self }
    }
}

/// A rectangle of the panel and the part of the picture (in `0..=1`) that it shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    pub screen: Rect,
    pub part: Rect,
}

/// Places a picture of `picture` pixels, as it is to be seen (upright, square pixels), in `panel`.
pub fn place(panel: Rect, picture: Vec2, zoom: PictureZoom) -> Placement {
    let picture = picture.max(vec2(1.0, 1.0));
    let size = picture * zoom.scale.unwrap_or_else(|| fit_scale(panel.size(), picture));
    let center = match zoom.scale {
        None => pos2(0.5, 0.5),
        // A picture smaller than the panel stays in the middle on that axis.
        Some(_) => pos2(
            if size.x <= panel.width() { 0.5 } else { zoom.center.x },
            if size.y <= panel.height() { 0.5 } else { zoom.center.y },
        ),
    };
    let whole = Rect::from_min_size(panel.center() - size * center.to_vec2(), size);
    let screen = whole.intersect(panel);
    let part =
        Rect::from_min_max(((screen.min - whole.min) / size).to_pos2(), ((screen.max - whole.min) / size).to_pos2());
    Placement { screen, part }
}

fn fit_scale(panel: Vec2, picture: Vec2) -> f32 {
    (panel.x / picture.x.max(1.0)).min(panel.y / picture.y.max(1.0)).max(1e-3)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PANEL: Rect = Rect { min: pos2(0.0, 0.0), max: pos2(800.0, 600.0) };

    #[test]
    fn a_fitted_picture_is_whole_and_centred() {
        let placed = place(PANEL, vec2(1600.0, 900.0), PictureZoom::default());
        assert_eq!(placed.screen, Rect::from_min_max(pos2(0.0, 75.0), pos2(800.0, 525.0)));
        assert_eq!(placed.part, Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0)));
    }

    #[test]
    fn at_full_size_a_large_picture_shows_its_middle() {
        let placed = place(PANEL, vec2(1600.0, 900.0), PictureZoom { scale: Some(1.0), center: pos2(0.5, 0.5) });
        assert_eq!(placed.screen, PANEL);
        assert_eq!(placed.part, Rect::from_min_max(pos2(0.25, 150.0 / 900.0), pos2(0.75, 750.0 / 900.0)));
    }

    #[test]
    fn a_small_picture_at_full_size_stays_in_the_middle() {
        let zoom = PictureZoom { scale: Some(1.0), center: pos2(0.0, 1.0) };
        let placed = place(PANEL, vec2(200.0, 100.0), zoom);
        assert_eq!(placed.screen, Rect::from_center_size(PANEL.center(), vec2(200.0, 100.0)));
    }

    #[test]
    fn zooming_keeps_the_point_under_the_pointer() {
        let picture = vec2(1600.0, 900.0);
        let around = vec2(100.0, 40.0);
        let point = |zoom: PictureZoom| zoom.center + around / (picture * zoom.scale.unwrap());
        let before = PictureZoom { scale: Some(1.0), center: pos2(0.5, 0.5) };
        let after = before.zoomed(2.0, around, PANEL.size(), picture);
        assert!((point(before) - point(after)).length() < 1e-5);
    }

    #[test]
    fn a_dragged_picture_follows_the_pointer() {
        let picture = vec2(1600.0, 900.0);
        let zoom =
            PictureZoom { scale: Some(1.0), center: pos2(0.5, 0.5) }.panned(vec2(160.0, 0.0), PANEL.size(), picture);
        assert!((zoom.center.x - 0.4).abs() < 1e-6);
    }
}
