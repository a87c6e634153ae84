//! Quantities that change over time, written as a few `(time_s, value)` keys.

/// The value at `time_s`, straight between keys and constant outside them.
pub(crate) fn value_at(keys: &[(f32, f32)], time_s: f32) -> f32 {
    let after = keys.partition_point(|key| key.0 <= time_s);
    match (after.checked_sub(1).map(|before| keys[before]), keys.get(after)) {
        (Some((from_s, from)), Some(&(to_s, to))) => from + (to - from) * (time_s - from_s) / (to_s - from_s),
        (Some((_, value)), None) | (None, Some(&(_, value))) => value,
        (None, None) => 0.0,
    }
}

/// The integral of [`value_at`] from the first key to `time_s`: the way that a speed has covered.
pub(crate) fn area_until(keys: &[(f32, f32)], time_s: f32) -> f32 {
    let Some(&(mut from_s, mut from)) = keys.first() else { return 0.0 };
    let mut area = 0.0;
    for &(key_s, _) in keys.iter().skip(1).filter(|key| key.0 < time_s).chain([&(time_s, 0.0)]) {
        let to = value_at(keys, key_s);
        area += (from + to) / 2.0 * (key_s - from_s);
        (from_s, from) = (key_s, to);
    }
    area
}

/// 0 before `from_s`, 1 after `to_s`, smooth in between.
pub(crate) fn ease(from_s: f32, to_s: f32, time_s: f32) -> f32 {
    let x = ((time_s - from_s) / (to_s - from_s)).clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: [(f32, f32); 3] = [(1.0, 2.0), (3.0, 2.0), (4.0, 0.0)];

    #[test]
    fn a_value_is_straight_between_keys_and_constant_outside() {
        assert_eq!(value_at(&KEYS, 0.0), 2.0);
        assert_eq!(value_at(&KEYS, 3.5), 1.0);
        assert_eq!(value_at(&KEYS, 9.0), 0.0);
    }

    #[test]
    fn a_speed_covers_the_way_under_its_curve() {
        assert_eq!(area_until(&KEYS, 3.0), 4.0);
        assert_eq!(area_until(&KEYS, 3.5), 4.75);
        assert_eq!(area_until(&KEYS, 10.0), 5.0);
    }
}
