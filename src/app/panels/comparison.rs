//! What the events are compared with, how far what is decided here agrees with it, and where not.

use eframe::egui::{Align, Button, Label, RichText, Role, Sense, Ui, WidgetInfo};
use egui_material_icons::icons;

use crate::command::Command;
use crate::comparison::{ComparedKind, Comparison};
use crate::state::Recording;
use crate::theme;
use crate::widgets::following::has_changed;
use crate::widgets::time_code::time_code;
use avar_base::time::MediaTime;
use avar_base::wording::counted;
use avar_playback::SeekPrecision;
use avar_review::DecidedEvent;
use avar_review::agreement::{Agreement, Aspect, Difference};

/// More than anybody goes through in a column; the lane shows all.
const MOST_DIFFERENCES: usize = 200;

pub fn show(ui: &mut Ui, recording: &Recording, comparison: &Comparison, commands: &mut Vec<Command>) {
    let is_new = has_changed(ui, "compared with", Some(comparison.path.clone()));
    let heading = ui.horizontal(|ui| {
        ui.label(RichText::new("Compared with").strong());
        let close = ui.add(Button::new(icons::ICON_CLOSE.rich_text().size(14.0)).frame_when_inactive(false));
        close.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Compare no longer"));
        if close.on_hover_text("Compare no longer; the file stays as it is").clicked() {
            commands.push(Command::CloseComparison);
        }
    });
    if is_new {
        heading.response.scroll_to_me(Some(Align::Center));
    }
    let title = small(ui, &format!("{}, {}", comparison.title(), counted(comparison.spans.len(), "event")));
    title.on_hover_text(comparison.path.display().to_string());
    for remark in &comparison.remarks {
        small(ui, remark);
    }
    match (&comparison.kind, &comparison.agreement) {
        (ComparedKind::Annotations(_), _) => {}
        (ComparedKind::Review(_), None) => {
            small(ui, "Nothing is decided here yet.");
        }
        (ComparedKind::Review(_), Some(Err(sentence))) => {
            small(ui, sentence);
        }
        (ComparedKind::Review(_), Some(Ok(agreement))) => agreed(ui, recording, agreement, commands),
    }
}

fn agreed(ui: &mut Ui, recording: &Recording, agreement: &Agreement, commands: &mut Vec<Command>) {
    let kappa = agreement.kappa.map_or_else(|| "undefined".to_owned(), |kappa| format!("{kappa:.2}"));
    let tip = "Cohen's kappa on the classes of all steps, by accepted events; undefined where both say the same of every step";
    small(ui, &format!("Kappa {kappa} on {}", counted(agreement.steps, "step"))).on_hover_text(tip);
    let events = agreement.events;
    let text = format!("{} of {} accepted here and {} there are one", events.matched, events.first, events.second);
    small(ui, &text).on_hover_text("Of one class, with a temporal IoU of at least 0.5");
    if agreement.differences.is_empty() {
        small(ui, "No decision differs.");
    }
    let origin = recording.media().map_or(MediaTime::ZERO, |media| media.info.range.start);
    for difference in agreement.differences.iter().take(MOST_DIFFERENCES) {
        let (event, text) = in_words(difference);
        let Some(event) = event else {
            small(ui, &text);
            continue;
        };
        let start = event.stretch.start.time;
        let line = format!("{} {}: {text}", time_code(start - origin), event.class.label());
        let label = Label::new(RichText::new(&line).small()).truncate().sense(Sense::click());
        if ui.add(label).on_hover_text("Go there").clicked() {
            commands.push(Command::Seek(start, SeekPrecision::Exact));
        }
    }
    let left_out = agreement.differences.len().saturating_sub(MOST_DIFFERENCES);
    if left_out > 0 {
        small(ui, &format!("and {left_out} more"));
    }
}

fn in_words(difference: &Difference) -> (Option<&DecidedEvent>, String) {
    let verdict = |event: &DecidedEvent| {
        event.verdict.map_or_else(|| "undecided".to_owned(), |verdict| verdict.label().to_lowercase())
    };
    match difference {
        Difference::Rule { .. } => (None, "The thresholds differ.".to_owned()),
        Difference::OnlyFirst(event) => (Some(event), format!("{} here alone", verdict(event))),
        Difference::OnlySecond(event) => (Some(event), format!("{} there alone", verdict(event))),
        Difference::Event { first, second, aspects } => {
            let aspect = |aspect: &Aspect| match aspect {
                Aspect::Verdict => format!("{} here, {} there", verdict(first), verdict(second)),
                Aspect::Class => format!("{} there", second.class.label().to_lowercase()),
                Aspect::Edges => {
                    let frames = |event: &DecidedEvent| {
                        format!("{} to {}", event.stretch.start.frame.0, event.stretch.end.frame.0.saturating_sub(1))
                    };
                    format!("frames {} here, {} there", frames(first), frames(second))
                }
                Aspect::Note => "another note".to_owned(),
            };
            (Some(first), aspects.iter().map(aspect).collect::<Vec<_>>().join("; "))
        }
    }
}

fn small(ui: &mut Ui, text: &str) -> eframe::egui::Response {
    ui.add(Label::new(RichText::new(text).small().color(theme::palette(ui).weak_text)).wrap())
}
