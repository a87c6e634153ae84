//! A stratified split by groups: whole groups of clips are assigned to parts, so that each class is in each part and near
//! its share there.
//!
//! The order of groups comes from SHA-256 of seed and group, so it depends on nothing else. Groups are assigned class
//! by class, the class with the fewest groups first, each to the part that lacks the class or else is furthest below
//! its share of clips (iterative stratification, Sechidis et al. 2011, on groups). Assigning is greedy, so it is done
//! in several orders, of which the best is taken: fewest classes missing from a part, then shares met best. Last,
//! single groups move while that brings the assignment closer to its goal.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::Clip;
use avar_labels::CLASS_COUNT;

/// Orders that are tried.
const ORDERS: u64 = 16;
/// Times that every group may move once the best order is found; a few are enough.
const ROUNDS: usize = 20;

/// How groups are assigned to parts.
pub(super) struct GroupSplit<'a> {
    /// Share of each part, at least one of them above zero; the sum is 1.
    pub shares: &'a [f64],
    /// Which part a class gets first where it has fewer groups than there are parts.
    pub order: &'a [usize],
    pub seed: u64,
}

/// Clips that stay together.
struct Group<'a> {
    name: &'a str,
    /// Clips of each class.
    counts: [usize; CLASS_COUNT],
    /// Where a clip of it is already.
    pinned: Option<usize>,
}

/// What has been assigned so far.
struct Assignment {
    /// Clips of each class, by part.
    clips: Vec<[usize; CLASS_COUNT]>,
    /// By group.
    part_of: Vec<Option<usize>>,
}

impl<'a> GroupSplit<'a> {
    /// The part of each clip. `pinned` says where a clip is already; a group follows the first such clip.
    pub(crate) fn parts(&self, clips: &[&Clip], pinned: &[Option<usize>]) -> Vec<usize> {
        let groups = groups_of(clips, pinned);
        let goal = Goal::new(&groups, self);
        let assigned = (0..ORDERS).map(|order| self.assigned(&groups, &goal, order));
        // `min_by` keeps the first of equals.
        let best = assigned.min_by(|a, b| closer(goal.distance(a), goal.distance(b)));
        let best = best.map(|assignment| self.polished(&groups, &goal, assignment));
        let part_of: BTreeMap<&str, usize> = best
            .iter()
            .flat_map(|assignment| groups.iter().zip(&assignment.part_of))
            .filter_map(|(group, part)| Some((group.name, (*part)?)))
            .collect();
        clips.iter().map(|clip| part_of.get(clip.group.as_str()).copied().unwrap_or(self.order[0])).collect()
    }

    fn assigned(&self, groups: &[Group], goal: &Goal, order: u64) -> Assignment {
        let mut assignment =
            Assignment { clips: vec![[0; CLASS_COUNT]; self.shares.len()], part_of: vec![None; groups.len()] };
        for (index, group) in groups.iter().enumerate() {
            if let Some(part) = group.pinned {
                assignment.give(index, group, part);
            }
        }
        let mut shuffled: Vec<usize> = (0..groups.len()).collect();
        shuffled.sort_by_cached_key(|index| digest(self.seed, order, groups[*index].name));
        let mut classes: Vec<usize> = (0..CLASS_COUNT).collect();
        // Classes with too few groups for all parts come last: they take what the others leave them.
        classes.sort_by_key(|class| (goal.groups[*class] < goal.order.len(), goal.groups[*class]));
        for class in classes {
            for &index in shuffled.iter().filter(|index| groups[**index].counts[class] > 0) {
                if assignment.part_of[index].is_none() {
                    let part = self.choice(&groups[index], goal, &assignment);
                    assignment.give(index, &groups[index], part);
                }
            }
        }
        assignment
    }

    /// Moves single groups while that brings the assignment closer to its goal.
    fn polished(&self, groups: &[Group], goal: &Goal, mut assignment: Assignment) -> Assignment {
        for _ in 0..ROUNDS {
            let mut has_moved = false;
            for (index, group) in groups.iter().enumerate().filter(|(_, group)| group.pinned.is_none()) {
                for part in self.open_parts() {
                    has_moved |=
                        goal.is_closer_with(index, group, part, &assignment) && assignment.give(index, group, part);
                }
            }
            if !has_moved {
                break;
            }
        }
        assignment
    }

