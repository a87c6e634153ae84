//! The window of the desk: Review, Evaluate and Present.
//!
//! State flows one way: keys, panels and jobs give commands and reports, [`update`] changes the state, panels draw it.
//! `CONTRIBUTING.md` walks along with one key.
//!
//! # What does not exist here
//!
//! - No decoding, inference or waiting on the window's thread: that is what [`jobs`] and the player's threads are for.
//! - No state that a panel changes: panels are given it to read, and push commands.
//! - No network, metric or figure of its own: it shows what the crates below make. Training, drawn corpora and the hub
//!   are not known here at all.
//! - No shortcut that is not that of an [`command::Action`] or an [`evaluate::command::EvaluateAction`]: its key,
//!   tooltip and line in the key sheet are one entry, and what the user sets otherwise stands in one [`keymap`].
//! - Nothing for a room that names a recording: [`present`] shows no path, no note and no log.

#![allow(
    missing_docs,
    reason = "a window and no library: what its tests and `avar` reach is public, and named to be read"
)]

pub mod color_matrix;
pub mod command;
pub mod comparison;
mod deciding;
pub mod decisions;
pub mod evaluate;
pub mod focus;
mod handing_over;
pub mod jobs;
pub mod keymap;
mod keys;
pub mod lanes;
pub mod letters;
pub mod panels;
pub mod present;
mod preview;
mod queue;
mod requests;
#[cfg(feature = "screenshots")]
pub mod scenes;
pub mod screen;
pub mod settings;
pub mod shortcut;
pub mod state;
pub mod theme;
pub mod thumbnails;
mod trail;
mod transport;
pub mod update;
pub mod video_texture;
pub mod widgets;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use eframe::egui::{self, CentralPanel, Frame, Margin, Panel, ThemePreference, ViewportCommand};
use eframe::{egui_wgpu, wgpu};
use tracing::{error, info};

use self::command::Command;
use self::letters::Letters;
use self::screen::ScreenFit;
use self::settings::Settings;
use self::state::{Mode, PanelView, SidePanel, State};
use self::thumbnails::{Moment, Thumbnails};
use self::update::Desk;
use avar_analysis::NetworkChoice;
use avar_base::job::{Job, JobEvent, Stopped, Wake, drain};
use avar_base::memory;
use avar_log::LogPlace;
use avar_playback::{PlayerOptions, wait_for_leaving};

pub const APP_ID: &str = "avar-desk";
const TITLE: &str = "AVAR Desk";

/// The sample incident, drawn and synthesised by this program (see `dataset::sample`).
static SAMPLE: &[u8] = include_bytes!("../../assets/sample-incident.mp4");

/// How the window starts.
#[derive(Clone, Default)]
pub struct DeskOptions {
    pub files: Vec<PathBuf>,
    pub network: NetworkChoice,
    pub player: PlayerOptions,
    /// The folder in which scores are kept, so that an analysis that is interrupted goes on; `None`: they are not.
    pub journals: Option<PathBuf>,
    pub log: LogPlace,
    /// Who decides: stands in the trail of every review.
    pub author: String,
    /// The file in which the window remembers how it is looked at; `None`: nowhere.
    pub settings: Option<PathBuf>,
}

/// The name under which the system knows who is at work; empty where it does not say.
pub fn user_name() -> String {
    let named = |variable: &str| std::env::var(variable).ok().filter(|name| !name.is_empty());
    ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(named).unwrap_or_default()
}

/// Opens the window and returns when it is closed.
pub fn run(options: DeskOptions) -> anyhow::Result<()> {
    memory::give_large_tables_back();
    let viewport = egui::ViewportBuilder::default()
        .with_app_id(APP_ID)
        .with_title(TITLE)
        .with_inner_size([1440.0, 900.0])
        .with_min_inner_size([960.0, screen::LOWEST])
        .with_drag_and_drop(true);
    let last_words = LastWords::default();
    let heard = last_words.clone();
    let app = |cc: &eframe::CreationContext<'_>| DeskApp { last_words: heard, ..DeskApp::new(cc, options) };
    eframe::run_native(TITLE, native_options(viewport), Box::new(|cc| Ok(Box::new(app(cc)))))
        .map_err(|error| anyhow!("the window cannot be opened: {error}"))?;
    // A process that ends under a thread within a decoder or a sound device may crash.
    wait_for_leaving(Duration::from_millis(100));
    last_words.into_outcome()
}

/// What went wrong while the window closed, when nobody could read it there any more.
#[derive(Clone, Default)]
struct LastWords(Arc<Mutex<Vec<String>>>);

impl LastWords {
    fn extend(&self, sentences: Vec<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(sentences);
    }

