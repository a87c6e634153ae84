//! Evaluate, used as a person would: by keys, by the names of its buttons and cells, and by what can be read in it. It
//! is drawn without a display, on made-up runs.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use avar_app::evaluate::command::{EvaluateCommand, Request};
use avar_app::evaluate::pictures::PictureProblem;
use avar_app::evaluate::state::{CurveView, Gallery, RunSlot, Slot, TableView, Unit};
use avar_app::evaluate::{Evaluate, EvaluationNews, commands_of_keys};
use avar_app::theme;
use avar_base::job::{Progress, no_wake};
use avar_labels::AnomalyClass;
use avar_metrics::inspection::demo_run::{self, Settings};
use avar_metrics::inspection::notes::{NOTES, Notes};
use avar_metrics::runs::{Run, write_run};
use eframe::egui::accesskit::Role;
use eframe::egui::{ColorImage, Key, Modifiers, TextureOptions, Theme, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

const LARGE: Vec2 = vec2(1440.0, 838.0);
const SMALL: Vec2 = vec2(960.0, 538.0);
const CLIPS: usize = 120;

struct Window {
    harness: Harness<'static, Evaluate>,
    folder: tempfile::TempDir,
}

impl Window {
    fn of(size: Vec2, theme_of: Theme) -> Self {
        let draw = |ui: &mut eframe::egui::Ui, evaluate: &mut Evaluate| {
            evaluate.tick();
            commands_of_keys(ui.ctx()).into_iter().for_each(|command| evaluate.apply(command));
            evaluate.show(ui).into_iter().for_each(|command| evaluate.apply(command));
        };
        let harness = Harness::builder()
            .with_size(size)
            .with_theme(theme_of)
            .with_context_setup(theme::install)
            .build_ui_state(draw, Evaluate::new(no_wake()));
        Self { harness, folder: tempfile::tempdir().unwrap() }
    }

    fn empty() -> Self {
        Self::of(LARGE, Theme::Dark)
    }

    /// With run A.
    fn on_run() -> Self {
        let mut window = Self::empty();
        window.open(Slot::A, "lite", 0.45, |_| {});
        window
    }

    /// With runs A and B.
    fn on_two() -> Self {
        let mut window = Self::on_run();
        window.open(Slot::B, "full", 0.8, |_| {});
        window
    }

    /// Writes a run and opens it.
    fn open(&mut self, slot: Slot, name: &str, skill: f32, change: impl FnOnce(&mut Run)) -> PathBuf {
        let folder = self.folder.path().join(name);
        let seed = slot as u64 + 1;
        let mut run =
            demo_run::run(&Settings { folder: folder.clone(), clips: CLIPS, skill, seed, ..Settings::default() });
        change(&mut run);
        write_run(&run).unwrap();
        self.apply(EvaluateCommand::OpenRun(slot, folder.clone()));
        folder
    }

    fn apply(&mut self, command: EvaluateCommand) {
        self.harness.state_mut().apply(command);
        self.settle();
    }

    /// What a click asks for is done at the end of a frame and seen in the next one.
    fn settle(&mut self) {
        let started = Instant::now();
        self.harness.run_steps(2);
        while self.harness.state().is_busy() {
            assert!(started.elapsed() < Duration::from_secs(60), "Evaluate was not ready after a minute");
            std::thread::sleep(Duration::from_millis(2));
            self.harness.step();
        }
        self.harness.run_steps(2);
    }

    fn press(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle();
    }

    #[track_caller]
    fn click(&mut self, name: &str) {
        self.harness.get_by_label(name).click();
        self.settle();
    }

    fn type_into(&mut self, field: &str, text: &str) {
        self.harness.get_by_label(field).focus();
        self.harness.run_steps(2);
        self.harness.get_by_label(field).type_text(text);
        self.settle();
    }

    /// Everything that can be read or heard.
    fn names(&self) -> Vec<String> {
        let nodes = self.harness.root().children_recursive();
        let texts = nodes.flat_map(|node| [node.accesskit_node().label(), node.value()]);
        texts.flatten().collect()
    }

    fn shows(&self, text: &str) -> bool {
        self.names().iter().any(|name| name.contains(text))
    }

    #[track_caller]
    fn assert_shows(&self, text: &str) {
        assert!(self.shows(text), "no \"{text}\" among {:#?}", self.names());
    }

    /// The one name that begins like this.
    #[track_caller]
    fn name_of(&self, start: &str) -> String {
        let mut found: Vec<String> = self.names().into_iter().filter(|name| name.starts_with(start)).collect();
        found.dedup();
        assert_eq!(found.len(), 1, "\"{start}\" among {:#?}", self.names());
        found.remove(0)
    }

    fn state(&self) -> &avar_app::evaluate::state::EvaluateState {
        &self.harness.state().state
    }

    fn requests(&mut self) -> Vec<Request> {
        self.harness.state_mut().take_requests()
    }

    /// The names of the cards that are drawn.
    fn cards(&self) -> Vec<String> {
        self.names().into_iter().filter(|name| name.contains("anomaly score 0.") && name.contains(".mp4")).collect()
    }
}

/// One name for each linked view.
const VIEWS: [&str; 4] = ["Normal found", "PR curve", "ROC curve", "Mean of the classes"];

fn linked(window: &Window) -> Vec<String> {
    VIEWS.iter().map(|view| window.name_of(view)).collect()
}

#[test]
fn moving_the_threshold_moves_every_view() {
    let mut window = Window::on_run();
    let by_top_class = linked(&window);
    window.press(Modifiers::ALT, Key::ArrowUp);
    assert_eq!((window.state().level, window.state().is_by_threshold), (510, true));
    window.apply(EvaluateCommand::SetLevel(750));
    let high = linked(&window);
    window.apply(EvaluateCommand::SetLevel(250));
    let low = linked(&window);
    for (place, view) in VIEWS.iter().enumerate() {
        assert!(high[place] != low[place] && high[place] != by_top_class[place], "{view} stands still: {low:?}");
    }
    window.apply(EvaluateCommand::ShowCurves(CurveView::Alarms));
    let low = window.name_of("False alarms: ");
    window.apply(EvaluateCommand::SetLevel(750));
    assert_ne!(window.name_of("False alarms: "), low);
    window.press(Modifiers::NONE, Key::X);
    window.apply(EvaluateCommand::ShowCurves(CurveView::PrAndRoc));
    assert_eq!(linked(&window), by_top_class, "X goes back to the decision of the report");
}

#[test]
fn the_threshold_is_moved_by_dragging_a_curve() {
    let mut window = Window::on_run();
    let frame = window.harness.get_by_label(&window.name_of("PR curve")).rect();
    window.harness.drag_at(frame.left_bottom() + vec2(3.0, -frame.height() * 0.6));
    window.harness.run_steps(2);
    let at_low_recall = window.state().level;
    window.harness.hover_at(frame.right_bottom() + vec2(-3.0, -frame.height() * 0.6));
    window.harness.run_steps(2);
    window.harness.drop_at(frame.right_bottom() + vec2(-3.0, -frame.height() * 0.6));
    window.settle();
    assert!(window.state().is_by_threshold);
    assert!(at_low_recall > window.state().level + 100, "{at_low_recall} to {}", window.state().level);
}

#[test]
fn frames_are_ranked_instead_of_clips() {
    let mut window = Window::on_run();
    let by_clips = window.name_of("PR curve");
    window.click("by clips");
    assert_eq!(window.state().unit, Unit::Frames);
    assert_ne!(window.name_of("PR curve"), by_clips);
}

#[test]
fn a_cell_opens_its_clips_and_escape_closes_them() {
    let mut window = Window::on_run();
    let is_cell = |name: &String| name.starts_with("Normal taken for") && name.ends_with(": 2 clips");
    let cell = window.names().into_iter().find(is_cell).expect("a cell of two clips");
    window.click(&cell);
    let title = cell.trim_end_matches(": 2 clips");
    assert_eq!((window.state().gallery.label().as_str(), window.state().listed.len()), (title, 2));
    let cards = window.cards();
    assert!(cards.len() == 2 && cards.iter().all(|card| card.contains(title)), "{cards:?}");
    window.press(Modifiers::NONE, Key::Escape);
    assert_eq!(window.state().gallery, Gallery::FalseAlarms);
}

#[test]
fn cells_are_reached_and_opened_by_keys() {
    let mut window = Window::on_run();
    let first = window.name_of("Crash taken for Abuse");
    window.harness.get_by_label(&first).focus();
    window.harness.run_steps(2);
    window.press(Modifiers::NONE, Key::ArrowRight);
    window.press(Modifiers::NONE, Key::ArrowDown);
    assert_eq!(window.state().selected, None, "the arrows are the focused cell's");
    window.press(Modifiers::NONE, Key::Enter);
    assert_eq!(window.state().gallery, Gallery::Cell(AnomalyClass::Brawling, AnomalyClass::BabyCry));
}

#[test]
fn the_matrix_shows_counts_and_shares_by_key() {
    let mut window = Window::on_run();
    window.press(Modifiers::NONE, Key::N);
    assert!(window.harness.get_by_label("Rows %").accesskit_node().toggled().is_some());
    window.press(Modifiers::NONE, Key::N);
    window.press(Modifiers::NONE, Key::N);
    window.assert_shows("% right");
}

#[test]
fn filters_narrow_every_view_and_are_taken_away_at_once() {
    let mut window = Window::on_run();
    window.assert_shows(&format!("{CLIPS} of {CLIPS}"));
    let all = linked(&window);
    window.click("val");
    let of_split = linked(&window);
    assert!(all.iter().zip(&of_split).all(|(all, split)| all != split), "{of_split:?}");
    window.click("Clips of Normal");
    assert!(window.name_of("Normal found").ends_with(": 0 clips"));
    window.assert_shows("No false alarm at this threshold.");
    window.type_into("Source filter", "camera-3");
    window.apply(EvaluateCommand::ShowGallery(Gallery::All));
    let left: Vec<_> = window.state().listed.clone();
    assert!(!left.is_empty());
    assert!(left.iter().all(|place| window.state().clip(*place).unwrap().group == "camera-3"));
    window.click("Show all");
    assert_eq!(linked(&window), all);
}

#[test]
fn a_filter_that_lets_nothing_through_says_what_to_do() {
    let mut window = Window::on_run();
    window.type_into("Text filter", "no clip is called that");
    window.assert_shows("No clip is let through. Open the filter.");
    window.assert_shows("No anomalous clip is let through. Open the filter.");
    assert!(window.name_of("Mean of the classes").contains("precision –"), "undefined is not zero");
    window.apply(EvaluateCommand::ShowCurves(CurveView::Reliability));
    window.apply(EvaluateCommand::ShowCurves(CurveView::Alarms));
    window.assert_shows("No scored normal time");
}

#[test]
fn the_class_table_names_every_class_with_its_numbers() {
    let window = Window::on_run();
    for class in AnomalyClass::ALL {
        let row = format!("{}: ", class.label());
        let rows: Vec<_> =
            window.names().into_iter().filter(|name| name.starts_with(&row) && name.contains("AP")).collect();
        assert!(rows.iter().any(|row| row.contains("precision") && row.contains("recall")), "{class:?}: {rows:?}");
    }
}

#[test]
fn reliability_is_shown_before_and_after_scaling() {
    let mut window = Window::on_run();
    window.click("Reliability");
    let (raw, scaled) = (window.name_of("Reliability as scored"), window.name_of("Reliability scaled"));
    assert!(raw.contains("ECE 0.") && scaled.contains("ECE 0."));
    window.assert_shows("it flatters");
    window.click("test");
    window.assert_shows("none of them shown");
}

#[test]
fn a_card_is_chosen_and_taken_to_review_at_its_peak() {
    let mut window = Window::on_run();
    let card = window.cards()[1].clone();
    window.click(&card);
    let place = window.state().selected.unwrap();
    let clip = window.state().clip(place).unwrap().clone();
    assert!(card.starts_with(&clip.path));
    window.assert_shows("Scores of the clip, playhead at");
    // A card under the pointer plays.
    window.harness.remove_cursor();
    window.settle();
    window.requests();
    window.press(Modifiers::NONE, Key::T);
    let peak_s = window.state().open(Slot::A).unwrap().index.peak_s(place);
    let file = window.state().open(Slot::A).unwrap().index.run.clips[place].facts.file.clone();
    assert_eq!(window.requests(), [Request::Review { file, time_s: peak_s }]);
}

#[test]
fn keys_go_from_clip_to_clip_and_from_step_to_step() {
    let mut window = Window::on_run();
    window.press(Modifiers::NONE, Key::ArrowDown);
    assert_eq!(window.state().selected, window.state().listed.first().copied());
    window.press(Modifiers::NONE, Key::ArrowDown);
    assert_eq!(window.state().selected, window.state().listed.get(1).copied());
    let before_s = window.state().playhead_s;
    let scores = window.name_of("Crash at the playhead");
    for _ in 0..3 {
        window.press(Modifiers::NONE, Key::ArrowLeft);
    }
    assert!(window.state().playhead_s < before_s);
    assert_ne!(window.name_of("Crash at the playhead"), scores);
    window.press(Modifiers::NONE, Key::CloseBracket);
    assert_eq!(window.state().gallery, Gallery::Misses);
}

#[test]
fn the_clip_that_a_key_goes_to_comes_into_view() {
    let mut window = Window::on_run();
    window.apply(EvaluateCommand::ShowGallery(Gallery::All));
    for _ in 0..40 {
        window.harness.key_press(Key::ArrowDown);
        window.harness.step();
    }
    window.settle();
    let path = window.state().clip(window.state().selected.unwrap()).unwrap().path.clone();
    assert!(window.cards().iter().any(|card| card.starts_with(&path)), "{path} is not among {:?}", window.cards());
}

#[test]
fn pictures_are_asked_for_as_cards_come_on_screen_and_say_why_there_are_none() {
    let mut window = Window::on_run();
    let mut answers = [Ok(()), Err(PictureProblem::SoundOnly), Err(PictureProblem::NotFound)].into_iter().cycle();
    let ctx = window.harness.ctx.clone();
    let mut asked = 0;
    while let Some(request) = window.harness.state_mut().take_picture_request() {
        let place = window.state().listed[asked];
        let run = window.state().open(Slot::A).unwrap().index.clone();
        assert_eq!((&request.clip, request.time_s), (&run.run.clips[place].scored.path, run.peak_s(place)));
        let texture = || ctx.load_texture("grey", ColorImage::example(), TextureOptions::LINEAR);
        let answer = answers.next().unwrap().map(|()| texture());
        window.harness.state_mut().take_picture(&request.clip, answer);
        asked += 1;
    }
    assert!((6..40).contains(&asked), "{asked} of {CLIPS} were asked for");
    window.settle();
    assert!(window.harness.state_mut().take_picture_request().is_none());
}

#[test]
fn resting_on_a_card_plays_it_and_leaving_stops() {
    let mut window = Window::on_run();
    let card = window.harness.get_by_label(&window.cards()[0].clone()).rect();
    window.harness.hover_at(card.center());
    window.requests();
    for _ in 0..30 {
        window.harness.step();
    }
    let place = window.state().listed[0];
    let path = window.state().clip(place).unwrap().path.clone();
    let requests = window.requests();
    assert!(matches!(&requests[..], [Request::Play { clip, .. }] if *clip == path), "{requests:?}");
    window.harness.hover_at(eframe::egui::pos2(5.0, 5.0));
    window.settle();
    assert_eq!(window.requests(), [Request::StopPlaying]);
}

#[test]
fn notes_and_tags_are_saved_in_the_folder_of_the_run() {
    let mut window = Window::empty();
    let folder = window.open(Slot::A, "lite", 0.45, |_| {});
    window.press(Modifiers::NONE, Key::ArrowDown);
    window.type_into("Note on the clip", "glare");
    window.type_into("Tags of the clip", "night, rain");
    let path = window.state().clip(window.state().selected.unwrap()).unwrap().path.clone();
    let saved = Notes::read(&folder).unwrap();
    let remark = saved.of(&path).unwrap();
    assert_eq!((remark.note.as_str(), &remark.tags[..]), ("glare", &["night".to_owned(), "rain".to_owned()][..]));
    window.apply(EvaluateCommand::OpenRun(Slot::A, folder));
    window.type_into("Text filter", "glare");
    window.assert_shows(&format!("1 of {CLIPS}"));
}

#[test]
fn notes_that_cannot_be_read_are_never_written_over() {
    let mut window = Window::empty();
    let folder = window.folder.path().join("lite");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(NOTES), "{").unwrap();
    window.open(Slot::A, "lite", 0.45, |_| {});
    window.assert_shows("mend the file or move it away");
    window.apply(EvaluateCommand::SetNote(0, "lost".to_owned()));
    assert_eq!(std::fs::read_to_string(folder.join(NOTES)).unwrap(), "{");
}

