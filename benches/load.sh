#!/usr/bin/env bash
# Our server beside its rivals, and its memory: prints the tables of docs/performance.md.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo bench --locked --bench load
cargo bench --locked --bench load -- mixed
cargo build --release --locked
dir=$(mktemp -d)
DALLA_DATA_DIR="$dir/data" DALLA_SECRET_KEY_FILE="$dir/key" DALLA_LISTEN=127.0.0.1:0 DALLA_LOG=error target/release/digital-dalla >"$dir/out" &
pid=$!
trap 'kill $pid; wait $pid || true; rm -rf "$dir"' EXIT
until grep -q ready "$dir/out"; do sleep 0.1; done
curl -s -o /dev/null "$(grep -o 'http://[^ ]*' "$dir/out")/"
echo "resident memory, empty store: $(awk '/VmRSS/ {print $2 / 1024 " MB"}' "/proc/$pid/status")"
