#!/usr/bin/env python3
"""What NumPy and scikit-learn make of seeded points: tests/figures/fixtures.json.

    make_fixtures.py tests/figures/fixtures.json

Principal components from NumPy's singular value decomposition, joint probabilities of t-SNE from scikit-learn's exact
method. Needs both. A component's sign is free: the feature that weighs most in it is made positive.
"""
import json
import sys
from pathlib import Path

import numpy as np
from sklearn.manifold import _t_sne
from sklearn.metrics import pairwise_distances
from sklearn.preprocessing import StandardScaler
from scipy.spatial.distance import squareform


def components(points):
    centred = points - points.mean(axis=0)
    left, singular, right = np.linalg.svd(centred, full_matrices=False)
    signs = np.sign(right[np.arange(len(right)), np.abs(right).argmax(axis=1)])
    scores = left * singular * signs
    share = singular**2 / (singular**2).sum()
    return {"scores": scores[:, :2].tolist(), "share": share[:2].tolist()}


def case(name, points):
    points = np.round(points, 4)
    return {
        "name": name,
        "points": points.tolist(),
        "standardized": StandardScaler().fit_transform(points).tolist(),
        "pca": components(points),
    }


def neighbours(points, perplexity):
    distances = pairwise_distances(points, metric="sqeuclidean").astype(np.float32)
    joint = squareform(_t_sne._joint_probabilities(distances, perplexity, 0))
    return {"points": points.tolist(), "perplexity": perplexity, "joint": joint.tolist()}


def main(path):
    random = np.random.default_rng(11)
    stretched = random.normal(size=(40, 6)) * np.array([5.0, 3.0, 1.0, 1.0, 0.5, 0.1])
    few = random.normal(size=(7, 25)) * np.linspace(3.0, 0.2, 25)
    constant = np.hstack([random.normal(size=(12, 3)) * [2.0, 1.0, 0.5], np.full((12, 1), 4.0)])
    cases = [case("more points than features", stretched), case("fewer points than features", few)]
    cases.append(case("a feature that never changes", constant))
    joint = neighbours(np.round(random.normal(size=(24, 4)), 3), 5.0)
    Path(path).write_text(json.dumps({"pca": cases, "tsne": joint}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
