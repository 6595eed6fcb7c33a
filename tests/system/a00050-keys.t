#!/usr/bin/env bash
# `limitless keys` makes, lists and revokes API keys on a stack that runs. A key opens the routes of programs, as far as its scopes go.
. "$(dirname "$0")/lib.sh"
stack_start LIMITLESS_STANDIN_PACE=0 LIMITLESS_STANDIN_FIRST_TOKEN=0
sign_up ada
session=$token
sign_up eve
keys() { "$B/bin/limitless" keys "$1" --dir "$dir" "${@:2}" 2>"$scratch/said"; }
said() { tr '\n' ' ' <"$scratch/said"; }
sql() { "$B/bin/limitless" psql --dir "$dir" -- -Atc "$1"; }
with_key() { token=$1 call "${@:2}"; }

key=$(keys add --user Ada@example.test --name laptop)
is "$?" 0 "a key is made for a user, whose address may have capitals"
like "$key" '^lc-[0-9a-f]{64}$' "it is printed alone, so that a script can take it"
like "$(said)" 'Key [0-9a-f-]{36}\. It is shown this once\.' "and its id beside it"
id=$(grep -o '[0-9a-f-]\{36\}' "$scratch/said")
is "$(sql "SELECT count(*) FROM auth.api_key WHERE hash = sha256(convert_to('$key', 'UTF8'))")" 1 "the database has its hash"
is "$("$B/bin/limitless" psql --dir "$dir" --program pg_dump -- --data-only --schema=auth | grep -c "$key")" 0 "and the key itself nowhere"

with_key "$key" GET /api/v1/models
is "$status" 200 "it opens a route of programs"
with_key "$key" GET /v1/models
is "$status" 200 "and OpenAI's list of models"
with_key "$key" GET /api/v1/credits/balance
is "$status" 401 "but no route of people"
token= call GET /v1/models "" -H "x-api-key: $key" -H "anthropic-version: 2023-06-01"
is "$status" 200 "Anthropic's header carries it, too"
with_key "$session" GET /v1/models
is "$status" 200 "a session's token opens the same"

reader=$(keys add --user ada@example.test --name reader --scope read --on-disconnect finish)
with_key "$reader" GET /v1/models
is "$status" 200 "a key that may read lists models"
with_key "$reader" POST /v1/chat/completions '{"model":"gemini-2.0-flash","messages":[{"role":"user","content":"hi"}]}'
is "$status $(get .error.code)" "403 scope_required" "and starts no answer"
writer=$(keys add --user eve@example.test --name writer --scope generate --scope read --on-disconnect cancel)
with_key "$writer" POST /v1/chat/completions '{"model":"gemini-2.0-flash","messages":[{"role":"user","content":"hi [[say:Hello.]]"}]}'
is "$status $(get '.choices[0].message.content')" "200 Hello." "a key that may generate does"

is "$(keys list | cut -f 2-)" "${key:0:9}…	ada@example.test	laptop	all	default	$(keys list | head -n 1 | cut -f 7)	valid
${reader:0:9}…	ada@example.test	reader	read	finish	$(keys list | sed -n 2p | cut -f 7)	valid
${writer:0:9}…	eve@example.test	writer	generate,read	cancel	$(keys list | tail -n 1 | cut -f 7)	valid" "the list has beginning, owner, name, scopes, policy and state"
like "$(keys list | head -n 1 | cut -f 7)" '^20[0-9-]+T[0-9:]+Z$' "and when a key was used"
is "$(keys list --user eve@example.test | wc -l)" 1 "of one user, if asked"

keys revoke "$id"
is "$?" 0 "a key is revoked"
refused() { with_key "$key" GET /v1/models; [ "$status $(get .error.code)" = "401 invalid_api_key" ]; }
until_true 5 refused
ok $? "it is refused within seconds"
is "$(keys list | head -n 1 | cut -f 8)" revoked "and listed so"
keys revoke "$id"
is "$?" 0 "to revoke it again changes nothing"

# Mistakes are named.
keys add --user nobody@example.test --name x
is "$? $(said)" "1 limitless: nobody has the address nobody@example.test " "a user who is not there"
keys add --user ada@example.test --name x --on-disconnect maybe
is "$? $(said)" "1 limitless: --on-disconnect is default, cancel or finish " "another policy"
keys add --user ada@example.test --name "$(printf '%0101d' 1)"
is "$? $(said)" "1 limitless: --name has 1 to 100 bytes " "a name that is too long"
keys add --user ada@example.test --name x --scope everything
like "$? $(said)" '^1 usage: limitless keys add' "another scope"
keys revoke laptop
like "$? $(said)" '^1 limitless: laptop is no key' "a name instead of an id"
keys revoke 00000000-0000-4000-8000-000000000000
like "$? $(said)" '^1 limitless: there is no key' "an id that is not there"

# A key's budget is set with its id, and bounds this key alone.
eve_id=$(keys list --user eve@example.test | cut -f 1)
call PUT "/api/v1/credits/budgets/$eve_id" '{"kind":"API_KEY","displayName":"writer","limit":"1","period":"DAY"}'
is "$status" 200 "the owner gives a key a budget"
with_key "$writer" POST /v1/chat/completions '{"model":"gemini-2.0-flash","messages":[{"role":"user","content":"hi"}]}'
is "$status $(get .error.type) $(grep -i '^x-should-retry' <<<"$headers")" "402 insufficient_quota x-should-retry: false" "beyond it the key gets 402, which no client repeats"
with_key "$token" POST /v1/chat/completions '{"model":"gemini-2.0-flash","messages":[{"role":"user","content":"hi [[say:Hello.]]"}]}'
is "$status" 200 "the owner's session goes on"
finish
