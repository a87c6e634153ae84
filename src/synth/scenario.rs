//! What happens in one synthetic clip: drawn once from its seed, then shown by the pictures and heard in the sound.
//!
//! Pictures and sound never talk to each other; they agree because both read this.

use std::ops::Range;

use super::FRAME_RATE_HZ;
use crate::random::Random;
use avar_dataset::ShownIn;
use avar_labels::{AnomalyClass, Split};

/// Shortest and longest clip.
pub const DURATION_S: Range<f32> = 5.0..20.0;
/// Shortest and longest event.
pub const EVENT_S: Range<f32> = 2.0..8.0;
/// What lies at least between an event and the ends of its clip, but for what a collision leaves behind.
const MARGIN_S: f32 = 0.6;

/// The set of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    // train and validation
    /// A street with its traffic.
    Street,
    /// A car park in the open.
    CarPark,
    /// An office.
    Office,
    /// A corridor of a building.
    Corridor,
    /// A living room.
    LivingRoom,
    // test only
    /// A square of a town.
    Square,
    /// A shop.
    Shop,
    /// A warehouse, wide enough for vehicles.
    Warehouse,
}

/// State of a clip's sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoundTrack {
    /// As the microphone hears the place.
    Clear,
    /// As through a wall or a covered microphone.
    Muffled,
    /// The file has no sound track.
    Missing,
}

/// One clip, before anything is drawn or synthesised.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// What picture and sound draw from; not the seed that [`Scenario::draw`] is given.
    pub seed: u64,
    /// The part that the clip is for: it decides the places and how things look and sound.
    pub split: Split,
    /// What happens.
    pub class: AnomalyClass,
    /// Where that can be perceived.
    pub shown_in: ShownIn,
    /// 5 to 20.
    pub duration_s: f32,
    /// While the class shows; `None` in a normal clip.
    pub event_s: Option<Range<f32>>,
    /// Moments of contact during the event, in order: blows, the collision, the blast, what breaks, the forced door.
    pub impacts_s: Vec<f32>,
    /// Where it happens: one of [`Place::of`] the part.
    pub place: Place,
    /// Whether it is dark outside.
    pub is_night: bool,
    /// Rain falls; outdoors alone.
    pub has_rain: bool,
    /// Something stands between the camera and part of the scene for a while.
    pub has_occlusion: bool,
    /// What becomes of the sound on its way into the file.
    pub sound: SoundTrack,
    /// Voices of many people, as in a crowd: heard with abuse, brawling, and now and then with normal life.
    pub has_crowd_noise: bool,
}

impl Place {
    /// Where the clips of a part are set: the test part is never set where training is.
    pub const fn of(split: Split) -> &'static [Place] {
        match split {
            Split::Train | Split::Validation => {
                &[Place::Street, Place::CarPark, Place::Office, Place::Corridor, Place::LivingRoom]
            }
            Split::Test => &[Place::Square, Place::Shop, Place::Warehouse],
        }
    }

    /// Whether it lies under the open sky.
    pub const fn is_outdoors(self) -> bool {
        matches!(self, Place::Street | Place::CarPark | Place::Square)
    }

    /// Wide enough for vehicles.
    pub const fn admits_vehicles(self) -> bool {
        self.is_outdoors() || matches!(self, Place::Warehouse)
    }
}

impl Scenario {
    /// The clip of a seed. The same three arguments always give the same scenario; training and validation
    /// share every range and no random number.
    pub fn draw(class: AnomalyClass, split: Split, seed: u64) -> Scenario {
        let stream = seed ^ ((class.index() as u64 + 1) << 56) ^ ((split as u64 + 1) << 52);
        let mut random = Random::new(Random::new(stream).bits());
        let shown_in = draw_shown_in(class, &mut random);
        let place = draw_place(class, shown_in, split, &mut random);
        let sound = draw_sound(class, shown_in, &mut random);
        let duration_s = on_frame(random.between(DURATION_S.start, DURATION_S.end));
        let event_s = class.is_anomaly().then(|| draw_event(class, duration_s, &mut random));
        let impacts_s =
            event_s.as_ref().map_or(Vec::new(), |event_s| draw_impacts(class, shown_in, event_s, &mut random));
        let night_share = if class == AnomalyClass::Intruder { 0.75 } else { 0.35 };
        let crowd_share = match class {
            AnomalyClass::Brawling => 0.55,
            AnomalyClass::Abuse => 0.45,
            AnomalyClass::Normal => 0.14,
            _ => 0.0,
        };
        Scenario {
            seed: random.bits(),
            split,
            class,
            shown_in,
            duration_s,
            event_s,
            impacts_s,
            place,
            is_night: random.unit() < night_share,
            has_rain: random.unit() < 0.2 && place.is_outdoors(),
            has_occlusion: random.unit() < 0.25,
            sound,
            has_crowd_noise: random.unit() < crowd_share,
        }
    }