    fn into_outcome(self) -> anyhow::Result<()> {
        let sentences = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if sentences.is_empty() { Ok(()) } else { Err(anyhow!(sentences.join("\n"))) }
    }
}

/// A window drawn by wgpu, which takes memory as it needs it: by default it sets 64 MB aside at once, for games, and
/// with its hint for small memory 17 MB where a frame of video crosses.
pub fn native_options(viewport: egui::ViewportBuilder) -> eframe::NativeOptions {
    const BLOCK_BYTES: std::ops::Range<u64> = 4 << 20..8 << 20;
    let mut native = eframe::NativeOptions {
        viewport,
        renderer: eframe::Renderer::Wgpu,
        // `letters` looks for fonts.
        system_font_fallback: false,
        ..Default::default()
    };
    if let egui_wgpu::WgpuSetup::CreateNew(setup) = &mut native.wgpu_options.wgpu_setup {
        let usual = Arc::clone(&setup.device_descriptor);
        setup.device_descriptor = Arc::new(move |adapter| wgpu::DeviceDescriptor {
            memory_hints: wgpu::MemoryHints::Manual { suballocated_device_memory_block_size: BLOCK_BYTES },
            ..usual(adapter)
        });
    }
    native
}

/// The user's folder for what can be computed again, and for the log.
pub fn cache_folder() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    cache.or_else(home).unwrap_or_else(std::env::temp_dir).join(APP_ID)
}

/// Where the program writes its log.
pub fn log_folder() -> PathBuf {
    cache_folder().join("log")
}

/// Where the window keeps scores from one time to the next.
pub fn journals_folder() -> PathBuf {
    cache_folder().join("scores")
}

/// Unpacks the bundled sample into the user's cache, unless it lies there already.
pub fn sample_path() -> anyhow::Result<PathBuf> {
    let path = cache_folder().join("sample-incident.mp4");
    if std::fs::read(&path).is_ok_and(|bytes| bytes == SAMPLE) {
        return Ok(path);
    }
    avar_base::files::write_whole(&path, |file| file.write_all(SAMPLE)).context("the cache folder is not writable")?;
    Ok(path)
}

pub struct DeskApp {
    pub desk: Desk,
    pub thumbnails: Thumbnails,
    pub letters: Letters,
    wake: Wake,
    was_full_screen: bool,
    fit: ScreenFit,
    screen: Option<usize>,
    title: String,
    last_words: LastWords,
    settings: Option<KeptSettings>,
}

/// The settings as they lie on the disk.
struct KeptSettings {
    path: PathBuf,
    written: Settings,
    /// When they were last held against what is on screen.
    compared: Instant,
    writing: Option<Job<(), ()>>,
}

/// What one sets is on the disk so soon, should the program be killed.
const SETTINGS_ARE_KEPT_AFTER: Duration = Duration::from_secs(2);

impl DeskApp {
    pub fn new(cc: &eframe::CreationContext<'_>, options: DeskOptions) -> Self {
        theme::install(&cc.egui_ctx);
        // There are keys of ours for it.
        cc.egui_ctx.options_mut(|options| options.zoom_with_keyboard = false);
        if let Some(render_state) = &cc.wgpu_render_state {
            info!(adapter = ?render_state.adapter.get_info(), "the window is drawn");
            video_texture::install(render_state);
        }
        let ctx = cc.egui_ctx.clone();
        let wake: Wake = Arc::new(move || ctx.request_repaint());
        let files = options.files.clone();
        let path = options.settings.clone();
        let mut desk = Desk::new(options, wake.clone());
        let settings = path.map(|path| {
            let (written, sentence) = Settings::read(&path);
            written.apply(&mut desk.state);
            desk.state.notices.extend(sentence);
            KeptSettings { path, written, compared: Instant::now(), writing: None }
        });
        desk.apply(Command::OpenPaths(files));
        Self {
            desk,
            thumbnails: Thumbnails::default(),
            letters: Letters::new(&cc.egui_ctx),
            wake,
            was_full_screen: false,
            fit: ScreenFit::default(),
            screen: None,
            title: TITLE.to_owned(),
            last_words: LastWords::default(),
            settings,
        }
    }

    /// Writes the settings where they have changed; why not, in a sentence.
    fn keep_settings(&mut self) -> Option<String> {
        let kept = self.settings.as_mut()?;
        let now = Settings::of(&self.desk.state);
        // One that is being written may not get to its end any more.
        if now == kept.written && kept.writing.is_none() {
            return None;
        }
        let outcome = now.write(&kept.path);
        kept.written = now;
        outcome.err()
    }

