#!/usr/bin/env bash
# Bad input gets a status, a reason and the name of the field, and writes nothing.
. "$(dirname "$0")/lib.sh"
stack_start LIMITLESS_STANDIN_PACE=0 LIMITLESS_STANDIN_FIRST_TOKEN=0
sign_up mallory
new_chat gpt-4o-mini

expect() { # status reason field name; then METHOD PATH [JSON] [curl options…]
	local want="$1 $2 $3" name=$4
	shift 4
	call "$@"
	is "$status $(get .reason) $(get '.field // ""')" "$want" "$name"
}
long=$(head -c 262145 /dev/zero | tr '\0' x)

expect 400 FIELD_UNKNOWN colour "unknown field" POST /api/v1/chats '{"colour":"red"}'
expect 400 FIELD_INVALID title "wrong type" POST /api/v1/chats '{"title":5}'
expect 400 FIELD_REQUIRED email "missing field" POST /api/v1/auth/login '{"password":"xxxxxxxx"}'
expect 400 FIELD_REQUIRED text "empty text" POST "/api/v1/chats/$chat:generate" '{"text":""}'
expect 400 FIELD_INVALID parameters.maxOutputTokens "nested field out of range" POST "/api/v1/chats/$chat:generate" '{"text":"a","parameters":{"maxOutputTokens":-1}}'
expect 400 FIELD_TOO_LONG title "too long" POST /api/v1/chats "{\"title\":\"$(head -c 201 /dev/zero | tr '\0' x)\"}"
printf '{"title":"\xff"}' >"$scratch/invalid"
expect 400 TEXT_INVALID title "invalid UTF-8" POST /api/v1/chats "@$scratch/invalid"
expect 400 TEXT_INVALID title "NUL in text" POST /api/v1/chats '{"title":"a\u0000b"}'
expect 400 JSON_INVALID "" "broken JSON" POST /api/v1/chats '{"title":'
expect 400 JSON_INVALID "" "two values" POST /api/v1/chats '{} {}'
expect 400 MODEL_UNKNOWN model "unknown model" POST /api/v1/chats '{"model":"none"}'
expect 400 FIELD_INVALID project "malformed id in a body" POST /api/v1/chats '{"project":"x"}'
expect 400 FIELD_REQUIRED action "a change of chats without an action" POST /api/v1/chats:change '{"all":true}'
expect 400 FIELD_INVALID 'chats[0]' "a malformed id in a list" POST /api/v1/chats:change '{"action":"PIN","chats":["x"]}'
expect 404 NOT_FOUND "" "malformed id in a path" GET /api/v1/chats/x
expect 404 NOT_FOUND "" "id of nothing" GET /api/v1/chats/00000000-0000-7000-8000-000000000000
expect 404 ROUTE_UNKNOWN "" "unknown path" GET /api/v1/nothing
expect 405 METHOD_NOT_ALLOWED "" "known path, other method" PUT /api/v1/chats '{}'
expect 415 CONTENT_TYPE_UNSUPPORTED "" "not JSON" POST /api/v1/chats "" --data 'a=b'
expect 400 FIELD_INVALID pageSize "page size is no number" GET '/api/v1/chats?pageSize=x'
expect 400 FIELD_UNKNOWN sort "unknown query parameter" GET '/api/v1/chats?sort=x'
expect 400 FIELD_INVALID pageToken "no page token of ours" GET '/api/v1/chats?pageToken=x'
expect 400 FIELD_REQUIRED q "search for nothing" GET /api/v1/search
expect 400 FIELD_TOO_LONG q "search for too much" GET "/api/v1/search?q=$(head -c 501 /dev/zero | tr '\0' x)"
expect 400 FIELD_INVALID pageToken "no page token of a search" GET '/api/v1/search?q=a&pageToken=x'
expect 501 NOT_IMPLEMENTED "" "planned method" GET /api/v1/api-keys

