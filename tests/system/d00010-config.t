#!/usr/bin/env bash
# deploy/config is the programs' own output, nothing is open by default, and each program knows its version.
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
B=${B:-build}
services=(services/*/main.c)
services=("${services[@]#services/}")
services=("${services[@]%/main.c}")
programs=("${services[@]}" gateway standin)
n=0 failed=0
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
ok() { # status name
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else
		echo "not ok $n - $2"
		failed=1
	fi
}

# First without the required keys, and then with the defaults.
export LIMITLESS_AUTH_SEAL_KEY=0123456789abcdef0123456789abcdef LIMITLESS_CHAT_DATABASE_WORKER_DSN=host=/nonexistent
secret=0123456789abcdef
for p in "${services[@]}"; do
	upper=${p^^}
	defaults=(env "LIMITLESS_${upper}_DATABASE_DSN=host=/nonexistent" "LIMITLESS_${upper}_DATABASE_WAIT=0ms"
		"LIMITLESS_${upper}_ADMIN_LISTEN=tcp://127.0.0.1:0")
	# auth has no list yet.
	if [ $p != auth ]; then
		said=$(timeout 20 "${defaults[@]}" "$B/bin/$p" 2>&1)
		[[ $? = 1 && $said == *"$p: page_secret: has 0 bytes and needs 16"* ]]
		ok $? "$p does not sign its page tokens with nothing ($said)"
	fi
	defaults+=("LIMITLESS_${upper}_PAGE_SECRET=$secret")
	said=$(timeout 20 "${defaults[@]}" "$B/bin/$p" 2>&1)
	[[ $? = 1 && $said == *"$p: service_public_keys: is empty, so everybody who reaches tcp://0.0.0.0:7000 would be believed"* ]]
	ok $? "$p does not believe everybody ($said)"
	said=$(timeout 20 "${defaults[@]}" "LIMITLESS_${upper}_INSECURE=true" "$B/bin/$p" 2>&1)
	[[ $said == *'"event":"insecure"'* && $said != *"service_public_keys: is empty"* ]]
	ok $? "$p warns when it is told to"
done
for p in "${services[@]}" gateway; do
	grep -q '^admin_listen: tcp://127.0.0.1:9000$' "deploy/config/$p.yaml"
	ok $? "$p shows its admin port to this host alone"
done
grep -q '^listen: \[tcp://127.0.0.1:' deploy/config/standin.yaml
ok $? "the stand-in listens on this host alone"

# ---- which build it is
number=$(cat VERSION)
for p in "${programs[@]}" limitless; do
	said=$("$B/bin/$p" --version)
	[[ $? = 0 && $said =~ ^$p\ $number(\+[0-9a-f]{10,40}(-dirty)?)?$ ]]
	ok $? "$p --version ($said)"
done
export_dir=$(mktemp -d)
mkdir -p "$export_dir/tools/gen"
cp VERSION "$export_dir"
cp tools/gen/version "$export_dir/tools/gen"
"$export_dir/tools/gen/version" | grep -qF "version_text[] = \"$number\";"
ok $? "sources without git have their number alone"
"$export_dir/tools/gen/version" | grep -qF 'version_commit[] = "";'
ok $? "and no commit"
rm -r "$export_dir"
echo "1..$n"
exit $failed
