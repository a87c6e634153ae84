//! A list that follows what is current in it: when that changes, its row is brought into view, and otherwise the list
//! stays where the user has scrolled it.

use std::ops::Range;

use eframe::egui::util::IdTypeMap;
use eframe::egui::{Id, ScrollArea, Ui};

/// Where the list stood in the last frame.
#[derive(Clone, Copy, Default)]
struct Stand {
    current: Option<usize>,
    offset: f32,
    height: f32,
}

/// Rows of equal height, of which those on screen are drawn by `draw`.
pub fn following_rows(
    ui: &mut Ui,
    name: &'static str,
    row_height: f32,
    rows: usize,
    current: Option<usize>,
    draw: impl FnOnce(&mut Ui, Range<usize>),
) {
    let memory = ui.make_persistent_id(name).with("stand");
    let before: Stand = ui.data(|data| data.get_temp(memory)).unwrap_or_default();
    let mut list = ScrollArea::vertical().id_salt(name).auto_shrink([false, false]);
    if let Some(row) = current.filter(|_| current != before.current) {
        let pitch = row_height + ui.spacing().item_spacing.y;
        list = list.vertical_scroll_offset(offset_for(row as f32 * pitch, row_height, before.offset, before.height));
    }
    let shown = list.show_rows(ui, row_height, rows, draw);
    let stand = Stand { current, offset: shown.state.clamped_offset().y, height: shown.inner_rect.height() };
    ui.data_mut(|data| data.insert_temp(memory, stand));
}

/// Whether `current` differs from what it was when this was last asked under this name.
pub fn has_changed<T>(ui: &Ui, name: &'static str, current: Option<T>) -> bool
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let memory = Id::unique(("current", name));
    let memorise = |data: &mut IdTypeMap| {
        let before = data.get_temp_mut_or_default::<Option<T>>(memory);
        let differs = *before != current;
        before.clone_from(&current);
        differs
    };
    ui.data_mut(memorise)
}

/// Where a list of this height scrolls to, so that the row at `top` is in view: not at all where it is, else with the
/// row in the middle.
fn offset_for(top: f32, row_height: f32, offset: f32, height: f32) -> f32 {
    match top >= offset && top + row_height <= offset + height {
        true => offset,
        false => (top + row_height / 2.0 - height / 2.0).max(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_stays_where_the_row_is_in_view_and_else_has_it_in_the_middle() {
        assert_eq!(offset_for(120.0, 24.0, 100.0, 200.0), 100.0);
        assert_eq!(offset_for(290.0, 20.0, 100.0, 200.0), 200.0);
        assert_eq!(offset_for(20.0, 20.0, 100.0, 200.0), 0.0);
    }
}
