//! Frames, clips and annotations that leave the desk.

use super::*;

fn size(path: &Path) -> (u32, u32) {
    let picture = image::open(path).unwrap();
    (picture.width(), picture.height())
}

fn bytes(path: &Path) -> Vec<u8> {
    image::open(path).unwrap().to_rgb8().into_raw()
}

#[test]
fn the_frame_on_screen_is_saved_clean_and_with_words() {
    let mut window = Window::on_clip();
    window.press(Modifiers::SHIFT, Key::ArrowRight);
    window.press(Modifiers::NONE, Key::C);
    window.assert_shows("The frame is saved: ");
    let [clean, told] = ["frame-000010.png", "frame-000010.words.png"]
        .map(|ending| window.folder.path().join(format!("clip.mp4.{ending}")));
    window.press(Modifiers::SHIFT, Key::C);
    assert_eq!((size(&clean), size(&told)), ((160, 120), (160, 120)));
    let media = avar_media::open(&window.folder.path().join("clip.mp4"), &Default::default(), |_| {}).unwrap();
    let mut reader = avar_media::VideoReader::open(&media.info.path, media.frames.unwrap()).unwrap();
    let frame = reader.seek_exact(FrameIndex(10)).unwrap();
    assert_eq!(bytes(&clean), frame.to_rgb8().unwrap().bytes);
    assert_ne!(bytes(&clean), bytes(&told));
}

#[test]
fn the_frame_on_screen_is_copied() {
    let mut window = Window::on_clip();
    window.harness.key_press_modifiers(Modifiers::ALT, Key::C);
    let started = Instant::now();
    loop {
        window.harness.step();
        let commands = &window.harness.output().platform_output.commands;
        let picture = commands.iter().find_map(|command| match command {
            OutputCommand::CopyImage(picture) => Some(picture.size),
            _ => None,
        });
        if picture.is_some() {
            assert_eq!(picture, Some([160, 120]));
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "nothing is copied: {:#?}", window.texts());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_clip_is_cut_from_in_to_out_point() {
    let mut window = Window::on_clip();
    window.press(Modifiers::NONE, Key::E);
    window.assert_shows("Choose an event, or set in and out point (I, O).");
    window.press(Modifiers::NONE, Key::Escape);
    window.press(Modifiers::SHIFT, Key::ArrowRight);
    window.press(Modifiers::NONE, Key::I);
    window.press(Modifiers::SHIFT, Key::ArrowRight);
    window.press(Modifiers::SHIFT, Key::ArrowRight);
    window.press(Modifiers::NONE, Key::O);
    window.press(Modifiers::NONE, Key::E);
    window.assert_shows("Frames 10 to 29, in to out point, with their sound.");
    window.click("Write the clip");
    window.assert_shows("The clip is written: ");
    let clip = window.folder.path().join("clip.mp4.clip.mp4");
    let media = avar_media::open(&clip, &Default::default(), |_| {}).unwrap();
    assert_eq!(media.frames.unwrap().len(), 20);
}
