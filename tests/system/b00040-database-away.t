#!/usr/bin/env bash
# PostgreSQL goes away and comes back. Requests get 503 with Retry-After meanwhile, and then work again.
. "$(dirname "$0")/lib.sh"
stack_start LIMITLESS_STANDIN_PACE=0 LIMITLESS_STANDIN_FIRST_TOKEN=0
sign_up ada
new_chat gpt-4o-mini
postmaster() { head -n 1 "$dir/pg/postmaster.pid"; }
# The supervisor is stopped, because it would start PostgreSQL again at once.
kill -STOP "$pid"
kill -9 "$(postmaster)"
away() { call GET /api/v1/chats; [ "$status" = 503 ]; }
until_true 5 away
ok $? "while it is away the answer is 503"
is "$(get .reason)" DATABASE_UNAVAILABLE "with the reason"
like "$headers" [Rr]etry-[Aa]fter "and Retry-After"
kill -CONT "$pid"
back() { call GET /api/v1/chats; [ "$status" = 200 ]; }
until_true 30 back
ok $? "it recovers by itself"
is "$(get '.chats | length')" 1 "with all that was stored"
finish
