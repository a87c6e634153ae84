//! The sound of VAAR-Synth: everything that is heard is computed here, from a seed, without a recording.
//!
//! [`soundtrack`] is the sound of a [`Scenario`](crate::scenario::Scenario), in step with its pictures. The clips are items of sound alone:
//! sirens, infants, the other audible classes, and above all everyday life, whose many kinds are chosen to
//! lie close to what must be found. One family of sounds a file; `voice` and `tones` hold what they share,
//! `room` and `recording` what happens to a sound on its way into a file, the same for every class.

mod ambience;
mod animals;
mod bells;
mod birds;
mod clip;
mod crowd;
mod cry;
mod draw;
mod household;
mod impacts;
mod incidents;
mod machines;
mod music;
mod recording;
mod room;
mod sirens;
mod soundtrack;
mod speech;
mod tones;
mod voice;
mod weather;

pub use clip::{SoundClip, clip_of_kind, cry_clip, everyday_clip, everyday_kinds, siren_clip, sound_clip};
pub use soundtrack::soundtrack;

use crate::acoustics::Track;
use draw::Draw;

/// Of everything synthesised here.
pub const RATE_HZ: u32 = 32_000;

/// No sample lies above it.
pub const CEILING: f32 = 0.95;

/// One sort of sound, which fills a silent track with itself.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    render: fn(&mut Track, &mut Draw),
}

impl Kind {
    const fn new(name: &'static str, render: fn(&mut Track, &mut Draw)) -> Self {
        Self { name, render }
    }
}

/// A track that holds `render`'s sound and nothing else.
fn rendered(duration_s: f32, render: impl FnOnce(&mut Track)) -> Track {
    let mut track = Track::silent(duration_s, RATE_HZ);
    render(&mut track);
    track
}