/// A file where the folder of the run was: nothing can be written there until it is put back.
fn take_away(folder: &Path) {
    std::fs::rename(folder, folder.with_extension("away")).unwrap();
    std::fs::write(folder, "").unwrap();
}

fn put_back(folder: &Path) {
    std::fs::remove_file(folder).unwrap();
    std::fs::rename(folder.with_extension("away"), folder).unwrap();
}

#[test]
fn notes_that_cannot_be_saved_are_said_at_once_and_when_the_window_closes() {
    let mut window = Window::empty();
    let folder = window.open(Slot::A, "lite", 0.45, |_| {});
    take_away(&folder);
    window.apply(EvaluateCommand::SetNote(0, "glare".to_owned()));
    window.assert_shows("The notes are not saved");
    let sentences = window.harness.state_mut().put_away();
    assert!(sentences.len() == 1 && sentences[0].ends_with(NOTES), "{sentences:?}");
}

#[test]
fn notes_that_could_not_be_saved_are_tried_again_when_the_window_closes() {
    let mut window = Window::empty();
    let folder = window.open(Slot::A, "lite", 0.45, |_| {});
    take_away(&folder);
    window.apply(EvaluateCommand::SetNote(0, "glare".to_owned()));
    put_back(&folder);
    assert_eq!(window.harness.state_mut().put_away(), [""; 0]);
    let path = window.state().clip(0).unwrap().path.clone();
    assert_eq!(Notes::read(&folder).unwrap().of(&path).unwrap().note, "glare");
}

