//! A person falls, or is taken by pain and sinks down, and writhes alone.

use super::super::actors::gesture::{clutch, curled, jolt, kneel, on_back};
use super::super::actors::pose::Pose;
use super::super::actors::route::Route;
use super::super::view::{add, scale};
use super::{Act, Cast, Figure, Stage};
use crate::drawing::motion::ease;
use crate::random::Random;

pub(super) fn act(stage: &Stage, random: &mut Random) -> Act {
    let event_s = stage.scenario.event_s.clone().unwrap_or_default();
    let impacts_s = stage.scenario.impacts_s.clone();
    let fall_s = impacts_s.first().copied().unwrap_or(event_s.start);
    let body = stage.style.body(random);
    let side = if random.unit() < 0.5 { 1.0 } else { -1.0 };
    let place = stage.set.spot(random.between(-0.35, 0.35), random.between(0.3, 0.8));
    let manner = random.bits() % 4;
    let speed = random.between(1.0, 1.6) * stage.tempo;
    let wing = stage.set.wing(-side, place[2] + random.signed() * 0.4);
    let way_m = super::super::view::length(super::super::view::sub(place, wing));
    let arrive_s = fall_s - 0.35;
    let rest_yaw = side * random.between(0.8, 1.9);
    let come = Route::new(vec![(arrive_s - way_m / speed, wing), (arrive_s, place)], rest_yaw);
    let up_s = event_s.end;
    let go = Route::at_speed(&[place, stage.set.wing(side, place[2])], 0.65, up_s + 1.1, rest_yaw);
    let (writhe, low, shift) = (random.between(0.7, 1.2), random.between(0.2, 1.0), random.between(0.0, 20.0));
    let heading = [rest_yaw.sin(), 0.0, rest_yaw.cos()];
    let lying_yaw = rest_yaw + random.between(-0.7, 0.7);
    Box::new(move |time_s, cast: &mut Cast| {
        let own_s = time_s + shift;
        let walking = come.pose(time_s);
        let struck = clutch(own_s, low).placed(place, rest_yaw);
        let mut lying = match manner {
            1 => on_back(own_s, writhe),
            2 => {
                let rocking = 0.22 * writhe * (own_s * 3.1).sin();
                let knees = kneel(0.6);
                Pose { lean: 0.75 + rocking, nod: 0.7, bend: 0.5 * rocking, hands: clutch(own_s, 1.0).hands, ..knees }
            }
            _ => curled(own_s, low, writhe),
        };
        lying = lying.placed(add(place, scale(heading, 0.25)), lying_yaw);
        lying.hip_m += 0.06 * jolt(&impacts_s, time_s) * ease(fall_s, fall_s + 0.02, time_s);
        let taken = ease(event_s.start - 0.1, event_s.start + 0.3, time_s);
        // A fall gathers speed and ends at once.
        let falling = ((time_s - (fall_s - 0.42)) / 0.42).clamp(0.0, 1.0).powi(2);
        let mut pose = walking.toward(struck, if manner == 0 { 0.4 * taken } else { taken }).toward(lying, falling);
        if time_s > up_s {
            let limp = go.pose(time_s);
            let bent = Pose { hands: struck.hands, lean: 0.45, ..limp };
            let knees = kneel(0.3).placed(lying.at, lying_yaw);
            let risen = ease(up_s, up_s + 0.7, time_s);
            let stood = ease(up_s + 0.6, up_s + 1.3, time_s);
            pose = lying.toward(knees, risen).toward(bent, stood);
        }
        cast.figures.push(Figure::Person(body, pose));
    })
}
