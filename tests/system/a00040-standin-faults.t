#!/usr/bin/env bash
# Each fault of the stand-in shows on the wire and in its log of requests.
. "$(dirname "$0")/lib.sh"
port=$(free_port)
url=http://127.0.0.1:$port
LIMITLESS_STANDIN_LISTEN=tcp://127.0.0.1:$port LIMITLESS_STANDIN_PACE=0 LIMITLESS_STANDIN_FIRST_TOKEN=0 LIMITLESS_STANDIN_CONTROL_TOKEN=canary "$B/bin/standin" 2>"$scratch/standin.log" &
stacks+=("$!")
answers() { curl -sS -o /dev/null "$url/v1/models" 2>/dev/null; }
until_true 10 answers
ok $? "the stand-in starts"
token=sk-any

for given in "" "Bearer " "Bearer canar" "Bearer canary2" "Basic canary" canary; do
	for route in "GET requests" "POST stripe/faults" "GET stripe/payments" "POST anything"; do
		is "$(curl -sS -o /dev/null -w '%{http_code}' -X "${route% *}" -H "Authorization: $given" "$url/standin/${route#* }")" 403 "$route wants the token, not '$given'"
	done
done

# ask STREAM TEXT [curl options…]: as `call`, with the exit status of curl in $ended.
ask() {
	local stream=$1 text=$2
	shift 2
	call POST /v1/chat/completions "$(jq -n --arg text "$text" --argjson stream "$stream" \
		'{model: "demo", stream: $stream, messages: [{role: "user", content: $text}]} + if $stream then {stream_options: {include_usage: true}} else {} end')" "$@"
	ended=$?
}
call() {
	local method=$1 path=$2 json=${3:-}
	shift 3
	status=$(curl -sS -N -o "$scratch/body" -D "$scratch/headers" -w '%{http_code}' -X "$method" --max-time 20 -H "Authorization: Bearer $token" \
		-H 'Content-Type: application/json' --data-binary "$json" "$@" "$url$path" 2>"$scratch/curl.err")
	local result=$?
	headers=$(tr -d '\r' <"$scratch/headers")
	body=$(tr -d '\0' <"$scratch/body")
	return $result
}
data() { sed -n 's/^data: //p' "$scratch/body"; }
usage() { data | jq -c 'select(.usage) | .usage' 2>/dev/null | tail -n 1; }
outcome() { curl -sS -H "Authorization: Bearer canary" "$url/standin/requests" | jq -r '.requests[-1].outcome'; }
outcome_is() { [ "$(outcome)" = "$1" ]; }

ask true 'x [[say:one two]]'
is "$(data | tail -n 1)" "[DONE]" "a stream ends with [DONE]"
is "$(outcome)" done "and is logged as done"

ask true 'x [[fault:429 retry_after=2]]'
is "$status $(sed -n 's/^retry-after: //Ip' <<<"$headers")" "429 2" "429 with Retry-After"
is "$(jq -r .error.code <<<"$body")" rate_limit_exceeded "in OpenAI's shape"
ask false 'x [[fault:500]]'
is "$status" 500 "500"
ask false 'x' -H 'x-standin-fault: 503'
is "$status" 503 "503 by header"

for i in 1 2 3; do
	ask false 'x [[fault:503 times=2 key=story]] [[say:now]]'
	seen="${seen:-}$status "
done
is "$seen" "503 503 200 " "the first two requests of a key fail, the third does not"

ask true 'x [[fault:cut after=4]] [[tokens:50]]'
is "$ended" 18 "a cut stream is an incomplete transfer"
is "$(data | jq -rj 'select(.choices[0].delta.content) | .choices[0].delta.content')" "1 2 3 4" "after four tokens"
until_true 5 outcome_is cut
ok $? "logged as cut"
ask true 'x [[fault:cut after=0]]'
is "$ended $status" "52 000" "a connection that closes without an answer"

ask true 'x [[fault:stall after=2]] [[tokens:50]]' --max-time 1
is "$ended" 28 "a stalled stream says nothing more"
is "$(data | grep -c content)" 3 "after the role and two tokens"
until_true 5 outcome_is "client gone"
ok $? "and is let go when the client goes"
ask true 'x [[fault:stall after=0]]' --max-time 1
is "$ended $status" "28 000" "a stall before the head"

ask true 'x [[fault:broken_json after=1]] [[tokens:3]]'
! data | grep -v DONE | jq . >/dev/null 2>&1
ok $? "an event that is no JSON"
ask true 'x [[fault:broken_utf8 after=1]] [[tokens:3]]'
iconv -f utf-8 -t utf-16 "$scratch/body" >/dev/null 2>&1
is "$?" 1 "bytes that are no UTF-8"

ask true 'x [[fault:no_usage]] [[tokens:3]]'
is "$(usage)" "" "no usage"
ask true 'x [[fault:usage value=0]] [[tokens:3]]'
is "$(usage)" '{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}' "usage 0"
ask true 'x [[fault:usage value=-7]] [[tokens:3]]'
is "$(usage | jq .completion_tokens)" -7 "negative usage"
ask false 'x [[fault:usage value=9007199254740993]] [[tokens:3]]'
is "$(jq -c .usage.prompt_tokens <<<"$body" | head -c 9)" 900719925 "huge usage"

ask true 'x [[fault:wrong_type]]'
like "$headers" "[Cc]ontent-[Tt]ype: text/html" "a page instead of a stream"
ask true 'x [[fault:two_dones]] [[tokens:2]]'
is "$(data | grep -c '^\[DONE\]')" 2 "[DONE] twice"
ask true 'x [[fault:drip value=50 after=0]] [[tokens:2]]' --max-time 1
size=$(wc -c <"$scratch/body")
[ "$size" -ge 5 ] && [ "$size" -le 40 ]
ok $? "bytes one by one ($size in a second)"
ask true 'x [[fault:long_line value=3000000 after=1]] [[tokens:2]]'
is "$(awk 'length > max { max = length } END { print (max >= 3000000) }' "$scratch/body")" 1 "a line of 3 MB"
is "$(data | tail -n 1)" "[DONE]" "and the end after it"

ask true 'x [[fault:nonsense]]'
is "$status" 400 "an unknown fault is refused"
is "$(curl -sS -H "Authorization: Bearer canary" "$url/standin/requests" | jq '.requests | map(select(.outcome == "running")) | length')" 0 "nothing is left running"
finish
