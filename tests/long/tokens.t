#!/usr/bin/env bash
# Our counts of tokens against npm's tiktoken: 10,000 texts a round, for SECONDS_TO_RUN, from SEED on.
set -u
cd "$(dirname "$0")/../.." || exit 1
seed=${SEED:-$RANDOM} end=$((SECONDS + ${SECONDS_TO_RUN:-60})) n=0

make tokens build/tests/tokens-count >/dev/null || exit 1
while [ "$n" -eq 0 ] || [ "$SECONDS" -lt "$end" ]; do
	n=$((n + 1))
	node tests/tokens/equal.mjs build/tests/tokens-count build/tokens/tables.bin "$seed" 10000 ||
		{ echo "not ok $n - seed $seed: counts differ"; echo "1..$n"; exit 1; }
	echo "ok $n - seed $seed: 10,000 texts have tiktoken's counts"
	seed=$((seed + 1))
done
echo "1..$n"