    /// Frames of the film, at [`FRAME_RATE_HZ`]; a clip may keep fewer of them.
    pub fn frame_count(&self) -> u32 {
        (self.duration_s * FRAME_RATE_HZ as f32).round() as u32
    }

    /// Whether the picture shows the class.
    pub fn is_visible(&self) -> bool {
        self.class.is_anomaly() && self.shown_in != ShownIn::Sound
    }

    /// Whether nothing but the picture shows the class: by its nature, or for want of a sound track.
    pub fn rests_on_picture(&self) -> bool {
        self.is_visible() && (self.shown_in == ShownIn::Picture || self.sound == SoundTrack::Missing)
    }
}

/// To the start of the nearest frame, so that a contact is in the picture when it is in the sound.
fn on_frame(time_s: f32) -> f32 {
    (time_s * FRAME_RATE_HZ as f32).round() / FRAME_RATE_HZ as f32
}

fn draw_shown_in(class: AnomalyClass, random: &mut Random) -> ShownIn {
    // Shares of what shows only in sound, and only in the picture.
    let (sound_only, picture_only) = match class {
        AnomalyClass::Normal => (0.0, 0.0),
        AnomalyClass::PoliceSiren => (0.7, 0.0),
        AnomalyClass::BabyCry => (0.65, 0.0),
        AnomalyClass::Intruder => (0.0, 0.85),
        AnomalyClass::Vandalism => (0.15, 0.24),
        _ => (0.16, 0.16),
    };
    let draw = random.unit();
    if draw < sound_only {
        ShownIn::Sound
    } else if draw < sound_only + picture_only {
        ShownIn::Picture
    } else {
        ShownIn::Both
    }
}

fn draw_place(class: AnomalyClass, shown_in: ShownIn, split: Split, random: &mut Random) -> Place {
    let needs_vehicles = matches!(class, AnomalyClass::Crash | AnomalyClass::PoliceSiren) && shown_in != ShownIn::Sound;
    // A patrol car does not pass through a warehouse.
    let fits = |place: &Place| match class {
        AnomalyClass::PoliceSiren => place.is_outdoors(),
        _ => place.admits_vehicles(),
    };
    let places: Vec<Place> = Place::of(split).iter().filter(|place| !needs_vehicles || fits(place)).copied().collect();
    places[random.bits() as usize % places.len()]
}

fn draw_sound(class: AnomalyClass, shown_in: ShownIn, random: &mut Random) -> SoundTrack {
    let draw = random.unit();
    // A siren's blue light and a pram are seen in everyday clips too, so only the sound tells.
    if shown_in == ShownIn::Sound || matches!(class, AnomalyClass::PoliceSiren | AnomalyClass::BabyCry) {
        return SoundTrack::Clear;
    }
    if draw < 0.155 {
        SoundTrack::Missing
    } else if draw < 0.295 {
        SoundTrack::Muffled
    } else {
        SoundTrack::Clear
    }
}

fn draw_event(class: AnomalyClass, duration_s: f32, random: &mut Random) -> Range<f32> {
    let longest_s = EVENT_S.end.min(duration_s - 2.0 * MARGIN_S - 1.0);
    let length_s = random.between(EVENT_S.start, longest_s);
    // A wreck stays where it is: what is left of a collision lasts to the end of its clip.
    let start_s = if class == AnomalyClass::Crash {
        duration_s - length_s
    } else {
        random.between(MARGIN_S, duration_s - MARGIN_S - length_s)
    };
    on_frame(start_s)..on_frame(start_s + length_s)
}

