#!/usr/bin/env bash
# The processes of `make run` see only the secrets that they need. A folder with data stays a demo, or stays real.
. "$(dirname "$0")/lib.sh"
limitless=$B/bin/limitless

processes() { pgrep -P "$1"; pgrep -P "$(head -n 1 "$dir/pg/postmaster.pid")"; }
name_of() { cat "/proc/$1/comm"; }

umask 077 # as a careful operator has it
# ---- a demo with a test key of Stripe, and many secrets in its environment
stack_start STRIPE_SECRET_KEY=sk_test_canary STRIPE_WEBHOOK_SECRET=whsec_canary PGPASSWORD=canary AWS_SECRET_ACCESS_KEY=canary \
	LIMITLESS_CHAT_LEASE=29s LIMITLESS_STANDIN_PACE=0 LIMITLESS_STANDIN_FIRST_TOKEN=0
seen= n=0 foreign=
for p in "$pid" $(processes "$pid"); do
	n=$((n + 1))
	tr '\0' '\n' <"/proc/$p/environ" >"$scratch/environ"
	! grep -q canary "$scratch/environ" || seen="$seen $(name_of "$p")"
	! grep '^LIMITLESS_[A-Z]*_.*=.' "$scratch/environ" | grep -qiv "^LIMITLESS_$(name_of "$p")_" || foreign="$foreign $(name_of "$p")"
done
is "$((n >= 12))" 1 "the supervisor, its programs and PostgreSQL's processes ($n)"
is "$seen" "" "no process has a secret in its environment"
is "$foreign" "" "nor what is meant for another one"
is "$(tr '\0' '\n' <"/proc/$(pid_of chat)/environ" | grep -c '^LIMITLESS_CHAT_LEASE=29s$')" 1 "chat has what is meant for it"
is "$(find "$dir/secrets" "$dir/config" -type f ! -name '*.pub' ! -perm 600)" "" "secrets and configurations are for one user"
is "$(cat "$dir/secrets/STRIPE_SECRET_KEY")" sk_test_canary "a secret travels by a file"

# ---- the users and the rights of the processes
status_of() { awk -v key="$2:" '$1 == key {print $2}' "/proc/$1/status"; } # pid key
programs="${service_names[*]} gateway standin"
[ "$(id -u)" != 0 ] && user=$(id -u) || user=$(id -u limitless 2>/dev/null || echo 64212)
odd=
for name in $programs; do
	p=$(pid_of $name)
	for fact in "Uid $user" "Gid $(stat -c %g "$dir/secrets")" "CapInh 0000000000000000" "CapPrm 0000000000000000" "CapEff 0000000000000000" "CapAmb 0000000000000000" \
		"NoNewPrivs 1" "Umask 0077"; do
		[ "$(status_of "$p" "${fact% *}")" = "${fact#* }" ] || odd="$odd $name:${fact% *}=$(status_of "$p" "${fact% *}")"
	done
	[ "$(id -u)" != 0 ] || [ "$(status_of "$p" CapBnd)" = 0000000000000000 ] || odd="$odd $name:CapBnd"
	# Sanitizers need system calls that the filter refuses.
	[ "$(status_of "$p" Seccomp)" = 2 ] || [ "$B" != build ] || odd="$odd $name:Seccomp"
	grep -q '^Max core file size  *0  *0 ' "/proc/$p/limits" || odd="$odd $name:core"
	[ "$(stat -c %u "/proc/$p")" = "$user" ] || odd="$odd $name:owner"
done
is "$odd" "" "each program is user $user, without capabilities, privileges to gain, or core dumps"
is "$(status_of "$(pid_of postgres)" NoNewPrivs)" 1 "PostgreSQL gains none either"
if [ "$(id -u)" = 0 ]; then
	as_user() { setpriv --reuid "$user" --regid "$(stat -c %g "$dir/secrets")" --clear-groups "$@" 2>/dev/null; }
	as_user cat "$dir/secrets/page" >/dev/null
	ok $? "this user reads the secrets"
	! as_user touch "$dir/secrets/page.new" && ! as_user rm -f "$dir/config/chat.yaml" && ! as_user mv "$dir/run/pg" "$dir/run/moved"
	ok $? "and replaces none of them, nor configurations, nor the database's sockets"
	! setpriv --reuid 65534 --regid 65534 --clear-groups cat "$dir/secrets/page" >/dev/null 2>&1
	ok $? "nobody else does"
	! as_user ls "$dir/pg/" >/dev/null
	ok $? "and the database's files are not theirs"
	as_role() { as_user "$(ls -d /usr/lib/postgresql/*/bin/psql | tail -n 1)" -h "$dir/run/pg" -U "$1" -d limitless -Atc 'SELECT current_user'; }
	is "$(as_role chat_app)" chat_app "a program is its service's role"
	for role in limitless_admin "${service_names[@]/%/_owner}"; do
		is "$(as_role $role)" "" "and not $role"
		is "$("$limitless" psql --dir "$dir" --role $role -- -Atc 'SELECT current_user')" $role "who is root's"
	done
