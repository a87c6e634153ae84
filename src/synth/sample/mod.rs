//! The bundled sample: twelve seconds of a street at dusk in which a car hits a lamp post.
//!
//! Drawn and synthesised here, so that the program can be tried without footage of anybody. The same
//! FFmpeg writes the same bytes each time. [`EVENT`] says when the incident happens.

mod camera;
mod car;
mod crash;
mod lamp;
mod person;
mod scene;
mod soundtrack;
mod timeline;

use std::path::Path;

use tiny_skia::Pixmap;

use crate::drawing::canvas::{Canvas, Ink};
use crate::drawing::lettering::{stamp, stamp_width_px};
use avar_base::time::{MediaTime, TimeRange};
use avar_media::{AudioFormat, ClipSpec, ClipWriter, MediaError};
use camera::Camera;
use crash::Crash;
use lamp::Lamp;
use timeline::{ALARM_S, BRAKE_S, IMPACT_LAMP_X_PX, IMPACT_S, LAMP_FOOT_Y_PX};

/// Of its picture, across.
pub const WIDTH_PX: u32 = 640;
/// Of its picture, down.
pub const HEIGHT_PX: u32 = 360;
/// Frames in a second, all shown equally long.
pub const FRAME_RATE_HZ: u32 = 25;
/// Of the sound, which is mono.
pub const RATE_HZ: u32 = 48_000;
/// From its first frame to the end of its last.
pub const DURATION_S: u32 = 12;
/// From the squeal of the brakes to the end of the alarm.
pub const EVENT: TimeRange = TimeRange { start: moment(BRAKE_S), end: moment(ALARM_S.end) };
/// When the car hits the post: the start of the frame with the flash.
pub const IMPACT: MediaTime = moment(IMPACT_S);

/// As fine as 400 KB allow.
const CRF: u8 = 23;
const SMOKE_S: f32 = 7.0;

/// Draws, synthesises and encodes the clip to `path`, replacing what is there.
pub fn write_sample(path: &Path) -> Result<(), MediaError> {
    let audio = Some(AudioFormat { rate_hz: RATE_HZ, channels: 1 });
    let spec = ClipSpec { width_px: WIDTH_PX, height_px: HEIGHT_PX, rate_hz: FRAME_RATE_HZ, audio, crf: CRF };
    let mut writer = ClipWriter::create(path, &spec)?;
    let samples = soundtrack::synthesise();
    let mut film = Film::new();
    for (frame, sound) in samples.chunks((RATE_HZ / FRAME_RATE_HZ) as usize).enumerate() {
        writer.push_rgb(&film.picture(frame as u32))?;
        writer.push_audio(sound)?;
    }
    writer.finish()
}

/// To the millisecond.
const fn moment(time_s: f32) -> MediaTime {
    MediaTime::from_nanoseconds((time_s as f64 * 1e3 + 0.5) as i64 * 1_000_000)
}

/// The set, with everything that stays the same drawn already.
struct Film {
    street: Pixmap,
    canvas: Pixmap,
    other_lamp: Lamp,
    crash: Crash,
    camera: Camera,
}

impl Film {
    fn new() -> Self {
        let mut street = Pixmap::new(WIDTH_PX, HEIGHT_PX).expect("the size is a constant above zero");
        scene::draw_street(&mut street);
        let other_lamp = timeline::other_lamp();
        other_lamp.draw_pool(&mut Canvas::new(&mut street));
        let impact_px = (IMPACT_LAMP_X_PX - 4.0, LAMP_FOOT_Y_PX - 15.0);
        let crash = Crash::new(impact_px, LAMP_FOOT_Y_PX + 10.0, SMOKE_S, 0xC0111DE);
        Self { canvas: street.clone(), street, other_lamp, crash, camera: Camera::new(0xCA3) }
    }

    /// R, G, B bytes of a frame; frames must be asked for in order, for the camera's noise runs on.
    fn picture(&mut self, frame: u32) -> Vec<u8> {
        let time_s = frame as f32 / FRAME_RATE_HZ as f32;
        let since_impact_s = time_s - IMPACT_S;
        self.canvas.data_mut().copy_from_slice(self.street.data());
        let mut canvas = Canvas::new(&mut self.canvas);
        let struck_lamp = timeline::struck_lamp(time_s);
        struck_lamp.draw_pool(&mut canvas);
        self.other_lamp.draw(&mut canvas);
        struck_lamp.draw(&mut canvas);
        timeline::walker(time_s).draw(&mut canvas);
        timeline::parked_car(540.0, 252.0, 30.0, 0x3d4a5c, Ink::light(0xffc89a).alpha(0.35)).draw(&mut canvas);
        timeline::car(time_s).draw(&mut canvas);
        self.crash.draw_fragments(&mut canvas, since_impact_s);
        self.crash.draw_smoke(&mut canvas, since_impact_s);
        self.other_lamp.draw_light(&mut canvas);
        struck_lamp.draw_light(&mut canvas);
        self.crash.draw_sparks(&mut canvas, since_impact_s);
        self.crash.draw_flash(&mut canvas, since_impact_s);
        timeline::parked_car(96.0, 362.0, 50.0, 0x181b27, Ink::light(0xe0a890).alpha(0.50)).draw(&mut canvas);
        let mut rgb = self.camera.take(&self.canvas, 1.0 + 0.35 * Crash::flash(since_impact_s));
        let seconds = frame / FRAME_RATE_HZ;
        let clock = format!("00:{:02}:{:02}:{:02}", seconds / 60, seconds % 60, frame % FRAME_RATE_HZ);
        stamp(&mut rgb, WIDTH_PX as usize, "CAM 04", (14, 12));
        stamp(&mut rgb, WIDTH_PX as usize, &clock, (WIDTH_PX as usize - 14 - stamp_width_px(&clock), 12));
        rgb
    }
}
