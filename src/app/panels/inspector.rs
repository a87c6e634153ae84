//! The right side: the ten class scores at the playhead, the decision, and where the scores come from.

use eframe::egui::{self, Label, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};

use crate::command::{Action, Command};
use crate::lanes::score::judged_by;
use crate::state::{FileDigest, Recording, State};
use crate::theme;
use crate::widgets::class_bar;
use avar_analysis::StepScore;
use avar_labels::{AnomalyClass, Modalities};
use avar_media::{AudioReport, AudioTrackInfo, IngestReport, MediaInfo, VideoReport};
use avar_model::ModelCard;

const BAR_HEIGHT: f32 = 17.0;
const COLUMNS: class_bar::Columns =
    class_bar::Columns { name_at: 9.0, bar_from: 94.0, bar_to: 36.0, bar_height: BAR_HEIGHT - 10.0 };

pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.label(RichText::new("Scores of this frame").strong());
        warning(ui, state);
        let step = state.step_on_screen();
        class_bars(ui, state, step);
        ui.add_space(4.0);
        anomaly_line(ui, state, step);
        evidence_bars(ui, step);
        if let Some(recording) = state.recording().filter(|recording| recording.media().is_some()) {
            ui.add_space(theme::GAP);
            ui.separator();
            super::decision::show(ui, state, recording, commands);
            if let Some(comparison) = &recording.comparison {
                ui.add_space(theme::GAP);
                ui.separator();
                super::comparison::show(ui, recording, comparison, commands);
            }
        }
        ui.add_space(theme::GAP);
        ui.separator();
        threshold_sliders(ui, state, commands);
        ui.add_space(theme::GAP);
        ui.separator();
        let Some(recording) = state.recording() else { return };
        provenance(ui, state, recording);
        if let (Some(media), Some(report)) = (recording.media(), &recording.ingest) {
            ui.add_space(theme::GAP);
            ui.separator();
            ingest(ui, report, &media.info, &recording.digest, commands);
        }
        // Last, as it comes when the analysis has ended and would push down what is being read.
        if let Some(card) = state.card() {
            ui.add_space(theme::GAP);
            ui.separator();
            model_card(ui, card);
        }
    });
}

/// What a reader of the scores must know first; where that is nothing, what they come from has its place.
fn warning(ui: &mut Ui, state: &State) {
    let text = match state.weights_warning() {
        "" => RichText::new(state.network.preset.label()).color(theme::palette(ui).weak_text),
        warning => RichText::new(format!("{warning}.")).strong(),
    };
    ui.add(Label::new(text.small()).truncate());
}

/// Classes whose scores were never checked on real recordings bear a ring before their name.
fn class_bars(ui: &mut Ui, state: &State, step: Option<&StepScore>) {
    let palette = theme::palette(ui);
    let (card, top) = (state.card(), step.map(|step| state.class_called(step)));
    let spacing = ui.spacing().item_spacing;
    ui.spacing_mut().item_spacing.y = 1.0;
    for class in AnomalyClass::ALL {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), BAR_HEIGHT), Sense::hover());
        let score = step.map(|step| step.score_of(class));
        let value = class_bar::text_of(score);
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{} {value}", class.label())));
        let validation = card.map(|card| card.validation_of(class));
        if let Some(validation) = validation {
            response.on_hover_text(format!("{}: {}", class.label(), validation.label()));
        }
        let color = if top == Some(class) { palette.text } else { palette.weak_text };
        let named = (class.label(), palette.class_color(class));
        class_bar::draw(ui.painter(), rect, COLUMNS, named, score, (color, palette));
        if validation.is_some_and(|validation| !validation.is_on_real_recordings()) {
            let centre = rect.left_center() + vec2(COLUMNS.name_at / 2.0 - 1.0, 0.0);
            ui.painter().circle_stroke(centre, 2.5, egui::Stroke::new(1.0, palette.text));
        }
    }
    ui.spacing_mut().item_spacing = spacing;
}

