//! How the desk looks: neutral greys in three levels, hairlines, one accent for what can be clicked, amber for
//! what is above the threshold, and ten class colours that are the same in every view.

use std::sync::OnceLock;

use eframe::egui::{self, Color32, CornerRadius, FontFamily, FontId, Margin, Stroke, TextStyle, Theme, Visuals, vec2};

use avar_labels::{AnomalyClass, CLASS_COUNT};

/// Spacing in points, on a grid of four.
pub const GAP: f32 = 8.0;
pub const WIDE_GAP: f32 = 12.0;
/// Of the panels left and right: the video has the rest.
pub const SIDE_WIDTH: f32 = 264.0;
pub const SMALL_TEXT: f32 = 12.0;
pub const BODY_TEXT: f32 = 13.0;
pub const HEADING_TEXT: f32 = 16.0;

/// The colours that are not egui's own.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    pub accent: Color32,
    /// Behind what is selected; every colour of text can be read on it.
    pub selected: Color32,
    /// Above the threshold.
    pub alarm: Color32,
    pub error: Color32,
    pub hairline: Color32,
    /// Behind everything else.
    pub panel: Color32,
    /// Behind curves and strips.
    pub lane: Color32,
    pub waveform_peak: Color32,
    pub waveform_rms: Color32,
    pub curve: Color32,
    pub playhead: Color32,
    pub text: Color32,
    pub weak_text: Color32,
}

pub const DARK: Palette = Palette {
    accent: Color32::from_rgb(0x6c, 0xb2, 0xf0),
    selected: Color32::from_rgb(0x29, 0x36, 0x41),
    alarm: Color32::from_rgb(0xf2, 0xa9, 0x3b),
    error: Color32::from_rgb(0xf4, 0x8a, 0x7d),
    hairline: Color32::from_gray(0x38),
    panel: Color32::from_gray(0x1b),
    lane: Color32::from_gray(0x16),
    waveform_peak: Color32::from_rgb(0x4b, 0x62, 0x78),
    waveform_rms: Color32::from_rgb(0x8f, 0xac, 0xc6),
    curve: Color32::from_gray(0xe0),
    playhead: Color32::from_rgb(0xff, 0xff, 0xff),
    text: Color32::from_gray(0xd8),
    weak_text: Color32::from_gray(0x9c),
};

const LIGHT: Palette = Palette {
    accent: Color32::from_rgb(0x0b, 0x5c, 0xad),
    selected: Color32::from_rgb(0xd6, 0xe1, 0xed),
    alarm: Color32::from_rgb(0x92, 0x50, 0x00),
    error: Color32::from_rgb(0xb3, 0x26, 0x1e),
    hairline: Color32::from_gray(0xcc),
    panel: Color32::from_gray(0xf2),
    lane: Color32::from_gray(0xfa),
    waveform_peak: Color32::from_rgb(0xa9, 0xbd, 0xd0),
    waveform_rms: Color32::from_rgb(0x4d, 0x6f, 0x8f),
    curve: Color32::from_gray(0x20),
    playhead: Color32::from_rgb(0x10, 0x10, 0x10),
    text: Color32::from_gray(0x22),
    weak_text: Color32::from_gray(0x5c),
};

pub fn palette(ui: &egui::Ui) -> &'static Palette {
    if ui.visuals().dark_mode { &DARK } else { &LIGHT }
}

/// Contrast with its ground that a mark without words needs to be seen (WCAG 2.1, 1.4.11).
const MARK_CONTRAST: f32 = 3.0;

impl Palette {
    /// The same in every view of a theme: the class's colour, mixed with that of text as far as it must be to be seen on
    /// the palette's grounds.
    pub fn class_color(&self, class: AnomalyClass) -> Color32 {
        static COLORS: OnceLock<[[Color32; CLASS_COUNT]; 2]> = OnceLock::new();
        let colors =
            COLORS.get_or_init(|| [&DARK, &LIGHT].map(|palette| AnomalyClass::ALL.map(|class| palette.visible(class))));
        colors[usize::from(self.lane == LIGHT.lane)][class.index()]
    }

    fn visible(&self, class: AnomalyClass) -> Color32 {
        const STEPS: u16 = 50;
        let [red, green, blue] = class.color_rgb();
        let own = Color32::from_rgb(red, green, blue);
        let mixed = |step: u16| own.lerp_to_gamma(self.curve, f32::from(step) / f32::from(STEPS));
        let is_seen = |color: &Color32| {
            [self.lane, self.panel].into_iter().all(|ground| contrast(*color, ground) >= MARK_CONTRAST)
        };
        (0..=STEPS).map(mixed).find(is_seen).unwrap_or(self.curve)
    }
}

pub fn mono(size: f32) -> FontId {
    FontId::new(size, FontFamily::Monospace)
}

