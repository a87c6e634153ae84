//! What a place sounds like when nothing happens.

use std::f32::consts::TAU;

use super::draw::Draw;
use super::{Kind, animals, bells, birds, crowd, household, machines, music, speech, weather};
use crate::acoustics::{Filter, Track, noise};
use crate::scenario::Place;

pub(super) const PLACES: [Place; 8] = [
    Place::Street,
    Place::CarPark,
    Place::Office,
    Place::Corridor,
    Place::LivingRoom,
    Place::Square,
    Place::Shop,
    Place::Warehouse,
];

/// The steady sound of `place`, with weather and night where they reach.
pub(super) fn ambience(track: &mut Track, draw: &mut Draw, place: Place, is_night: bool, has_rain: bool) {
    let is_outside = matches!(place, Place::Street | Place::Square | Place::CarPark);
    air(track, draw);
    let mut layer = |render: fn(&mut Track, &mut Draw), level: f32| {
        let mut part = Track::silent(track.duration_s(), track.rate_hz);
        render(&mut part, draw);
        let level = level * draw.octaves(0.5, 2.0);
        track.add(&part, 0.0, level / part.loudness().max(1e-6));
    };
    let calm = if is_night { 0.35 } else { 1.0 };
    match place {
        Place::Street => layer(machines::traffic, calm),
        Place::Square => {
            layer(machines::traffic, 0.5 * calm);
            layer(|track, draw| crowd::murmur(track, draw, 0.0), 0.5 * calm);
        }
        Place::CarPark => {
            layer(machines::traffic, 0.5 * calm);
            layer(ventilation, 0.5);
        }
        Place::Office => layer(ventilation, 0.6),
        Place::Corridor => layer(ventilation, 0.35),
        Place::LivingRoom => layer(ventilation, 0.15),
        Place::Shop => {
            layer(ventilation, 0.5);
            layer(|track, draw| crowd::murmur(track, draw, 0.0), 0.4 * calm);
        }
        Place::Warehouse => layer(ventilation, 1.0),
    }
    if has_rain {
        layer(weather::rain, if is_outside { 1.0 } else { 0.2 });
    }
    if is_outside && is_night && !has_rain {
        layer(birds::crickets, 0.25);
    }
    if is_outside {
        layer(weather::wind, 0.3);
    }
}

/// Things that people and machines do in `place` without harm.
pub(super) fn everyday_of(place: Place) -> &'static [&'static [Kind]] {
    match place {
        Place::Street | Place::Square => {
            &[&machines::KINDS, &speech::KINDS, &animals::KINDS, &birds::KINDS, &bells::KINDS]
        }
        Place::CarPark | Place::Warehouse => &[&machines::KINDS, &household::KINDS, &speech::KINDS, &bells::KINDS],
        Place::Office | Place::Corridor | Place::Shop => &[&household::KINDS, &speech::KINDS, &bells::KINDS],
        Place::LivingRoom => &[&household::KINDS, &speech::KINDS, &music::KINDS, &animals::KINDS],
    }
}

/// Air and the noise of the mains: there is always something.
fn air(track: &mut Track, draw: &mut Draw) {
    let rate_hz = track.rate_hz;
    let mut low = noise(Filter::low_pass(draw.octaves(80.0, 400.0), 0.7, rate_hz), draw.seed());
    let mut high = noise(Filter::band_pass(draw.octaves(1500.0, 4000.0), 0.4, rate_hz), draw.seed());
    let (hiss, hum, hz) = (draw.octaves(0.02, 0.3), draw.between(0.0, 0.01), *draw.pick(&[50.0, 60.0, 100.0, 120.0]));
    let duration_s = track.duration_s();
    track.mix(0.0, duration_s, |age_s| 0.4 * low() + hiss * high() + hum * (age_s * hz * TAU).sin());
}

/// Fans behind grilles.
fn ventilation(track: &mut Track, draw: &mut Draw) {
    let rate_hz = track.rate_hz;
    let mut rush = noise(Filter::band_pass(draw.trait_in(150.0, 900.0), 0.4, rate_hz), draw.seed());
    let mut hiss = noise(Filter::band_pass(draw.octaves(1500.0, 5000.0), 0.4, rate_hz), draw.seed());
    let (bright, hz, hum) = (draw.octaves(0.03, 0.4), draw.trait_in(40.0, 240.0), draw.octaves(0.005, 0.1));
    let duration_s = track.duration_s();
    track.mix(0.0, duration_s, |age_s| rush() + bright * hiss() + hum * (age_s * hz * TAU).sin());
}
