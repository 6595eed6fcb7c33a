#!/usr/bin/env bash
# The stand-in speaks OpenAI's and Gemini's wire formats. The official npm packages stream from it, and understand its errors.
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
while IFS=$'\t' read -r got expected name; do is "$got" "$expected" "$name"; done <"$scratch/results"
finish
