#!/usr/bin/env bash
# Readers who come back after every piece, through two gateways, while chat and both gateways are killed (T15). SEED repeats the decisions;
# from 600 s on 1,000 streams, else 100, or as many as there is time for.
. "$(dirname "$0")/../system/lib.sh"
SEED=${SEED:-$RANDOM} SECONDS_TO_RUN=${SECONDS_TO_RUN:-60}
note "seed $SEED, $SECONDS_TO_RUN s"
stack_start LIMITLESS_STANDIN_PACE=40 LIMITLESS_STANDIN_FIRST_TOKEN=20ms LIMITLESS_CHAT_LEASE=1s LIMITLESS_CHAT_CHECKPOINT=200ms LIMITLESS_AUTH_ACCESS_TTL=1d

# The second gateway, which starts again when it is killed.
port2=$(free_port)
while :; do
	LIMITLESS_GATEWAY_LISTEN=tcp://127.0.0.1:$port2 LIMITLESS_GATEWAY_ADMIN_LISTEN=tcp://127.0.0.1:$((port2 + 1000)) \
		"$B/bin/gateway" --config "$dir/config/gateway.yaml" >>"$scratch/gateway2.log" 2>&1
done &
keeper=$!
url2=http://127.0.0.1:$port2
until_true 30 curl -s -o "$scratch/body" "$url2/api/v1/models"
ok $? "a second gateway serves"

streams=100
if [ "$SECONDS_TO_RUN" -ge 600 ]; then streams=1000; fi
node tests/long/resume.mjs "$url" "$url2" "$pid" "$keeper" "$SEED" "$streams" "$SECONDS_TO_RUN" >"$scratch/results" 2>"$scratch/resume.err"
ok $? "the readers ran to their end"
sed 's/^/# /' "$scratch/resume.err"
while IFS=$'\t' read -r got expected name; do is "$got" "$expected" "$name"; done <"$scratch/results"
second=$(pgrep -P "$keeper" -x gateway)
kill "$keeper" 2>/dev/null
[ -z "$second" ] || kill "$second"
finish
