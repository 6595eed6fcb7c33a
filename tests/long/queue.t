#!/usr/bin/env bash
# Background answers while replicas die each second (T11), stale replicas that wake up (T12), keys that replicas share (T14), and the waits of a
# day (T13), until the time is over. With an hour 10,000 answers, 1,000 stale ones and five minutes of keys.
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=${SECONDS_TO_RUN:-60} seed=${SEED:-$RANDOM} n=0
end=$((SECONDS + seconds)) log=build/test-logs/queue.log
sizes=150,20,6
if [ "$seconds" -ge 600 ]; then sizes=1000,100,70; fi
if [ "$seconds" -ge 3600 ]; then sizes=10000,1000,300; fi

mkdir -p build/test-logs
make build/test/services/chat >/dev/null || exit 1
while [ "$n" -eq 0 ] || [ "$SECONDS" -lt "$end" ]; do
	for test in killed_workers_lose a_frozen_replica_writes no_key_is_used the_ladder_has; do
		n=$((n + 1))
		if SEED=$seed LIMITLESS_STORM=$sizes build/test/services/chat "$test*" >"$log" 2>&1; then
			echo "ok $n - seed $seed: $(grep '^# [0-9]* [a-z]' "$log" | tail -1 | cut -c3-) ($test)"
		else
			echo "not ok $n - seed $seed: $test"
			grep -v '"level"\| 0 test' "$log" | tail -20 | sed 's/^/# /'
		fi
	done
	seed=$((seed + 1))
done
echo "1..$n"
