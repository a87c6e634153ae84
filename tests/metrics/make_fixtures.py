#!/usr/bin/env python3
"""What scikit-learn, SciPy and plain NumPy make of seeded predictions: tests/metrics/fixtures.json.

    make_fixtures.py tests/metrics/fixtures.json

Whatever scikit-learn has is taken from it. Segments, events, calibration error and resampling, which it lacks, are
written out here frame by frame with sets and loops: slow, and nothing like the program's way of counting.
Needs scikit-learn. Step scores are whole numbers of 1/4096, so that single precision holds them exactly.
"""
import itertools
import json
import math
import sys
import warnings
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn import metrics
from sklearn.calibration import calibration_curve

CLASSES = 10
NORMAL = 6
FPS = 24
SCALE = 4096
HYSTERESIS = {"onset": 0.9375, "offset": 0.875, "min_on_s": 1.0, "min_off_s": 1.0}
EVENT_IOUS = [0.1, 0.3, 0.5]
IOUS = [0.1, 0.2, 0.3, 0.4, 0.5]
RESAMPLES, SEED, LEVEL = 60, 20, 0.9


def defined(value):
    """Not-a-number, infinity and refusals become null."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return [defined(item) for item in value]
    value = float(value)
    return value if math.isfinite(value) else None


# --- classes -------------------------------------------------------------------------------------------------------


def classification(truth, predicted):
    every = list(range(CLASSES))
    matrix = metrics.confusion_matrix(truth, predicted, labels=every)
    with np.errstate(invalid="ignore"):
        by_truth = matrix / matrix.sum(axis=1, keepdims=True)
        by_prediction = matrix / matrix.sum(axis=0, keepdims=True)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        truth, predicted, labels=every, zero_division=np.nan
    )
    macro = metrics.precision_recall_fscore_support(
        truth, predicted, labels=sorted(set(truth)), average="macro", zero_division=0
    )
    by_default = metrics.precision_recall_fscore_support(truth, predicted, average="macro", zero_division=0)
    return {
        "confusion": matrix.tolist(),
        "by_truth": defined(by_truth),
        "by_prediction": defined(by_prediction),
        "accuracy": metrics.accuracy_score(truth, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted),
        "precision": defined(precision),
        "recall": defined(recall),
        "f1": defined(f1),
        "support": [int(count) for count in support],
        "macro_precision": macro[0],
        "macro_f1": macro[2],
        "macro_by_default": by_default[:3],
    }


def classification_cases(random):
    def case(name, truth, right):
        noise = random.integers(0, CLASSES, len(truth))
        predicted = np.where(random.random(len(truth)) < right, truth, noise)
        return name, [int(c) for c in truth], [int(c) for c in predicted]

    skewed = random.choice(CLASSES, 400, p=[0.01, 0.02, 0.3, 0, 0.05, 0.01, 0.55, 0.02, 0.03, 0.01])
    cases = [
        case("even", np.repeat(np.arange(CLASSES), 20), 0.7),
        case("skewed, one class missing", skewed, 0.8),
        case("all wrong or nearly", np.repeat(np.arange(CLASSES), 3), 0.0),
        ("two classes never predicted", [0, 0, 1, 2, 2, 6, 6, 6], [6, 2, 6, 2, 6, 6, 6, 2]),
        ("one class only", [4] * 9, [4] * 9),
        ("one class only, always missed", [4] * 5, [6] * 5),
    ]
    return [
        {"name": name, "truth": truth, "predicted": predicted, "expected": classification(truth, predicted)}
        for name, truth, predicted in cases
    ]


# --- rankings ------------------------------------------------------------------------------------------------------


def ranking(labels, scores):
    labels, scores = np.asarray(labels), np.asarray(scores)
    both = 0 < labels.sum() < len(labels)
    out = {"average_precision": None, "pr_area_trapezoid": None, "roc_auc": None}
    if labels.sum() > 0:
        precision, recall, _ = metrics.precision_recall_curve(labels, scores)
        out["average_precision"] = metrics.average_precision_score(labels, scores)
        out["pr_area_trapezoid"] = metrics.auc(recall, precision)
    if both:
        out["roc_auc"] = metrics.roc_auc_score(labels, scores)
    return out


def curves(labels, scores):
    """From the highest threshold down, without scikit-learn's artificial first point."""
    precision, recall, thresholds = metrics.precision_recall_curve(labels, scores)
    out = {
        "pr": [[t, r, p] for t, r, p in zip(thresholds[::-1], recall[:-1][::-1], precision[:-1][::-1])],
        "roc": [],
    }
    if 0 < sum(labels) < len(labels):
        fpr, tpr, thresholds = metrics.roc_curve(labels, scores, drop_intermediate=False)
        out["roc"] = [[t, x, y] for t, x, y in zip(thresholds[1:], fpr[1:], tpr[1:])]
    return {name: [[float(v) for v in point] for point in points] for name, points in out.items()}


