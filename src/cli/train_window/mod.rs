//! The window of a training: how far each stage has come, its losses, and a way to stop it. It works as the desk
//! does: the job's events change the state, panels draw it.

mod panels;
mod state;

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use eframe::egui::{self, CentralPanel, Frame, Key, Margin, Modifiers, Panel, ThemePreference, ViewportCommand};

pub use self::state::{Ending, TrainingState};
use avar_app::letters::Letters;
use avar_app::screen::ScreenFit;
use avar_app::{APP_ID, focus, native_options, theme};
use avar_base::job::{JobEvent, Wake};
use avar_training::log::told_before;
use avar_training::{TrainingJob, TrainingSpec, spawn_training};

/// What a key or a button asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainingCommand {
    /// Shows the curves of the stage at this place in the list.
    Show(usize),
    /// Ends the training; what is learned is kept.
    Stop,
    /// Dark or light.
    ToggleTheme,
    /// Closes the window.
    Quit,
}

/// Trains in a window; returns when it is closed, which stops the training.
pub fn run(spec: TrainingSpec) -> anyhow::Result<()> {
    let title = format!("Training {}", spec.recipe.name);
    let viewport = egui::ViewportBuilder::default()
        .with_app_id(APP_ID)
        .with_title(&title)
        .with_inner_size([1080.0, 720.0])
        .with_min_inner_size([760.0, 520.0]);
    eframe::run_native(&title, native_options(viewport), Box::new(|cc| Ok(Box::new(TrainingWindow::new(cc, spec)?))))
        .map_err(|error| anyhow!("the window cannot be opened: {error}"))
}

/// The window of one training.
pub struct TrainingWindow {
    /// What it shows.
    pub state: TrainingState,
    job: TrainingJob,
    letters: Letters,
    wake: Wake,
    fit: ScreenFit,
    is_dark: bool,
    /// Closes as soon as the job has put away what it computed.
    is_closing: bool,
}

impl TrainingWindow {
    /// Starts the training.
    pub fn new(cc: &eframe::CreationContext<'_>, spec: TrainingSpec) -> anyhow::Result<TrainingWindow> {
        theme::install(&cc.egui_ctx);
        let ctx = cc.egui_ctx.clone();
        let wake: Wake = Arc::new(move || ctx.request_repaint());
        let (before, unread) = match told_before(&spec.work) {
            Ok(before) => (before, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        let mut state = TrainingState::new(&spec, before);
        state.told.extend(unread);
        let job = spawn_training(spec, wake.clone()).context("the training cannot be started")?;
        let letters = Letters::new(&cc.egui_ctx);
        Ok(TrainingWindow { state, job, letters, wake, fit: ScreenFit::default(), is_dark: true, is_closing: false })
    }

    fn take_reports(&mut self) {
        while let Some(event) = self.job.try_next() {
            match event {
                JobEvent::Progress(_) => {}
                JobEvent::Partial(event) => self.state.take(event),
                JobEvent::Done(trained) => self.state.ending = Some(Ending::Trained(trained.weights)),
                JobEvent::Failed(sentence) => self.state.ending = Some(Ending::Failed(sentence)),
                JobEvent::Cancelled => self.state.ending = Some(Ending::Stopped),
            }
        }
    }

    fn apply(&mut self, command: TrainingCommand) {
        match command {
            TrainingCommand::Show(place) => self.state.show(place),
            TrainingCommand::Stop => {
                self.state.is_stopping = self.state.ending.is_none();
                self.job.cancel();
            }
            TrainingCommand::ToggleTheme => self.is_dark = !self.is_dark,
            TrainingCommand::Quit => {
                self.is_closing = true;
                self.apply(TrainingCommand::Stop);
            }
        }
    }
}

impl eframe::App for TrainingWindow {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        self.take_reports();
        self.fit.tick(&ctx);
        ctx.set_theme(if self.is_dark { ThemePreference::Dark } else { ThemePreference::Light });
        let mut commands = keys(&ctx, &self.state);
        let bar = Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(theme::WIDE_GAP as i8, 0));
        let side = Frame::side_top_panel(ui.style()).inner_margin(Margin::same(theme::WIDE_GAP as i8));
        let state = &self.state;
        Panel::top("training title").exact_size(40.0).frame(bar).show(ui, |ui| {
            panels::title(ui, state, self.is_dark, &mut commands);
        });
        Panel::left("stages").exact_size(theme::SIDE_WIDTH).frame(side).show(ui, |ui| {
            panels::stages(ui, state, &mut commands);
        });
        Panel::bottom("told").exact_size(132.0).frame(side).show(ui, |ui| panels::told(ui, state));
        CentralPanel::default().frame(side).show(ui, |ui| panels::curves(ui, state));
        focus::draw(&ctx, theme::palette(ui));
        self.letters.tick(&ctx, &self.wake);
        if ctx.input(|input| input.viewport().close_requested()) && self.state.ending.is_none() {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            commands.push(TrainingCommand::Quit);
        }
        commands.into_iter().for_each(|command| self.apply(command));
        if self.is_closing && self.state.ending.is_some() {
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }
}

fn keys(ctx: &egui::Context, state: &TrainingState) -> Vec<TrainingCommand> {
    let pressed = |modifiers, key| ctx.input_mut(|input| input.consume_key(modifiers, key));
    let mut commands = Vec::new();
    if pressed(Modifiers::COMMAND, Key::Period) {
        commands.push(TrainingCommand::Stop);
    }
    if pressed(Modifiers::COMMAND, Key::D) {
        commands.push(TrainingCommand::ToggleTheme);
    }
    if pressed(Modifiers::COMMAND, Key::Q) {
        commands.push(TrainingCommand::Quit);
    }
    let shown = state.shown_place();
    if pressed(Modifiers::NONE, Key::ArrowUp) {
        commands.push(TrainingCommand::Show(shown.saturating_sub(1)));
    }
    if pressed(Modifiers::NONE, Key::ArrowDown) {
        commands.push(TrainingCommand::Show(shown + 1));
    }
    commands
}
