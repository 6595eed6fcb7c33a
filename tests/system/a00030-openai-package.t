#!/usr/bin/env bash
# The stand-in speaks OpenAI's, Anthropic's and Gemini's wire formats. The official npm packages stream from it, and understand its errors.
. "$(dirname "$0")/lib.sh"
standin_port=$(free_port)
LIMITLESS_STANDIN_LISTEN=tcp://127.0.0.1:$standin_port LIMITLESS_STANDIN_PACE=0 LIMITLESS_STANDIN_FIRST_TOKEN=0 \
	LIMITLESS_STANDIN_API_KEY=sk-test "$B/bin/standin" 2>"$scratch/standin.log" &
stacks+=("$!")
answers() { curl -sS -o /dev/null "http://127.0.0.1:$standin_port/v1/models" 2>/dev/null; }
until_true 10 answers
ok $? "the stand-in starts"

NODE_PATH=build/tests/node_modules node tests/system/openai.cjs "http://127.0.0.1:$standin_port/v1" >"$scratch/results"
ok $? "the client ran to its end"
NODE_PATH=build/tests/node_modules node tests/system/gemini.cjs "http://127.0.0.1:$standin_port" >>"$scratch/results"
ok $? "the clients of Gemini and of Responses ran to their end"
NODE_PATH=build/tests/node_modules node tests/system/anthropic.cjs "http://127.0.0.1:$standin_port" >>"$scratch/results"
ok $? "the client of Anthropic ran to its end"
while IFS=$'\t' read -r got expected name; do is "$got" "$expected" "$name"; done <"$scratch/results"

# Each provider of chat's configuration is asked with each of its keys.
cat >"$scratch/chat.yaml" <<END
listen: ["ipc:///nowhere"]
backends: {credits: "ipc:///nowhere"}
database: {dsn: none, worker_dsn: none}
providers:
  - {name: good, base_url: "http://127.0.0.1:$standin_port/v1", keys: sk-test}
  - {name: claude, api: anthropic, base_url: "http://127.0.0.1:$standin_port/v1", keys: "sk-test"}
  - {name: gem, api: gemini, base_url: "http://127.0.0.1:$standin_port/v1beta", keys: "sk-test sk-another-and-long-one"}
END
test_providers() { "$B/bin/chat" --config "$scratch/chat.yaml" --test-providers "$@" >"$scratch/tested" 2>&1; }
test_providers good
is "$? $(grep -c ' ok ' "$scratch/tested")" "0 1" "a provider takes its key"
test_providers
is "$? $(grep -c ' ok ' "$scratch/tested") $(grep -c 'gem .*-one .*FAILED .*refuses' "$scratch/tested")" "1 3 1" "one key of four is not taken, and its end and the reason are shown"
finish
