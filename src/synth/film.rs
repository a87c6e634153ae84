//! The picture of a scenario, frame by frame.

use tiny_skia::Pixmap;

use super::FRAME_RATE_HZ;
use super::acts::{Act, Cast, Figure, Stage, acts, needs};
use super::lens::{Lens, MARGIN_PX};
use super::light::Light;
use super::places::{Layer, Set};
use super::scenario::Scenario;
use super::style::Style;
use super::view::{Painter, View};
use crate::drawing::canvas::{Canvas, Ink};
use crate::random::Random;

/// Sets the pictures' random numbers apart from the scenario's and the sound's.
const STREAM: u64 = 0x91c7_03e5_11f0_0d5e;

/// A scenario with its set built and painted and its people cast.
pub struct Film {
    size_px: (u32, u32),
    view: View,
    light: Light,
    background: Pixmap,
    layers: Vec<Layer>,
    acts: Vec<Act>,
    occluder: Option<Occluder>,
    lens: Lens,
    canvas: Pixmap,
}

impl Film {
    /// Builds the set, casts and lights it; all of it follows from the scenario.
    pub fn new(scenario: &Scenario) -> Film {
        let mut random = Random::new(scenario.seed ^ STREAM);
        let style = Style::of(scenario.split);
        let size_px = style.size_px(&mut random);
        let needs = needs(scenario, &mut random);
        let (set, view) = Set::build(scenario, needs, size_px, MARGIN_PX as f32, &mut random);
        let drawn_px = (size_px.0 + 2 * MARGIN_PX, size_px.1 + 2 * MARGIN_PX);
        let (background, layers) = set.paint(&view, drawn_px, style, &mut random);
        let tempo = style.tempo(&mut random);
        let acts = acts(&Stage { scenario, set: &set, style, tempo }, &mut random);
        let occluder = scenario.has_occlusion.then(|| Occluder::draw(scenario, style, &mut random));
        let lens = Lens::draw(scenario, &set, size_px, &mut random);
        Film { size_px, view, light: set.light, canvas: background.clone(), background, layers, acts, occluder, lens }
    }

    /// Width and height, both even.
    pub fn size_px(&self) -> (u32, u32) {
        self.size_px
    }

    /// R, G, B bytes of a frame, row by row from the top left; it depends on no other frame.
    pub fn picture(&mut self, frame: u32) -> Vec<u8> {
        let time_s = frame as f32 / FRAME_RATE_HZ as f32;
        let mut cast = Cast::default();
        self.acts.iter().for_each(|act| act(time_s, &mut cast));
        cast.figures.sort_by(|a, b| self.view.depth(b.at()).total_cmp(&self.view.depth(a.at())));
        let Self { canvas, background, view, light, layers, .. } = self;
        canvas.data_mut().copy_from_slice(background.data());
        // Walls and fences stand at one depth of the set, so what is behind them is told by its own.
        let mut beyond = f32::MAX;
        for layer in layers.iter().map(Some).chain([None]) {
            let until = layer.map_or(f32::MIN, |layer| layer.z);
            let is_between = |figure: &&Figure| (until..beyond).contains(&figure.at()[2]);
            for figure in cast.figures.iter().filter(is_between) {
                figure.draw(&mut Painter { pixels: canvas, view, light });
            }
            if let Some(layer) = layer {
                Canvas::new(canvas).lay(&layer.pixels);
            }
            beyond = until;
        }
        if let Some(occluder) = &self.occluder {
            occluder.draw_over(canvas, time_s);
        }
        self.lens.take(&self.canvas, frame, cast.shock_px, cast.flood)
    }
}

/// Something close to the camera that hides part of the picture for a while: a passing shape, a pillar, a leaf.
struct Occluder {
    rgb: u32,
    /// Width as a share of the picture's.
    width: f32,
    /// When its middle passes the middle of the picture, and how much of the width it covers in a second.
    passes_s: f32,
    speed_per_s: f32,
    /// Where it comes to rest, if it does: a share of the width.
    rests_at: Option<f32>,
    slant: f32,
    is_round: bool,
}

impl Occluder {
    fn draw(scenario: &Scenario, style: Style, random: &mut Random) -> Self {
        // Where nothing but the picture shows the event, the middle of the picture stays free.
        let spares_middle = scenario.rests_on_picture();
        let aside = random.between(0.0, if spares_middle { 0.08 } else { 0.25 });
        let edge = if random.unit() < 0.5 { aside } else { 1.0 - aside };
        let rests_at = (spares_middle || random.unit() < 0.35).then_some(edge);
        Self {
            rgb: super::view::dim(style.garment(random), if scenario.is_night { 0.18 } else { 0.32 }),
            width: if spares_middle { random.between(0.1, 0.2) } else { random.between(0.14, 0.5) },
            passes_s: scenario.duration_s * random.between(0.1, 0.9),
            speed_per_s: random.between(0.15, 0.6) * if random.unit() < 0.5 { 1.0 } else { -1.0 },
            rests_at,
            slant: random.between(-0.12, 0.12),
            is_round: random.unit() < 0.35,
        }
    }

