//! The middle: the video with its overlay, or what to do when there is nothing to show.

use eframe::egui::{
    self, Align, Align2, Color32, CornerRadius, FontId, Layout, Rect, RichText, Role, Sense, Spinner, Stroke,
    StrokeKind, TextEdit, Ui, UiBuilder, Vec2, WidgetInfo, vec2,
};

use crate::command::{Action, Command};
use crate::state::{OpeningStage, Recording, State};
use crate::theme;
use crate::video_texture;
use crate::widgets::action_button::action_button;
use crate::widgets::notices;
use crate::widgets::picture_fit::{Placement, place};
use avar_base::time::MediaTime;
use avar_base::wording::counted;
use avar_playback::{FrameState, PlayerView, SeekPrecision};

/// Dragging across the whole picture scrubs through this share of the recording.
const SCRUB_SHARE: f64 = 0.5;
const BORDER: f32 = 3.0;

pub fn show(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    let panel = ui.max_rect();
    ui.painter().rect_filled(panel, CornerRadius::ZERO, Color32::BLACK);
    match state.recording() {
        None => message(ui, panel, |ui| first_run(ui, state, commands)),
        Some(recording) => match (&recording.stage, &state.player) {
            (OpeningStage::Failed(sentence), _) => message(ui, panel, |ui| failure(ui, sentence, commands)),
            (OpeningStage::Ready(media), Some(player)) if media.frames.is_some() => {
                video(ui, panel, state, player, commands)
            }
            (OpeningStage::Ready(_), Some(_)) => message(ui, panel, sound_only),
            _ => message(ui, panel, |ui| loading(ui, recording)),
        },
    }
    commands.extend(notices::show(ui, panel, &state.notices).map(Command::DismissNotice));
}

fn video(ui: &mut Ui, panel: Rect, state: &State, player: &PlayerView, commands: &mut Vec<Command>) {
    let Some(media) = state.media() else { return };
    let Some(video) = &media.info.video else { return };
    let response = ui.interact(panel, ui.scope_id().with("video"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, "Video"));
    let Some(frame) = &player.frame else {
        message(ui, panel, |ui| {
            match &player.error {
                Some(error) => ui.label(RichText::new(error).color(theme::palette(ui).error)),
                None => ui.add(Spinner::new()),
            };
        });
        return;
    };
    let placement = place(panel, video_texture::shown_size(video), state.view.picture_zoom);
    ui.painter().add(video_texture::shape(frame.clone(), placement));
    if state.view.has_overlay {
        overlay(ui, panel, state, placement, player);
    }
    pointer(ui, &response, panel, player, media.info.range.duration(), commands);
}

