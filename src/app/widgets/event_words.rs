//! How an event is named, and how what was decided of it is marked, wherever it is shown.

use eframe::egui::FontId;
use egui_material_icons::{MaterialIcon, icons};

use super::time_code::time_code;
use avar_base::time::MediaTime;
use avar_labels::Verdict;
use avar_review::layers::{Basis, ListedEvent};

/// What was decided, as a mark.
pub fn mark(verdict: Verdict) -> MaterialIcon {
    match verdict {
        Verdict::Accepted => icons::ICON_CHECK,
        Verdict::Rejected => icons::ICON_CLOSE,
        Verdict::Unsure => icons::ICON_QUESTION_MARK,
        Verdict::Reviewed => icons::ICON_VISIBILITY,
    }
}

/// For marks that are drawn and not laid out.
pub fn icon_font(size: f32) -> FontId {
    FontId::new(size, icons::ICON_CHECK.font_family())
}

/// In words: what it is called, where it lies, what was decided and what stands under it.
pub fn description(event: &ListedEvent, origin: MediaTime) -> String {
    let start = time_code(event.stretch.start.time - origin);
    let mut text = format!("{} at {start} for {:.2} s", event.class.label(), event.stretch.duration_s());
    if let Some(peak) = event.peak {
        text += &format!(", peak {peak:.2}");
    }
    text += ", ";
    text += &event.verdict.map_or("unreviewed".to_owned(), |verdict| verdict.label().to_lowercase());
    if !event.also.is_empty() {
        let also: Vec<String> = event.also.iter().map(|class| class.label().to_lowercase()).collect();
        text += &format!(", by the model in part {}", also.join(" and "));
    }
    if event.basis == Basis::Lost {
        text += ", no event of the model under these thresholds";
    }
    if !event.note.is_empty() {
        text += &format!(", note: {}", event.note);
    }
    text
}
