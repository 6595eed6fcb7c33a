#!/usr/bin/env bash
# Clients of the API for programs leave at every point of an answer, and the official client asks again when replies are lost.
# Each answer is metered, and billed once. SEED repeats the decisions; from 600 s on all points and 200 lost replies are tried.
. "$(dirname "$0")/../system/lib.sh"
SEED=${SEED:-$RANDOM} SECONDS_TO_RUN=${SECONDS_TO_RUN:-60}
note "seed $SEED, $SECONDS_TO_RUN s"
# The gateway believes the request ids of the clients, and logs each request, so its log says which of them arrived.
stack_start LIMITLESS_STANDIN_PACE=200 LIMITLESS_STANDIN_FIRST_TOKEN=20ms LIMITLESS_CHAT_API_KEEP=1h \
	LIMITLESS_GATEWAY_TRUSTED_HOPS=1 LIMITLESS_GATEWAY_LOG_LINES_PER_SECOND=100000 LIMITLESS_GATEWAY_LOG_LINES_BURST=100000 LIMITLESS_GATEWAY_LOG_RATE_MAX=0

every=5 losses=60
if [ "$SECONDS_TO_RUN" -ge 600 ]; then every=1 losses=200; fi
NODE_PATH=build/tests/node_modules node tests/long/api.cjs "$url" "$B/bin/limitless" "$dir" "$SEED" "$every" "$losses" >"$scratch/results" 2>"$scratch/api.err"
ok $? "the clients ran to their end"
sed 's/^/# /' "$scratch/api.err"
while IFS=$'\t' read -r got expected name; do is "$got" "$expected" "$name"; done <"$scratch/results"
is "$("$B/bin/limitless" psql --dir "$dir" -- -Atqc "SELECT count(*) FROM chat.generation WHERE end_time IS NULL")" 0 "no answer is left running"
finish
