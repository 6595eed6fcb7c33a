#!/usr/bin/env bash
# Many readers of one answer: tabs that lose their connection after every piece or so and resume, one that is opened anew
# again and again, some that take 10 bytes a second or nothing, and a stranger (T16, T17). SEED repeats the decisions; from 600 s on with 50 tabs and 500 slow ones.
. "$(dirname "$0")/../system/lib.sh"
SEED=${SEED:-$RANDOM} SECONDS_TO_RUN=${SECONDS_TO_RUN:-60}
note "seed $SEED, $SECONDS_TO_RUN s"
stack_start LIMITLESS_STANDIN_FIRST_TOKEN=20ms LIMITLESS_CHAT_USER_STREAMS_MAX=2000 LIMITLESS_CHAT_SESSION_STREAMS_MAX=2000 \
	LIMITLESS_GATEWAY_CONNECTIONS_PER_ADDRESS_MAX=4000

tabs=10 slow=100 tokens=300
if [ "$SECONDS_TO_RUN" -ge 600 ]; then tabs=50 slow=500 tokens=3000; fi
node tests/long/readers.mjs "$url" "$(pid_of gateway)" "$SEED" "$tabs" "$slow" "$tokens" >"$scratch/results" 2>"$scratch/readers.err"
ok $? "the readers ran to their end"
sed 's/^/# /' "$scratch/readers.err"
while IFS=$'\t' read -r got expected name; do is "$got" "$expected" "$name"; done <"$scratch/results"
finish
