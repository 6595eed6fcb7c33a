#!/usr/bin/env bash
# Random Markdown in a browser for SECONDS_TO_RUN, at most 5 minutes of it. SEED repeats the texts.
. "$(dirname "$0")/../system/lib.sh"
SEED=${SEED:-$RANDOM} SECONDS_TO_RUN=${SECONDS_TO_RUN:-60}
[ "$SECONDS_TO_RUN" -le 300 ] || SECONDS_TO_RUN=300
note "seed $SEED, $SECONDS_TO_RUN s"
stack_start

LIMITLESS_URL=$url node tests/long/markdown-fuzz.mjs "$url" "$SEED" "$SECONDS_TO_RUN" >"$scratch/fuzz" 2>"$scratch/fuzz.err"
ok $? "random Markdown is shown in time: $(grep -o '[0-9]* random texts.*' "$scratch/fuzz")"
grep '^#' "$scratch/fuzz"
sed 's/^/# /' "$scratch/fuzz.err"
finish