fn draw_impacts(class: AnomalyClass, shown_in: ShownIn, event_s: &Range<f32>, random: &mut Random) -> Vec<f32> {
    let length_s = event_s.end - event_s.start;
    let mut impacts_s = match class {
        AnomalyClass::Abuse => repeated(event_s, (0.5, 1.15), random),
        AnomalyClass::Brawling => repeated(event_s, (0.27, 0.7), random),
        AnomalyClass::Crash => {
            let first_s = event_s.start + random.between(0.2, 0.5);
            let second_s = (random.unit() < 0.4).then(|| first_s + random.between(0.4, 0.9));
            [Some(first_s), second_s].into_iter().flatten().collect()
        }
        AnomalyClass::Explosion => {
            let second_s = (random.unit() < 0.25).then(|| event_s.start + length_s * random.between(0.2, 0.4));
            [Some(event_s.start), second_s].into_iter().flatten().collect()
        }
        AnomalyClass::Pain => vec![event_s.start + random.between(0.45, 0.8)],
        // Heard, it is a door being forced; otherwise a landing behind the fence or the window, or nothing.
        AnomalyClass::Intruder if shown_in == ShownIn::Both || random.unit() < 0.2 => {
            let blows = 2 + (random.bits() % 2) as usize;
            (0..blows).map(|blow| event_s.start + 0.45 + 0.55 * blow as f32).collect()
        }
        AnomalyClass::Intruder if random.unit() < 0.75 => vec![event_s.start + length_s * random.between(0.45, 0.55)],
        // Silent, it may be paint.
        AnomalyClass::Vandalism if shown_in == ShownIn::Picture && random.unit() < 0.6 => Vec::new(),
        AnomalyClass::Vandalism => repeated(event_s, (0.7, 1.5), random),
        _ => Vec::new(),
    };
    impacts_s.iter_mut().for_each(|impact_s| *impact_s = on_frame(*impact_s));
    impacts_s
}

