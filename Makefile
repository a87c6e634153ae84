# AVAR Desk: `make demo` and `make test` are all that a fresh Debian or Ubuntu machine needs.

SHELL := /bin/bash
# Rust that the set-up has just installed is not on the path of this shell yet.
export PATH := $(HOME)/.cargo/bin:$(PATH)
AVAR := target/release/avar
# The one profile: the program and its tests are built once, with the same settings.
CARGO_FLAGS := --release --locked

.PHONY: demo test setup build lint bench bench-peers parity screenshots sample check-cuda deny clean

demo: setup ## Install what is missing, build, and open the sample incident
	cargo build $(CARGO_FLAGS)
	$(AVAR) demo

test: setup lint ## Install what is missing and run every test
	scripts/test.sh

setup: ## System packages and Rust, only what is missing
	scripts/setup.sh

build:
	cargo build $(CARGO_FLAGS)

lint:
	cargo fmt --check
	cargo clippy $(CARGO_FLAGS) --all-targets -- -D warnings

bench: setup ## Speed of decoding, networks, analysis, seeking and the window
	cargo bench --locked

parity: setup ## The full networks against the Python reference (installs PyTorch, several GB)
	tests/parity/run.sh

bench-peers: setup ## Our networks beside ONNX Runtime and PyTorch, in one run (installs PyTorch)
	benches/peers/run.sh

screenshots: build ## The pictures of the README
	$(AVAR) screenshot --out screenshots

sample: build ## The bundled sample incident, drawn and synthesised by the program
	$(AVAR) sample --out assets/sample-incident.mp4

check-cuda: setup ## Type-check the CUDA build without CUDA
	tests/cuda/check.sh

deny: ## Licences and advisories of all dependencies
	cargo deny check licenses bans sources

clean:
	cargo clean
