#!/usr/bin/env bash
# `limitless logs`: the lines of all programs as one, and one request through all of them.
. "$(dirname "$0")/lib.sh"
limitless=$B/bin/limitless

# ---- logs that were written before
past=$scratch/past
mkdir -p "$past/log"
line() { printf '{"ts":"2026-01-01T00:00:%s.000000Z","level":"info","service":"%s","event":"%s"%s}\n' "$1" "$2" "$3" "${4:+,\"request_id\":\"$4\"}"; } # second service event [request]
{ line 01 auth oldest r1; } >"$past/log/auth.log.1"
{ line 03 auth second r2; echo "auth: what is no line of ours"; line 07 auth last r1; } >"$past/log/auth.log"
{ line 02 gateway first r1; line 04 gateway other r10; } >"$past/log/gateway.log"
echo "2026-01-01 00:00:00 UTC LOG: PostgreSQL's own" >"$past/log/postgres.log"
shown() { "$limitless" logs --dir "$past" "$@" 2>"$scratch/err" | sed -E 's/.*"event":"([a-z_]*)".*/\1/' | tr '\n' ' '; }
is "$(shown)" "oldest first second auth: what is no line of ours other last " "lines of all programs in the order of their time, also of a full log that was moved away"
is "$(shown --request r1)" "oldest first last " "those of one request, and of none that begins like it"
is "$(shown --service gateway)" "first other " "those of one service"
is "$(shown --service gateway --request r2)" "" "both, which may be none"
is "$(shown --since 1h)" "" "nothing is younger than an hour"
shown --service nobody >/dev/null
like "$(cat "$scratch/err")" "nobody has no log; there are.* gateway" "a service that does not exist is answered with those that do"
"$limitless" logs --dir "$scratch" >/dev/null 2>"$scratch/err"
is $? 1 "a folder without logs is an error"
like "$(cat "$scratch/err")" "has no logs" "that says so"
for wrong in "--request" "--request=" '--request=a"b' "--since=yesterday" "extra"; do
	"$limitless" logs --dir "$past" "$wrong" >/dev/null 2>&1
	is $? 1 "$wrong is refused"
done

# ---- followed while they are written, moved away and begun anew
"$limitless" logs --dir "$past" --follow >"$scratch/followed" &
follower=$!
said() { grep -qs "\"event\":\"$1\"" "$scratch/followed"; }
until_true 20 said last
ok $? "a follower has what was there"
printf '{"ts":"2026-01-01T00:00:08.000000Z","event":"ha' >>"$past/log/gateway.log"
line 09 auth whole >>"$past/log/auth.log"
until_true 20 said whole
ok $? "and what comes"
! grep -q '"ha' "$scratch/followed"
ok $? "but no half of a line"
printf 'lf"}\n' >>"$past/log/gateway.log"
until_true 20 said half
ok $? "which comes whole"
: >"$past/log/auth.log"
line 10 auth anew >>"$past/log/auth.log"
until_true 20 said anew
ok $? "a log that begins anew is followed"
kill "$follower"
wait "$follower" 2>/dev/null

# ---- a request through all processes
stack_start LIMITLESS_STANDIN_PACE=0
sign_up ada
call GET /api/v1/models
new_chat "$(get '[.models[] | select(.price.perMessage == "2000000")][0].id')"
call POST "/api/v1/chats/$chat:generate" '{"text":"hello"}' -H 'Accept: text/event-stream'
is "$status" 200 "an answer is written"
request=$(sed -n 's/^x-request-id: //ip' <<<"$headers")
asked() { "$limitless" logs --dir "$dir" --request "$request"; }
all_said() { [ "$(asked | jq -r .service | sort -u | tr '\n' ' ')" = "chat credits gateway " ]; }
until_true 20 all_said
ok $? "gateway, chat and credits name the request that the answer names"
is "$(asked | jq -r 'select(.request_id != "'"$request"'")')" "" "and no line of another one is among them"
settled() { "$limitless" logs --dir "$dir" --service credits | jq -eR 'fromjson? | select(.method == "/credits.v1.CreditsService/Settle")' >"$scratch/settle"; }
until_true 20 settled
ok $? "the answer is paid"
row=$("$limitless" psql --dir "$dir" -- -Atc "SELECT id FROM chat.outbox WHERE method LIKE '%Settle'")
is "$(jq -r .request_id "$scratch/settle")" "$row" "by a call whose request is the row of the outbox"
is "$("$limitless" logs --dir "$dir" | jq -rR 'fromjson? | select(.event == "serving") | .version' | sort -u)" \
	"$("$B/bin/gateway" --version | cut -d' ' -f2)" "every program says its version when it starts"
finish
