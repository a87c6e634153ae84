# AVAR Desk: `make demo` and `make test` are all that a fresh Debian or Ubuntu machine needs.

SHELL := /bin/bash
# Rust that the set-up has just installed is not on the path of this shell yet.
export PATH := $(HOME)/.cargo/bin:$(PATH)
AVAR := target/release/avar
# With torch, transformers, safetensors, onnx and onnxruntime; made when it is missing.
PYTHON ?= target/venv/bin/python
# The one profile: the program and its tests are built once, with the same settings.
CARGO_FLAGS := --release --locked

.PHONY: demo test fuzz test-simd test-sanitize setup build lint bench bench-peers bench-viewers parity screenshots sample train train-real metrics-fixtures check-cuda deny clean

demo: setup ## Install what is missing, build, and open the sample incident
	cargo build $(CARGO_FLAGS)
	$(AVAR) demo

test: setup lint ## Install what is missing and run every test
	scripts/test.sh
	AVAR_FUZZ_RUNS=400 scripts/fuzz.sh

fuzz: setup ## Mutated recordings for AVAR_FUZZ_SECONDS (20), led by coverage of the media rooms; part of `test`
	scripts/fuzz.sh

setup: ## System packages and Rust, only what is missing
	scripts/setup.sh

build:
	cargo build $(CARGO_FLAGS)

lint:
	scripts/built-once.sh
	scripts/crates.sh --check
	cargo fmt --check
	cargo clippy $(CARGO_FLAGS) --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc $(CARGO_FLAGS) --workspace --no-deps

bench: setup ## Speed of decoding, networks, analysis, seeking and the window
	cargo bench --locked -p avar-benches

parity: setup $(PYTHON) ## The full networks against the Python reference (installs PyTorch, several GB)
	folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(PYTHON) tests/parity/make_fixtures.py full "$$folder" && \
	AVAR_PARITY_DIR="$$folder" cargo test $(CARGO_FLAGS) -p avar-model --test model -- parity:: --ignored --nocapture

bench-peers: setup $(PYTHON) ## Our networks beside ONNX Runtime and PyTorch, in one run (installs PyTorch)
	binary=$$(cargo bench --locked -p avar-benches --no-run --bench peers --message-format=json | \
	    sed -n 's/.*"name":"peers".*"executable":"\([^"]*\)".*/\1/p') && \
	$(PYTHON) benches/peers/peers.py "$$binary"

bench-viewers: setup ## Opening, seeking and stepping beside mpv (which must be installed), in one run; FILES are the clips
	binary=$$(cargo bench --locked -p avar-benches --no-run --bench viewers --message-format=json | \
	    sed -n 's/.*"name":"viewers".*"executable":"\([^"]*\)".*/\1/p') && \
	python3 benches/peers/viewers.py "$$binary" $(FILES)

metrics-fixtures: $(PYTHON) ## scikit-learn's numbers, which the metrics and the agreement of reviews are tested against
	$(PYTHON) tests/metrics/make_fixtures.py tests/metrics/fixtures.json
	$(PYTHON) src/review/tests/make_fixtures.py src/review/tests/agreement.json

train: build ## The default weights from their recipe; DATA is the folder with the recordings, takes hours
	scripts/free-sounds.sh out/free-sounds
	$(AVAR) train --recipe weights/avar-lite.toml --out out/avar-lite --teachers $(DATA)/teachers \
	    --data recordings=$(DATA)/manifest.csv --data free-sounds=out/free-sounds/manifest.csv

train-real: build ## The network of pretrained encoders from its recipe; it is no part of the program yet
	scripts/free-sounds.sh out/free-sounds
	$(AVAR) train --recipe weights/avar-real.toml --out out/avar-real --teachers $(DATA)/teachers \
	    --data recordings=$(DATA)/manifest.csv --data more=$(DATA)/more/manifest.csv \
	    --data free-sounds=out/free-sounds/manifest.csv

# The Python reference, in a place of its own.
target/venv/bin/python:
	command -v python3 >/dev/null && python3 -m venv target/venv
	target/venv/bin/pip install --quiet torch transformers safetensors onnx onnxruntime scikit-learn

screenshots: build ## The pictures of the README
	$(AVAR) screenshot --out screenshots

sample: build ## The bundled sample incident, drawn and synthesised by the program
	$(AVAR) sample --out assets/sample-incident.mp4

check-cuda: setup ## Type-check the feature `cuda` without a CUDA installation
	PATH="$(CURDIR)/tests/cuda:$$PATH" CUDA_COMPUTE_CAP=80 CUDARC_CUDA_VERSION=13000 CARGO_TARGET_DIR=target/cuda \
	cargo check $(CARGO_FLAGS) -p avar --features cuda

test-simd: setup ## The kernels for processors without AVX-512, and without AVX2, on one that has both
	AVAR_SIMD=avx2 cargo test $(CARGO_FLAGS) -p avar-kernels -p avar-model
	AVAR_SIMD=portable cargo test $(CARGO_FLAGS) -p avar-kernels -p avar-model

test-sanitize: setup ## AddressSanitizer over kernels and media engine, Miri where it is installed (needs nightly Rust)
	scripts/sanitize.sh

deny: ## Licences and advisories of all dependencies
	cargo deny check licenses bans sources

clean:
	cargo clean