#[test]
fn a_corrected_label_asks_for_a_new_manifest_and_leaves_the_metrics() {
    let mut window = Window::on_run();
    window.press(Modifiers::NONE, Key::ArrowDown);
    let place = window.state().selected.unwrap();
    let (path, before) = (window.state().clip(place).unwrap().path.clone(), linked(&window));
    window.requests();
    window.apply(EvaluateCommand::Correct(place, Some(AnomalyClass::Vandalism)));
    window.assert_shows("corrected to Vandalism");
    window.click("Write 1 corrected label…");
    let expected = Request::WriteManifest {
        manifest: PathBuf::from("/data/made-up/manifest.csv"),
        corrections: vec![(path, AnomalyClass::Vandalism)],
    };
    assert_eq!(window.requests(), [expected]);
    assert_eq!(linked(&window), before);
    window.harness.state_mut().corrections_written(Ok(PathBuf::from("/data/made-up/manifest.corrected.csv")));
    window.settle();
    window.assert_shows("1 label in manifest.corrected.csv");
}

#[test]
fn two_runs_are_compared_class_by_class_with_intervals() {
    let mut window = Window::on_two();
    window.click("B − A");
    let recall = window.name_of("Mean, recall: B − A ");
    assert!(recall.contains('+'), "run B knows more: {recall}");
    window.assert_shows("120 clips of 12 sources in both");
    window.apply(EvaluateCommand::SetLevel(900));
    assert_ne!(window.name_of("Mean, recall: B − A "), recall, "the threshold moves it too");
    let pr = window.names().into_iter().find(|name| name.starts_with("AP 0.")).unwrap();
    assert!(pr.contains(", B 0."), "{pr}");
}

