# Helpers of the stories in this folder. Each story has a stack of its own, asks by curl, and prints TAP.
# B is the folder of the build under test (default: build). Every story ends with `finish`.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
B=${B:-build}
story=$(basename "$0")
tap_n=0 tap_failed=0
scratch=$(mktemp -d "${TMPDIR:-/tmp}/lc-XXXXXX")
chmod 755 "$scratch"
stacks=()
service_names=(services/*/main.c)
service_names=("${service_names[@]#services/}")
service_names=("${service_names[@]%/main.c}")
declare -A stack_dir=() # folders of started stacks, by process id

# ---- TAP
ok() { # status name
	tap_n=$((tap_n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_n - $2"
	else
		echo "not ok $tap_n - $2"
		tap_failed=$((tap_failed + 1))
	fi
}
is() { # got expected name
	[ "$1" = "$2" ]
	ok $? "$3"
	[ "$1" = "$2" ] || printf '#   got: %s\n#   expected: %s\n' "$1" "$2"
}
like() { # got regex name
	[[ $1 =~ $2 ]]
	ok $? "$3"
	[[ $1 =~ $2 ]] || printf '#   got: %s\n#   does not match: %s\n' "$1" "$2"
}
note() { printf '# %s\n' "$*"; }

# Waits until the command succeeds. It fails after the given seconds.
until_true() { # seconds command…
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# ---- stacks
free_port() {
	node -e '
const net = require("net"), held = [];
// The gateway, the services, the stand-in, and their admin ports 1000 higher must all be free.
const offsets = Array.from({ length: Number(process.argv[1]) + 2 }, (_, i) => [i, i + 1000]).flat();
(async function pick() {
  for (;;) {
    const p = 20000 + Math.floor(Math.random() * 9000);
    const tries = await Promise.all(offsets.map((o) => new Promise((done) => {
      const s = net.createServer().once("error", () => done(false)).listen(p + o, "127.0.0.1", () => s.close(() => done(true)));
    })));
    if (tries.every(Boolean)) { console.log(p); return; }
  }
})();' "${#service_names[@]}"
}

# Starts a stack, and sets dir, port, url and pid. The arguments are assignments for its environment.
stack_start() {
	port=${port:-$(free_port)}
	dir=${dir:-$scratch/stack-$port}
	url=http://127.0.0.1:$port
	mkdir -p "$dir"
	: >"$dir.out" # An earlier start may have left its output.
	env "$@" "$B/bin/limitless" up --dir "$dir" --port "$port" >"$dir.out" 2>"$dir.err" &
	pid=$!
	stacks+=("$pid") stack_dir[$pid]=$dir
	until_true 60 stack_said_ready || {
		note "the stack did not start:"
		sed 's/^/# /' "$dir.out" "$dir.err" | tail -n 40
		ok 1 "stack starts"
		finish
	}
}
stack_said_ready() { grep -qs "^ready $url" "$dir.out"; }
stack_stop() { # pid
	kill -TERM "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}
# The process id of a program of the running stack.
pid_of() { pgrep -P "$pid" -x "$1" | head -n 1; }

# Checks the invariants of each ledger that still runs. They hold after every story.
verify_ledgers() {
	local p
	for p in "${!stack_dir[@]}"; do
		kill -0 "$p" 2>/dev/null || continue
		"$B/bin/limitless" credits verify --dir "${stack_dir[$p]}" >"$scratch/verify" 2>&1
		ok $? "the ledger's invariants hold at the end"
		[ "$tap_failed" = 0 ] || sed 's/^/# /' "$scratch/verify"
	done
}
finish() {
	verify_ledgers
	for p in "${stacks[@]}"; do stack_stop "$p"; done
	echo "1..$tap_n"
	if [ $tap_failed = 0 ]; then rm -rf "$scratch"; else note "kept: $scratch"; fi
	exit $((tap_failed > 0))
}
trap 'for p in "${stacks[@]}"; do stack_stop "$p"; done' EXIT

# ---- HTTP. `call` sets status, body and headers. It sends $token when it is set.
call() { # METHOD PATH [JSON] [curl options…]
	local method=$1 path=$2 json=${3:-}
	shift $(($# > 2 ? 3 : 2))
	local args=(-sS -o "$scratch/body" -D "$scratch/headers" -w '%{http_code}' -X "$method" --max-time 30)
	[ -n "${token:-}" ] && args+=(-H "Authorization: Bearer $token")
	[ -n "$json" ] && args+=(-H 'Content-Type: application/json' --data-binary "$json")
	: >"$scratch/body"
	status=$(curl "${args[@]}" "$@" "$url$path" 2>"$scratch/curl.err")
	body=$(tr -d '\0' <"$scratch/body")
	headers=$(tr -d '\r' <"$scratch/headers")
}
get() { jq -r "$1" <<<"$body" 2>/dev/null; }

# Signs up, and sets token and user. The argument is the name in the e-mail address.
sign_up() {
	token=
	call POST /api/v1/auth/signup "{\"email\":\"$1@example.test\",\"password\":\"correct horse battery\",\"displayName\":\"$1\",\"tokenDelivery\":\"BODY\"}"
	token=$(get .accessToken)
	user=$(get .user.id)
}
new_chat() { # model
	call POST /api/v1/chats "{\"model\":\"$1\"}"
	chat=$(get .id)
}

# Starts a generation and writes its events to a file. Returns when the stream ends, or when curl's options end it.
generate() { # file text [curl options…]
	local file=$1 text=$2
	shift 2
	curl -sS -N -o "$file" -w '%{http_code}' --max-time 60 -X POST -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
		-H 'Accept: text/event-stream' "$@" --data-binary "$(jq -n --arg text "$text" '{text: $text}')" "$url/api/v1/chats/$chat:generate"
}
# Prints the events of a file as lines of JSON: {event, id, data}.
events() { node -e '
const out = [];
for (const block of require("fs").readFileSync(process.argv[1], "utf8").split(/\r?\n\r?\n/)) {
  const e = { event: "message", id: "", data: "" };
  for (const line of block.split(/\r?\n/)) {
    const at = line.indexOf(":");
    if (at <= 0) continue;
    const name = line.slice(0, at), value = line.slice(at + 1).replace(/^ /, "");
    if (name === "data") e.data += value; else e[name] = value;
  }
  if (e.data) { try { e.data = JSON.parse(e.data); } catch {} console.log(JSON.stringify(e)); }
}' "$1"; }
text_of() { events "$1" | jq -rsj 'reduce .[] as $e (""; if $e.event == "reset" then "" elif $e.event == "delta" then . + $e.data.text else . end)'; }
# Whether an answer has begun to come into the file.
answers() { [ "$(cat "$1" 2>/dev/null | grep -c '^event: delta')" -ge 3 ]; }
balance() { call GET /api/v1/credits/balance; get .available; }
# Asks the stand-in's own routes, for the requests that it got and for faults.
standin_control() { # PATH [curl options…]
	local path=$1
	shift
	curl -sS -H "Authorization: Bearer $(cat "$dir/secrets/standin-control")" "$@" "$(cat "$dir/standin.url")/standin/$path"
}
standin_requests() { standin_control requests; }
# Those for answers, without those for titles.
standin_questions() { standin_requests | jq '[.requests[] | select(.prompt | startswith("<question>") | not)]'; }