    fn open_parts(&self) -> impl Iterator<Item = usize> {
        (0..self.shares.len()).filter(|part| self.shares[*part] > 0.0)
    }

    fn choice(&self, group: &Group, goal: &Goal, assignment: &Assignment) -> usize {
        let classes = || (0..CLASS_COUNT).filter(|class| group.counts[*class] > 0);
        let rank = |part: usize| {
            let lacking =
                classes().filter(|class| assignment.clips[part][*class] == 0).map(|class| goal.need(class, part)).sum();
            // How much closer the group brings the squared distance to the shares.
            let gain = |class: usize| {
                let below = goal.clips[class] * self.shares[part] - assignment.clips[part][class] as f64;
                group.counts[class] as f64 * below / goal.clips[class].powi(2)
            };
            let filled = assignment.clips[part].iter().sum::<usize>() as f64 / self.shares[part];
            (lacking, classes().map(gain).sum::<f64>(), -filled)
        };
        let open = self.open_parts().map(|part| (rank(part), Reverse(part)));
        let better = |a: &((usize, f64, f64), Reverse<usize>), b: &((usize, f64, f64), Reverse<usize>)| {
            let ((lacking_a, gain_a, filled_a), (lacking_b, gain_b, filled_b)) = (a.0, b.0);
            let by_need = lacking_a.cmp(&lacking_b).then(gain_a.total_cmp(&gain_b));
            by_need.then(filled_a.total_cmp(&filled_b)).then(a.1.cmp(&b.1))
        };
        open.max_by(better).map_or(self.order[0], |(_, Reverse(part))| part)
    }
}

impl Assignment {
    /// Whether that changed anything.
    fn give(&mut self, index: usize, group: &Group, part: usize) -> bool {
        let before = self.part_of[index].replace(part);
        if let Some(before) = before {
            self.clips[before] = minus(self.clips[before], group.counts);
        }
        self.clips[part] = plus(self.clips[part], group.counts);
        before != Some(part)
    }
}

/// What a fair assignment looks like.
struct Goal<'a> {
    shares: &'a [f64],
    /// Clips of each class that are shared out; those fixed in a part without a share are not.
    clips: [f64; CLASS_COUNT],
    /// Groups of each class that are shared out.
    groups: [usize; CLASS_COUNT],
    /// Parts with a share, in the order in which a rare class gets them.
    order: Vec<usize>,
}

impl<'a> Goal<'a> {
    fn new(groups: &[Group], assignment: &GroupSplit<'a>) -> Self {
        let has_share = |part: &usize| assignment.shares.get(*part).is_some_and(|share| *share > 0.0);
        let order = assignment.order.iter().copied().filter(has_share).collect();
        let mut goal = Self { shares: assignment.shares, clips: [0.0; CLASS_COUNT], groups: [0; CLASS_COUNT], order };
        for group in groups.iter().filter(|group| group.pinned.is_none_or(|part| has_share(&part))) {
            for (class, count) in group.counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
                goal.clips[class] += count as f64;
                goal.groups[class] += 1;
            }
        }
        goal
    }

    /// How badly this part needs the class: a class with groups for all parts goes before those with fewer, which
    /// need only as many parts as they can have.
    fn need(&self, class: usize, part: usize) -> usize {
        let is_needed = self.order.iter().take(self.groups[class]).any(|needed| *needed == part);
        match (is_needed, self.groups[class] >= self.order.len()) {
            (true, true) => 1 + CLASS_COUNT * self.order.len(),
            (true, false) => 1,
            (false, _) => 0,
        }
    }

    fn distance(&self, assignment: &Assignment) -> Distance {
        let parts = assignment.clips.iter().enumerate().map(|(part, clips)| self.distance_of(part, clips));
        parts.fold((0, 0.0), |sum, part| (sum.0 + part.0, sum.1 + part.1))
    }

    fn distance_of(&self, part: usize, clips: &[usize; CLASS_COUNT]) -> Distance {
        let (mut missing, mut distance) = (0, 0.0);
        for class in (0..CLASS_COUNT).filter(|class| self.groups[*class] > 0) {
            missing += if clips[class] == 0 { self.need(class, part) } else { 0 };
            let share = self.shares[part];
            let off = if share > 0.0 { clips[class] as f64 / self.clips[class] - share } else { 0.0 };
            distance += off * off;
        }
        (missing, distance)
    }

    /// Whether the assignment is closer to this goal when the group moves to `part`.
    fn is_closer_with(&self, index: usize, group: &Group, part: usize, assignment: &Assignment) -> bool {
        let Some(from) = assignment.part_of[index].filter(|from| *from != part) else { return false };
        let both = |one: [usize; CLASS_COUNT], other: [usize; CLASS_COUNT]| {
            let (one, other) = (self.distance_of(from, &one), self.distance_of(part, &other));
            (one.0 + other.0, one.1 + other.1)
        };
        let now = both(assignment.clips[from], assignment.clips[part]);
        let moved = both(minus(assignment.clips[from], group.counts), plus(assignment.clips[part], group.counts));
        // A step that is all rounding could go back and forth.
        closer((moved.0, moved.1 + 1e-12), now).is_lt()
    }
}