#[test]
fn clips_come_by_how_far_apart_two_runs_are() {
    let mut window = Window::on_two();
    assert!(window.harness.query_by_label_contains("A ≠ B").is_some());
    window.apply(EvaluateCommand::ShowGallery(Gallery::Disagreements));
    let paired = window.state().comparison.paired.clone().unwrap();
    let distances: Vec<f64> = window.state().listed.iter().map(|place| paired.disagreement[*place].unwrap()).collect();
    assert!(distances.len() == CLIPS && distances.is_sorted_by(|a, b| a >= b));
    window.press(Modifiers::NONE, Key::ArrowDown);
    assert!(window.name_of("Crash at the playhead").contains(", B 0."));
}

#[test]
fn runs_over_other_clips_are_compared_on_what_they_share_and_say_so() {
    let mut window = Window::on_run();
    window.open(Slot::B, "short", 0.8, |run| {
        run.clips.truncate(100);
        run.clips[0].scored.truth = AnomalyClass::Pain;
        run.clips[0].scored.truth_ranges.clear();
    });
    window.assert_shows("Compared on the 100 clips that both runs have; 20 only in A, 0 only in B.");
    window.assert_shows("1 clips are labelled differently in B; A's labels are shown.");
}

#[test]
fn closing_and_swapping_runs_moves_them() {
    let mut window = Window::on_two();
    let name = |window: &Window, slot| window.state().open(slot).unwrap().index.run.name();
    window.click("Swap A and B");
    assert_eq!((name(&window, Slot::A), name(&window, Slot::B)), ("full".to_owned(), "lite".to_owned()));
    window.click("Close run A");
    assert_eq!(name(&window, Slot::A), "lite");
    assert!(matches!(window.state().slot(Slot::B), RunSlot::Empty));
    window.click("Close run A");
    window.assert_shows("Open a run");
}

