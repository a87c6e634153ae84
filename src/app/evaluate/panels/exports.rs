//! Saving figures, tables and the report of run A.

use std::path::Path;

use eframe::egui::{Label, OpenUrl, ProgressBar, RichText, Ui};
use egui_material_icons::icons;

use super::controls::icon_button;
use crate::evaluate::command::{EvaluateAction, EvaluateCommand, Request};
use crate::evaluate::state::{EvaluateState, Saving, Slot};
use crate::theme;
use crate::widgets::time_code::time_left;
use avar_base::job::Progress;
use avar_export::Export;

pub(super) fn show(ui: &mut Ui, state: &EvaluateState, commands: &mut Vec<EvaluateCommand>) {
    if state.open(Slot::A).is_none() {
        return;
    }
    match &state.saving {
        Saving::Running { export, progress } => running(ui, *export, *progress, commands),
        Saving::Nothing => menu(ui, commands),
        Saving::Saved(written) => {
            menu(ui, commands);
            let Some(first) = written.first() else { return };
            let name = first.file_name().unwrap_or_default().to_string_lossy().into_owned();
            ui.horizontal(|ui| {
                let files = written.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join("\n");
                ui.add(Label::new(RichText::new(format!("Saved {name}")).small()).truncate()).on_hover_text(files);
                if icon_button(ui, icons::ICON_OPEN_IN_NEW, "Open what was saved", "Open it").clicked() {
                    ui.ctx().open_url(OpenUrl::new_tab(address_of(first)));
                }
                if icon_button(ui, icons::ICON_CLOSE, "Dismiss what was saved", "Dismiss").clicked() {
                    commands.push(EvaluateCommand::ForgetSaved);
                }
            });
        }
    }
}

/// As a browser takes it: absolute, and with nothing in it that means something else there.
fn address_of(file: &Path) -> String {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let mut address = String::from("file://");
    for byte in absolute.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                address.push(char::from(*byte))
            }
            _ => address += &format!("%{byte:02X}"),
        }
    }
    address
}

fn menu(ui: &mut Ui, commands: &mut Vec<EvaluateCommand>) {
    let button = ui.menu_button("Save a figure…", |ui| {
        let mut entry = |ui: &mut Ui, export: Export, tooltip: &str| {
            if ui.button(export.label()).on_hover_text(tooltip).clicked() {
                commands.push(EvaluateCommand::SaveExport(export));
                ui.close();
            }
        };
        for export in Export::OF_THE_PAPER {
            let tooltip = match export {
                Export::Curve => "Of the selected clip with the playhead, or else of the clip that shows most",
                Export::Anomaly => "At the threshold as it stands",
                Export::Table(_) => {
                    "Beside the paper's values; tables 2 and 3 need an ablation.csv in the run's folder"
                }
                _ => "SVG, PNG and CSV",
            };
            entry(ui, export, tooltip);
        }
        ui.separator();
        entry(ui, Export::Report, &EvaluateAction::SaveReport.tooltip());
        entry(ui, Export::PrintedReport, "Printed by a browser of this machine");
    });
    button.response.on_hover_text(format!(
        "The paper's figures and tables, and the report ({}), of the whole of run A, into its folder `figures`",
        EvaluateAction::SaveReport.shortcut().text()
    ));
}

fn running(ui: &mut Ui, export: Export, progress: Option<Progress>, commands: &mut Vec<EvaluateCommand>) {
    let fraction = progress.map_or(0.0, |progress| progress.fraction);
    ui.add(ProgressBar::new(fraction).desired_height(6.0));
    ui.horizontal(|ui| {
        let left = progress.and_then(Progress::time_left).map(|left| format!(", {}", time_left(left)));
        let (what, _) = export.label().split_once(':').unwrap_or((export.label(), ""));
        let text = format!("{what} {:.0} %{}", fraction * 100.0, left.unwrap_or_default());
        ui.label(RichText::new(text).small().color(theme::palette(ui).weak_text));
        if icon_button(ui, icons::ICON_CLOSE, "Cancel the drawing", "Cancel the drawing").clicked() {
            commands.push(EvaluateCommand::Ask(Request::CancelExport));
        }
    });
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_file_is_absolute_and_escaped() {
        assert_eq!(address_of(Path::new("/a b/50%#?/späße.svg")), "file:///a%20b/50%25%23%3F/sp%C3%A4%C3%9Fe.svg");
        assert!(address_of(Path::new("clips.run/report.html")).starts_with("file:///"));
    }
}