/// What is missing by need, and the squared distance to the shares.
type Distance = (usize, f64);

fn closer(a: Distance, b: Distance) -> Ordering {
    a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
}

fn plus(sum: [usize; CLASS_COUNT], counts: [usize; CLASS_COUNT]) -> [usize; CLASS_COUNT] {
    std::array::from_fn(|class| sum[class] + counts[class])
}

fn minus(sum: [usize; CLASS_COUNT], counts: [usize; CLASS_COUNT]) -> [usize; CLASS_COUNT] {
    std::array::from_fn(|class| sum[class].saturating_sub(counts[class]))
}

fn groups_of<'a>(clips: &[&'a Clip], pinned: &[Option<usize>]) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
    for (clip, pinned) in clips.iter().zip(pinned) {
        let new = || Group { name: &clip.group, counts: [0; CLASS_COUNT], pinned: None };
        let group = groups.entry(&clip.group).or_insert_with(new);
        group.counts[clip.label.index()] += 1;
        group.pinned = group.pinned.or(*pinned);
    }
    groups.into_values().collect()
}

fn digest(seed: u64, order: u64, group: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(seed.to_le_bytes())
        .chain_update(order.to_le_bytes())
        .chain_update(group)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use avar_labels::AnomalyClass;

    const PARTS: usize = 3;
    /// Of the classes, so that groups share many.
    const CLASSES: usize = 4;

    /// 4 to 6 groups with 4 to 18 clips, of random classes.
    fn random_clips(seed: u64) -> Vec<Clip> {
        let random = |number: usize, limit: usize| usize::from(digest(seed, number as u64, "")[0]) % limit;
        let groups = 4 + random(0, 3);
        let clip = |number: usize| Clip {
            path: "x.mp4".into(),
            file: "/x.mp4".into(),
            label: AnomalyClass::ALL[random(2 * number, CLASSES)],
            ranges: vec![],
            unclassified: vec![],
            shown_in: Default::default(),
            split: None,
            group: format!("g{}", random(2 * number + 1, groups)),
        };
        (1..5 + random(1, 15)).map(clip).collect()
    }

    /// Whether each class with a group for every part is in every part.
    fn covers(groups: &[Group], part_of: impl Fn(usize) -> usize) -> bool {
        (0..CLASSES).all(|class| {
            let holders = || (0..groups.len()).filter(|group| groups[*group].counts[class] > 0);
            let has = |part: usize| holders().any(|group| part_of(group) == part);
            holders().count() < PARTS || (0..PARTS).all(has)
        })
    }

    #[test]
    fn where_any_assignment_has_every_class_in_every_part_the_one_made_has_too() {
        let (mut possible, mut impossible) = (0, 0);
        for seed in 0..1000 {
            let clips = random_clips(seed);
            let clips: Vec<&Clip> = clips.iter().collect();
            let groups = groups_of(&clips, &vec![None; clips.len()]);
            let assignments = PARTS.pow(groups.len() as u32);
            if !(0..assignments).any(|assignment| covers(&groups, |group| assignment / PARTS.pow(group as u32) % PARTS))
            {
                impossible += 1;
                continue;
            }
            possible += 1;
            let assignment = GroupSplit { shares: &[0.7, 0.15, 0.15], order: &[0, 2, 1], seed };
            let parts = assignment.parts(&clips, &vec![None; clips.len()]);
            let first = |group: usize| clips.iter().position(|clip| clip.group == groups[group].name);
            assert!(covers(&groups, |group| first(group).map_or(PARTS, |clip| parts[clip])), "seed {seed}");
        }
        assert!(possible > 500 && impossible > 0, "{possible} possible, {impossible} impossible");
    }
}
