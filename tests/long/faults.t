#!/usr/bin/env bash
# Every fault of a provider in every API, streamed and in one piece, with those that wait for a time to run out (T08), until the time is over.
set -u
cd "$(dirname "$0")/../.." || exit 1
seed=${SEED:-$RANDOM} end=$((SECONDS + ${SECONDS_TO_RUN:-60})) n=0

mkdir -p build/test-logs
make build/test/services/chat >/dev/null || exit 1
while [ "$n" -eq 0 ] || [ "$SECONDS" -lt "$end" ]; do
	n=$((n + 1))
	SEED=$seed LIMITLESS_FAULTS=all build/test/services/chat each_fault_has_its_outcome >build/test-logs/faults.log 2>&1 ||
		{ grep '^ROW' build/test-logs/faults.log | sed 's/^/# /'; echo "not ok $n - seed $seed: an outcome is another one"; echo "1..$n"; exit 1; }
	echo "ok $n - seed $seed: each fault has its outcome"
	seed=$((seed + 1))
done
echo "1..$n"