/// What the weights learned from, how they did on what they had not seen, and where they fail.
fn model_card(ui: &mut Ui, card: &ModelCard) {
    let palette = theme::palette(ui);
    let drawn: Vec<&str> = card
        .classes
        .iter()
        .filter(|known| !known.validation.is_on_real_recordings())
        .map(|known| known.class.as_str())
        .collect();
    ui.label(RichText::new("Weights").strong());
    let small = |text: String| RichText::new(text).small();
    ui.label(small(card.name.clone()));
    if !drawn.is_empty() {
        let text = format!("With a ring: never checked on real recordings ({})", drawn.join(", ").replace('_', " "));
        ui.label(small(text).color(palette.weak_text));
    }
    egui::CollapsingHeader::new(small("Model card".to_owned())).id_salt("model card").show(ui, |ui| {
        ui.label(small("Trained on".to_owned()).strong());
        for data in &card.data {
            let clips: usize = data.clips.iter().map(|count| count.training).sum();
            let kind = if data.is_real { "real" } else { "drawn" };
            ui.label(small(format!("{}: {clips} clips, {kind}", data.name)))
                .on_hover_text(format!("{}\nLicence: {}", data.description, data.licence));
        }
        ui.label(small("Tested on clips it had not seen".to_owned()).strong());
        for test in &card.tests {
            let percent =
                |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{:.0}", value * 100.0));
            let accuracy = test.accuracy;
            ui.label(small(format!(
                "{}: {} % of {} right ({}–{})",
                test.data,
                percent(accuracy.value),
                test.clips,
                percent(accuracy.low),
                percent(accuracy.high)
            )))
            .on_hover_text("Share of clips called what they are, with its 95 % interval");
        }
        if !card.known_failures.is_empty() {
            ui.label(small("Known failures".to_owned()).strong());
            for failure in &card.known_failures {
                ui.add(egui::Label::new(small(failure.clone())).wrap());
            }
        }
    });
}

fn anomaly_line(ui: &mut Ui, state: &State, step: Option<&StepScore>) {
    let palette = theme::palette(ui);
    let Some(step) = step else {
        ui.label(RichText::new(state.absence_of_scores()).color(palette.weak_text));
        // The place of the second line.
        ui.label(RichText::new(" ").small());
        return;
    };
    let is_above = state.is_above_threshold(step);
    let (verdict, color) = if is_above { ("above", palette.alarm) } else { ("below", palette.text) };
    let text = format!("Anomaly score {:.2}, {verdict} the threshold", step.anomaly());
    ui.label(RichText::new(text).color(color))
        .on_hover_text("1 − score of normal; not calibrated, so not a probability");
    let color = if step.damage.is_some() { palette.error } else { palette.weak_text };
    ui.add(Label::new(RichText::new(judged_by(step)).small().color(color)).truncate());
}

/// What the picture and the sound say of this step, each heard alone.
fn evidence_bars(ui: &mut Ui, step: Option<&StepScore>) {
    let palette = theme::palette(ui);
    let evidence = step.map(|step| step.evidence).unwrap_or_default();
    let tip = "Anomaly score of this step when the network is given this alone; the two need not add up";
    for (name, score) in [("Picture alone", evidence.picture), ("Sound alone", evidence.sound)] {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), BAR_HEIGHT), Sense::hover());
        let value = class_bar::text_of(score);
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name} {value}")));
        response.on_hover_text(tip);
        class_bar::draw(ui.painter(), rect, COLUMNS, (name, palette.curve), score, (palette.weak_text, palette));
    }
}

fn threshold_sliders(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    ui.label(RichText::new("Events").strong());
    let mut onset = state.hysteresis.onset;
    let mut offset = state.hysteresis.offset;
    egui::Grid::new("thresholds").num_columns(2).show(ui, |ui| {
        ui.spacing_mut().slider_width = 84.0;
        let label = ui.label(RichText::new("open at").small());
        let slider = ui.add(egui::Slider::new(&mut onset, 0.01..=0.99).fixed_decimals(2)).labelled_by(label.id);
        let keys = [Action::ThresholdUp, Action::ThresholdDown].map(|action| state.keys.key_text(action)).join(", ");
        if slider.on_hover_text(format!("An event opens at this anomaly score ({keys})")).changed() {
            commands.push(Command::SetOnset(onset));
        }
        ui.end_row();
        let label = ui.label(RichText::new("close below").small());
        let slider = ui.add(egui::Slider::new(&mut offset, 0.0..=0.99).fixed_decimals(2)).labelled_by(label.id);
        if slider.on_hover_text("An event closes below this anomaly score").changed() {
            commands.push(Command::SetOffset(offset));
        }
        ui.end_row();
    });
}

/// Which track of sound is heard, drawn and analysed, where there are several.
fn audio_tracks(ui: &mut Ui, info: &MediaInfo, commands: &mut Vec<Command>) {
    let chosen = info.audio.as_ref().map(|audio| audio.stream_index);
    let name = |track: Option<&AudioTrackInfo>| track.map_or("none".to_owned(), AudioTrackInfo::label);
    if info.audio_tracks.len() < 2 {
        return;
    }
    let current = info.audio_tracks.iter().find(|track| Some(track.stream_index) == chosen);
    let menu = egui::ComboBox::from_id_salt("sound track").width(ui.available_width()).selected_text(name(current));
    let response = menu.show_ui(ui, |ui| {
        for track in &info.audio_tracks {
            if ui.selectable_label(Some(track.stream_index) == chosen, track.label()).clicked() {
                commands.push(Command::ChooseSoundTrack(track.stream_index));
            }
        }
    });
    response.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, "Sound track"));
    response.response.on_hover_text("The track of sound that is heard, drawn and analysed");
}

