"""Gives what is written here to the parsers of the tools that it is written for, and makes a file with one of them.

Versions and what is checked stand in README.md. Run in this folder, after
`AVAR_WRITE_CASES=1 cargo test -p avar-interchange what_the_tools`:

    python -m venv V && V/bin/pip install pympi-ling opentimelineio webvtt-py label-studio-sdk
    V/bin/python check_with_parsers.py [FOLDER OF AN UNPACKED FIFTYONE WHEEL]
"""

import ast
import json
import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

FIXTURES = Path(__file__).parent / "fixtures"
FRAME_S = 1001 / 30000
# First frame, frame after the last, as in real_parsers.rs.
EVENTS = [(43, 72, "crash"), (60, 100, "brawling"), (200, 300, "shooting")]
MARKED = 99


def ceil_ms(frame):
    return -(-frame * 1001 * 1000 // 30000)


def frame_shown_at(ms):
    """The frame on screen at a whole millisecond, without any tolerance."""
    return ms * 30000 // (1001 * 1000)


def pympi():
    from pympi import Eaf

    ours = Eaf(str(FIXTURES / "ours.eaf"))
    assert set(ours.get_tier_names()) == {
        "events", "events score", "events note", "events decision", "events 2", "events 2 decision", "markers"
    }
    found = [tuple(row[:3]) for tier in ("events", "events 2") for row in ours.get_annotation_data_for_tier(tier)]
    expected = [(ceil_ms(start), ceil_ms(end), label) for start, end, label in EVENTS]
    assert sorted(found) == sorted(expected), found
    shown = [(frame_shown_at(start), frame_shown_at(end), label) for start, end, label in sorted(found)]
    assert shown == EVENTS, shown
    notes = ours.get_ref_annotation_data_for_tier("events note")
    assert [row[2] for row in notes] == ['a van & <two> "cars"'], notes
    assert ours.get_linked_files()[0]["RELATIVE_MEDIA_URL"] == "./street_0042.mp4"

    theirs = Eaf(author="")
    theirs.add_linked_file("file:///videos/street_0042.mp4", relpath="./street_0042.mp4", mimetype="video/mp4")
    theirs.add_tier("crash")
    theirs.add_tier("scene")
    theirs.remove_tier("default")
    nearest = lambda frame: round(frame * FRAME_S * 1000)
    theirs.add_annotation("crash", nearest(10), nearest(20), "by pympi")
    theirs.add_annotation("scene", nearest(30), nearest(45), "riot")
    theirs.to_file(str(FIXTURES / "pympi.eaf"), pretty=True)


def opentimelineio():
    import opentimelineio as otio

    clips = list(otio.adapters.read_from_file(str(FIXTURES / "ours.otio")).find_clips())
    assert len(clips) == 1 and clips[0].media_reference.target_url == "street_0042.mp4"
    assert clips[0].source_range.duration.to_frames() == 300
    found = []
    for marker in clips[0].markers:
        marked = marker.marked_range
        assert abs(marked.start_time.rate - 30000 / 1001) < 1e-9
        found.append((marked.start_time.to_frames(), marked.end_time_exclusive().to_frames(), marker.name))
    expected = [(43, 72, "Crash"), (60, 100, "Brawling"), (200, 300, "shooting"), (MARKED, MARKED, "look here")]
    assert found == expected, found
    assert clips[0].markers[0].comment == 'a van & <two> "cars"'


def webvtt():
    import webvtt as vtt

    captions = vtt.read(str(FIXTURES / "ours.vtt")).captions
    # The times as it has parsed and formatted them; its seconds are whole.
    ms = lambda text: sum(int(p) * f for p, f in zip(text.replace(".", ":").split(":"), (3600000, 60000, 1000, 1)))
    times = [(ms(c.start), ms(c.end)) for c in captions]
    assert [(frame_shown_at(a), frame_shown_at(b)) for a, b in times] == [event[:2] for event in EVENTS], times
    assert captions[0].text.startswith("Crash 0.93 (accepted)\n"), captions[0].text


def label_studio():
    from label_studio_sdk.label_interface import LabelInterface

    labels = "".join(f'<Label value="{label}"/>' for label in ("crash", "brawling", "shooting"))
    config = (
        '<View><TimelineLabels name="timeline" toName="video">' + labels + "</TimelineLabels>"
        '<Video name="video" value="$video" frameRate="29.97"/></View>'
    )
    interface = LabelInterface(config)
    task = json.loads((FIXTURES / "ours.label-studio.json").read_text())[0]
    # Of 2.1.2, the check of a task with annotations fails by itself; both are checked one by one.
    assert interface.validate_task({"data": task["data"]})
    annotation = task["annotations"][0]
    assert interface.validate_annotation(annotation)
    assert interface.validate_prediction(annotation, return_errors=True) == []
    regions = task["annotations"][0]["result"]
    found = [(r["value"]["ranges"][0]["start"], r["value"]["ranges"][0]["end"]) for r in regions]
    assert found == [(start + 1, end) for start, end, _ in EVENTS], found
    broken = json.loads(json.dumps(annotation))
    broken["result"][0]["value"]["ranges"] = []
    assert not interface.validate_annotation(broken), "it accepts anything"


def fiftyone(unpacked):
    """The parser's own source with the label types stubbed: the whole of FiftyOne needs a database."""
    source = (Path(unpacked) / "fiftyone/utils/data/parsers.py").read_text()
    parser = next(
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef) and node.name == "FiftyOneTemporalDetectionSampleParser"
    )
    parser.bases = []
    get_label = next(node for node in parser.body if isinstance(node, ast.FunctionDef) and node.name == "get_label")
    scope = {"fol": SimpleNamespace(TemporalDetections=Detections, TemporalDetection=SimpleNamespace)}
    exec(compile(ast.Module([get_label], []), "parsers.py", "exec"), scope)
    dataset = json.loads((FIXTURES / "ours.fiftyone.json").read_text())
    sample = SimpleNamespace(
        current_sample=("street_0042.mp4", dataset["labels"]["street_0042"]), classes=dataset.get("classes")
    )
    found = scope["get_label"](sample).detections
    assert [tuple(d.support) for d in found] == [(start + 1, end) for start, end, _ in EVENTS]
    assert (found[0].label, found[0].confidence, found[0].decision) == ("crash", 0.93, "accepted")


class Detections:
    def __init__(self, detections):
        self.detections = detections


pympi()
opentimelineio()
webvtt()
label_studio()
for package in ("pympi-ling", "opentimelineio", "webvtt-py", "label-studio-sdk"):
    print(package, version(package))
if len(sys.argv) > 1:
    fiftyone(sys.argv[1])
    print("fiftyone: parser's source")