def ranking_cases(random):
    def case(name, count, share, separation, digits):
        labels = random.random(count) < share
        labels[0] = True
        scores = np.round(random.normal(labels * separation, 1.0), digits)
        return name, labels, scores

    cases = [
        case("plain", 150, 0.4, 1.0, 6),
        case("ties", 150, 0.4, 1.0, 0),
        case("some ties", 120, 0.5, 0.5, 1),
        case("rare", 300, 0.02, 2.0, 4),
        case("common", 150, 0.97, 1.0, 2),
        ("all equal", np.arange(30) % 3 == 0, np.full(30, 0.25)),
        ("perfect", np.arange(40) < 11, -np.arange(40.0)),
        ("inverted", np.arange(40) < 11, np.arange(40.0)),
        ("positives only", np.full(12, True), np.arange(12) % 5 / 4),
        ("one positive", np.array([True]), np.array([0.5])),
    ]
    out = []
    for name, labels, scores in cases:
        labels, scores = [bool(label) for label in labels], [float(score) for score in scores]
        expected = ranking(labels, scores) | curves(labels, scores)
        out.append({"name": name, "labels": labels, "scores": scores, "expected": expected})
    return out


# --- probabilities -------------------------------------------------------------------------------------------------


def reliability(came_true, confidence, bins):
    """The bins that hold anything, and the calibration error, by a loop."""
    frequency, mean = calibration_curve(came_true, confidence, n_bins=bins)
    edges = np.linspace(0, 1, bins + 1)
    error, greatest, counts = 0.0, 0.0, []
    for k in range(bins):
        inside = (confidence <= edges[k + 1]) & ((confidence > edges[k]) | (k == 0))
        counts.append(int(inside.sum()))
        if inside.any():
            gap = abs(confidence[inside].mean() - came_true[inside].mean())
            error += gap * inside.mean()
            greatest = max(greatest, gap)
    return {
        "frequency": frequency.tolist(),
        "confidence": mean.tolist(),
        "counts": counts,
        "expected_error": error,
        "greatest_error": greatest,
    }


def temperature(probabilities, truth):
    eps = np.finfo(float).eps
    logits = np.log(np.clip(probabilities, eps, 1 - eps))

    def loss(log_temperature):
        z = logits / math.exp(log_temperature)
        z = z - z.max(axis=1, keepdims=True)
        return -np.mean((z - np.log(np.exp(z).sum(axis=1, keepdims=True)))[np.arange(len(truth)), truth])

    fit = minimize_scalar(loss, bounds=(math.log(0.01), math.log(100)), method="bounded", options={"xatol": 1e-10})
    return math.exp(fit.x), fit.fun


def probabilities_case(name, probabilities, truth, bins):
    probabilities, truth = np.asarray(probabilities), np.asarray(truth)
    every = list(range(CLASSES))
    anomaly, anomalous = 1 - probabilities[:, NORMAL], (truth != NORMAL).astype(int)
    top = probabilities.argmax(axis=1)
    ranked = [ranking(truth == c, probabilities[:, c]) for c in every]
    fitted, fitted_loss = temperature(probabilities, truth)
    return {
        "name": name,
        "probabilities": probabilities.tolist(),
        "truth": truth.tolist(),
        "bins": bins,
        "expected": {
            "brier": metrics.brier_score_loss(truth, probabilities, labels=every),
            "brier_anomaly": metrics.brier_score_loss(anomalous, anomaly),
            "log_loss": metrics.log_loss(truth, probabilities, labels=every),
            "top_class": reliability((top == truth).astype(int), probabilities.max(axis=1), bins),
            "anomaly": reliability(anomalous, anomaly, bins),
            "temperature": fitted,
            "temperature_log_loss": fitted_loss,
            "classes": ranked,
            "macro_roc_auc": metrics.roc_auc_score(truth, probabilities, multi_class="ovr", labels=every),
        },
    }


