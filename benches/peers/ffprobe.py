#!/usr/bin/env python3
"""`avar probe --json` beside `ffprobe -count_frames`, file by file, as a Markdown table.

    ffprobe.py AVAR FOLDER        AVAR: target/release/avar

Only files on which the two differ are listed one by one; of the others their number is said.
"""
import json
import os
import subprocess
import sys

AVAR, FOLDER = sys.argv[1], sys.argv[2]


def run(command):
    return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=300)


def ours(path):
    result = run([AVAR, "probe", path, "--json"])
    if result.returncode != 0:
        return None, result.stderr.strip().splitlines()[-1].split(": /")[0] if result.stderr.strip() else "failed"
    report = json.loads(result.stdout)
    frames = report["video"]["frames"] if report["video"] else 0
    return (frames, report["duration_s"]), ""


def theirs(path):
    entries = "stream=codec_type,nb_read_frames:stream_disposition=attached_pic:format=duration"
    result = run(["ffprobe", "-v", "error", "-count_frames", "-show_entries", entries, "-of", "json", path])
    try:
        found = json.loads(result.stdout)
    except ValueError:
        return None
    streams = [stream for stream in found.get("streams", []) if stream.get("codec_type") == "video"]
    streams = [stream for stream in streams if not stream.get("disposition", {}).get("attached_pic")]
    if not found.get("streams"):
        return None
    # Of several pictures the one with the most frames is meant.
    frames = max((int(stream.get("nb_read_frames", 0)) for stream in streams), default=0)
    return frames, float(found.get("format", {}).get("duration", 0.0))


def text(found):
    return "refused" if found is None else f"{found[0]} frames, {found[1]:.3f} s"


def main():
    paths = sorted(os.path.join(root, name) for root, _, names in os.walk(FOLDER) for name in names)
    same, rows = 0, []
    for path in paths:
        if not path.lower().endswith((".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".flv", ".m4a", ".mp3", ".aac",
                                      ".wav", ".flac", ".ogg", ".opus", ".amr", ".ac3", ".ac4", ".3gp", ".ps", ".mpg")):
            continue
        (a, reason), b = ours(path), theirs(path)
        is_same = a is None and b is None or (a and b and a[0] == b[0] and abs(a[1] - b[1]) < 0.05)
        same += bool(is_same)
        if not is_same:
            rows.append(f"| {os.path.relpath(path, FOLDER)} | {text(a)} {reason} | {text(b)} |")
    print(f"{same} files the same, {len(rows)} not.\n\n| file | avar | ffprobe |\n|---|---|---|")
    print("\n".join(rows))


main()
