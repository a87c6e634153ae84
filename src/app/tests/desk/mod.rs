//! The window, used as a person would: by keys, by the names of its buttons, and by what can be read in it. It is
//! drawn without a display, and sound goes nowhere.

mod comparing;
mod deciding;
mod evaluate;
mod handing_over;
mod keys;
mod letters;
mod looks;
mod present;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use avar_analysis::NetworkChoice;
use avar_app::command::{Action, Command};
use avar_app::keymap::KeyMap;
use avar_app::state::{FileDigest, OpeningStage, ScoreStatus};
use avar_app::{DeskApp, DeskOptions, scenes};
use avar_base::job::Progress;
use avar_base::time::FrameIndex;
use avar_labels::AnomalyClass;
use avar_log::LogPlace;
use avar_media::OpenedMedia;
use avar_model::Preset;
use avar_model::card::UNTRAINED_WARNING;
use avar_playback::{AudioOutput, PlayerOptions};
use eframe::egui::accesskit::Role;
use eframe::egui::{self, Event, Key, Modifiers, OutputCommand, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use sha2::{Digest, Sha256};

const SIZE: Vec2 = egui::vec2(1280.0, 800.0);
const CLIP_S: u32 = 3;
const FRAMES: u32 = CLIP_S * avar_testing::RATE_HZ;

/// The window with the recordings that it was opened on.
struct Window {
    harness: Harness<'static, DeskApp>,
    folder: tempfile::TempDir,
}

impl Window {
    fn on(files: impl FnOnce(&Path) -> Vec<PathBuf>) -> Self {
        Self::keeping_scores(false, files)
    }

    /// Where scores are kept, an analysis can give way to another and go on later.
    fn keeping_scores(keeps_scores: bool, files: impl FnOnce(&Path) -> Vec<PathBuf>) -> Self {
        Self::in_its_folder(tempfile::tempdir().unwrap(), keeps_scores, files)
    }

    /// Once more, where a window was before.
    fn in_folder(folder: tempfile::TempDir, files: impl FnOnce(&Path) -> Vec<PathBuf>) -> Self {
        Self::in_its_folder(folder, false, files)
    }

    fn in_its_folder(folder: tempfile::TempDir, keeps_scores: bool, files: impl FnOnce(&Path) -> Vec<PathBuf>) -> Self {
        let player = PlayerOptions { output: AudioOutput::Silent, ..PlayerOptions::default() };
        // What is tested must not depend on what was learned.
        let network = NetworkChoice::untrained(Preset::Lite);
        let log = LogPlace::File(folder.path().join("avar.log"));
        let journals = keeps_scores.then(|| folder.path().join("scores"));
        let author = "analyst".to_owned();
        let settings = Some(folder.path().join("settings.json"));
        let files = files(folder.path());
        let options = DeskOptions { files, player, network, journals, log, author, settings };
        let harness = Harness::builder().with_size(SIZE).wgpu().build_eframe(|cc| DeskApp::new(cc, options));
        let mut window = Self { harness, folder };
        window.settle();
        window
    }

    /// As a user closes it; gives back where it was.
    fn close(mut self) -> tempfile::TempDir {
        eframe::App::on_exit(self.harness.state_mut());
        self.folder
    }

    fn empty() -> Self {
        Self::on(|_| Vec::new())
    }

    /// On a clip of three seconds with sound.
    fn on_clip() -> Self {
        Self::on(|folder| vec![clip(folder, "clip.mp4")])
    }

    /// Until all is opened and analysed, and what is on screen is drawn. What a click asks for is done at the end of
    /// a frame and seen in the next one.
    fn settle(&mut self) {
        self.harness.run_steps(2);
        scenes::settle(&mut self.harness).unwrap();
        self.harness.run_steps(2);
    }

    fn press(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.settle();
    }

    /// A key that prints something comes as a key and as a text in one frame, as window systems have it.
    fn type_text(&mut self, text: &str) {
        for character in text.chars() {
            let key = Key::from_name(&character.to_ascii_uppercase().to_string());
            let event = |pressed| {
                let event =
                    |key| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers: Modifiers::NONE };
                key.map(event)
            };
            let down = event(true).into_iter().chain([Event::Text(character.to_string())]);
            self.harness.input_mut().events.extend(down.chain(event(false)));
            self.harness.step();
        }
        self.settle();
    }

    fn click(&mut self, name: &str) {
        self.harness.get_by_label(name).click();
        self.settle();
    }

    fn texts(&self) -> Vec<String> {
        let nodes = self.harness.root().children_recursive();
        nodes.filter(|node| node.accesskit_node().role() == Role::Label).filter_map(|node| node.value()).collect()
    }

    fn shows(&self, text: &str) -> bool {
        self.texts().iter().any(|shown| shown.contains(text))
    }

    #[track_caller]
    fn assert_shows(&self, text: &str) {
        assert!(self.shows(text), "no \"{text}\" among {:#?}", self.texts());
    }

    #[track_caller]
    fn assert_on_frame(&self, frame: u32) {
        self.assert_shows(&format!("frame {frame} of {FRAMES}"));
    }

    fn has(&self, name: &str) -> bool {
        self.harness.query_all_by_label(name).next().is_some()
    }

    fn status(&self) -> Option<ScoreStatus> {
        self.harness.state().desk.state.recording().map(|recording| recording.review.status.clone())
    }

    fn picture(&mut self) -> image::RgbaImage {
        self.harness.run_steps(2);
        self.harness.render().unwrap()
    }

    /// Puts scores into place by which steps 4 and 5 are a crash and steps 8 to 10 a siren.
    fn plant_events(&mut self) {
        let state = &mut self.harness.state_mut().desk.state;
        for step in &mut state.queue[0].review.scores.as_mut().unwrap().steps {
            let class = match step.step {
                4 | 5 => AnomalyClass::Crash,
                8..=10 => AnomalyClass::PoliceSiren,
                _ => AnomalyClass::Normal,
            };
            step.class_scores.0.fill(0.0);
            step.class_scores.0[class.index()] = 1.0;
        }
        state.refresh_events();
        self.settle();
    }
}

