#!/usr/bin/env bash
# Random readers and random kill -9 of every process, for SECONDS_TO_RUN; then the books must be right.
# SEED repeats the decisions (not the timing).
. "$(dirname "$0")/../system/lib.sh"
SEED=${SEED:-$RANDOM} SECONDS_TO_RUN=${SECONDS_TO_RUN:-60}
note "seed $SEED, $SECONDS_TO_RUN s"
stack_start LIMITLESS_STANDIN_PACE=100 LIMITLESS_STANDIN_FIRST_TOKEN=20ms LIMITLESS_CHAT_LEASE=1s LIMITLESS_CHAT_CHECKPOINT=200ms LIMITLESS_AUTH_ACCESS_TTL=1d

node tests/long/chaos.mjs "$url" "$pid" "$SEED" "$SECONDS_TO_RUN" >"$scratch/results" 2>"$scratch/chaos.err"
ok $? "the clients ran to their end"
sed 's/^/# /' "$scratch/chaos.err"
while IFS=$'\t' read -r got expected name; do is "$got" "$expected" "$name"; done <"$scratch/results"
"$B/bin/limitless" credits verify --dir "$dir" >"$scratch/verify" 2>&1
ok $? "the ledger's invariants hold"
[ $tap_failed = 0 ] || sed 's/^/# /' "$scratch/verify"
finish
