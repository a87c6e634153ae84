#!/usr/bin/env python3
"""Opening, seeking and stepping beside mpv, on the same files in the same run.

    viewers.py BINARY FILE...        BINARY: target/release/deps/viewers-…, built from benches/viewers.rs

mpv runs as `mpv --no-config --vo=null --ao=null --pause` and is asked over its socket. Both take turns: each opens the
file, goes to the same random places exactly, and steps. Prints p50 and p95 in milliseconds.
"""
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time

BINARY, FILES = sys.argv[1], sys.argv[2:]
SEEKS, STEPS, TIMEOUT_S = 20, 20, 5.0


class Ours:
    def __init__(self):
        self.process = subprocess.Popen([BINARY, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        return None if answer == "nothing" else float(answer)

    def open(self, path):
        return self.ask(f"open {path}")

    def seek(self, seconds):
        return self.ask(f"seek {seconds}")

    def step(self, way):
        return self.ask("on" if way > 0 else "back")


class Mpv:
    def __init__(self, folder):
        self.path = os.path.join(folder, "mpv")
        self.process = subprocess.Popen(
            ["mpv", "--no-config", "--vo=null", "--ao=null", "--pause", "--idle", "--keep-open=yes", "--really-quiet",
             f"--input-ipc-server={self.path}"], stdin=subprocess.DEVNULL)
        self.socket = socket.socket(socket.AF_UNIX)
        self.received = b""
        for _ in range(200):
            try:
                self.socket.connect(self.path)
                break
            except OSError:
                time.sleep(0.05)
        self.ask(["observe_property", 1, "time-pos"], None)

    def message(self, seconds):
        """The next message, waited for at most so long."""
        self.socket.settimeout(max(seconds, 0.001))
        try:
            while b"\n" not in self.received:
                self.received += self.socket.recv(65536)
        except TimeoutError:
            return {}
        line, self.received = self.received.split(b"\n", 1)
        return json.loads(line)

    def ask(self, command, awaited):
        """The seconds from the command to the event `awaited`."""
        began = time.perf_counter()
        self.socket.sendall((json.dumps({"command": command}) + "\n").encode())
        while (left := TIMEOUT_S - (time.perf_counter() - began)) > 0.0:
            message = self.message(left)
            if awaited is None and "error" in message:
                return None
            if awaited is not None and awaited(message):
                return time.perf_counter() - began
        return None

    def drain(self):
        """Lets what the last command still causes pass by."""
        time.sleep(0.03)
        self.ask(["get_property", "pause"], None)

    def open(self, path):
        failed = lambda message: message.get("event") == "end-file" and message.get("reason") == "error"
        outcome = []

        def is_over(message):
            outcome.append(failed(message))
            return outcome[-1] or message.get("event") == "playback-restart"

        took = self.ask(["loadfile", path], is_over)
        return None if outcome and outcome[-1] else took

    def restarted(self, command):
        self.drain()
        return self.ask(command, lambda message: message.get("event") == "playback-restart")

    def seek(self, seconds):
        return self.restarted(["seek", seconds, "absolute+exact"])

    def step(self, way):
        if way < 0:
            return self.restarted(["frame-back-step"])
        self.drain()
        moved = lambda message: message.get("event") == "property-change" and message.get("name") == "time-pos"
        return self.ask(["frame-step"], moved)


def duration_s(path):
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path]
    try:
        return float(subprocess.run(command, capture_output=True, text=True).stdout)
    except ValueError:
        return 0.0


def percentiles(values):
    values = sorted(1000.0 * value for value in values)
    at = lambda share: values[min(len(values) - 1, int(share * len(values)))]
    return f"{at(0.5):.1f} / {at(0.95):.1f}" if values else "–"


def main():
    chance = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        print(f"{len(FILES)} files, {SEEKS} seeks and {STEPS} steps each way in those that are long enough", file=sys.stderr)
        contestants = {"ours": Ours(), "mpv": Mpv(folder)}
        took = {(name, what): [] for name in contestants for what in ("open", "seek", "on", "back")}
        for path in FILES:
            length_s = duration_s(path)
            places = [chance.uniform(0.0, max(0.0, length_s - 0.5)) for _ in range(SEEKS)] if length_s > 1.0 else []
            opened = {name: contestant.open(path) for name, contestant in contestants.items()}
            if None in opened.values():
                print(f"left out, as one of the two does not open it: {os.path.basename(path)} {opened}", file=sys.stderr)
                continue
            for name, seconds in opened.items():
                took[name, "open"].append(seconds)
            moves = [("seek", place) for place in places]
            moves += [("on", 1)] * STEPS + [("back", -1)] * STEPS if length_s > 3.0 else []
            for what, value in moves:
                for name, contestant in contestants.items():
                    seconds = contestant.seek(value) if what == "seek" else contestant.step(value)
                    if seconds is not None:
                        took[name, what].append(seconds)
        print("| p50 / p95 in ms | ours | mpv | measured |\n|---|---|---|---|")
        names = {"open": "open, to the first frame", "seek": "exact seek", "on": "step on", "back": "step back"}
        for what, label in names.items():
            counts = ", ".join(str(len(took[name, what])) for name in contestants)
            print(f"| {label} | {percentiles(took['ours', what])} | {percentiles(took['mpv', what])} | {counts} |")
        for contestant in contestants.values():
            contestant.process.terminate()


main()