fn clip(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    avar_testing::write_clip(&path, CLIP_S, true);
    path
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

#[test]
fn opening_a_clip_shows_its_first_frame_and_its_ten_scores() {
    let window = Window::on_clip();
    window.assert_on_frame(0);
    window.assert_shows("Step 0: judged by frame 0");
    window.assert_shows("Anomaly score 0.");
    for class in AnomalyClass::ALL {
        window.assert_shows(&format!("{} 0.", class.label()));
    }
}

#[test]
fn untrained_weights_are_owned_up_to_beside_the_scores() {
    Window::on_clip().assert_shows("untrained weights: these scores mean nothing");
}

#[test]
fn analysing_again_keeps_the_scores_until_there_are_new_ones() {
    let mut window = Window::on_clip();
    window.harness.key_press_modifiers(Modifiers::COMMAND, Key::R);
    let started = Instant::now();
    loop {
        window.harness.step();
        let review = &window.harness.state().desk.state.recording().unwrap().review;
        assert!(review.scores.as_ref().is_some_and(|scores| !scores.steps.is_empty()), "the curve has gone");
        if matches!(review.status, ScoreStatus::Done) && started.elapsed() > Duration::from_millis(100) {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "the analysis does not end");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// On two recordings, of which the first is long and is being analysed.
fn analysing() -> Window {
    let mut window = Window::empty();
    let (long, short) = (window.folder.path().join("long.mp4"), clip(window.folder.path(), "short.mp4"));
    avar_testing::write_clip(&long, 30, true);
    for path in [long, short] {
        window.harness.input_mut().dropped_files.push(Arc::new(Dropped(path)));
    }
    let started = Instant::now();
    let is_under_way = |window: &Window| {
        let queue = &window.harness.state().desk.state.queue;
        matches!(window.status(), Some(ScoreStatus::Running(_))) && queue[1].awaits_analysis()
    };
    while !is_under_way(&window) {
        window.harness.step();
        assert!(started.elapsed() < Duration::from_secs(60), "no analysis begins");
    }
    window
}

#[test]
fn the_recording_on_screen_is_analysed_before_one_that_had_begun() {
    let mut window = Window::keeping_scores(true, |_| Vec::new());
    let (long, short) = (window.folder.path().join("long.mp4"), clip(window.folder.path(), "short.mp4"));
    avar_testing::write_clip(&long, 40, true);
    for path in [long, short] {
        window.harness.input_mut().dropped_files.push(Arc::new(Dropped(path)));
    }
    let started = Instant::now();
    let until = |window: &mut Window, is_so: &dyn Fn(&[ScoreStatus]) -> bool| {
        while !is_so(&statuses(window)) {
            window.harness.step();
            assert!(started.elapsed() < Duration::from_secs(90), "{:?}", statuses(window));
        }
    };
    let is_under_way = |status: &ScoreStatus| matches!(status, ScoreStatus::Running(Some(at)) if at.fraction > 0.1);
    until(&mut window, &|status| matches!(status, [first, ScoreStatus::Queued] if is_under_way(first)));
    window.harness.key_press(Key::PageDown);
    until(&mut window, &|status| matches!(status, [ScoreStatus::Queued, ScoreStatus::Running(_) | ScoreStatus::Done]));
    until(&mut window, &|status| matches!(status, [ScoreStatus::Done, ScoreStatus::Done]));
    let notes = &window.harness.state().desk.state.queue[0].review.analysis.as_ref().unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("computed by an earlier run")), "it began anew: {notes:?}");
}

#[test]
fn a_dropped_folder_stands_for_the_recordings_in_it_and_one_file_has_one_row() {
    let mut window = Window::empty();
    let folder = window.folder.path().join("incident");
    std::fs::create_dir_all(folder.join("later")).unwrap();
    clip(&folder, "b.mp4");
    clip(&folder.join("later"), "a.mp4");
    std::fs::write(folder.join("remarks.txt"), "none").unwrap();
    for path in [folder.clone(), folder.join("./b.mp4")] {
        window.harness.input_mut().dropped_files.push(Arc::new(Dropped(path)));
    }
    window.settle();
    let queue = &window.harness.state().desk.state.queue;
    let names: Vec<String> = queue.iter().map(|recording| recording.name()).collect();
    assert_eq!(names, ["b.mp4", "a.mp4"]);
    window.assert_shows("In the folder incident: 1 file without the ending of a recording passed over.");
}

fn statuses(window: &Window) -> Vec<ScoreStatus> {
    let queue = &window.harness.state().desk.state.queue;
    queue.iter().map(|recording| recording.review.status.clone()).collect()
}

#[test]
fn escape_ends_no_analysis() {
    let mut window = analysing();
    for _ in 0..3 {
        window.harness.key_press(Key::Escape);
        window.harness.run_steps(2);
    }
    window.settle();
    assert!(matches!(statuses(&window)[..], [ScoreStatus::Done, ScoreStatus::Done]), "{:?}", statuses(&window));
}

#[test]
fn a_running_analysis_is_cancelled_with_all_that_wait_and_all_go_on_when_asked() {
    let mut window = analysing();
    window.press(Modifiers::COMMAND, Key::Period);
    assert!(
        matches!(statuses(&window)[..], [ScoreStatus::Cancelled, ScoreStatus::Cancelled]),
        "{:?}",
        statuses(&window)
    );
    window.assert_shows("The analysis was cancelled");
    assert_eq!(window.harness.state().desk.state.weights_warning(), UNTRAINED_WARNING, "of the scores that are kept");
    window.click("Go on with all");
    assert!(matches!(statuses(&window)[..], [ScoreStatus::Done, ScoreStatus::Done]), "{:?}", statuses(&window));
}

#[test]
fn the_arrow_keys_step_one_frame() {
    let mut window = Window::on_clip();
    window.press(Modifiers::NONE, Key::ArrowRight);
    window.assert_on_frame(1);
    window.press(Modifiers::NONE, Key::ArrowLeft);
    window.assert_on_frame(0);
}

#[test]
fn comma_and_period_step_one_frame() {
    let mut window = Window::on_clip();
    window.press(Modifiers::NONE, Key::Period);
    window.press(Modifiers::NONE, Key::Period);
    window.press(Modifiers::NONE, Key::Comma);
    window.assert_on_frame(1);
}

/// Of one colour, coded as an HDR camera would; `None`, with a note, where the ffmpeg command line cannot make it.
fn hdr_clip(folder: &Path, name: &str, curve: &str) -> Option<PathBuf> {
    let path = folder.join(name);
    let coding =
        "-c:v libx265 -x265-params log-level=none -pix_fmt yuv420p10le -color_primaries bt2020 -colorspace bt2020nc";
    let output = std::process::Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", "color=0xb07050:s=160x120:r=5:d=1"])
        .args(coding.split_whitespace())
        .args(["-color_trc", curve])
        .arg(&path)
        .output();
    match output {
        Ok(output) if output.status.success() => Some(path),
        _ => {
            avar_testing::skip("no ffmpeg that encodes HDR");
            None
        }
    }
}

#[test]
fn an_hdr_picture_is_drawn_as_it_is_exported() {
    for curve in ["smpte2084", "arib-std-b67"] {
        let mut window = Window::on(|folder| hdr_clip(folder, "hdr.mp4", curve).into_iter().collect());
        let Some(media) = window.harness.state().desk.state.media().cloned() else { return };
        window.assert_shows("tone-mapped to SDR");
        let mut reader = avar_media::VideoReader::open(&media.info.path, media.frames.unwrap()).unwrap();
        let exported = reader.next().unwrap().unwrap().to_rgb8().unwrap();
        let expected = &exported.bytes[(60 * 160 + 80) * 3..][..3];
        let middle = window.harness.state().desk.picture_panel.y / 2.0;
        let drawn = window.picture().get_pixel(640, 36 + middle as u32).0;
        let off = |channel: usize| i32::from(drawn[channel]).abs_diff(i32::from(expected[channel]));
        assert!((0..3).all(|channel| off(channel) <= 3), "{curve}: {drawn:?} drawn, {expected:?} exported");
        assert!(expected[0] > 60, "{curve}: {expected:?} is too dark to tell anything");
    }
}

#[test]
fn a_ramp_of_ten_bits_is_drawn_without_contours() {
    let ramp = |folder: &Path| {
        let path = folder.join("ramp.mkv");
        let ramp = "color=gray:s=160x120:r=5:d=1,format=yuv420p10le,geq=lum='64+X*5':cb=512:cr=512";
        let output = std::process::Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", ramp, "-c:v", "ffv1"])
            .arg(&path)
            .output();
        let is_made = output.is_ok_and(|output| output.status.success());
        if !is_made {
            avar_testing::skip("no ffmpeg that encodes FFV1");
        }
        is_made.then_some(path).into_iter().collect()
    };
    let mut window = Window::on(ramp);
    if window.harness.state().desk.state.media().is_none() {
        return;
    }
    let panel = window.harness.state().desk.picture_panel;
    let picture = window.picture();
    // Four to three, as high as the panel.
    let width = panel.y * 160.0 / 120.0;
    let (left, y) = (SIZE.x / 2.0 - width / 2.0, 36 + (panel.y / 2.0) as u32);
    let columns = (left + 8.0) as u32..(left + width - 8.0) as u32;
    let row: Vec<[u8; 3]> = columns.map(|x| picture.get_pixel(x, y).0).map(|[r, g, b, _]| [r, g, b]).collect();
    let step = |pair: &[[u8; 3]]| i32::from(pair[1][1]) - i32::from(pair[0][1]);
    assert!(row.windows(2).all(|pair| (-1..=3).contains(&step(pair))), "{row:?}");
    let tint = |pixel: &[u8; 3]| pixel.iter().max().unwrap() - pixel.iter().min().unwrap();
    assert!(row.iter().all(|pixel| tint(pixel) <= 2), "{row:?}");
    assert!(row[row.len() - 1][1] > row[0][1] + 150, "{row:?}");
}

#[test]
fn what_a_file_holds_is_reported_with_its_digest() {
    let window = Window::on_clip();
    window.assert_shows("75, 25.000 a second, constant");
    window.assert_shows("aac 48000 Hz, 1 ch");
    let path = window.folder.path().join("clip.mp4");
    let digest = Sha256::digest(std::fs::read(path).unwrap());
    window.assert_shows(&avar_base::files::hexadecimal(digest));
}

#[test]
fn opposite_polarity_and_samples_that_are_no_numbers_are_said_once_each() {
    let opposite = |folder: &Path| {
        let path = folder.join("opposite.wav");
        let mut tone: Vec<f32> = (0..3).flat_map(|second| avar_testing::tone(second, 16_000)).collect();
        tone[24_000] = f32::NAN;
        let turned = tone.iter().map(|sample| -sample).collect();
        avar_testing::write_float_wav(&path, &[tone, turned], 16_000);
        vec![path]
    };
    let window = Window::on(opposite);
    for note in ["opposite polarity and would cancel each other for 3.00 s", "is not a finite number (1.50 s after"] {
        assert_eq!(window.harness.query_all_by_label_contains(note).count(), 1, "{note}");
    }
}

#[test]
fn a_digest_that_could_not_be_computed_is_not_announced_for_ever() {
    let mut window = Window::on_clip();
    window.harness.state_mut().desk.state.queue[0].digest = FileDigest::Failed;
    window.harness.run_steps(2);
    window.assert_shows("not known: the file could not be read");
    assert!(!window.shows("being computed"));
}

#[test]
fn a_file_that_is_still_being_indexed_is_shown_as_far_as_it_is() {
    let mut window = Window::on_clip();
    let desk = &mut window.harness.state_mut().desk;
    let recording = &mut desk.state.queue[0];
    let whole = recording.media().unwrap().clone();
    let part = whole.frames.as_ref().unwrap().as_ref().clone().first_part(50);
    recording.stage = OpeningStage::Ready(OpenedMedia { frames: Some(Arc::new(part)), ..whole });
    recording.indexing = Some(Progress::new(0.5, Duration::from_secs(20)));
    for beyond in ["60", "0:02.5"] {
        window.harness.state_mut().desk.apply(Command::GoToText(beyond.to_owned()));
        window.harness.run_steps(2);
        window.assert_shows("Indexed up to 0:02.000 so far");
    }
    window.assert_shows("frame 0 of 50 so far");
    window.assert_shows("The file is being indexed; the analysis follows.");
}

#[test]
fn the_picture_can_be_moved_against_the_sound() {
    let mut window = Window::on_clip();
    window.press(Modifiers::ALT, Key::Plus);
    window.press(Modifiers::ALT, Key::Plus);
    window.assert_shows("picture 20 ms later");
    (0..3).for_each(|_| window.press(Modifiers::ALT, Key::Minus));
    window.assert_shows("picture 10 ms earlier");
}

#[test]
fn another_track_of_sound_is_chosen_and_the_playhead_stays() {
    let mut window = Window::on(|folder| {
        let path = folder.join("tracks.mkv");
        let source = "-v error -nostdin -y -f lavfi -i testsrc=s=64x48:r=10:d=2 -f lavfi -i sine=300:d=2 \
                      -f lavfi -i sine=2000:d=2 -map 0 -map 1 -map 2 -c:v mpeg4 -c:a pcm_s16le";
        let made = std::process::Command::new("ffmpeg").args(source.split_whitespace()).arg(&path).status();
        made.is_ok_and(|status| status.success()).then_some(path).into_iter().collect()
    });
    if window.harness.state().desk.state.queue.is_empty() {
        return avar_testing::skip("no ffmpeg");
    }
    window.harness.get_by_label("Sound track").scroll_to_me();
    window.press(Modifiers::SHIFT, Key::ArrowRight);
    window.click("Sound track");
    window.click("track 2: pcm_s16le, 1 ch");
    window.assert_shows("frame 10 of 20");
    let state = &window.harness.state().desk.state;
    assert_eq!(state.media().unwrap().info.audio.as_ref().unwrap().stream_index, 2);
    assert!(matches!(window.status(), Some(ScoreStatus::Done)), "it is analysed again, with the other sound");
}

#[test]
fn shift_and_an_arrow_key_steps_ten_frames() {
    let mut window = Window::on_clip();
    window.press(Modifiers::SHIFT, Key::ArrowRight);
    window.press(Modifiers::SHIFT, Key::ArrowRight);
    window.assert_on_frame(20);
    window.press(Modifiers::SHIFT, Key::ArrowLeft);
    window.assert_on_frame(10);
}

#[test]
fn control_and_an_arrow_key_goes_one_second() {
    let mut window = Window::on_clip();
    window.press(Modifiers::COMMAND, Key::ArrowRight);
    window.assert_on_frame(avar_testing::RATE_HZ);
}

#[test]
fn jumps_that_follow_each_other_faster_than_pictures_add_up() {
    let mut window = Window::on_clip();
    window.plant_events();
    let desk = &mut window.harness.state_mut().desk;
    desk.apply(Command::Act(Action::NextEvent));
    desk.apply(Command::Act(Action::NextEvent));
    window.settle();
    window.assert_on_frame(50);
    let desk = &mut window.harness.state_mut().desk;
    desk.apply(Command::Act(Action::SecondBack));
    desk.apply(Command::Act(Action::SecondBack));
    desk.apply(Command::Act(Action::SecondOn));
    window.settle();
    window.assert_on_frame(avar_testing::RATE_HZ);
}

#[test]
fn alt_and_an_arrow_key_goes_to_the_neighbouring_key_frame() {
    let mut window = Window::on_clip();
    let frames = window.harness.state().desk.state.media().unwrap().frames.clone().unwrap();
    let keys: Vec<u32> =
        (0..frames.len()).filter(|frame| frames.is_key(FrameIndex(*frame))).map(|frame| frame as u32).collect();
    assert!(keys.len() >= 2, "the clip has one key frame only");
    window.press(Modifiers::ALT, Key::ArrowRight);
    window.assert_on_frame(keys[1]);
    window.press(Modifiers::ALT, Key::ArrowLeft);
    window.assert_on_frame(0);
}

#[test]
fn stepping_back_from_the_first_frame_stays_there() {
    let mut window = Window::on_clip();
    window.press(Modifiers::NONE, Key::ArrowLeft);
    window.assert_on_frame(0);
}

#[test]
fn end_goes_to_the_last_frame_and_home_to_the_first() {
    let mut window = Window::on_clip();
    window.press(Modifiers::NONE, Key::End);
    window.assert_on_frame(FRAMES - 1);
    window.press(Modifiers::NONE, Key::Home);
    window.assert_on_frame(0);
}

#[test]
fn down_and_up_go_from_event_to_event() {
    let mut window = Window::on_clip();
    window.plant_events();
    window.press(Modifiers::NONE, Key::ArrowDown);
    window.assert_on_frame(25);
    window.press(Modifiers::NONE, Key::ArrowDown);
    window.assert_on_frame(50);
    window.press(Modifiers::NONE, Key::ArrowDown);
    window.assert_on_frame(50);
    window.press(Modifiers::NONE, Key::ArrowUp);
    window.assert_on_frame(25);
}

#[test]
fn a_click_on_an_event_goes_there() {
    let mut window = Window::on_clip();
    window.plant_events();
    // From frame 50 to that of step 11, which is frame 68.
    window.click("Police siren at 0:02.000 for 0.72 s, peak 1.00, unreviewed");
    window.assert_on_frame(50);
}

#[test]
fn a_threshold_line_can_be_dragged() {
    let mut window = Window::on_clip();
    let line = window.harness.get_by_label("Open threshold").rect().center();
    window.harness.drag_at(line);
    window.harness.run_steps(2);
    for offset in [4.0, 8.0, 12.0] {
        window.harness.hover_at(line - egui::vec2(0.0, offset));
        window.harness.run_steps(2);
    }
    window.harness.drop_at(line - egui::vec2(0.0, 12.0));
    window.settle();
    let onset = window.harness.state().desk.state.hysteresis.onset;
    assert!((0.6..0.75).contains(&onset), "dragged up by 12 points to {onset}");
    window.assert_on_frame(0);
}

#[test]
fn a_click_on_a_threshold_line_goes_to_that_moment_and_moves_no_threshold() {
    let mut window = Window::on_clip();
    let before = window.harness.state().desk.state.hysteresis;
    let line = window.harness.get_by_label("Open threshold").rect().center();
    window.harness.drag_at(line);
    window.harness.run_steps(1);
    window.harness.drop_at(line);
    window.settle();
    assert_eq!(window.harness.state().desk.state.hysteresis, before);
    window.assert_on_frame(37);
}

#[test]
fn raising_the_threshold_beyond_an_event_takes_it_off_the_list() {
    let mut window = Window::on_clip();
    window.plant_events();
    for step in &mut window.harness.state_mut().desk.state.queue[0].review.scores.as_mut().unwrap().steps {
        if step.step == 4 || step.step == 5 {
            step.class_scores.0[AnomalyClass::Crash.index()] = 0.505;
            step.class_scores.0[AnomalyClass::Normal.index()] = 0.495;
        }
    }
    let has_crash = |window: &Window| window.harness.query_by_label_contains("Crash at").is_some();
    window.press(Modifiers::ALT, Key::ArrowDown);
    assert!(has_crash(&window));
    window.press(Modifiers::ALT, Key::ArrowUp);
    window.press(Modifiers::ALT, Key::ArrowUp);
    assert!(!has_crash(&window));
}

#[test]
fn alt_up_and_alt_down_move_the_threshold_by_a_hundredth() {
    let mut window = Window::on_clip();
    window.assert_shows("Events from 0.50");
    window.press(Modifiers::ALT, Key::ArrowUp);
    window.assert_shows("Events from 0.51");
    window.press(Modifiers::ALT, Key::ArrowDown);
    window.press(Modifiers::ALT, Key::ArrowDown);
    window.assert_shows("Events from 0.49");
}

#[test]
fn v_hides_the_overlay_and_shows_it_again() {
    let mut window = Window::on_clip();
    let with = window.picture();
    window.press(Modifiers::NONE, Key::V);
    let without = window.picture();
    window.press(Modifiers::NONE, Key::V);
    let again = window.picture();
    let area = |picture: &image::RgbaImage| -> Vec<u8> {
        image::imageops::crop_imm(picture, 300, 200, 400, 240).to_image().into_raw()
    };
    assert!(area(&with) != area(&without), "nothing was hidden");
    assert!(area(&with) == area(&again), "it did not come back");
}

#[test]
fn the_picture_on_screen_is_the_frame_in_its_colours() {
    let mut window = Window::on_clip();
    window.press(Modifiers::NONE, Key::V);
    let bluish = window.picture().get_pixel(640, 100).0;
    window.press(Modifiers::COMMAND, Key::ArrowRight);
    let brownish = window.picture().get_pixel(640, 100).0;
    assert!(bluish[2] > bluish[0] + 15, "frame 0 should be bluish: {bluish:?}");
    assert!(brownish[0] > brownish[2] + 60, "frame 25 should be brownish: {brownish:?}");
}

#[test]
fn question_mark_lists_every_action_that_has_a_key() {
    let mut window = Window::on_clip();
    window.press(Modifiers::SHIFT, Key::Questionmark);
    let texts = window.texts();
    let is_class = |action: &Action| matches!(action, Action::AssignClass(_));
    assert!(texts.iter().any(|text| text == "1 to 9, 0"), "the ten classes have one row");
    let keys = KeyMap::default();
    for action in Action::ALL.into_iter().filter(|action| !is_class(action) && *action != Action::Close) {
        let key = Some(keys.key_text(action)).filter(|key| !key.is_empty()).unwrap_or_else(|| "–".to_owned());
        assert!(window.has(&format!("{}: {key}", action.label())), "{action:?}: no \"{key}\"");
        assert!(texts.iter().any(|text| text == action.label()), "{action:?}: no \"{}\"", action.label());
    }
}

#[test]
fn the_log_is_shown_with_a_way_to_copy_it_and_closed_by_escape() {
    let mut window = Window::on_clip();
    std::fs::write(window.folder.path().join("avar.log"), "INFO opened\nWARN something odd\n").unwrap();
    window.click(Action::ShowLog.label());
    window.assert_shows("INFO opened\nWARN something odd");
    window.assert_shows("avar.log");
    window.harness.get_by_label("Copy").click();
    let copied = |window: &mut Window| {
        window.harness.step();
        let commands = &window.harness.output().platform_output.commands;
        commands.iter().any(|command| matches!(command, OutputCommand::CopyText(text) if text.ends_with("odd\n")))
    };
    assert!((0..3).any(|_| copied(&mut window)), "nothing was copied");
    window.press(Modifiers::NONE, Key::Escape);
    assert!(!window.shows("something odd"));
}

#[test]
fn a_log_that_cannot_be_read_is_named() {
    let mut window = Window::empty();
    window.press(Modifiers::COMMAND, Key::L);
    window.assert_shows("The log cannot be read");
    window.assert_shows("avar.log");
}

#[test]
fn escape_closes_the_key_sheet() {
    let mut window = Window::on_clip();
    window.press(Modifiers::SHIFT, Key::Questionmark);
    let names_keys = |window: &Window| window.has("Open the previous file in the queue: PgUp");
    assert!(names_keys(&window));
    window.press(Modifiers::NONE, Key::Escape);
    assert!(!names_keys(&window));
}

#[test]
fn go_to_takes_a_frame() {
    let mut window = Window::on_clip();
    window.type_text("g");
    window.type_text("10");
    window.press(Modifiers::NONE, Key::Enter);
    window.assert_on_frame(10);
    assert!(!window.has("Frame or time"), "the dialog stays open");
}

#[test]
fn go_to_takes_a_time() {
    let mut window = Window::on_clip();
    window.type_text("g");
    window.type_text("0:02");
    window.press(Modifiers::NONE, Key::Enter);
    window.assert_on_frame(50);
}

#[test]
fn go_to_says_what_is_wrong_with_a_frame_past_the_end() {
    let mut window = Window::on_clip();
    window.type_text("g");
    window.type_text("75");
    window.press(Modifiers::NONE, Key::Enter);
    window.assert_shows("The last frame is 74.");
    window.assert_on_frame(0);
}

#[test]
fn typing_into_go_to_moves_no_playhead() {
    let mut window = Window::on_clip();
    window.press(Modifiers::SHIFT, Key::ArrowRight);
    window.type_text("g");
    window.type_text("jlv,. ");
    window.press(Modifiers::NONE, Key::ArrowLeft);
    window.press(Modifiers::NONE, Key::Home);
    window.assert_on_frame(10);
    let state = &window.harness.state().desk.state;
    assert!(state.view.has_overlay && !state.player.as_ref().unwrap().playing);
}

#[test]
fn escape_leaves_go_to_where_it_was() {
    let mut window = Window::on_clip();
    window.type_text("g");
    window.type_text("10");
    window.press(Modifiers::NONE, Key::Escape);
    assert!(!window.has("Frame or time"));
    window.assert_on_frame(0);
}

#[test]
fn typing_a_path_opens_the_file_and_triggers_no_key() {
    let mut window = Window::empty();
    let path = clip(window.folder.path(), "gvfz.mp4");
    window.harness.get_by_label("Path of a recording").focus();
    window.settle();
    window.type_text(path.to_str().unwrap());
    let view = &window.harness.state().desk.state.view;
    assert!(view.has_overlay && !view.is_full_screen, "a letter of the path was taken for a key");
    window.press(Modifiers::NONE, Key::Enter);
    window.assert_on_frame(0);
}

#[test]
fn a_file_dropped_on_the_window_is_opened() {
    let mut window = Window::empty();
    let path = clip(window.folder.path(), "dropped.mp4");
    window.harness.input_mut().dropped_files.push(Arc::new(Dropped(path)));
    window.settle();
    window.assert_on_frame(0);
    window.assert_shows("dropped.mp4");
}

#[test]
fn a_missing_file_is_explained_in_the_window() {
    let window = Window::on(|folder| vec![folder.join("missing.mp4")]);
    window.assert_shows("there is no such file");
    window.assert_shows("missing.mp4");
}

#[test]
fn a_file_that_appears_can_be_opened_by_trying_again() {
    let mut window = Window::on(|folder| vec![folder.join("late.mp4")]);
    clip(window.folder.path(), "late.mp4");
    window
        .harness
        .get_by(|node| node.role() == Role::Button && node.label().is_some_and(|label| label == "Try again"))
        .click();
    window.settle();
    window.assert_on_frame(0);
}

#[test]
fn a_failed_file_can_be_taken_off_the_queue() {
    let mut window = Window::on(|folder| vec![folder.join("missing.mp4")]);
    window.click("Remove missing.mp4 from the queue");
    window.assert_shows("Drop a recording here");
}

#[test]
fn a_good_file_opens_after_a_bad_one() {
    let mut window = Window::on(|folder| vec![folder.join("missing.mp4")]);
    let path = clip(window.folder.path(), "good.mp4");
    window.harness.input_mut().dropped_files.push(Arc::new(Dropped(path)));
    window.settle();
    window.assert_on_frame(0);
}

#[test]
fn every_notice_can_be_read_and_dismissed() {
    let mut window = Window::on_clip();
    let notices = ["The first trouble.", "The second trouble."].map(str::to_owned);
    window.harness.state_mut().desk.state.notices.extend(notices);
    window.settle();
    window.assert_shows("The first trouble.");
    window.harness.get_all_by_label("Dismiss").next().unwrap().click();
    window.settle();
    assert!(!window.shows("The first trouble."));
    window.assert_shows("The second trouble.");
    window.click("Dismiss");
    assert!(!window.shows("The second trouble."));
}

#[test]
fn the_queue_is_put_in_order_when_asked_and_what_is_on_screen_stays() {
    let mut window = Window::on(|folder| ["a.mp4", "b.mp4", "c.mp4"].map(|name| clip(folder, name)).to_vec());
    let names = |window: &Window| -> Vec<String> {
        window.harness.state().desk.state.queue.iter().map(|recording| recording.name()).collect()
    };
    let state = &mut window.harness.state_mut().desk.state;
    for (recording, normal) in state.queue.iter_mut().zip([0.9, 0.1, 0.5]) {
        for step in &mut recording.review.scores.as_mut().unwrap().steps {
            step.class_scores.0.fill(0.0);
            step.class_scores.0[AnomalyClass::Normal.index()] = normal;
            step.class_scores.0[AnomalyClass::Crash.index()] = 1.0 - normal;
        }
    }
    state.refresh_events();
    window.settle();
    window.click("What to do with the queue");
    window.click("Highest score first");
    assert_eq!(names(&window), ["b.mp4", "c.mp4", "a.mp4"]);
    assert_eq!(window.harness.state().desk.state.recording().unwrap().name(), "a.mp4");
    window.press(Modifiers::ALT, Key::PageUp);
    assert_eq!(names(&window), ["b.mp4", "a.mp4", "c.mp4"]);
    window.press(Modifiers::ALT, Key::PageDown);
    window.press(Modifiers::ALT, Key::PageDown);
    assert_eq!(names(&window), ["b.mp4", "c.mp4", "a.mp4"]);
    window.click("What to do with the queue");
    window.click("Order as added");
    assert_eq!(names(&window), ["a.mp4", "b.mp4", "c.mp4"]);
    window.click("What to do with the queue");
    window.click(Action::ClearQueue.label());
    assert!(names(&window).is_empty());
}

#[test]
fn no_analysis_begins_while_they_are_paused() {
    let mut window = Window::empty();
    window.press(Modifiers::COMMAND, Key::H);
    let path = clip(window.folder.path(), "clip.mp4");
    window.harness.state_mut().desk.apply(Command::OpenPaths(vec![path]));
    let started = Instant::now();
    while !window.shows("The analyses are paused.") {
        assert!(started.elapsed() < Duration::from_secs(20), "{:#?}", window.texts());
        window.harness.step();
        std::thread::sleep(Duration::from_millis(5));
    }
    window.assert_shows("paused, 0 of 1 analysed");
    assert!(matches!(window.status(), Some(ScoreStatus::Queued)));
    window.harness.get_by_label("Go on").click();
    window.settle();
    assert!(matches!(window.status(), Some(ScoreStatus::Done)));
}

#[test]
fn page_down_and_page_up_go_through_the_queue() {
    let mut window = Window::on(|folder| vec![clip(folder, "one.mp4"), clip(folder, "two.mp4")]);
    let shown = |window: &Window| window.harness.state().desk.state.recording().unwrap().name();
    assert_eq!(shown(&window), "one.mp4");
    window.press(Modifiers::NONE, Key::PageDown);
    assert_eq!(shown(&window), "two.mp4");
    window.press(Modifiers::NONE, Key::PageUp);
    assert_eq!(shown(&window), "one.mp4");
}

#[test]
fn a_button_does_what_its_name_says() {
    let mut window = Window::on_clip();
    window.click(Action::FrameOn.label());
    window.assert_on_frame(1);
    window.click(Action::GoToEnd.label());
    window.assert_on_frame(FRAMES - 1);
    window.click(Action::GoToStart.label());
    window.assert_on_frame(0);
}

#[test]
fn space_plays_and_pauses() {
    let mut window = Window::on_clip();
    let is_playing = |window: &Window| window.harness.state().desk.state.player.as_ref().unwrap().playing;
    window.harness.key_press(Key::Space);
    window.harness.run_steps(2);
    assert!(is_playing(&window));
    window.harness.key_press(Key::Space);
    window.harness.run_steps(2);
    assert!(!is_playing(&window));
}

#[test]
fn space_on_a_focused_button_presses_it_and_does_not_play() {
    let mut window = Window::on_clip();
    window.harness.get_by_label(Action::ToggleOverlay.label()).focus();
    window.settle();
    window.press(Modifiers::NONE, Key::Space);
    let state = &window.harness.state().desk.state;
    assert!(!state.view.has_overlay, "the button was not pressed");
    assert!(!state.player.as_ref().unwrap().playing, "it plays as well");
}

#[test]
fn an_arrow_key_on_a_focused_slider_moves_it_and_no_playhead() {
    let mut window = Window::on_clip();
    let slider = |node: &egui_kittest::kittest::AccessKitNode<'_>| node.role() == Role::Slider;
    window.harness.get_by(|node| slider(node) && node.label().is_some_and(|label| label == "Volume")).focus();
    window.settle();
    window.press(Modifiers::NONE, Key::ArrowLeft);
    window.press(Modifiers::NONE, Key::ArrowRight);
    window.assert_on_frame(0);
}

#[test]
fn a_recording_without_a_picture_says_so_and_shows_its_scores() {
    let window = Window::on(|folder| {
        let path = folder.join("sound.wav");
        avar_testing::write_wav(
            &path,
            &[avar_testing::tone(0, 16_000), avar_testing::tone(1, 16_000)].concat(),
            16_000,
        );
        vec![path]
    });
    window.assert_shows("No picture");
    window.assert_shows("Step 0: judged by the sound alone");
}

#[test]
fn every_button_slider_and_field_has_a_name_in_words() {
    let mut windows = [
        ("the empty desk", Window::empty()),
        ("a clip", Window::on_clip()),
        ("a missing file", Window::on(|folder| vec![folder.join("missing.mp4")])),
        ("the key sheet", Window::on_clip()),
        ("go to", Window::on_clip()),
    ];
    windows[3].1.press(Modifiers::SHIFT, Key::Questionmark);
    windows[4].1.type_text("g");
    for (name, window) in &windows {
        let harness = &window.harness;
        assert!(harness.unnamed_widgets().is_empty(), "{name}: {:?}", harness.unnamed_widgets());
        let is_input = |role: Role| matches!(role, Role::Button | Role::Slider | Role::TextInput | Role::CheckBox);
        let nodes =
            harness.root().children_recursive().map(|node| node.accesskit_node()).filter(|node| is_input(node.role()));
        let nameless: Vec<_> =
            nodes.filter(|node| !in_words(&node.label().unwrap_or_default())).map(|node| node.label()).collect();
        assert!(nameless.is_empty(), "{name}: {nameless:?}");
    }
}

/// A glyph of an icon font is no name.
fn in_words(name: &str) -> bool {
    name.chars().any(|c| c.is_ascii_alphanumeric())
}

#[test]
fn the_desk_is_dark_at_first_and_light_on_request() {
    let mut window = Window::on_clip();
    // Where nothing is written, at the foot of the left side.
    let brightness =
        |window: &mut Window| window.picture().get_pixel(20, 520).0[..3].iter().map(|v| u32::from(*v)).sum::<u32>();
    let dark = brightness(&mut window);
    window.press(Modifiers::COMMAND, Key::D);
    let light = brightness(&mut window);
    assert!(dark < 200 && light > 600, "dark {dark}, light {light}");
    window.press(Modifiers::COMMAND, Key::D);
    assert_eq!(brightness(&mut window), dark);
}

#[test]
fn the_light_desk_says_the_same_as_the_dark_one() {
    let mut window = Window::on_clip();
    let dark = window.texts();
    window.click(Action::ToggleTheme.label());
    assert_eq!(window.texts(), dark);
}

#[test]
fn a_narrow_window_keeps_every_transport_button() {
    let mut window = Window::on_clip();
    window.harness.set_size(egui::vec2(960.0, 600.0));
    window.settle();
    for action in [Action::PlayPause, Action::FrameBack, Action::FrameOn, Action::ToggleOverlay, Action::LoopRange] {
        let bounds = window.harness.get_by_label(action.label()).rect();
        assert!(bounds.left() >= 0.0 && bounds.right() <= 960.0 && bounds.bottom() <= 600.0, "{action:?}: {bounds:?}");
    }
}

#[test]
fn the_overview_moves_what_the_lanes_show_and_is_a_ruler_where_they_show_all() {
    let mut window = Window::on_clip();
    let view = |window: &Window| window.harness.state().desk.state.timeline().unwrap().0;
    let middle_s = |window: &Window| view(window).start.seconds() + view(window).duration_s() / 2.0;
    window.click("Overview");
    let position = window.harness.state().desk.state.position().unwrap();
    assert!((position.seconds() - 1.5).abs() < 0.1, "a click goes there: {position:?}");
    window.press(Modifiers::NONE, Key::Home);
    window.press(Modifiers::NONE, Key::Plus);
    window.press(Modifiers::NONE, Key::Plus);
    let before = view(&window);
    window.click("Overview");
    assert_eq!(view(&window).duration_s(), before.duration_s());
    assert!((middle_s(&window) - 1.5).abs() < 0.1 && before != view(&window), "{:?}", view(&window));
    assert_eq!(window.harness.state().desk.state.position().unwrap().seconds(), 0.0, "looking moves nothing");
}

#[test]
fn the_queue_of_last_time_comes_back_when_asked_and_not_before() {
    let window = Window::on(|folder| vec![clip(folder, "a.mp4"), clip(folder, "b.mp4")]);
    let window = Window::in_folder(window.close(), |_| Vec::new());
    assert_eq!(window.harness.state().desk.state.queue.len(), 0);
    // A window in which nothing was opened forgets nothing.
    let mut window = Window::in_folder(window.close(), |_| Vec::new());
    window.click("Go on with the last 2 recordings");
    let names: Vec<String> = window.harness.state().desk.state.queue.iter().map(|recording| recording.name()).collect();
    assert_eq!(names, ["a.mp4", "b.mp4"]);
    window.assert_on_frame(0);
}

#[test]
fn without_a_queue_of_last_time_there_is_nothing_to_go_on_with() {
    let mut window = Window::empty();
    assert!(window.harness.query_all_by_label_contains("Go on with").next().is_none());
    window.press(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::O);
    window.assert_shows("No queue of last time is remembered.");
}
