# A stack for the suites of this folder: source it behind tests/system/lib.sh. Behind the gateway are providers of three APIs, played by
# one stand-in.
clients_start() {
	local standin_port
	standin_port=$(free_port)
	standin=http://127.0.0.1:$standin_port
	LIMITLESS_STANDIN_LISTEN=tcp://127.0.0.1:$standin_port LIMITLESS_STANDIN_PACE=0 LIMITLESS_STANDIN_FIRST_TOKEN=0 \
		LIMITLESS_STANDIN_API_KEY=sk-test LIMITLESS_STANDIN_CONTROL_TOKEN=control "$B/bin/standin" 2>"$scratch/standin.log" &
	stacks+=("$!")
	stack_start OPENAI_API_KEY=sk-test ANTHROPIC_API_KEY=sk-test GEMINI_API_KEY=sk-test LIMITLESS_CHAT_PROVIDERS_OPENAI_BASE_URL="$standin/v1" \
		LIMITLESS_CHAT_PROVIDERS_ANTHROPIC_BASE_URL="$standin/v1" LIMITLESS_CHAT_PROVIDERS_GEMINI_BASE_URL="$standin/v1beta" \
		LIMITLESS_CHAT_PROVIDERS_OPENAI_DISCOVER=false LIMITLESS_CHAT_PROVIDERS_ANTHROPIC_DISCOVER=false \
		LIMITLESS_CHAT_PROVIDERS_GEMINI_DISCOVER=false LIMITLESS_CHAT_QUICK_TRIES_WITHIN=1s LIMITLESS_CREDITS_GIFT_AMOUNT_MICROCREDITS=10000000000
}

# Runs a suite for a user of its own, who signs up when he is new, and compares each line of it.
clients_run() { # NAME COMMAND…
	local name=$1 key got expected what
	shift
	sign_up "$name"
	key=$("$B/bin/limitless" keys add --dir "$dir" --user "$name@example.test" --name tests 2>/dev/null)
	timeout 300 "$@" "$url" "$key" "$token" "$standin" >"$scratch/results" 2>"$scratch/$name.err"
	ok $? "the suite of $name ran to its end"
	[ ! -s "$scratch/$name.err" ] || tail -n 20 "$scratch/$name.err" | sed 's/^/# /'
	while IFS=$'\t' read -r got expected what; do is "$got" "$expected" "$what"; done <"$scratch/results"
}
