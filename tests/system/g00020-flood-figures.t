#!/usr/bin/env bash
# One user's largest bodies at once, and 100 calls of one key: chat's memory has a bound, refusals say when to come back, and another user is answered.
. "$(dirname "$0")/lib.sh"
stack_start LIMITLESS_CHAT_API_MEMORY_PER_USER=64MiB LIMITLESS_STANDIN_PACE=20 LIMITLESS_CREDITS_GIFT_AMOUNT_MICROCREDITS=10000000000
key_of() { "$B/bin/limitless" keys add --dir "$dir" --user "$1@example.test" --name tests 2>/dev/null; }
for name in loud busy calm; do sign_up "$name"; done
node tests/system/floods.cjs "$url" "$(pid_of chat)" "$(key_of loud)" "$(key_of busy)" "$(key_of calm)" >"$scratch/results" 2>"$scratch/err"
ok $? "the flood ran to its end"
sed 's/^/# /' "$scratch/err"
while IFS=$'\t' read -r got expected what; do is "$got" "$expected" "$what"; done <"$scratch/results"
finish
