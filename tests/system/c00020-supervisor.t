#!/usr/bin/env bash
# The supervisor starts dead processes again, refuses bad arguments, and leaves no process behind.
. "$(dirname "$0")/lib.sh"
limitless=$B/bin/limitless

alive() { # pid. A zombie counts as gone.
	local state
	state=$(ps -o state= -p "$1" 2>/dev/null) && [ "$state" != Z ]
}
none_alive() { for p in $family; do alive "$p" && return 1; done; return 0; }
# The supervisor, its children, and PostgreSQL's own.
family_of() { echo "$1" $(pgrep -P "$1") $(pgrep -P "$(head -n 1 "$dir/pg/postmaster.pid")"); }
all_ready() { "$limitless" status --dir "$dir" >"$scratch/status" 2>&1; }
replaced() { local now; now=$(pid_of "$1"); [ -n "$now" ] && [ "$now" != "$2" ] && all_ready; }

stack_start
all_ready
ok $? "status is 0 when all are ready"
is "$(awk '$2 == "ready" {print $1}' "$scratch/status" | sort | tr '\n' ' ')" \
	"$(printf '%s\n' "${service_names[@]}" gateway postgres standin | sort | tr '\n' ' ')" "and names every process"
"$limitless" up --dir "$dir" --port "$(free_port)" >"$scratch/second" 2>&1
is $? 1 "a folder has one supervisor"
like "$(cat "$scratch/second")" "in use by process $pid" "the second says who has it"

victim=$(pid_of credits)
kill -9 "$victim"
until_true 20 replaced credits "$victim"
ok $? "a killed service is started again"
victim=$(pid_of postgres)
kill -9 "$victim"
until_true 30 replaced postgres "$victim"
ok $? "and so is PostgreSQL"
sign_up ada
is "$status" 200 "and all of it works again"

family=$(family_of "$pid")
kill -9 "$pid"
until_true 30 none_alive
ok $? "a killed supervisor takes all with it, PostgreSQL too"
unset stacks; stacks=()
"$limitless" status --dir "$dir" >/dev/null 2>&1
is $? 3 "status is 3 when nothing runs"

# Ctrl-C in a terminal signals the whole process group.
setsid bash -c 'trap : INT; "$@"; echo "exit $?" >>"$0"' "$scratch/ctrl-c" "$limitless" up --dir "$dir" --port "$port" >"$scratch/ctrl-c" 2>&1 &
up_again() { grep -q "^ready $url" "$scratch/ctrl-c"; }
until_true 60 up_again
ok $? "the next start recovers"
pid=$(head -n 1 "$dir/lock")
family=$(family_of "$pid")
kill -INT -- "-$(ps -o pgid= -p "$pid" | tr -d ' ')"
until_true 60 none_alive
ok $? "Ctrl-C leaves no process"
ended() { grep -q "^exit 0$" "$scratch/ctrl-c"; }
until_true 5 ended
ok $? "and ends with 0"

LIMITLESS_CREDITS_WORKERS=0 "$limitless" up --dir "$dir" --port "$port" >"$scratch/broken" 2>&1
is $? 1 "a broken configuration ends the start"
is "$(cat "$scratch/broken")" "limitless: credits did not start: credits: LIMITLESS_CREDITS_WORKERS: workers: 0 is outside 1 to 256" "in one line that says what to do"
is "$(pgrep -f "$dir/config/" | wc -l)" 0 "and leaves nothing behind"

mkdir -p "$scratch/half/build/bin"
cp -r "$B/bin/limitless" "$scratch/half/build/bin/"
mkdir -p "$scratch/half/deploy"
cp -r deploy/postgres deploy/local "$scratch/half/deploy/"
cp --parents services/*/local.yaml "$scratch/half/"
"$scratch/half/build/bin/limitless" up --dir "$scratch/half/var" --port "$port" >"$scratch/missing" 2>&1
is $? 1 "a missing program ends the start"
like "$(cat "$scratch/missing")" 'run `make` first' "and says what to do"

# A long path with a space, below a folder that other users cannot enter; services on ports.
unset port
dir="$scratch/closed/$(printf 'deep-%.0s' $(seq 30))/a b"
mkdir -p "$dir" && chmod 700 "$scratch/closed"
port=$(free_port) url=http://127.0.0.1:$port
"$limitless" up --dir "$dir" --port "$port" --listen tcp >"$scratch/tcp" 2>&1 &
pid=$!
stacks+=("$pid")
up_on_ports() { grep -q "^ready $url" "$scratch/tcp"; }
until_true 90 up_on_ports
ok $? "DIR may be long, odd and closed ($(tail -n 1 "$scratch/tcp"))"
n=$((${#service_names[@]} + 1)) open=0 # the services and the gateway
for offset in $(seq 0 $((n - 1))); do
	for p in $((port + offset)) $((port + offset + 1000)); do (: </dev/tcp/127.0.0.1/$p) 2>/dev/null && open=$((open + 1)); done
done
is $open $((2 * n)) "LISTEN=tcp: every process has its port and its admin port"
is "$("$limitless" psql --dir "$dir" --role chat_app -- -Atc 'SELECT current_user')" chat_app "psql finds the database"
data=$(readlink -f "$dir/pg")
"$limitless" down --dir "$dir"
is $? 0 "down ends it"
alive "$pid"
is $? 1 "and waits for the end"
case $data in /var/lib/limitless/?*/data) rm -rf "${data%/data}" ;; esac
finish