def probabilities_cases(random):
    def softmax(z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    def drawn(count, sharpness):
        logits = random.normal(0, 1.2, (count, CLASSES))
        fair = softmax(logits)
        truth = [int(random.choice(CLASSES, p=p)) for p in fair]
        truth[:CLASSES] = range(CLASSES)
        return softmax(logits * sharpness), truth

    # Confidences that lie exactly on the edges of ten bins.
    edges = np.zeros((40, CLASSES))
    edges[:, NORMAL] = np.arange(40) % 11 / 10
    edges[np.arange(40), (NORMAL + 1 + np.arange(40) % 9) % CLASSES] = 1 - edges[:, NORMAL]
    edge_truth = [int(c) for c in np.arange(40) % CLASSES]
    return [
        probabilities_case("too sure", *drawn(150, 2.5), 15),
        probabilities_case("too shy", *drawn(120, 0.4), 10),
        probabilities_case("on the edges, some certain", edges, edge_truth, 10),
    ]


# --- clips with steps ----------------------------------------------------------------------------------------------


def make_clip(random, index, step_frames, quantum):
    steps = int(random.integers(6, 30))
    truth = NORMAL if random.random() < 0.4 else int(random.integers(0, CLASSES))
    frames = steps * step_frames - int(random.integers(0, step_frames // 2))
    ranges = []
    if truth != NORMAL and random.random() < 0.85:
        for _ in range(int(random.integers(1, 4))):
            start = int(random.integers(0, frames - 4))
            end = int(min(frames + 5, start + random.integers(4, frames)))
            other = int(random.integers(0, CLASSES)) if random.random() < 0.3 else truth
            ranges.append([truth if other == NORMAL else other, start, end])
    labels = np.zeros((steps, CLASSES))
    for c, start, end in ranges or ([[truth, 0, frames]] if truth != NORMAL else []):
        labels[start // step_frames : -(-end // step_frames), c] = 1
    weights = random.gamma(0.4, 1, (steps, CLASSES)) + labels * random.gamma(1.5, 1, (steps, 1))
    weights[:, NORMAL] += (labels.sum(axis=1) == 0) * random.gamma(2, 1, steps)
    units = SCALE // quantum
    counts = [random.multinomial(units, w / w.sum()) * quantum for w in weights]
    scores = np.mean(counts, axis=0) / SCALE
    return {
        "group": f"g{index // 2 % 9}",
        "truth": truth,
        "ranges": ranges,
        "predicted": int(scores.argmax()),
        "scores": scores.tolist(),
        "steps": [[int(c) for c in row] for row in counts],
        "step_frames": step_frames,
        "frames": frames,
    }


def step_scores(clip):
    return np.array(clip["steps"]) / SCALE


def truth_of(clip):
    """Class and frames of every true anomaly, within the clip."""
    ranges = clip["ranges"] or ([[clip["truth"], 0, clip["frames"]]] if clip["truth"] != NORMAL else [])
    return [(c, set(range(s, min(e, clip["frames"])))) for c, s, e in ranges if s < clip["frames"]]


def runs(frames):
    """Unbroken stretches of a set of frames."""
    out = []
    for frame in sorted(frames):
        if out and frame - 1 in out[-1]:
            out[-1].add(frame)
        else:
            out.append({frame})
    return out


def iou(a, b):
    return len(a & b) / len(a | b)


def frame_arrays(clip):
    label = np.zeros(clip["frames"], dtype=int)
    for _, frames in truth_of(clip):
        label[sorted(frames)] = 1
    score = np.repeat(1 - step_scores(clip)[:, NORMAL], clip["step_frames"])[: clip["frames"]]
    return label, score


def frame_level(clips):
    labels, scores = zip(*(frame_arrays(clip) for clip in clips))
    normal = [value for clip, score in zip(clips, scores) if clip["truth"] == NORMAL for value in score]
    labels = np.concatenate(labels)
    areas = ranking(labels, np.concatenate(scores))
    rate = float(np.mean(np.array(normal) >= 0.5)) if normal else None
    return areas | {"positives": int(labels.sum()), "false_alarm_rate": rate}


def true_segments(clip, c):
    if c == NORMAL:
        return [set(range(clip["frames"]))] if clip["truth"] == NORMAL else []
    frames = set().union(*(frames for of, frames in truth_of(clip) if of == c))
    return runs(frames)


def proposals(clip, number, c):
    score = np.repeat(step_scores(clip)[:, c], clip["step_frames"])[: clip["frames"]]
    above = np.flatnonzero(score > score.max() - 0.6 * (score.max() - score.min()))
    top = np.sort(score)[::-1][: max(1, len(score) // 16)].mean()
    found = [(max(score[sorted(run)]) + 0.7 * top, number, run) for run in runs(above.tolist()) if len(run) >= 2]
    kept = []
    for candidate in sorted(found, key=lambda p: -p[0]):
        if all(iou(candidate[2], other[2]) <= 0.6 for other in kept):
            kept.append(candidate)
    return sorted(kept, key=lambda p: min(p[2]))


def segment_average_precision(clips, c, threshold):
    open_truth = [[number, frames] for number, clip in enumerate(clips) for frames in true_segments(clip, c)]
    count = len(open_truth)
    if count == 0:
        return None, 0
    ranked = sorted((p for number, clip in enumerate(clips) for p in proposals(clip, number, c)), key=lambda p: -p[0])
    taken, found, total = 0, 0, 0.0
    for _, tied in itertools.groupby(ranked, key=lambda p: p[0]):
        claims = 0
        for _, number, run in tied:
            taken += 1
            overlaps = [(iou(run, frames), i) for i, (of, frames) in enumerate(open_truth) if of == number]
            best = max(overlaps, key=lambda o: o[0], default=(0, None))
            if best[0] >= threshold:
                del open_truth[best[1]]
                claims += 1
        found += claims
        total += claims * found / taken
    return total / count, count


def localization(clips):
    rows = []
    for threshold in IOUS:
        by_class = [segment_average_precision(clips, c, threshold) for c in range(CLASSES)]
        values = [v for v, _ in by_class]
        with_normal = [v for v in values if v is not None]
        without = [v for c, v in enumerate(values) if v is not None and c != NORMAL]
        rows.append({
            "classes": values,
            "counts": [n for _, n in by_class],
            "with_normal": float(np.mean(with_normal)),
            "without_normal": float(np.mean(without)),
        })
    return rows


def predicted_events(clip):
    score, step = 1 - step_scores(clip)[:, NORMAL], clip["step_frames"]
    is_open, inside = False, []
    for value in score:
        is_open = value >= HYSTERESIS["onset"] or (is_open and value >= HYSTERESIS["offset"])
        inside.append(is_open)
    limit_on, limit_off = (HYSTERESIS[name] * FPS / step for name in ("min_on_s", "min_off_s"))
    found = runs({i for i, value in enumerate(inside) if value})
    joined = []
    for run in found:
        if joined and min(run) - max(joined[-1]) - 1 < limit_off - 1e-6:
            joined[-1] |= set(range(max(joined[-1]), min(run))) | run
        else:
            joined.append(run)
    long_enough = [run for run in joined if len(run) >= limit_on - 1e-6]
    return [set(range(min(run) * step, min((max(run) + 1) * step, clip["frames"]))) for run in long_enough]


def events(clips):
    truth = [runs(set().union(*(frames for _, frames in truth_of(clip)))) for clip in clips]
    predicted = [predicted_events(clip) for clip in clips]
    matched = []
    for threshold in EVENT_IOUS:
        count = 0
        for true, guessed in zip(truth, predicted):
            pairs = sorted(((iou(a, b), i, j) for i, a in enumerate(guessed) for j, b in enumerate(true)), reverse=True)
            used, met = set(), set()
            for overlap, i, j in pairs:
                if overlap >= threshold and i not in used and j not in met:
                    used.add(i)
                    met.add(j)
            count += len(met)
        matched.append(count)
    delays = []
    for true, guessed in zip(truth, predicted):
        for event in true:
            alarmed = event & set().union(*guessed)
            if alarmed:
                delays.append((min(alarmed) - min(event)) / FPS)
    false = sum(all(not event & t for t in true) for true, guessed in zip(truth, predicted) for event in guessed)
    scored = sum(clip["frames"] for clip in clips) / FPS / 3600
    normal = scored - sum(len(event) for true in truth for event in true) / FPS / 3600
    return {
        "true_events": sum(map(len, truth)),
        "predicted_events": sum(map(len, predicted)),
        "matched": matched,
        "detected": len(delays),
        "mean_s": float(np.mean(delays)),
        "median_s": float(np.median(delays)),
        "worst_s": max(delays),
        "false_alarms": false,
        "per_normal_hour": false / normal,
        "per_scored_hour": false / scored,
    }


# --- resampling ----------------------------------------------------------------------------------------------------


def split_mix(seed):
    """SplitMix64, as published."""
    mask = (1 << 64) - 1
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & mask
        z = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        yield z ^ (z >> 31)


def groups_behind(clips, name):
    """How many groups have the clips of each kind that a metric compares."""
    if name.startswith("recall."):
        kinds = [[clip for clip in clips if clip["truth"] == int(name.removeprefix("recall."))]]
    elif name.startswith("frames."):
        kinds = [[clip for clip in clips if label in frame_arrays(clip)[0]] for label in (0, 1)]
    elif name.startswith("clip_ranking."):
        kinds = [[clip for clip in clips if (clip["truth"] != NORMAL) == anomalous] for anomalous in (False, True)]
    else:
        kinds = [clips]
    return [len({clip["group"] for clip in kind}) for kind in kinds]


def intervals(clips):
    """Every resample is copied out in full and handed to scikit-learn."""
    groups = list(dict.fromkeys(clip["group"] for clip in clips))
    bits = split_mix(SEED)
    values = {}
    for _ in range(RESAMPLES):
        drawn = [groups[next(bits) * len(groups) >> 64] for _ in groups]
        sample = [clip for group in drawn for clip in clips if clip["group"] == group]
        truth, predicted = [c["truth"] for c in sample], [c["predicted"] for c in sample]
        scores = classification(truth, predicted)
        now = {"classification." + name: scores[name] for name in ("accuracy", "balanced_accuracy", "macro_f1")}
        now |= {f"recall.{c}": scores["recall"][c] for c in range(CLASSES)}
        areas = ranking([c != NORMAL for c in truth], [1 - c["scores"][NORMAL] for c in sample])
        now |= {"clip_ranking.anomaly." + name: areas[name] for name in ("average_precision", "roc_auc")}
        areas = frame_level(sample)
        now |= {"frames.anomaly." + name: areas[name] for name in ("average_precision", "roc_auc")}
        for name, value in now.items():
            values.setdefault(name, []).append(value)
    out = {}
    for name, found in values.items():
        found = [value for value in found if value is not None]
        # What all stands in one group says the same in every resample, which is no certainty.
        enough = len(found) * 2 >= RESAMPLES and min(groups_behind(clips, name)) >= 2
        low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if enough else (None, None)
        out[name] = {"low": low, "high": high, "resamples": len(found)}
    return out


def clip_cases(random):
    out = []
    for name, count, step_frames, quantum in [("sixteen frames a step", 26, 16, 1), ("twelve, many ties", 24, 12, 512)]:
        clips = [make_clip(random, index, step_frames, quantum) for index in range(count)]
        expected = {
            "frames": frame_level(clips),
            "localization": localization(clips),
            "events": events(clips),
            "intervals": intervals(clips),
        }
        out.append({"name": name, "clips": clips, "expected": expected})
    return out


def main():
    # Both are meant: classes that do not occur, and cases of one class only.
    warnings.filterwarnings("ignore", "y_pred contains classes not in y_true")
    warnings.filterwarnings("ignore", "A single label was found")
    random = np.random.default_rng(2024)
    fixtures = {
        "settings": {
            "frame_rate_hz": FPS,
            "hysteresis": HYSTERESIS,
            "event_ious": EVENT_IOUS,
            "ious": IOUS,
            "resamples": RESAMPLES,
            "seed": SEED,
            "level": LEVEL,
            "scale": SCALE,
        },
        "classification": classification_cases(random),
        "ranking": ranking_cases(random),
        "probabilities": probabilities_cases(random),
        "clips": clip_cases(random),
    }
    Path(sys.argv[1]).write_text(json.dumps(fixtures, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