/// What the file holds, as its index tells.
fn ingest(ui: &mut Ui, report: &IngestReport, info: &MediaInfo, digest: &FileDigest, commands: &mut Vec<Command>) {
    ui.label(RichText::new("Recording").strong());
    audio_tracks(ui, info, commands);
    let mut rows: Vec<(&str, String)> = vec![("container", report.container.clone())];
    let stated = report.stated_in_words().map(|stated| format!(" ({stated})")).unwrap_or_default();
    rows.push(("length", format!("{:.3} s{stated}", report.duration_s)));
    if report.start_s != 0.0 {
        rows.push(("begins at", format!("{:.3} s", report.start_s)));
    }
    match &report.video {
        Some(video) => rows.extend(picture_rows(video, info)),
        None => rows.push(("picture", "none".to_owned())),
    }
    match &report.audio {
        Some(audio) => {
            let AudioReport { codec, sample_rate, channels, duration_s, .. } = audio;
            rows.push(("sound", format!("{codec} {sample_rate} Hz, {channels} ch, {duration_s:.3} s")));
        }
        None => rows.push(("sound", "no sound track".to_owned())),
    }
    if report.has_edit_list {
        rows.push(("edit list", "moves times; followed".to_owned()));
    }
    rows.push(("decoder", report.decoder.clone()));
    rows.push((
        "SHA-256",
        match digest {
            FileDigest::Due | FileDigest::Running => "being computed".to_owned(),
            FileDigest::Known(digest) => digest.clone(),
            FileDigest::Failed => "not known: the file could not be read".to_owned(),
        },
    ));
    facts(ui, "ingest", rows);
}

fn picture_rows(video: &VideoReport, info: &MediaInfo) -> Vec<(&'static str, String)> {
    let mut turned =
        if video.rotation_deg == 0 { String::new() } else { format!(", turned by {}°", video.rotation_deg) };
    turned.push_str(if video.is_mirrored { ", mirrored" } else { "" });
    let (coded, shown) = ((video.width, video.height), (video.display_width, video.display_height));
    let shown = if coded == shown { String::new() } else { format!(", shown {}×{}", shown.0, shown.1) };
    let varies = if video.variable_frame_rate { "varying" } else { "constant" };
    let rate = video.assumed_times().unwrap_or_else(|| format!("{:.3} a second, {varies}", video.average_fps));
    let mut rows = vec![
        ("picture", format!("{} {}×{}{shown}{turned}", video.codec, video.width, video.height)),
        ("frames", format!("{}, {rate}", video.frames)),
        ("key frames", format!("{}, at most {} frames apart", video.keyframes, video.longest_group_frames)),
    ];
    if let Some(color) = info.video.as_ref().map(|video| video.color) {
        let text = format!("{:?}, {:?} range, {}", color.matrix, color.range, video.pixel_format).to_lowercase();
        rows.push(("colour", text));
    }
    rows
}

/// What the scores rest on.
fn provenance(ui: &mut Ui, state: &State, recording: &Recording) {
    ui.label(RichText::new("Where the scores come from").strong());
    let modalities = recording.review.scores.as_ref().map(|scores| scores.modalities);
    let mut rows = vec![
        ("basis", modalities.map_or("–", Modalities::label).to_owned()),
        ("network", state.network.preset.label().to_owned()),
    ];
    let [weights, digest, took] = match &recording.review.analysis {
        Some(analysis) => {
            let digest = analysis.network.digest();
            let seconds_s = analysis.timings.total.as_secs_f64();
            [
                analysis.network.provenance().to_string(),
                format!("{}…", digest.get(..12).unwrap_or(digest)),
                format!("{seconds_s:.1} s, {} steps", analysis.grid.len()),
            ]
        }
        None => ["–"; 3].map(str::to_owned),
    };
    rows.extend([("weights", weights), ("digest", digest), ("took", took)]);
    facts(ui, "provenance", rows);
}

/// Names and values in two columns.
fn facts(ui: &mut Ui, id: &str, rows: Vec<(&str, String)>) {
    let palette = theme::palette(ui);
    egui::Grid::new(id.to_owned()).num_columns(2).spacing([theme::WIDE_GAP, 2.0]).show(ui, |ui| {
        for (name, value) in rows {
            ui.label(RichText::new(name).small().color(palette.weak_text));
            ui.add(egui::Label::new(RichText::new(value).small()).wrap());
            ui.end_row();
        }
    });
}
