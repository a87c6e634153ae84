//! What is true of the selected clip, what was said of it, and the correction of its label.

use eframe::egui::{ComboBox, RichText, Role, ScrollArea, TextEdit, Ui, WidgetInfo};

use crate::evaluate::command::EvaluateCommand;
use crate::evaluate::state::{EvaluateState, Slot};
use crate::theme;
use avar_base::wording::counted;
use avar_labels::{AnomalyClass, Modalities};
use avar_metrics::ScoredClip;
use avar_metrics::inspection::notes::{NOTES, Remark};

/// In a low window it scrolls.
pub(super) fn show(
    ui: &mut Ui,
    state: &EvaluateState,
    place: usize,
    clip: &ScoredClip,
    commands: &mut Vec<EvaluateCommand>,
) {
    let room = ui.available_height();
    ScrollArea::vertical().id_salt("remarks").auto_shrink([false, false]).show(ui, |ui| {
        remarks(ui, room, state, (place, clip), commands);
    });
}

fn remarks(
    ui: &mut Ui,
    room: f32,
    state: &EvaluateState,
    (place, clip): (usize, &ScoredClip),
    commands: &mut Vec<EvaluateCommand>,
) {
    let (palette, Some(run)) = (theme::palette(ui), state.open(Slot::A)) else { return };
    ui.spacing_mut().item_spacing.y = 3.0;
    let none = Remark::default();
    let remark = state.remark(place).unwrap_or(&none);
    let facts = &run.index.run.clips[place].facts;
    let loudness = facts.loudness_dbfs.map_or("no sound".to_owned(), |loudness| format!("{loudness:.0} dB"));
    let light = facts.brightness.map_or("no picture".to_owned(), |light| format!("darkness {:.2}", 1.0 - light));
    let split = clip.split.map_or("no split", |split| split.name());
    let words = format!("{} · {split} · {loudness} · {light}", clip.group);
    ui.add(eframe::egui::Label::new(RichText::new(&words).small().color(palette.weak_text)).truncate()).on_hover_text(
        format!("Source, split, loudness and darkness\n{}", clip.modalities.map_or("", Modalities::label)),
    );
    label_menu(ui, place, clip, remark, commands);
    let is_open = run.notes.problem.is_none();
    ui.add_enabled_ui(is_open, |ui| {
        let id = ui.scope_id().with(("tags", place));
        let mut tags: String = ui.data(|data| data.get_temp(id)).unwrap_or_else(|| remark.tags.join(", "));
        let field = TextEdit::singleline(&mut tags).hint_text("tags, between commas").desired_width(f32::INFINITY);
        let response = ui.add(field);
        response.widget_info(|| WidgetInfo::labeled(Role::TextInput, is_open, "Tags of the clip"));
        // While it is typed into, what is typed stays as it is: "a, " is not yet a tag.
        if response.has_focus() {
            ui.data_mut(|data| data.insert_temp(id, tags.clone()));
        } else {
            ui.data_mut(|data| data.remove::<String>(id));
        }
        if response.changed() {
            commands.push(EvaluateCommand::SetTags(place, tags));
        }
        response.on_hover_text(format!("Saved in {NOTES} in the run's folder"));
        let mut note = remark.note.clone();
        let rows = ((room - 100.0) / 16.0).clamp(1.0, 4.0) as usize;
        let field = TextEdit::multiline(&mut note).hint_text("note").desired_rows(rows).desired_width(f32::INFINITY);
        let response = ScrollArea::vertical()
            .id_salt(("note", place))
            .max_height(rows as f32 * 16.0 + 6.0)
            .show(ui, |ui| ui.add(field))
            .inner;
        response.widget_info(|| WidgetInfo::labeled(Role::MultilineTextInput, is_open, "Note on the clip"));
        if response.changed() {
            commands.push(EvaluateCommand::SetNote(place, note));
        }
        response.on_hover_text(format!("Saved in {NOTES} in the run's folder"));
    });
    corrections(ui, state, commands);
}

/// The label of the clip, with what it is corrected to.
fn label_menu(ui: &mut Ui, place: usize, clip: &ScoredClip, remark: &Remark, commands: &mut Vec<EvaluateCommand>) {
    let shown = match remark.corrected {
        None => clip.truth.label().to_owned(),
        Some(class) => format!("{}, corrected to {}", clip.truth.label(), class.label()),
    };
    let menu =
        ComboBox::from_id_salt(("label", place)).width(ui.available_width() - 8.0).truncate().selected_text(&shown);
    let response = menu.show_ui(ui, |ui| {
        for class in AnomalyClass::ALL {
            let is_chosen = remark.corrected.unwrap_or(clip.truth) == class;
            if ui.selectable_label(is_chosen, class.label()).clicked() {
                commands.push(EvaluateCommand::Correct(place, Some(class)));
            }
        }
    });
    response.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, format!("Label of the clip: {shown}")));
    response.response.on_hover_text(
        "What the clip is labelled. Choose another class to correct it: the metrics stay those of the run, and a new \
         manifest can be written beside the old one, which never changes.",
    );
}

fn corrections(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>) {
    let Some(run) = state.open(Slot::A) else { return };
    if let Some((count, path)) = &run.notes.written {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = format!("{} in {name}", counted(*count, "label"));
        ui.label(RichText::new(text).small()).on_hover_text(path.display().to_string());
        return;
    }
    let count = run.notes.notes.corrections().count();
    if count > 0 {
        let button = ui.button(RichText::new(format!("Write {}…", counted(count, "corrected label"))).small());
        let tooltip = "Writes a manifest with the corrected labels beside the old one, which stays as it is";
        if button.on_hover_text(tooltip).clicked() {
            commands.push(EvaluateCommand::WriteCorrections);
        }
    }
}
