#!/usr/bin/env bash
# Floods of one user or one address, each beside a person to whom everything must be served; then the books must be right.
# SEED decides their order; ONLY=readers,logins picks some.
. "$(dirname "$0")/../system/lib.sh"
SEED=${SEED:-$RANDOM} SECONDS_TO_RUN=${SECONDS_TO_RUN:-60}
note "seed $SEED, $SECONDS_TO_RUN s"
ulimit -n "$(ulimit -Hn)"
stack_start LIMITLESS_STANDIN_PACE=100 LIMITLESS_STANDIN_FIRST_TOKEN=20ms
parts=(gateway "${service_names[@]}")
declare -A pids
for part in "${parts[@]}"; do pids[$part]=$(pid_of "$part"); done

node tests/long/floods.mjs "$url" "$SEED" "$SECONDS_TO_RUN" >"$scratch/results" 2>"$scratch/floods.err"
ok $? "the clients ran to their end"
sed 's/^/# /' "$scratch/floods.err"
while IFS=$'\t' read -r got expected name; do is "$got" "$expected" "$name"; done <"$scratch/results"
for part in "${parts[@]}"; do
	now=$(pid_of "$part")
	is "$now" "${pids[$part]}" "$part lived through it ($(awk '/VmRSS/ { print $2 " kB" }' "/proc/$now/status") resident)"
done
finish