fi
sign_up ada
is "$status" 200 "and all of it works"

# ---- the gateway's key is replaced while the gateway runs
node -e '
const { publicKey, privateKey } = require("crypto").generateKeyPairSync("ec", { namedCurve: "P-256" }), { writeFileSync } = require("fs");
writeFileSync(process.argv[1] + ".key", privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
writeFileSync(process.argv[1] + ".pub", publicKey.export({ type: "spki", format: "pem" }));' "$dir/secrets/gateway.2"
chown --reference="$dir/secrets/gateway.key" "$dir/secrets/gateway.2.key" "$dir/secrets/gateway.2.pub"
edit() { # script of sed, files… The files keep their inodes.
	local script=$1 file
	shift
	for file; do sed "$script" "$file" >"$scratch/edited" && cat "$scratch/edited" >"$file"; done
}
reloads() { cat "$dir"/log/*.log | grep -c '"event":"reloaded"'; }
reload() {
	local before
	before=$(reloads)
	kill -HUP "$pid"
	all_reloaded() { [ "$(reloads)" = $((before + ${#service_names[@]} + 1)) ]; }
	until_true 20 all_reloaded
}
(while [ ! -e "$scratch/enough" ]; do
	curl -sS -o /dev/null -w '%{http_code}\n' --max-time 20 -H "Authorization: Bearer $token" "$url/api/v1/credits/balance"
done) >"$scratch/codes" 2>&1 &
caller=$!
more() { local at; at=$(wc -l <"$scratch/codes"); many() { [ "$(wc -l <"$scratch/codes")" -ge $((at + 10)) ]; }; until_true 20 many; }
services=("${service_names[@]/#/$dir/config/}")
services=("${services[@]/%/.yaml}")
more
edit "s,^  gateway: \(.*\)gateway\.pub\(.*\)$,&\\n  gateway.2: \1gateway.2.pub\2," "${services[@]}"
reload && more
ok $? "the new key is published"
edit 's,gateway\.key,gateway.2.key,; $a service_key_id: gateway.2' "$dir/config/gateway.yaml"
reload && more
ok $? "the gateway signs with it"
edit '/^  gateway: /d' "${services[@]}"
reload && more
ok $? "and the old one is gone"
is "$(cat "${services[@]}" | grep -c '^  gateway\.2: ') $(cat "${services[@]}" | grep -c '^  gateway: ') $(grep -c 'gateway\.2' "$dir/config/gateway.yaml")" "${#services[@]} 0 2" "from every file"
touch "$scratch/enough"
wait $caller
is "$(sort -u "$scratch/codes" | tr '\n' ' ')" "200 " "no request failed meanwhile ($(wc -l <"$scratch/codes"))"
is "$(cat "$dir"/log/*.log | grep -c reload_refused)" 0 "no file was refused"
stack_stop "$pid"

# ---- a demo's credits are worth nothing
refused() { # name words; then the environment
	local name=$1 words=$2 code
	shift 2
	timeout 20 env "$@" "$limitless" up --dir "$dir" --port "$port" >"$scratch/refused" 2>&1
	code=$?
	is "$code $(wc -l <"$scratch/refused")" "1 1" "$name: refused in one line"
	like "$(cat "$scratch/refused")" "$words" "which says what to do"
}
refused "a demo with a provider" 'is a demo.*choose another DIR' OPENAI_BASE_URL=http://127.0.0.1:1/v1
refused "a demo that sells" 'STRIPE_SECRET_KEY is a live key' STRIPE_SECRET_KEY=sk_live_canary
demo=$dir demo_port=$port
stack_start LIMITLESS_STANDIN_PACE=0 LIMITLESS_STANDIN_FIRST_TOKEN=0
ok $? "as a demo it goes on"
is "$(ls "$dir/secrets/STRIPE_SECRET_KEY" 2>/dev/null)" "" "and the key that is not given any more is gone"
standin=$(cat "$dir/standin.url")

unset dir port
stack_start OPENAI_BASE_URL="$standin/v1" OPENAI_API_KEY=canary
real_pid=$pid
is "$(grep -c 'stand-in' "$dir.out")" 0 "another folder has the provider"
stack_stop "$real_pid"
refused "a provider's folder without a key" 'answers of a stand-in would cost its users real credits: set OPENROUTER_API_KEY'
finish