#[test]
fn an_empty_desk_says_what_a_run_is_and_opens_one() {
    let mut window = Window::empty();
    window.assert_shows("A run is the folder that an evaluation writes");
    window.click("Open a run…");
    window.click("Start an evaluation…");
    assert_eq!(window.requests(), [Request::ChooseRun(Slot::A), Request::StartEvaluation]);
    let folder = window.open(Slot::A, "typed", 0.5, |_| {});
    window.click("Close run A");
    window.type_into("Folder of a run", &folder.display().to_string());
    window.press(Modifiers::NONE, Key::Enter);
    assert!(window.state().open(Slot::A).is_some());
}

#[test]
fn a_run_that_is_being_read_says_so() {
    let mut window = Window::empty();
    let progress = Some(Progress::new(0.25, Duration::from_secs(1)));
    let folder = PathBuf::from("/runs/long");
    window.harness.state_mut().state.slots[0] = RunSlot::Reading { folder, progress };
    window.settle();
    window.assert_shows("Metrics and clips appear once all steps are read.");
    window.assert_shows("long");
}

#[test]
fn a_run_that_cannot_be_opened_says_why_and_what_to_do() {
    let mut window = Window::empty();
    window.apply(EvaluateCommand::OpenRun(Slot::A, Path::new("/runs/nothing").to_owned()));
    window.assert_shows("The run cannot be opened");
    window.assert_shows("/runs/nothing/run.json");
    window.click("Open another run…");
    assert_eq!(window.requests(), [Request::ChooseRun(Slot::A)]);
}