saved=$token
token=
expect 401 UNAUTHENTICATED "" "no token" GET /api/v1/chats
token=a.b.c
expect 401 UNAUTHENTICATED "" "bad token" GET /api/v1/chats
token=${saved%?????}AAAAA
expect 401 UNAUTHENTICATED "" "bent signature" GET /api/v1/chats
token=
expect 401 CREDENTIALS_WRONG "" "wrong password" POST /api/v1/auth/login '{"email":"mallory@example.test","password":"wrong horse"}'
expect 401 CREDENTIALS_WRONG "" "unknown address, same answer" POST /api/v1/auth/login '{"email":"nobody@example.test","password":"wrong horse"}'
expect 400 PASSWORD_WEAK password "short password" POST /api/v1/auth/signup '{"email":"x@example.test","password":"short"}'
expect 400 EMAIL_INVALID email "no address" POST /api/v1/auth/signup '{"email":"nobody","password":"correct horse battery"}'
expect 403 CROSS_SITE "" "from another site" POST /api/v1/auth/login '{"email":"a@example.test","password":"wrong horse"}' -H 'Sec-Fetch-Site: cross-site'
expect 403 CROSS_SITE "" "from another origin" POST /api/v1/auth/login '{"email":"a@example.test","password":"wrong horse"}' -H 'Origin: http://evil.test'

# Things of other users.
token=$saved
generate "$scratch/mine" "my secret [[say:classified]]" >/dev/null
generation=$(events "$scratch/mine" | jq -r 'select(.event == "accepted") | .data.generation')
mine=$chat
call POST /api/v1/chats:import '[{"mapping":{"a":{"message":{"author":{"role":"user"},"content":{"content_type":"text","parts":["secret import"]}}}}}]'
import=$(get .id)
sign_up trudy
for path in "chats/$mine" "chats/$mine/messages" "generations/$generation" "generations/$generation/events" "imports/$import" "imports/$import/items"; do
	call GET "/api/v1/$path"
	is "$status $(get .reason)" "404 NOT_FOUND" "another's $path is not found"
	[[ $body != *secret* && $body != *classified* ]]
	ok $? "and nothing of it is in the answer"
done
call GET '/api/v1/search?q=secret'
is "$status $(get '.hits | length')" "200 0" "and another's words are not found"
call GET "/api/v1/search?q=classified&project=$mine"
is "$status $(get '.hits | length')" "200 0" "nor by an id of another's"
expect 404 NOT_FOUND "" "another's chat cannot be renamed" PATCH "/api/v1/chats/$mine" '{"title":"x"}'
expect 404 NOT_FOUND "" "nor deleted" DELETE "/api/v1/chats/$mine"
expect 404 NOT_FOUND "" "nor exported" POST "/api/v1/chats/$mine:export" '{}'
expect 404 NOT_FOUND "" "another's import cannot be cancelled" POST "/api/v1/imports/$import:cancel" '{}'
expect 404 NOT_FOUND "" "nor gone on with" POST "/api/v1/chats:import?import=$import&offset=0" '[]'
call GET /api/v1/imports
is "$(get '.imports | length')" 0 "and is not in the list of imports"
call POST /api/v1/chats:export '{}'
[[ $status = 200 && $body != *secret* ]]
ok $? "and an export of all chats has only own ones"
expect 404 NOT_FOUND "" "another's chat cannot be asked" POST "/api/v1/chats/$mine:generate" '{"text":"x"}'
expect 404 NOT_FOUND "" "nor shared" POST "/api/v1/chats/$mine:share" '{}'
expect 404 NOT_FOUND "" "nor a link of it changed" POST "/api/v1/chats/$mine:share" '{"keepSnapshot":true}'
expect 404 NOT_FOUND "" "nor its link ended" POST "/api/v1/chats/$mine:unshare"
call GET "/api/v1/shares?chat=$mine"
is "$status $(get '.shares | length')" "200 0" "nor its link listed"
expect 404 NOT_FOUND "" "nor stopped" POST "/api/v1/generations/$generation:cancel"
call GET "/api/v1/draft?chat=$mine"
is "$status $(get .reason)" "404 NOT_FOUND" "another's draft is not found"
call PUT /api/v1/draft "{\"chat\":\"$mine\",\"text\":\"x\"}"
is "$status $(get .reason)" "404 NOT_FOUND" "nor stored"
for action in DELETE UNDELETE ARCHIVE UNARCHIVE PIN UNPIN ERASE; do
	call POST /api/v1/chats:change "{\"action\":\"$action\",\"chats\":[\"$mine\"]}"
	is "$status $(get .changed)" "200 0" "nor changed with others by $action"
