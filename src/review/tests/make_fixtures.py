#!/usr/bin/env python3
"""What scikit-learn makes of two annotators' seeded events: src/review/tests/agreement.json.

    make_fixtures.py src/review/tests/agreement.json

Cohen's kappa is scikit-learn's. Matching of events, which it lacks, is written out here with sets of frames; precision,
recall and F1 of it are scikit-learn's again, over one label an event: found or not.
Needs scikit-learn 1.9 or near it.
"""
import json
import math
import random
import sys
from pathlib import Path

from sklearn.metrics import cohen_kappa_score, precision_recall_fscore_support

CLASSES = 10
NORMAL = 6
ANOMALIES = [index for index in range(CLASSES) if index != NORMAL]
FRAMES = 3000
FRAMES_A_STEP = 6


def defined(value):
    return float(value) if math.isfinite(value) else None


def annotator(seed, share):
    """Events of two who look at one recording: most of a common list, moved a little, and some of their own."""
    common = random.Random(1000 * seed)
    own = random.Random(1000 * seed + int(100 * share) + 1)
    events = []
    for _ in range(common.randrange(2, 15)):
        start = common.randrange(0, FRAMES - 200)
        event = [common.choice(ANOMALIES[: 2 + seed % 8]), start, start + common.randrange(10, 180)]
        if own.random() < share:
            event[1] = max(0, event[1] + own.randrange(-20, 21))
            event[2] = max(event[1] + 1, event[2] + own.randrange(-20, 21))
            if own.random() < 0.2:
                event[0] = own.choice(ANOMALIES)
            events.append(event)
    for _ in range(own.randrange(0, 4)):
        start = own.randrange(0, FRAMES - 200)
        events.append([own.choice(ANOMALIES), start, start + own.randrange(10, 180)])
    return events


def in_order(events):
    return sorted(events, key=lambda event: (event[1], event[0]))


def class_of_steps(events):
    """The class of the event that starts first, of those that hold the step's frame."""
    holding = lambda frame: [event for event in in_order(events) if event[1] <= frame < event[2]]
    steps = range(0, FRAMES, FRAMES_A_STEP)
    return [found[0][0] if (found := holding(frame)) else NORMAL for frame in steps]


def is_class(events, label):
    steps = range(0, FRAMES, FRAMES_A_STEP)
    return [any(e[0] == label and e[1] <= frame < e[2] for e in events) for frame in steps]


def iou(one, other):
    one, other = set(range(one[1], one[2])), set(range(other[1], other[2]))
    return len(one & other) / len(one | other)


def matched(first, second):
    first, second = in_order(first), in_order(second)
    rest = {(i, j) for i in range(len(first)) for j in range(len(second))}
    rest = {(i, j) for i, j in rest if first[i][0] == second[j][0] and iou(first[i], second[j]) >= 0.5}
    pairs = []
    while rest:
        best = min(rest, key=lambda pair: (-iou(first[pair[0]], second[pair[1]]), pair))
        pairs.append(best)
        rest = {(i, j) for i, j in rest if i != best[0] and j != best[1]}
    return len(pairs)


def scores(first, second, pairs):
    """Each event once: said by both, by the first alone, by the second alone."""
    alone, other = len(first) - pairs, len(second) - pairs
    truth = [1] * (pairs + alone) + [0] * other
    predicted = [1] * pairs + [0] * alone + [1] * other
    if not truth:
        return [None, None, None]
    found = precision_recall_fscore_support(truth, predicted, average="binary", pos_label=1, zero_division=math.nan)
    return [defined(value) for value in found[:3]]


def case(name, first, second):
    pairs = matched(first, second)
    kappa = cohen_kappa_score(class_of_steps(first), class_of_steps(second))
    by_class = [cohen_kappa_score(is_class(first, label), is_class(second, label)) for label in range(CLASSES)]
    return {
        "name": name,
        "first": first,
        "second": second,
        "kappa": defined(kappa),
        "kappa_by_class": [defined(value) for value in by_class],
        "matched": pairs,
        "precision_recall_f1": scores(first, second, pairs),
    }


def main():
    cases = [case(f"seed {seed}", annotator(seed, 0.9), annotator(seed, 0.8)) for seed in range(12)]
    one = [[2, 60, 120], [4, 600, 900]]
    cases += [
        case("the same", one, one),
        case("nobody says anything", [], []),
        case("one says nothing", one, []),
        case("half of it, to the frame", [[2, 0, 100]], [[2, 0, 200]]),
        case("a frame less than half", [[2, 0, 100]], [[2, 0, 201]]),
        case("two for one", [[2, 0, 120]], [[2, 0, 60], [2, 60, 120]]),
    ]
    fixtures = {"frames": FRAMES, "frames_a_step": FRAMES_A_STEP, "cases": cases}
    Path(sys.argv[1]).write_text(json.dumps(fixtures, separators=(",", ":")) + "\n")


main()