#[test]
fn what_has_to_be_known_of_a_run_is_said() {
    let mut window = Window::empty();
    window.open(Slot::A, "untrained", 0.2, |run| {
        run.about.is_trained = false;
        run.about.unknown_labels.insert("riot".to_owned(), 3);
        run.clips[5].scored.scores.0[0] = f64::NAN;
    });
    window.assert_shows("Untrained weights");
    window.assert_shows("3 rows are labelled \"riot\"");
    window.assert_shows("1 clip set aside");
    window.click("1 clip could not be scored");
    window.assert_shows("this is not a media file");
}

#[test]
fn an_evaluation_shows_its_progress_and_opens_its_run() {
    let mut window = Window::on_run();
    window.harness.state_mut().evaluation_news(EvaluationNews::Started { name: "night.csv".to_owned() });
    let progress = Progress::new(0.5, Duration::from_secs(10));
    window.harness.state_mut().evaluation_news(EvaluationNews::Progress(progress));
    window.settle();
    window.assert_shows("Evaluating night.csv 50 %, 10 s left");
    window.click("Cancel the evaluation");
    assert_eq!(window.requests(), [Request::CancelEvaluation]);
    let folder = window.folder.path().join("lite");
    window.harness.state_mut().evaluation_news(EvaluationNews::Done(folder));
    window.settle();
    assert!(window.state().open(Slot::B).is_some());
}

