//! The size with which a window opens: none of it may lie below the edge of the screen.

use eframe::egui::{Context, Vec2, ViewportCommand, vec2};

/// Of the title bar that the window system draws above the window, and of a bar of the desktop, in points; what they
/// take is not known before the window is there.
const BARS: f32 = 48.0;

/// The least that a window must be given, so that it fits below those bars of a screen of 600 points.
pub const LOWEST: f32 = 540.0;

/// Looks once whether the window fits the screen.
#[derive(Default)]
pub struct ScreenFit {
    is_done: bool,
}

impl ScreenFit {
    /// A window that does not fit is maximised: then the window system leaves room for its bars. One without a window
    /// manager, which does not know what that is, has the screen's size.
    pub fn tick(&mut self, ctx: &Context) {
        let sizes = ctx.input(|input| input.viewport().monitor_size.zip(input.viewport().inner_rect));
        let Some((screen, window)) = sizes.filter(|_| !self.is_done) else { return };
        self.is_done = true;
        if let Some(size) = size_within(screen, window.size()) {
            ctx.send_viewport_cmd(ViewportCommand::InnerSize(size));
            ctx.send_viewport_cmd(ViewportCommand::Maximized(true));
        }
    }
}

/// The size of a window that is too large for the screen; `None` where it fits.
fn size_within(screen: Vec2, window: Vec2) -> Option<Vec2> {
    let room = vec2(screen.x, screen.y - BARS);
    let is_known = room.x > 0.0 && room.y > 0.0;
    (is_known && (window.x > room.x || window.y > room.y)).then(|| window.min(room))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_leaves_room_for_its_title_bar() {
        let window = vec2(1440.0, 900.0);
        assert_eq!(size_within(vec2(1440.0, 900.0), window), Some(vec2(1440.0, 900.0 - BARS)));
        assert_eq!(size_within(vec2(1024.0, 600.0), window), Some(vec2(1024.0, 600.0 - BARS)));
        const { assert!(600.0 - BARS >= LOWEST, "the least height of a window is more than such a screen has") };
    }

    #[test]
    fn a_window_that_fits_stays_as_it_is() {
        assert_eq!(size_within(vec2(1920.0, 1080.0), vec2(1440.0, 900.0)), None);
        assert_eq!(size_within(Vec2::ZERO, vec2(1440.0, 900.0)), None);
    }
}