    /// As [`Self::keep_settings`], now and then, on a thread: a disk may take its time.
    fn tick_settings(&mut self, now: Instant) {
        let Some(kept) = &mut self.settings else { return };
        let failed = &mut self.desk.state.notices;
        drain(&mut kept.writing, |event| {
            if let JobEvent::Failed(sentence) = event {
                failed.push(sentence);
            }
        });
        if kept.writing.is_some() || now.duration_since(kept.compared) < SETTINGS_ARE_KEPT_AFTER {
            return;
        }
        kept.compared = now;
        let settings = Settings::of(&self.desk.state);
        if settings == kept.written {
            return;
        }
        kept.written = settings.clone();
        let path = kept.path.clone();
        let job = Job::spawn("settings", self.wake.clone(), move |_| settings.write(&path).map_err(Stopped::Failed));
        // Where no thread begins, they are written when the window closes.
        kept.writing = job.map_err(|error| error!("the settings cannot be written now ({error})")).ok();
    }

    fn take_input(&mut self, ctx: &egui::Context) -> Vec<Command> {
        let dropped = ctx.input(|input| input.raw.dropped_files.clone());
        let paths: Vec<PathBuf> = dropped.iter().map(|file| file.path().to_owned()).collect();
        let mut commands = Vec::new();
        match self.desk.state.mode() {
            _ if paths.is_empty() => {}
            Mode::Evaluate => commands.push(Command::OpenInEvaluate(paths)),
            Mode::Review | Mode::Present => commands.push(Command::OpenPaths(paths)),
        }
        commands.extend(keys::commands_of_mode(ctx, &self.desk.state));
        commands
    }

    /// Tells the window system what the state asks of it.
    fn follow_state(&mut self, ctx: &egui::Context) {
        self.fit.tick(ctx);
        if let Some(picture) = self.desk.to_copy.take() {
            let size = [picture.width_px as usize, picture.height_px as usize];
            ctx.copy_image(egui::ColorImage::from_rgb(size, &picture.bytes));
        }
        let view = &self.desk.state.view;
        if ctx.zoom_factor() != view.scale {
            ctx.set_zoom_factor(view.scale);
        }
        ctx.set_theme(if view.is_dark { ThemePreference::Dark } else { ThemePreference::Light });
        if view.is_full_screen != self.was_full_screen {
            self.was_full_screen = view.is_full_screen;
            ctx.send_viewport_cmd(ViewportCommand::Fullscreen(view.is_full_screen));
        }
        if self.desk.state.present.screen != self.screen {
            self.screen = self.desk.state.present.screen;
            if let Some(screen) = self.screen {
                ctx.send_viewport_cmd(ViewportCommand::SetMonitor(screen));
            }
        }
        // A room sees the title of the window as well.
        let named = self.desk.state.recording().filter(|_| self.desk.state.mode() == Mode::Review);
        let title = named.map_or_else(|| TITLE.to_owned(), |recording| format!("{} – {TITLE}", recording.name()));
        if title != self.title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.title = title;
        }
        if self.desk.has_quit {
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
        let player = self.desk.state.player.as_ref().and_then(|player| player.next_wake);
        let preview = self.desk.preview.as_ref().and_then(|preview| preview.next_wake);
        let rule = self.desk.rule_settles_in(Instant::now());
        if let Some(rule) = rule {
            ctx.request_repaint_after(rule);
        }
        if let Some(wake) = player.into_iter().chain(preview).min() {
            ctx.request_repaint_after(wake.max(Duration::from_millis(4)));
        }
    }
}

/// More chapters than a screen is wide, on either side of the playhead.
const CHAPTERS_AROUND: usize = 50;

/// Asks for the pictures of the chapters around the playhead: ten hours may have more than are ever kept at once.
fn want_chapters(desk: &Desk, thumbnails: &mut Thumbnails) {
    let (Some(recording), Some(chapters)) = (desk.state.recording(), desk.state.chapters()) else { return };
    let now = desk.state.position().map_or(0, |now| chapters.partition_point(|chapter| chapter.range.start <= now));
    let near = now.saturating_sub(CHAPTERS_AROUND)..chapters.len().min(now + CHAPTERS_AROUND);
    // The first one lies behind the warning.
    for chapter in chapters.iter().take(1).chain(&chapters[near]) {
        let moment = Moment { file: recording.path.clone(), at: chapter.peak_time };
        if thumbnails.get(&moment).is_none() {
            thumbnails.want(moment, recording.media().cloned());
        }
    }
}