done
call GET '/api/v1/chats?deleted=true'
is "$(get '.chats | length')" 0 "and is not in the bin"
call GET /api/v1/chats
is "$(get '.chats | length')" 0 "and is not in the list"
token=$saved
call GET "/api/v1/chats/$mine"
is "$(get .id)" "$mine" "the owner still has it"

# Links. Whoever has a token reads the snapshot; every other token is as one that never was.
expect 400 FIELD_INVALID expireTime "a link does not end in the past" POST "/api/v1/chats/$mine:share" '{"expireTime":"2001-01-01T00:00:00Z"}'
expect 400 FIELD_INVALID audience "unknown audience" POST "/api/v1/chats/$mine:share" '{"audience":"FRIENDS"}'
expect 400 FIELD_TOO_LONG author "a long name" POST "/api/v1/chats/$mine:share" "{\"author\":\"$(head -c 101 /dev/zero | tr '\0' x)\"}"
expect 404 NOT_FOUND "" "no terms without a link" POST "/api/v1/chats/$mine:share" '{"keepSnapshot":true}'
call POST "/api/v1/chats/$mine:share" '{"audience":"SIGNED_IN"}'
shared=$(get .token)
token=
for one in "$shared" AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA x %27 "$mine"; do
	call GET "/api/v1/shared/$one"
	is "$status $(jq -c 'del(.requestId)' "$scratch/body")" "${known:=$status $(jq -c 'del(.requestId)' "$scratch/body")}" "a visitor learns nothing from $one"
done
like "$known" '^404 ' "and it is not found"
expect 401 UNAUTHENTICATED "" "a visitor copies nothing" POST "/api/v1/shared/$shared:continue"
expect 401 UNAUTHENTICATED "" "nor reads as somebody signed in" GET "/api/v1/shared/$shared:signed-in"
token=$saved
call GET "/api/v1/shared/$shared:signed-in"
is "$status $(get '.messages | length')" "200 2" "a signed-in reader does"
like "$headers" 'x-robots-tag: noindex' "and no search engine"
[[ $body != *"$mine"* && $body != *"$generation"* ]]
ok $? "nothing in it names the chat or the answer"
call POST "/api/v1/chats/$mine:share" '{}'
is "$(get .token)" "$shared" "the link stays the same"
token=
call GET "/api/v1/shared/$shared"
is "$status $(get '.messages[1].text')" "200 classified" "a public link is public"
is "$(curl -s -o "$scratch/page" -w '%{http_code}' "$url/shared/$shared")" 200 "and has a page"
token=$saved
call POST "/api/v1/chats/$mine:unshare"
token=
call GET "/api/v1/shared/$shared"
is "$status $(jq -c 'del(.requestId)' "$scratch/body")" "$known" "until it is ended"
token=$saved
! grep -rqF "$shared" "$dir"/*.log "$dir"/log* "$dir.err" "$dir.out" 2>/dev/null
ok $? "no log has the token"
grep -rqF '/api/v1/shared/{token}' "$dir" --include='*.log'
ok $? "and the requests are there"
found() {
	call GET '/api/v1/search?q=classified&scope=MESSAGES'
	[[ $(get '.hits | length') == 2 ]]
}
until_true 30 found
ok $? "and finds it"
printf '{"text":"%s"}' "$long" >"$scratch/long"
call POST "/api/v1/chats/$mine:generate" "@$scratch/long"
is "$status $(get .reason)" "400 FIELD_TOO_LONG" "a message has at most 256 KiB"
finish
