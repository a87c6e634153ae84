//! Something blows up: flash, fireball, smoke, flying pieces; people are thrown down or run.

use super::super::actors::gesture::{cower, on_back, talk};
use super::super::actors::particles::{Debris, Smoke};
use super::super::actors::route::{Route, heading};
use super::super::actors::vehicle::Vehicle;
use super::super::view::add;
use super::{Act, Cast, Figure, Stage};
use crate::drawing::motion::ease;
use crate::random::Random;

pub(super) fn act(stage: &Stage, random: &mut Random) -> Act {
    let set = stage.set;
    let event_s = stage.scenario.event_s.clone().unwrap_or_default();
    let impacts_s = stage.scenario.impacts_s.clone();
    let place = set.spot(random.between(-0.6, 0.6), random.between(0.55, 1.0));
    let size_m = random.between(0.8, 1.4) * if set.place.is_outdoors() { 1.25 } else { 0.9 };
    let lasts_s = event_s.end - event_s.start;
    let debris = Debris::new(
        add(place, [0.0, 0.4, 0.0]),
        [0.0, 2.5, 0.0],
        6.5,
        36,
        0.12,
        &[0x2a2420, 0x4a4038, 0x6a6258],
        random,
    );
    let grey = random.between(0.2, 0.55);
    let smoke_rgb = super::super::style::colour(30.0, 0.08, grey);
    let smoke =
        Smoke::new(add(place, [0.0, 0.5, 0.0]), lasts_s, size_m * 1.5, random.between(0.8, 1.0), smoke_rgb, random);
    // What blows up: a car, a drum, or nothing that could be seen before.
    let source = random.unit();
    let (kind, rgb) = stage.style.vehicle(random);
    let car = (source < 0.4 && set.place.admits_vehicles())
        .then(|| Vehicle::parked(kind, rgb, place, random.between(0.9, 2.1)));
    let drum = (source > 0.7).then(|| stage.style.garment(random));
    let people: Vec<_> = (0..random.bits() % 4)
        .map(|_| {
            let at = set.spot(random.signed(), random.between(0.1, 0.9));
            let side = if at[0] > place[0] { 1.0 } else { -1.0 };
            let flee_s = event_s.start + random.between(0.5, 1.0);
            let flee = Route::at_speed(
                &[at, set.wing(side, at[2])],
                random.between(3.0, 4.4) * stage.tempo,
                flee_s,
                heading(at, place),
            );
            let is_thrown = (at[0] - place[0]).abs() < 1.8 && random.unit() < 0.7;
            (stage.style.body(random), at, flee, is_thrown, random.between(0.0, 9.0))
        })
        .collect();
    Box::new(move |time_s, cast: &mut Cast| {
        let age_s = time_s - event_s.start + 1e-4;
        let is_over = age_s > 0.0;
        if let Some(mut car) = car {
            if is_over {
                car.rgb = super::super::view::dim(car.rgb, 1.0 - 0.75 * ease(0.0, 0.5, age_s));
                car.at[1] = (0.5 * age_s * (6.0 - 9.8 * age_s)).max(0.0) * 0.6;
                car.crush_m = 0.25;
            }
            cast.figures.push(Figure::Vehicle(car));
        } else if let (Some(rgb), false) = (drum, is_over) {
            let [x, _, z] = place;
            cast.figures.push(Figure::Box { low: [x - 0.28, 0.0, z - 0.28], high: [x + 0.28, 0.85, z + 0.28], rgb });
        }
        for (body, at, flee, is_thrown, own) in &people {
            let calm = talk(time_s + own, 0.5).placed(*at, heading(*at, [0.0; 3]) + own);
            let pose = if !is_over {
                calm
            } else if *is_thrown {
                let away = if at[0] > place[0] { 0.7 } else { -0.7 };
                let thrown = ease(0.0, 0.4, age_s);
                let lying = on_back(time_s + own, 0.3).placed(add(*at, [away, 0.0, 0.0]), heading(*at, place));
                calm.toward(lying, thrown)
            } else {
                let ducked = ease(0.0, 0.2, age_s) * (1.0 - ease(0.5, 0.9, age_s));
                let fleeing = flee.pose(time_s);
                let ducking = cower(time_s).placed(fleeing.at, fleeing.yaw);
                if age_s < 0.5 { calm.toward(ducking, ducked) } else { fleeing.toward(ducking, ducked) }
            };
            cast.figures.push(Figure::Person(*body, pose));
        }
        if !is_over {
            return;
        }
        let fading = 1.0 - ease(lasts_s * 0.55, lasts_s, age_s);
        cast.figures.push(Figure::Debris { at: place, debris: debris.clone(), age_s, glow: true });
        cast.figures.push(Figure::Flames {
            at: add(place, [0.0, 0.1, -0.05]),
            size_m: size_m * 0.55,
            level: ease(0.2, 0.7, age_s) * fading,
            time_s,
        });
        cast.figures.push(Figure::Smoke { at: add(place, [0.0, 0.0, -0.1]), smoke: smoke.clone(), age_s });
        for (index, &impact_s) in impacts_s.iter().enumerate() {
            let age_s = time_s - impact_s + 1e-4;
            if age_s <= 0.0 {
                continue;
            }
            let size_m = size_m * if index == 0 { 1.0 } else { 0.7 };
            cast.figures.push(Figure::Fireball { at: add(place, [0.25 * index as f32, 0.3, -0.15]), size_m, age_s });
            let flash = 0.9 * (1.0 - age_s / 0.3).max(0.0).powi(3) + 0.14 * (-age_s * 1.8).exp();
            cast.flood = [cast.flood[0] + 0.85 * flash, cast.flood[1] + 0.7 * flash, cast.flood[2] + 0.42 * flash];
            cast.shock_px += 9.0 * (-age_s * 3.2).exp();
        }
    })
}