#[test]
fn every_control_has_a_name() {
    let mut window = Window::on_two();
    window.press(Modifiers::NONE, Key::ArrowDown);
    let controls = [
        Role::Button,
        Role::CheckBox,
        Role::Slider,
        Role::ComboBox,
        Role::TextInput,
        Role::SpinButton,
        Role::RadioButton,
    ];
    for view in [CurveView::PrAndRoc, CurveView::Alarms, CurveView::Reliability] {
        window.apply(EvaluateCommand::ShowCurves(view));
        for node in window.harness.root().children_recursive() {
            let node = node.accesskit_node();
            let is_named = node.label().is_some_and(|label| label.chars().any(char::is_alphanumeric));
            assert!(!controls.contains(&node.role()) || is_named, "{:?} {:?}", node.role(), node.label());
        }
    }
}

#[test]
fn nothing_lies_outside_the_window_at_either_size_in_either_theme() {
    for size in [LARGE, SMALL] {
        for theme_of in [Theme::Dark, Theme::Light] {
            let mut window = Window::of(size, theme_of);
            window.open(Slot::A, "lite", 0.45, |_| {});
            window.open(Slot::B, "full", 0.8, |_| {});
            window.press(Modifiers::NONE, Key::ArrowDown);
            let place = window.state().selected.unwrap();
            window.apply(EvaluateCommand::SetNote(place, "glare on the lens, and what is heard is faint ".repeat(9)));
            window.apply(EvaluateCommand::Correct(place, Some(AnomalyClass::PoliceSiren)));
            for table in [TableView::Matrix, TableView::Classes, TableView::Comparison] {
                window.apply(EvaluateCommand::ShowTable(table));
                let screen = eframe::egui::Rect::from_min_size(eframe::egui::Pos2::ZERO, size);
                for node in window.harness.root().children_recursive() {
                    let name = node.accesskit_node().label().unwrap_or_default();
                    let in_views = VIEWS.iter().any(|view| name.starts_with(view))
                        || name.contains("B − A")
                        || name == "To Review";
                    assert!(!in_views || screen.contains_rect(node.rect()), "{name} at {:?} of {size}", node.rect());
                }
            }
            let picture = window.harness.render().unwrap();
            let ground = picture.get_pixel(picture.width() / 2, 2).0;
            let is_light = window.harness.ctx.global_style().visuals.dark_mode != (theme_of == Theme::Light);
            assert!(is_light, "{ground:?}");
        }
    }
}