/// The predicted class, its score, and the frame's border in the threshold's colour.
fn overlay(ui: &Ui, panel: Rect, state: &State, placement: Placement, player: &PlayerView) {
    let palette = theme::palette(ui);
    let painter = ui.painter().with_clip_rect(panel);
    let step = state.step_on_screen();
    let is_above = step.is_some_and(|step| state.is_above_threshold(step));
    let border = if is_above { palette.alarm } else { Color32::from_gray(0x80) };
    if step.is_some() {
        let width = if is_above { BORDER } else { 1.0 };
        painter.rect_stroke(placement.screen, 0, Stroke::new(width, border), StrokeKind::Inside);
    }
    // Nothing to say covers nothing: cameras write their clock into the picture.
    let Some(step) = step else { return };
    let class = state.class_called(step);
    let title = format!("{} {:.2}", class.label(), step.score_of(class));
    // A step may be called otherwise than the event that it is in: then both stand here.
    let event = state.chapter().filter(|chapter| chapter.class != class || !chapter.also.is_empty());
    let of_event = event.map(|chapter| format!(", within {}", chapter.name().to_lowercase())).unwrap_or_default();
    let detail = format!("anomaly score {:.2}{of_event}", step.anomaly());
    let color = theme::DARK.class_color(class);
    let caveat = match (state.weights_warning(), state.card()) {
        ("", Some(card)) if is_above && !card.validation_of(class).is_on_real_recordings() => {
            card.validation_of(class).label()
        }
        ("", _) => "",
        (warning, _) => warning,
    };
    let seen = placement.screen.intersect(panel);
    let lines = [
        (title, theme::HEADING_TEXT, Color32::WHITE),
        (detail, theme::SMALL_TEXT, Color32::from_gray(0xc8)),
        (caveat.to_owned(), theme::SMALL_TEXT, Color32::WHITE),
    ];
    let galleys: Vec<_> = lines
        .into_iter()
        .filter(|(text, ..)| !text.is_empty())
        .map(|(text, size, color)| painter.layout_no_wrap(text, FontId::proportional(size), color))
        .collect();
    let width = galleys.iter().map(|galley| galley.size().x).fold(0.0, f32::max);
    let height: f32 = galleys.iter().map(|galley| galley.size().y + 2.0).sum();
    // Cameras write their name and clock along the upper edge.
    let corner = seen.left_bottom() + vec2(theme::WIDE_GAP, -theme::WIDE_GAP);
    let chip = Align2::LEFT_BOTTOM.anchor_size(corner, vec2(width + 28.0, height + theme::WIDE_GAP));
    painter.rect_filled(chip, 4, Color32::from_black_alpha(0xb4));
    let at = chip.left_top();
    let swatch = Rect::from_min_size(at + vec2(theme::GAP, theme::GAP), vec2(4.0, height - 4.0));
    painter.rect_filled(swatch, 2, color);
    let mut cursor = at + vec2(20.0, 6.0);
    for galley in galleys {
        let line_height = galley.size().y + 2.0;
        painter.galley(cursor, galley, Color32::WHITE);
        cursor.y += line_height;
    }
    if is_preview(player) {
        let font = FontId::proportional(theme::SMALL_TEXT);
        let galley = painter.layout_no_wrap("preview".to_owned(), font, Color32::WHITE);
        let corner = seen.right_bottom() - vec2(theme::WIDE_GAP, theme::WIDE_GAP);
        let chip = Align2::RIGHT_BOTTOM.anchor_size(corner, galley.size() + vec2(theme::WIDE_GAP, theme::GAP));
        painter.rect_filled(chip, 4, Color32::from_black_alpha(0xb4));
        painter.galley(Align2::CENTER_CENTER.anchor_size(chip.center(), galley.size()).min, galley, Color32::WHITE);
    }
}

/// Whether the picture stands in for one that is still being decoded. While playing, a late picture is no preview.
pub fn is_preview(player: &PlayerView) -> bool {
    player.frame_state == FrameState::Preview && !player.playing
}

/// Drag scrubs, Alt+wheel steps, Ctrl+wheel zooms, the middle button pans, a double click plays.
fn pointer(
    ui: &Ui,
    response: &egui::Response,
    panel: Rect,
    player: &PlayerView,
    duration: MediaTime,
    commands: &mut Vec<Command>,
) {
    if response.double_clicked() {
        commands.push(Action::PlayPause.into());
    }
    if response.dragged_by(egui::PointerButton::Primary) && response.drag_delta().x != 0.0 {
        let share = f64::from(response.drag_delta().x / panel.width()) * SCRUB_SHARE;
        let target = player.position + MediaTime::from_seconds(duration.seconds() * share);
        commands.push(Command::Seek(target, SeekPrecision::KeyFrame));
    }
    if response.drag_stopped_by(egui::PointerButton::Primary) {
        commands.push(Command::Seek(player.position, SeekPrecision::Exact));
    }
    if response.dragged_by(egui::PointerButton::Middle) {
        commands.push(Command::PanVideo(response.drag_delta().into()));
    }
    let Some(pointer) = response.hover_pos() else { return };
    let (zoom, wheel, modifiers) = ui.input(|input| (input.zoom_delta(), wheel_steps(input), input.modifiers));
    if zoom != 1.0 {
        commands.push(Command::ZoomVideo { factor: zoom, around: (pointer - panel.center()).into() });
    } else if modifiers.alt && wheel != 0 {
        commands.push(Command::StepFrames(-wheel));
    }
}