impl eframe::App for DeskApp {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let ctx = ui.ctx().clone();
        self.desk.state.keys.install(&ctx);
        let mut commands = self.take_input(&ctx);
        let is_changed = !commands.is_empty();
        for command in commands.drain(..) {
            self.desk.apply(command);
        }
        self.desk.tick(Instant::now());
        self.tick_settings(Instant::now());
        self.follow_state(&ctx);
        self.thumbnails.tick(&ctx, &self.wake);
        self.desk.serve_pictures(&mut self.thumbnails);
        match self.desk.state.mode() {
            Mode::Review => self.desk.picture_panel = review(ui, &self.desk.state, &mut commands),
            Mode::Evaluate => {
                if !self.desk.state.view.is_full_screen {
                    title(ui, &self.desk.state, &mut commands);
                }
                commands.extend(self.desk.evaluate.show(ui).into_iter().map(Command::Evaluate));
            }
            Mode::Present => {
                want_chapters(&self.desk, &mut self.thumbnails);
                present::show(ui, &self.desk.state, &self.thumbnails, &mut commands);
            }
        }
        panels::sheets::show(&ctx, &self.desk.state, &mut commands);
        panels::drop_veil::show(&ctx, self.desk.state.mode());
        focus::draw(&ctx, theme::palette(ui));
        self.letters.tick(&ctx, &self.wake);
        self.desk.state.letters_note = avar_fonts::note();
        if is_changed || !commands.is_empty() {
            ctx.request_repaint_after(2 * SETTINGS_ARE_KEPT_AFTER);
        }
        if !commands.is_empty() {
            ctx.request_repaint();
        }
        for command in commands {
            self.desk.apply(command);
        }
    }

    fn on_exit(&mut self) {
        let mut sentences = self.desk.evaluate.put_away();
        sentences.extend(self.keep_settings());
        sentences.iter().for_each(|sentence| error!("{sentence}"));
        self.last_words.extend(sentences);
    }
}

fn bar(ui: &egui::Ui) -> Frame {
    Frame::side_top_panel(ui.style()).inner_margin(Margin::symmetric(theme::WIDE_GAP as i8, 0))
}

fn title(ui: &mut egui::Ui, state: &State, commands: &mut Vec<Command>) {
    let bar = bar(ui);
    Panel::top("title").exact_size(36.0).frame(bar).show(ui, |ui| panels::title_bar::show(ui, state, commands));
}

/// The most of the window's height that the timeline takes.
const TIMELINE_SHARE: f32 = 0.45;

/// A panel whose edge can be dragged, over which it folds; a double click on the edge folds it too.
fn resizable(
    ui: &mut egui::Ui,
    panel: Panel,
    state: &State,
    kind: SidePanel,
    commands: &mut Vec<Command>,
    show: fn(&mut egui::Ui, &State, &mut Vec<Command>),
) {
    let view = state.view.panels.of(kind);
    let (least, most) = kind.sizes();
    let most = if kind == SidePanel::Timeline {
        most.min(TIMELINE_SHARE * ui.ctx().content_rect().height()).max(least)
    } else {
        most
    };
    let mut is_open = view.is_open;
    let panel = panel.resizable(true).default_size(view.size).size_range(least..=most);
    let shown = panel.show_collapsible(ui, &mut is_open, |ui| {
        ui.take_available_space();
        show(ui, state, commands);
    });
    let extent = |rect: egui::Rect| if kind == SidePanel::Timeline { rect.height() } else { rect.width() };
    // While it slides it has less room than it will have.
    let settled = shown.filter(|_| is_open && view.is_open).map(|shown| extent(shown.response.rect));
    // In a window that is too low for it, it stays as high as it is wanted.
    let size = settled.filter(|size| *size >= least && *size < most).map_or(view.size, f32::round);
    let now = PanelView { is_open, size };
    if now != view {
        commands.push(Command::SetPanel(kind, now));
    }
}

/// All panels of Review; returns the size of the picture's.
fn review(ui: &mut egui::Ui, state: &State, commands: &mut Vec<Command>) -> egui::Vec2 {
    let bar = bar(ui);
    let side = Frame::side_top_panel(ui.style()).inner_margin(Margin::same(theme::GAP as i8));
    if !state.view.is_full_screen {
        title(ui, state, commands);
        Panel::bottom("status").exact_size(26.0).frame(bar).show(ui, |ui| panels::status_line::show(ui, state));
        let mut panel = |panel: Panel, kind, frame, show: fn(&mut egui::Ui, &State, &mut Vec<Command>)| {
            resizable(ui, panel.frame(frame), state, kind, commands, show);
        };
        panel(Panel::bottom("timeline"), SidePanel::Timeline, bar, panels::timeline::show);
        panel(Panel::left("sidebar"), SidePanel::Sidebar, side, panels::sidebar::show);
        panel(Panel::right("inspector"), SidePanel::Inspector, side, panels::inspector::show);
        Panel::bottom("transport")
            .exact_size(36.0)
            .frame(bar)
            .show(ui, |ui| panels::transport::show(ui, state, commands));
    }
    let picture = CentralPanel::default().frame(Frame::NONE).show(ui, |ui| {
        panels::picture::show(ui, state, commands);
        ui.max_rect().size()
    });
    picture.inner
}
