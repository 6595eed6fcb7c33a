#!/usr/bin/env bash
# The stand-in speaks Stripe's API. The official npm package works with it, understands its errors and verifies its webhooks.
. "$(dirname "$0")/lib.sh"
standin_port=$(free_port) receiver_port=$((standin_port + 1))
LIMITLESS_STANDIN_LISTEN=tcp://127.0.0.1:$standin_port LIMITLESS_STANDIN_STRIPE_API_KEY=sk_test_1 \
	LIMITLESS_STANDIN_STRIPE_WEBHOOK_URL=http://127.0.0.1:$receiver_port/ LIMITLESS_STANDIN_STRIPE_WEBHOOK_SECRET=whsec_1 \
	"$B/bin/standin" 2>"$scratch/standin.log" &
stacks+=("$!")
answers() { curl -sS -o /dev/null "http://127.0.0.1:$standin_port/v1/models" 2>/dev/null; }
until_true 10 answers
ok $? "the stand-in starts"

is "$(curl -sS -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer ' "http://127.0.0.1:$standin_port/standin/stripe/payments")" 403 "without a control token its own routes are off"
NODE_PATH=build/tests/node_modules timeout 60 node tests/system/stripe-client.cjs "http://127.0.0.1:$standin_port" sk_test_1 "$receiver_port" whsec_1 >"$scratch/results"
ok $? "the client ran to its end"
while IFS=$'\t' read -r got expected name; do is "$got" "$expected" "$name"; done <"$scratch/results"
finish