/// Notches of the wheel since the last frame, up is positive.
pub fn wheel_steps(input: &egui::InputState) -> i64 {
    let notches = |event: &egui::Event| match event {
        egui::Event::MouseWheel { delta, .. } => (delta.x + delta.y).signum() as i64,
        _ => 0,
    };
    input.events.iter().map(notches).sum()
}

fn first_run(ui: &mut Ui, state: &State, commands: &mut Vec<Command>) {
    on_black(ui, "Drop a recording here", theme::HEADING_TEXT, Color32::from_gray(0xe0));
    on_black(
        ui,
        &format!(
            "or open one with {}. Video with or without sound, or sound alone.",
            state.keys.key_text(Action::Open)
        ),
        theme::BODY_TEXT,
        Color32::from_gray(0xa8),
    );
    ui.add_space(theme::WIDE_GAP);
    ui.horizontal(|ui| {
        let width = 2.0 * 150.0 + theme::GAP;
        ui.add_space((ui.available_width() - width).max(0.0) / 2.0);
        ui.add_sized([150.0, 28.0], |ui: &mut Ui| action_button(ui, commands, "Open files…", Action::Open));
        ui.add_sized([150.0, 28.0], |ui: &mut Ui| action_button(ui, commands, "Open the sample", Action::OpenSample));
    });
    if !state.last_queue.is_empty() {
        let text = format!("Go on with the last {}", counted(state.last_queue.len(), "recording"));
        let width = 2.0 * 150.0 + theme::GAP;
        ui.add_sized([width, 28.0], |ui: &mut Ui| action_button(ui, commands, &text, Action::OpenLastQueue));
    }
    ui.add_space(theme::GAP);
    let mut path = state.path_text.clone();
    let field = TextEdit::singleline(&mut path).hint_text("or type a path and press Enter").desired_width(308.0);
    let response = ui.add(field);
    response.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Path of a recording"));
    if response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) && !path.trim().is_empty() {
        commands.push(Command::OpenPaths(vec![path.trim().into()]));
    } else if response.changed() {
        commands.push(Command::EditPath(path));
    }
}

fn failure(ui: &mut Ui, sentence: &str, commands: &mut Vec<Command>) {
    on_black(ui, "This recording cannot be opened", theme::HEADING_TEXT, Color32::from_gray(0xe0));
    on_black(ui, sentence, theme::BODY_TEXT, Color32::from_rgb(0xf4, 0x8a, 0x7d));
    ui.add_space(theme::WIDE_GAP);
    ui.horizontal(|ui| {
        ui.add_space((ui.available_width() - 2.0 * 120.0 - theme::GAP).max(0.0) / 2.0);
        ui.add_sized([120.0, 28.0], |ui: &mut Ui| action_button(ui, commands, "Try again", Action::Analyse));
        ui.add_sized([120.0, 28.0], |ui: &mut Ui| action_button(ui, commands, "Open files…", Action::Open));
    });
}

fn sound_only(ui: &mut Ui) {
    on_black(ui, "No picture", theme::HEADING_TEXT, Color32::from_gray(0xc8));
    on_black(
        ui,
        "This recording holds sound alone; the scores rest on the sound.",
        theme::BODY_TEXT,
        Color32::from_gray(0xa8),
    );
}

fn loading(ui: &mut Ui, recording: &Recording) {
    ui.add(Spinner::new());
    let text = match &recording.stage {
        OpeningStage::Opening(Some(progress)) => format!("Indexing frames, {:.0} %", progress.fraction * 100.0),
        _ => "Opening".to_owned(),
    };
    on_black(ui, &text, theme::BODY_TEXT, Color32::from_gray(0xa8));
}

/// Centred lines on the black of an empty picture.
fn message(ui: &mut Ui, panel: Rect, contents: impl FnOnce(&mut Ui)) {
    let size = Vec2::new(panel.width().min(560.0), 160.0);
    let rect = Rect::from_center_size(panel.center(), size);
    let layout = Layout::top_down(Align::Center);
    ui.scope_builder(UiBuilder::new().max_rect(rect).layout(layout), contents);
}

fn on_black(ui: &mut Ui, text: &str, size: f32, color: Color32) {
    ui.label(RichText::new(text).size(size).color(color));
}