    fn draw_over(&self, pixels: &mut Pixmap, time_s: f32) {
        let (width, height) = (pixels.width() as f32, pixels.height() as f32);
        let middle = self.rests_at.unwrap_or(0.5 + (time_s - self.passes_s) * self.speed_per_s) * width;
        let half = self.width * width / 2.0;
        if middle + 2.0 * half < 0.0 || middle - 2.0 * half > width {
            return;
        }
        let mut canvas = Canvas::new(pixels);
        // Far out of focus: the edge is soft.
        for ring in 0..8 {
            let growth = 1.0 - 0.025 * ring as f32;
            let (half, ink) = (half * growth, Ink::paint(self.rgb).alpha(0.32));
            if self.is_round {
                canvas.ellipse((middle, height * (1.8 - growth)), half, height * 0.75, ink);
            } else {
                let lean = self.slant * height;
                let (left, right) = (middle - half, middle + half);
                canvas.polygon(&[(left - lean, 0.0), (right - lean, 0.0), (right, height), (left, height)], ink);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{DefaultHasher, Hash, Hasher};

    use super::*;
    use crate::actors::body::Body;
    use crate::actors::pose::Pose;
    use crate::view::{Point, dot, length, mix, sub};
    use avar_labels::{AnomalyClass, Split};

    /// The first scenarios of a class that its picture shows.
    fn visible(class: AnomalyClass, split: Split, count: usize) -> Vec<Scenario> {
        (0..).map(|seed| Scenario::draw(class, split, seed)).filter(Scenario::is_visible).take(count).collect()
    }

    fn cast_at(film: &Film, time_s: f32) -> Cast {
        let mut cast = Cast::default();
        film.acts.iter().for_each(|act| act(time_s, &mut cast));
        cast
    }

    fn people(cast: &Cast) -> Vec<(Body, Pose)> {
        let person =
            |figure: &Figure| if let Figure::Person(body, pose) = figure { Some((*body, *pose)) } else { None };
        cast.figures.iter().filter_map(person).collect()
    }

    /// Distance of a point from the head, trunk and thighs of somebody.
    fn distance_m(point: Point, (body, pose): &(Body, Pose)) -> f32 {
        let joints = pose.joints(body.height_m);
        let from_bone = |from: Point, to: Point| {
            let along = sub(to, from);
            let share = (dot(sub(point, from), along) / dot(along, along).max(1e-6)).clamp(0.0, 1.0);
            length(sub(point, mix(from, to, share)))
        };
        let trunk_m = from_bone(joints.hip, joints.neck).min(from_bone(joints.neck, joints.head));
        let thigh_m = |side: usize| from_bone(joints.hips[side], joints.knees[side]);
        trunk_m.min(thigh_m(0)).min(thigh_m(1))
    }

    /// How near a hand, a foot or the end of something held comes to another person.
    fn closest_contact_m(cast: &Cast) -> f32 {
        let people = people(cast);
        let mut closest = f32::MAX;
        for (index, (body, pose)) in people.iter().enumerate() {
            let joints = pose.joints(body.height_m);
            for limb in [joints.hands, joints.feet].concat() {
                let others = people.iter().enumerate().filter(|(other, _)| *other != index);
                closest = others.map(|(_, other)| distance_m(limb, other)).fold(closest, f32::min);
            }
        }
        for figure in &cast.figures {
            if let Figure::Rod { points, .. } = figure {
                let tip = points.last().copied().unwrap_or_default();
                closest = people.iter().map(|other| distance_m(tip, other)).fold(closest, f32::min);
            }
        }
        closest
    }

    fn difference(a: &[u8], b: &[u8]) -> f32 {
        a.iter().zip(b).map(|(&a, &b)| f32::from(a.abs_diff(b))).sum::<f32>() / a.len() as f32
    }

    #[test]
    fn the_same_scenario_gives_the_same_pictures() {
        for class in AnomalyClass::ALL {
            for split in [Split::Train, Split::Test] {
                let scenario = Scenario::draw(class, split, 3);
                let digest = || {
                    let mut film = Film::new(&scenario);
                    let mut digest = DefaultHasher::new();
                    (0..scenario.frame_count()).step_by(13).for_each(|frame| film.picture(frame).hash(&mut digest));
                    digest.finish()
                };
                assert_eq!(digest(), digest(), "{class:?}");
            }
        }
    }

    #[test]
    fn a_frame_is_the_same_whichever_were_asked_for_before() {
        let scenario = Scenario::draw(AnomalyClass::Brawling, Split::Train, 5);
        let mut film = Film::new(&scenario);
        film.picture(0);
        film.picture(40);
        assert!(film.picture(20) == Film::new(&scenario).picture(20));
    }

    #[test]
    fn a_picture_has_the_films_size_and_even_sides() {
        for seed in 0..12 {
            for split in Split::ALL {
                let mut film = Film::new(&Scenario::draw(AnomalyClass::Normal, split, seed));
                let (width, height) = film.size_px();
                assert!(width % 2 == 0 && height % 2 == 0);
                assert_eq!(film.picture(0).len(), (width * height * 3) as usize);
            }
        }
    }

    #[test]
    fn blows_touch_whom_they_hit_when_they_are_said_to() {
        for class in [AnomalyClass::Abuse, AnomalyClass::Brawling] {
            for split in [Split::Train, Split::Test] {
                for scenario in visible(class, split, 25) {
                    let film = Film::new(&scenario);
                    for &impact_s in &scenario.impacts_s {
                        let cast = cast_at(&film, impact_s);
                        // In a larger brawl two hold each other all the time.
                        if class == AnomalyClass::Brawling && people(&cast).len() > 4 {
                            continue;
                        }
                        let gap_m = closest_contact_m(&cast);
                        assert!(gap_m < 0.22, "{gap_m} m at {impact_s} s of {scenario:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn who_is_in_pain_is_down_from_the_fall_to_the_end_of_the_event() {
        for scenario in visible(AnomalyClass::Pain, Split::Train, 25) {
            let film = Film::new(&scenario);
            let end_s = scenario.event_s.as_ref().expect("an event").end;
            for time_s in [scenario.impacts_s[0] + 0.02, end_s - 0.05] {
                let lowest =
                    people(&cast_at(&film, time_s)).iter().map(|(_, pose)| pose.hip_m).fold(f32::MAX, f32::min);
                assert!(lowest < 0.5, "hips at {lowest} m at {time_s} s of {scenario:?}");
            }
            let before_s = scenario.event_s.as_ref().expect("an event").start - 0.5;
            assert!(people(&cast_at(&film, before_s)).iter().all(|(_, pose)| pose.hip_m > 0.6), "{scenario:?}");
        }
    }

    #[test]
    fn an_intruder_is_in_the_picture_through_most_of_the_event() {
        for split in [Split::Train, Split::Test] {
            for scenario in visible(AnomalyClass::Intruder, split, 40) {
                let film = Film::new(&scenario);
                let event_s = scenario.event_s.clone().expect("an event");
                let (width, height) = (film.size_px.0 as f32, film.size_px.1 as f32);
                let margin = MARGIN_PX as f32;
                let is_seen = |step: &i32| {
                    let cast = cast_at(&film, event_s.start + (event_s.end - event_s.start) * *step as f32 / 40.0);
                    people(&cast).iter().any(|(body, pose)| {
                        let spot = film.view.project(pose.joints(body.height_m).chest);
                        spot.is_some_and(|spot| {
                            let (x, y) = (spot.at.0 - margin, spot.at.1 - margin);
                            (0.0..width).contains(&x) && (0.0..height).contains(&y)
                        })
                    })
                };
                let seen = (0..40).filter(is_seen).count();
                assert!(seen >= 26, "{seen} of 40 {scenario:?}");
            }
        }
    }

    #[test]
    fn vehicles_touch_when_they_collide_and_not_before() {
        use crate::actors::vehicle::Vehicle;
        for scenario in visible(AnomalyClass::Crash, Split::Train, 25) {
            let film = Film::new(&scenario);
            // From the nose of the last vehicle to the outline of whatever it runs into.
            let gap_m = |time_s: f32| {
                let cast = cast_at(&film, time_s);
                let vehicle =
                    |figure: &Figure| if let Figure::Vehicle(vehicle) = figure { Some(*vehicle) } else { None };
                let vehicles: Vec<Vehicle> = cast.figures.iter().filter_map(vehicle).collect();
                let nose = vehicles.last().expect("the one that crashes").nose();
                let post = cast.figures.iter().find_map(|figure| match figure {
                    Figure::Rod { points, .. } => {
                        points.first().map(|foot| length(sub(*foot, [nose[0], 0.0, nose[2]])))
                    }
                    _ => None,
                });
                let standing = vehicles.first().filter(|_| vehicles.len() > 1).map(|other| {
                    let (sin, cos) = other.yaw.sin_cos();
                    let off = sub(nose, other.at);
                    let (along, across) = (off[0] * sin + off[2] * cos, off[0] * cos - off[2] * sin);
                    (along.abs() - Vehicle::half_length_m(other.kind)).max(across.abs() - 0.88).max(0.0)
                });
                post.or(standing).expect("something to run into")
            };
            let hit_s = scenario.impacts_s[0];
            assert!(gap_m(hit_s - 0.004) < 0.25, "{} {scenario:?}", gap_m(hit_s - 0.004));
            assert!(gap_m(hit_s - 0.3) > 0.6, "{} {scenario:?}", gap_m(hit_s - 0.3));
        }
    }

    #[test]
    fn the_picture_jumps_when_something_blows_up() {
        for scenario in visible(AnomalyClass::Explosion, Split::Train, 6).into_iter().chain(visible(
            AnomalyClass::Explosion,
            Split::Test,
            6,
        )) {
            let mut film = Film::new(&scenario);
            let blast = (scenario.impacts_s[0] * FRAME_RATE_HZ as f32).round() as u32;
            let [earlier, before, after] = [blast - 2, blast - 1, blast].map(|frame| film.picture(frame));
            assert!(difference(&before, &after) > 2.0 * difference(&earlier, &before) + 8.0, "{scenario:?}");
        }
    }

    #[test]
    fn somebody_moves_fast_where_a_blow_lands_or_a_fall_ends() {
        for class in [AnomalyClass::Abuse, AnomalyClass::Brawling, AnomalyClass::Pain] {
            for scenario in visible(class, Split::Train, 12) {
                let film = Film::new(&scenario);
                for &impact_s in &scenario.impacts_s {
                    let (before, at) = (cast_at(&film, impact_s - 1.0 / 15.0), cast_at(&film, impact_s));
                    let fastest_m = people(&before)
                        .iter()
                        .zip(&people(&at))
                        .map(|((body, before), (_, at))| {
                            let (before, at) = (before.joints(body.height_m), at.joints(body.height_m));
                            // Who sinks to the knees where they stand moves neither hands nor feet far.
                            let heads = (class == AnomalyClass::Pain).then_some((before.head, at.head));
                            let limbs =
                                [before.hands, before.feet].concat().into_iter().zip([at.hands, at.feet].concat());
                            limbs.chain(heads).map(|(before, at)| length(sub(before, at))).fold(0.0, f32::max)
                        })
                        .fold(0.0, f32::max);
                    // A walker's foot covers some 0.2 m in a frame.
                    assert!(fastest_m > 0.15, "{fastest_m} m at {impact_s} s of {scenario:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_struck_breaks_at_the_blow_and_not_before() {
        let pieces = |film: &Film, time_s: f32| {
            let cast = cast_at(film, time_s);
            let flies = |figure: &&Figure| matches!(figure, Figure::Debris { age_s, .. } if *age_s > 0.0);
            cast.figures.iter().filter(flies).count()
        };
        for class in [AnomalyClass::Vandalism, AnomalyClass::Crash] {
            for scenario in visible(class, Split::Train, 15) {
                let film = Film::new(&scenario);
                for (index, &impact_s) in scenario.impacts_s.iter().enumerate() {
                    assert_eq!(pieces(&film, impact_s - 0.01), index, "{scenario:?}");
                    assert_eq!(pieces(&film, impact_s), index + 1, "{scenario:?}");
                }
            }
        }
    }

    #[test]
    fn where_only_the_picture_tells_nothing_stands_before_the_middle_of_it() {
        let mut tried = 0;
        for class in [AnomalyClass::Intruder, AnomalyClass::Abuse, AnomalyClass::Brawling] {
            for scenario in (0..80).map(|seed| Scenario::draw(class, Split::Train, seed)) {
                let occluder = Film::new(&scenario).occluder;
                assert_eq!(occluder.is_some(), scenario.has_occlusion);
                if let (true, Some(occluder)) = (scenario.rests_on_picture(), occluder) {
                    let middle = occluder.rests_at.expect("it rests at an edge");
                    assert!((middle - 0.5).abs() - occluder.width / 2.0 > 0.25, "{scenario:?}");
                    tried += 1;
                }
            }
        }
        assert!(tried > 10, "{tried}");
    }

    #[test]
    fn an_everyday_picture_may_show_a_patrol_car_so_that_blue_light_alone_says_nothing() {
        let shows_beacon = |scenario: &Scenario| {
            let film = Film::new(scenario);
            (0..scenario.frame_count()).step_by(5).any(|frame| {
                let cast = cast_at(&film, frame as f32 / FRAME_RATE_HZ as f32);
                cast.figures
                    .iter()
                    .any(|figure| matches!(figure, Figure::Vehicle(vehicle) if vehicle.beacon != [0.0; 2]))
            })
        };
        let normal = (0..150).map(|seed| Scenario::draw(AnomalyClass::Normal, Split::Train, seed));
        let beacons = normal.filter(shows_beacon).count();
        assert!((1..25).contains(&beacons), "{beacons}");
    }
}