/// Fonts and both themes; once, at start.
pub fn install(ctx: &egui::Context) {
    egui_material_icons::initialize(ctx);
    ctx.all_styles_mut(|style| {
        style.text_styles = [
            (TextStyle::Small, FontId::proportional(SMALL_TEXT)),
            (TextStyle::Body, FontId::proportional(BODY_TEXT)),
            (TextStyle::Button, FontId::proportional(BODY_TEXT)),
            (TextStyle::Heading, FontId::proportional(HEADING_TEXT)),
            (TextStyle::Monospace, mono(SMALL_TEXT)),
        ]
        .into();
        style.spacing.item_spacing = vec2(GAP, 4.0);
        style.spacing.button_padding = vec2(GAP, 4.0);
        style.spacing.window_margin = Margin::same(WIDE_GAP as i8);
        style.spacing.scroll = egui::style::ScrollStyle::thin();
        style.interaction.tooltip_delay = 0.4;
    });
    ctx.set_visuals_of(Theme::Dark, visuals(Visuals::dark(), &DARK, DARK_GREYS));
    ctx.set_visuals_of(Theme::Light, visuals(Visuals::light(), &LIGHT, LIGHT_GREYS));
}

/// Controls, and controls under the pointer.
const DARK_GREYS: [u8; 2] = [0x22, 0x2c];
const LIGHT_GREYS: [u8; 2] = [0xe9, 0xde];

fn visuals(mut visuals: Visuals, palette: &Palette, greys: [u8; 2]) -> Visuals {
    let ([control, hovered], panel) = (greys.map(Color32::from_gray), palette.panel);
    visuals.panel_fill = panel;
    visuals.window_fill = panel;
    visuals.extreme_bg_color = palette.lane;
    visuals.window_stroke = Stroke::new(1.0, palette.hairline);
    visuals.selection.bg_fill = palette.selected;
    visuals.selection.stroke = Stroke::new(1.0, palette.accent);
    visuals.hyperlink_color = palette.accent;
    visuals.warn_fg_color = palette.text;
    visuals.error_fg_color = palette.error;
    let widgets = &mut visuals.widgets;
    for widget in [
        &mut widgets.noninteractive,
        &mut widgets.inactive,
        &mut widgets.hovered,
        &mut widgets.active,
        &mut widgets.open,
    ] {
        widget.corner_radius = CornerRadius::same(3);
        widget.expansion = 0.0;
        widget.fg_stroke.color = palette.text;
    }
    widgets.noninteractive.bg_stroke = Stroke::new(1.0, palette.hairline);
    widgets.noninteractive.bg_fill = panel;
    widgets.inactive.weak_bg_fill = control;
    widgets.inactive.bg_fill = control;
    widgets.inactive.bg_stroke = Stroke::NONE;
    widgets.hovered.weak_bg_fill = hovered;
    widgets.hovered.bg_fill = hovered;
    widgets.hovered.bg_stroke = Stroke::new(1.0, palette.accent);
    widgets.active.weak_bg_fill = hovered;
    visuals
}

/// Relative luminance, as the guidelines for contrast define it (WCAG 2.1).
pub fn luminance(color: Color32) -> f32 {
    let [red, green, blue, _] = egui::Rgba::from(color).to_array();
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// Contrast ratio of WCAG 2.1, 1 to 21.
fn contrast(a: Color32, b: Color32) -> f32 {
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    a.max(b) / a.min(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_of_text_can_be_read_on_panels_and_on_what_is_selected() {
        for palette in [&DARK, &LIGHT] {
            for text in [palette.text, palette.weak_text, palette.accent, palette.alarm, palette.error] {
                for behind in [palette.panel, palette.selected] {
                    let contrast = contrast(text, behind);
                    assert!(contrast >= 4.5, "{text:?} on {behind:?}: {contrast}");
                }
            }
        }
    }

    #[test]
    fn the_colours_of_the_classes_can_be_seen_and_told_apart_on_both_grounds() {
        for palette in [&DARK, &LIGHT] {
            for class in AnomalyClass::ALL {
                let color = palette.class_color(class);
                for ground in [palette.lane, palette.panel] {
                    assert!(contrast(color, ground) >= 3.0, "{class:?} on {ground:?}: {}", contrast(color, ground));
                }
                for other in AnomalyClass::ALL.into_iter().filter(|other| *other != class) {
                    let [a, b] = [color, palette.class_color(other)].map(|color| color.to_array().map(f32::from));
                    let apart: f32 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
                    assert!(apart.sqrt() >= 30.0, "{class:?} and {other:?}: {}", apart.sqrt());
                }
            }
        }
    }

    #[test]
    fn a_colour_that_can_be_seen_is_the_class_s_own() {
        let own =
            |class: AnomalyClass| Color32::from_rgb(class.color_rgb()[0], class.color_rgb()[1], class.color_rgb()[2]);
        assert_eq!(DARK.class_color(AnomalyClass::Crash), own(AnomalyClass::Crash));
        assert_eq!(LIGHT.class_color(AnomalyClass::Pain), own(AnomalyClass::Pain));
    }
}
