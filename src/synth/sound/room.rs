//! What lies between a source and the microphone: walls and distance.

use super::draw::Draw;
use super::tones::db;
use crate::acoustics::{Filter, Track};
use crate::scenario::Place;

/// Reverberation by a few early reflections and a late tail of combs and all-passes
/// (Schroeder, "Natural sounding artificial reverberation", 1962).
#[derive(Clone, Debug)]
pub(super) struct Room {
    /// Until the tail has fallen by 60 dB.
    pub decay_s: f32,
    /// Relative to a living room: stretches every delay.
    pub size: f32,
    /// Level of reflections and tail relative to the direct sound.
    pub wet: f32,
    /// Above it the tail dies sooner.
    pub damping_hz: f32,
}

impl Room {
    /// Any room, or none: from the open field to a hall.
    pub(super) fn draw(draw: &mut Draw) -> Self {
        if draw.chance(0.25) {
            return Self { decay_s: 0.1, size: 1.0, wet: 0.0, damping_hz: 5000.0 };
        }
        let size = draw.octaves(0.5, 9.0);
        let decay_s = draw.octaves(0.15, 0.7) * size.powf(0.5);
        Self { decay_s, size, wet: db(draw.between(-24.0, -1.0)), damping_hz: draw.octaves(1500.0, 9000.0) }
    }

    /// Between the walls of `place`.
    pub(super) fn of(place: Place, draw: &mut Draw) -> Self {
        let (decay_s, size, wet_db) = match place {
            Place::Street => (0.7, 6.0, -12.0),
            Place::Square => (1.0, 9.0, -14.0),
            Place::CarPark => (1.6, 5.0, -7.0),
            Place::Warehouse => (1.9, 7.0, -6.0),
            Place::Corridor => (0.9, 2.0, -5.0),
            Place::Office => (0.4, 1.2, -11.0),
            Place::Shop => (0.6, 2.2, -11.0),
            Place::LivingRoom => (0.35, 0.9, -12.0),
        };
        let mut varied = |value: f32| value * draw.octaves(0.8, 1.25);
        Self { decay_s: varied(decay_s), size: varied(size), wet: db(wet_db) * varied(1.0), damping_hz: varied(4000.0) }
    }

    /// Adds the reflections; the direct sound keeps its place and level.
    pub(super) fn reverberate(&self, track: &mut Track, draw: &mut Draw) {
        /// Delays of a living room: no two share a factor worth hearing.
        const EARLY_MS: [f32; 5] = [5.3, 8.9, 13.7, 19.1, 26.3];
        const COMBS_MS: [f32; 4] = [29.7, 37.1, 41.1, 43.7];
        const DIFFUSERS_MS: [f32; 2] = [5.0, 1.7];
        if self.wet <= 0.0 {
            return;
        }
        let rate_hz = track.rate_hz as f32;
        let delay = |ms: f32| ((ms * 1e-3 * self.size * rate_hz) as usize).max(1);
        let damping = 1.0 - (-std::f32::consts::TAU * self.damping_hz / rate_hz).exp();
        let mut early = Delay::new(delay(EARLY_MS[4] * 1.3));
        let taps = EARLY_MS.map(|ms| (delay(ms * draw.between(0.8, 1.2)), draw.between(-1.0, 1.0)));
        let mut combs = COMBS_MS.map(|ms| {
            let length = delay(ms * draw.between(0.93, 1.07));
            Comb {
                delay: Delay::new(length),
                feedback: 0.001f32.powf(length as f32 / rate_hz / self.decay_s),
                dull: 0.0,
            }
        });
        let mut diffusers = DIFFUSERS_MS.map(|ms| Delay::new((ms * 1e-3 * rate_hz) as usize));
        for sample in &mut track.samples {
            let direct = *sample;
            let reflected: f32 = taps.iter().map(|(lag, gain)| gain * early.back(*lag)).sum();
            early.push(direct);
            let mut tail: f32 = combs.iter_mut().map(|comb| comb.next(direct, damping)).sum();
            for diffuser in &mut diffusers {
                let held = diffuser.oldest();
                let fed = tail + 0.5 * held;
                diffuser.push(fed);
                tail = held - 0.5 * fed;
            }
            *sample = direct + self.wet * (0.6 * reflected + 0.4 * tail);
        }
    }
}

struct Comb {
    delay: Delay,
    feedback: f32,
    dull: f32,
}

impl Comb {
    fn next(&mut self, input: f32, damping: f32) -> f32 {
        let output = self.delay.oldest();
        self.dull += damping * (output - self.dull);
        self.delay.push(input + self.feedback * self.dull);
        output
    }
}

struct Delay {
    held: Vec<f32>,
    at: usize,
}

impl Delay {
    fn new(length: usize) -> Self {
        Self { held: vec![0.0; length.max(1)], at: 0 }
    }

    fn oldest(&self) -> f32 {
        self.held[self.at]
    }

    /// What was pushed `lag` samples ago, at most the length.
    fn back(&self, lag: usize) -> f32 {
        let length = self.held.len();
        let lag = lag.clamp(1, length);
        let at = self.at + length - lag;
        self.held[if at >= length { at - length } else { at }]
    }

    fn push(&mut self, sample: f32) {
        self.held[self.at] = sample;
        self.at += 1;
        if self.at == self.held.len() {
            self.at = 0;
        }
    }
}

/// Air and corners between source and microphone: above `cutoff_hz` little comes through.
pub(super) fn dull(track: &mut Track, cutoff_hz: f32) {
    track.filter(Filter::low_pass(cutoff_hz, 0.6, track.rate_hz));
}

#[cfg(test)]
mod tests {
    use super::*;
    use avar_labels::Split;

    #[test]
    fn a_room_rings_after_a_click_and_falls_by_sixty_decibels_in_its_decay() {
        let mut track = Track::silent(2.0, 32_000);
        track.samples[0] = 1.0;
        let room = Room { decay_s: 0.5, size: 1.0, wet: 1.0, damping_hz: 14_000.0 };
        room.reverberate(&mut track, &mut Draw::new(Split::Train, 1));
        let power = |from_s: f32| {
            let first = (from_s * 32_000.0) as usize;
            track.samples[first..first + 3200].iter().map(|x| x * x).sum::<f32>()
        };
        assert_eq!(track.samples[0], 1.0);
        let fall_db = 10.0 * (power(0.1) / power(0.5)).log10();
        assert!((38.0..62.0).contains(&fall_db), "{fall_db}");
    }
}
