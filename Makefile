# One command runs what CI runs: `make test`.

NPM = npm --prefix end2end
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD = 1

.PHONY: test format lint docs rust browser contract tools bench load fuzz

test: tools format lint docs rust browser contract

# A clean machine has Rust, Node, make and git; the rest is installed here.
tools:
	@command -v cargo-nextest >/dev/null || cargo install --locked cargo-nextest
	@command -v cargo-deny >/dev/null || cargo install --locked --debug cargo-deny
	@command -v chromium >/dev/null || { apt-get update -q && apt-get install -qy --no-install-recommends chromium; }
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { apt-get update -q && apt-get install -qy --no-install-recommends python3-venv; }
	@$(NPM) ci --no-fund --no-audit

format:
	cargo fmt --all --check

lint:
	cargo clippy --all-targets --locked -- -D warnings
	cargo deny --locked check licenses bans sources

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked

rust:
	cargo nextest run --locked

browser:
	cargo build --locked
	$(NPM) test

# The document of the API against the server, and a front end in TypeScript against the document.
contract:
	cargo build --locked
	$(NPM) run contract

bench:
	cargo bench --locked

load:
	benches/load.sh

# Ten minutes of made-up trainers. Needs a nightly compiler (`rustup toolchain install nightly`) and cargo-fuzz.
fuzz:
	cp Cargo.lock fuzz/
	node fuzz/seeds.mjs
	cargo +nightly fuzz run --dev --sanitizer none trainer_log -- -max_total_time=600 -max_len=4096
