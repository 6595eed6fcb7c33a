#!/usr/bin/env bash
# deploy/config is what the programs say about themselves.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
B=${B:-build}
programs=(auth chat credits images payments gateway standin)
n=0 failed=0
echo "1..${#programs[@]}"
for p in "${programs[@]}"; do
	n=$((n + 1))
	if difference=$(diff -u "deploy/config/$p.yaml" <("$B/bin/$p" --print-config)); then
		echo "ok $n - deploy/config/$p.yaml"
	else
		echo "not ok $n - deploy/config/$p.yaml: run \`make config\`"
		sed 's/^/# /' <<<"$difference"
		failed=1
	fi
done
exit $failed
