#!/usr/bin/env bash
# Stripe's webhooks, signed by its own package. They credit exactly once, in any order and number. Forged ones do nothing.
. "$(dirname "$0")/lib.sh"
port=$(free_port) dir=$scratch/stack
mkdir -p "$dir/secrets"
# There are two secrets while one is replaced.
printf 'whsec_first,whsec_next' >"$dir/secrets/stripe-webhook"
chmod 600 "$dir/secrets/stripe-webhook"
stack_start
# The story sends all events itself.
standin_control stripe/faults -d webhooks=drop >/dev/null
sign_up ada
NODE_PATH=build/tests/node_modules node tests/system/stripe.cjs "$url" whsec_first whsec_next "$token" "$B/bin/limitless" psql --dir "$dir" --role payments_app -- -Atc >"$scratch/results"
ok $? "the client ran to its end"
while IFS=$'\t' read -r got expected name; do is "$got" "$expected" "$name"; done <"$scratch/results"
"$B/bin/limitless" credits verify --dir "$dir" >"$scratch/verify" 2>&1
ok $? "the ledger's invariants hold ($(tail -n 1 "$scratch/verify"))"
is "$("$B/bin/limitless" psql --dir "$dir" --role payments_app -- -Atc "SELECT count(*) FROM outbox WHERE done_time IS NULL OR refused IS NOT NULL")" 0 "every booking was taken"
finish