/// Moments at irregular steps between `shortest` and `longest` seconds, clear of the ends of the event.
fn repeated(event_s: &Range<f32>, (shortest_s, longest_s): (f32, f32), random: &mut Random) -> Vec<f32> {
    let mut next_s = event_s.start + random.between(0.35, 0.6);
    let mut impacts_s = Vec::new();
    while next_s < event_s.end - 0.3 {
        impacts_s.push(next_s);
        next_s += random.between(shortest_s, longest_s);
    }
    impacts_s
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws of every class, `count` in each part.
    fn draws(count: u64) -> impl Iterator<Item = Scenario> {
        AnomalyClass::ALL.into_iter().flat_map(move |class| {
            Split::ALL.into_iter().flat_map(move |split| (0..count).map(move |seed| Scenario::draw(class, split, seed)))
        })
    }

    fn share(of: impl Fn(&Scenario) -> bool, among: impl Fn(&Scenario) -> bool) -> f32 {
        let (hits, all) = draws(100)
            .filter(|scenario| among(scenario))
            .fold((0, 0), |(hits, all), scenario| (hits + u32::from(of(&scenario)), all + 1));
        hits as f32 / all as f32
    }

    #[test]
    fn the_same_seed_gives_the_same_scenario_and_another_part_another() {
        for scenario in draws(20) {
            let Scenario { class, split, .. } = scenario;
            assert_eq!(Scenario::draw(class, split, 7), Scenario::draw(class, split, 7));
        }
        let train = Scenario::draw(AnomalyClass::Pain, Split::Train, 7);
        let validation = Scenario::draw(AnomalyClass::Pain, Split::Validation, 7);
        assert_ne!(train.seed, validation.seed);
        assert_ne!(train.duration_s, validation.duration_s);
    }

    #[test]
    fn an_event_lies_inside_its_clip_and_its_impacts_lie_in_order_inside_the_event() {
        for scenario in draws(100) {
            assert!(scenario.duration_s >= DURATION_S.start && scenario.duration_s <= DURATION_S.end);
            assert_eq!(scenario.event_s.is_some(), scenario.class.is_anomaly(), "{scenario:?}");
            let Some(event_s) = &scenario.event_s else {
                assert!(scenario.impacts_s.is_empty());
                continue;
            };
            assert!(event_s.start >= 0.5 && event_s.end <= scenario.duration_s, "{scenario:?}");
            let length_s = event_s.end - event_s.start;
            assert!(length_s > EVENT_S.start - 0.1 && length_s < EVENT_S.end + 0.1, "{scenario:?}");
            assert!(length_s < scenario.duration_s - 0.5, "{scenario:?}");
            assert!(scenario.impacts_s.is_sorted_by(|before, after| before < after), "{scenario:?}");
            for impact_s in &scenario.impacts_s {
                assert!(event_s.contains(impact_s), "{scenario:?}");
            }
        }
    }

    #[test]
    fn every_contact_is_at_the_start_of_a_frame() {
        for impact_s in draws(50).flat_map(|scenario| scenario.impacts_s) {
            let frame = impact_s * FRAME_RATE_HZ as f32;
            assert!((frame - frame.round()).abs() < 1e-3);
        }
    }

    #[test]
    fn what_only_sound_shows_is_clearly_heard() {
        for scenario in draws(100).filter(|scenario| scenario.shown_in == ShownIn::Sound) {
            assert_eq!(scenario.sound, SoundTrack::Clear, "{scenario:?}");
        }
        for class in [AnomalyClass::PoliceSiren, AnomalyClass::BabyCry] {
            assert_eq!(share(|s| s.sound == SoundTrack::Clear, |s| s.class == class), 1.0);
            let sound_only = share(|s| s.shown_in == ShownIn::Sound, |s| s.class == class);
            assert!((0.55..0.8).contains(&sound_only), "{sound_only}");
        }
    }

    #[test]
    fn neither_modality_alone_shows_every_event_of_a_class_that_both_can_show() {
        for class in [
            AnomalyClass::Abuse,
            AnomalyClass::Crash,
            AnomalyClass::Brawling,
            AnomalyClass::Explosion,
            AnomalyClass::Pain,
            AnomalyClass::Vandalism,
        ] {
            for shown_in in [ShownIn::Sound, ShownIn::Picture] {
                let share = share(|s| s.shown_in == shown_in, |s| s.class == class);
                assert!((0.08..0.32).contains(&share), "{class:?} {shown_in:?}: {share}");
            }
        }
    }

    #[test]
    fn an_intruder_is_seen_and_rarely_heard() {
        assert_eq!(share(|s| s.is_visible(), |s| s.class == AnomalyClass::Intruder), 1.0);
        let heard = share(|s| s.shown_in == ShownIn::Both, |s| s.class == AnomalyClass::Intruder);
        assert!((0.08..0.25).contains(&heard), "{heard}");
    }

    #[test]
    fn sound_is_missing_or_muffled_and_the_view_blocked_in_a_small_share_of_clips() {
        let speaks = |s: &Scenario| !matches!(s.class, AnomalyClass::PoliceSiren | AnomalyClass::BabyCry);
        let missing = share(|s| s.sound == SoundTrack::Missing, speaks);
        let muffled = share(|s| s.sound == SoundTrack::Muffled, speaks);
        assert!((0.11..0.16).contains(&missing), "{missing}");
        assert!((0.09..0.15).contains(&muffled), "{muffled}");
        let occluded = share(|s| s.has_occlusion, |_| true);
        assert!((0.2..0.3).contains(&occluded), "{occluded}");
        let rain = share(|s| s.has_rain, |_| true);
        assert!((0.05..0.15).contains(&rain), "{rain}");
    }

    #[test]
    fn the_test_part_is_never_set_where_training_is() {
        for scenario in draws(100) {
            assert!(Place::of(scenario.split).contains(&scenario.place));
        }
        assert_eq!(Place::of(Split::Train), Place::of(Split::Validation));
        assert!(Place::of(Split::Test).iter().all(|place| !Place::of(Split::Train).contains(place)));
    }

    #[test]
    fn what_needs_a_vehicle_is_set_where_one_can_be() {
        for scenario in draws(100).filter(|s| s.class == AnomalyClass::Crash && s.is_visible()) {
            assert!(scenario.place.admits_vehicles(), "{scenario:?}");
        }
    }

    #[test]
    fn it_rains_outdoors_only() {
        assert_eq!(share(|s| s.has_rain, |s| !s.place.is_outdoors()), 0.0);
    }

    #[test]
    fn a_crowd_is_heard_with_abuse_brawling_and_now_and_then_normal_life() {
        assert!(share(|s| s.has_crowd_noise, |s| s.class == AnomalyClass::Brawling) > 0.4);
        assert!(share(|s| s.has_crowd_noise, |s| s.class == AnomalyClass::Abuse) > 0.3);
        assert!((0.05..0.25).contains(&share(|s| s.has_crowd_noise, |s| s.class == AnomalyClass::Normal)));
        assert_eq!(share(|s| s.has_crowd_noise, |s| s.class == AnomalyClass::Pain), 0.0);
    }
}
