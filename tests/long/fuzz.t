#!/usr/bin/env bash
# Each fuzz target goes on from its corpus for its share of SECONDS_TO_RUN.
set -u
cd "$(dirname "$0")/../.." || exit 1
sources=(tests/fuzz/*.c) SECONDS_MIN=5
seconds=$((${SECONDS_TO_RUN:-60} / (${#sources[@]} - 1))) # replay.c is none
[ "$seconds" -ge "$SECONDS_MIN" ] || seconds=$SECONDS_MIN

make MODE=fuzz CC=clang fuzz-programs >/dev/null || exit 1
n=0
for source in "${sources[@]}"; do
	target=$(basename "$source" .c)
	[ "$target" != replay ] || continue
	n=$((n + 1))
	mkdir -p "build/fuzz/corpus/$target" build/fuzz/found
	if build/fuzz/fuzz/"$target" -max_total_time="$seconds" -seed="${SEED:-1}" -artifact_prefix="build/fuzz/found/$target-" \
		"build/fuzz/corpus/$target" "tests/fuzz/corpus/$target" >"build/fuzz/$target.log" 2>&1; then
		echo "ok $n - $target: $(grep -o '[0-9]* runs' "build/fuzz/$target.log" | tail -1), seed ${SEED:-1}"
	else
		echo "not ok $n - $target"
		grep -v 'NEW\|REDUCE\|pulse' "build/fuzz/$target.log" | tail -40 | sed 's/^/# /'
	fi
done
echo "1..$n"
