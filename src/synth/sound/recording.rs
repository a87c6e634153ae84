//! The device that recorded a clip. Drawn the same for every class, so that no class is known by its bandwidth,
//! its level or its hiss.

use super::draw::Draw;
use super::tones::db;
use crate::acoustics::{Filter, Track};

/// A microphone, its electronics and the coding after it.
#[derive(Clone, Debug)]
pub(super) struct Recorder {
    /// Nothing above it comes through; `None`: all that the rate can hold.
    band_hz: Option<f32>,
    /// Below it little comes through.
    bass_hz: Option<f32>,
    /// A bend of the response.
    color: Option<(f32, f32)>,
    /// As a phone's noise suppression: what is this far below the loudest is turned down.
    gate_db: Option<f32>,
    hiss: f32,
    peak: f32,
    /// Above 1 the loudest parts clip.
    overload: f32,
    /// Digital silence before and after, in seconds.
    blank_s: [f32; 2],
}

impl Recorder {
    pub(super) fn draw(draw: &mut Draw) -> Self {
        let band_hz = match draw.between(0.0, 1.0) {
            share if share < 0.36 => None,
            share if share < 0.62 => Some(draw.between(6000.0, 12_000.0)),
            share if share < 0.90 => Some(draw.between(3400.0, 4000.0)),
            _ => Some(draw.between(4000.0, 6000.0)),
        };
        let blank = |draw: &mut Draw, share: f32| if draw.chance(share) { draw.between(0.1, 1.5) } else { 0.0 };
        Self {
            band_hz,
            bass_hz: draw.chance(0.5).then(|| draw.octaves(40.0, 320.0)),
            color: draw.chance(0.5).then(|| (draw.octaves(300.0, 5000.0), draw.between(-0.6, 1.2))),
            gate_db: draw.chance(0.3).then(|| draw.between(-40.0, -16.0)),
            hiss: db(draw.between(-85.0, -42.0)),
            // -3 to -30 dBFS, most of them well driven.
            peak: db(-3.0 - 27.0 * draw.between(0.0, 1.0).powf(1.7)),
            overload: if draw.chance(0.07) { draw.octaves(1.2, 6.0) } else { 1.0 },
            blank_s: [blank(draw, 0.05), blank(draw, 0.12)],
        }
    }

    /// Records `track`, whose peak becomes the recorder's.
    pub(super) fn record(&self, track: &mut Track, draw: &mut Draw) {
        let peak = track.peak();
        if peak > 0.0 {
            track.scale(1.0 / peak);
            let mut random = draw.random();
            track.samples.iter_mut().for_each(|sample| *sample += self.hiss * random.signed());
        }
        if let Some(gate_db) = self.gate_db {
            gate(track, track.loudness() * db(gate_db));
        }
        if let Some((center_hz, gain)) = self.color {
            let mut bend = Filter::band_pass(center_hz, 0.8, track.rate_hz);
            track.samples.iter_mut().for_each(|sample| *sample += gain * bend.next(*sample));
        }
        if let Some(cutoff_hz) = self.bass_hz {
            track.filter(Filter::high_pass(cutoff_hz, 0.7, track.rate_hz));
        }
        if let Some(cutoff_hz) = self.band_hz {
            limit_band(track, cutoff_hz);
        }
        let peak = track.peak();
        if peak > 0.0 {
            track.scale(self.peak * self.overload / peak);
            track.samples.iter_mut().for_each(|sample| *sample = sample.clamp(-self.peak, self.peak));
        }
        self.blank(track);
    }

    fn blank(&self, track: &mut Track) {
        let count = track.samples.len();
        let [head, tail] = self.blank_s.map(|time_s| ((time_s * track.rate_hz as f32) as usize).min(count / 4));
        track.samples[..head].fill(0.0);
        track.samples[count - tail..].fill(0.0);
    }
}

/// An eighth-order Butterworth low-pass: as steep as the filter before a converter.
pub(super) fn limit_band(track: &mut Track, cutoff_hz: f32) {
    for q in [0.5098, 0.6013, 0.9, 2.5629] {
        track.filter(Filter::low_pass(cutoff_hz, q, track.rate_hz));
    }
}

/// Turns down what stays below `threshold`, softly: 10 ms up, 150 ms down.
fn gate(track: &mut Track, threshold: f32) {
    let rate_hz = track.rate_hz as f32;
    let (rise, fall) = (1.0 / (0.01 * rate_hz), 1.0 / (0.15 * rate_hz));
    let (mut envelope, mut gain) = (0.0f32, 0.1f32);
    for sample in &mut track.samples {
        envelope = sample.abs().max(envelope * (1.0 - 8.0 * fall));
        let goal = if envelope > threshold { 1.0 } else { 0.03 };
        gain += (goal - gain) * if goal > gain { rise } else { fall };
        *sample *= gain;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use avar_labels::Split;

    #[test]
    fn a_band_limit_removes_what_lies_above_it() {
        let tone = |hz: f32| {
            let mut track = Track::silent(0.5, 32_000);
            track.mix(0.0, 0.5, |age_s| (age_s * hz * std::f32::consts::TAU).sin());
            limit_band(&mut track, 3800.0);
            track.loudness()
        };
        assert!(tone(2000.0) > 0.68 && tone(6000.0) < 0.02);
    }

    #[test]
    fn no_recorder_exceeds_its_peak() {
        for seed in 0..40 {
            let mut draw = Draw::new(Split::Train, seed);
            let mut track = Track::silent(0.3, 32_000);
            let mut random = draw.random();
            track.mix(0.0, 0.3, |_| random.signed());
            Recorder::draw(&mut draw).record(&mut track, &mut draw);
            assert!(track.peak() <= db(-3.0) + 1e-4);
        }
    }
}
