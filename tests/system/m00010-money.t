#!/usr/bin/env bash
# Vouchers, budgets and groups of models, as an administrator and users meet them through the gateway.
. "$(dirname "$0")/lib.sh"
stack_start LIMITLESS_STANDIN_PACE=0 LIMITLESS_STANDIN_FIRST_TOKEN=0 LIMITLESS_CHAT_MODEL_GROUPS_REFRESH=100ms
sign_up ada
ada=$token
call POST /api/v1/admin/vouchers '{"amount":"5000000","codes":2}'
is "$status $(get .reason)" "403 ROLE_REQUIRED" "a user makes no vouchers"
sign_up root
"$B/bin/limitless" psql --dir "$dir" -- -qAtc "UPDATE auth.account SET role = 'admin' WHERE id = '$user'"
call POST /api/v1/auth/login '{"email":"root@example.test","password":"correct horse battery","tokenDelivery":"BODY"}'
root=$(get .accessToken)

# ---- vouchers
token=$root
call POST /api/v1/admin/vouchers '{"amount":"5000000","codes":2,"prefix":"FAIR","note":"the fair"}' -H "Idempotency-Key: one"
is "$status $(get '.codes | length') $(get .batch.note)" "200 2 the fair" "an administrator makes two"
first=$(get '.codes[0]') second=$(get '.codes[1]') batch=$(get .batch.id)
like "$first" '^FAIR(-[0-9A-HJKMNP-TV-Z]{5}){4}$' "a code has no look-alikes"
call POST /api/v1/admin/vouchers '{"amount":"5000000","codes":2,"prefix":"FAIR","note":"the fair"}' -H "Idempotency-Key: one"
is "$status $(get .reason)" "409 ALREADY_EXISTS" "a repeat makes no second batch"
token=$ada
before=$(balance)
call POST /api/v1/credits:redeem "{\"code\":\" ${first,,} \"}"
is "$status $(get .kind) $(get .amount)" "200 VOUCHER 5000000" "a user redeems one, typed in small letters"
is "$(balance)" $((before + 5000000)) "and has the credits"
call POST /api/v1/credits:redeem "{\"code\":\"$first\"}"
is "$status $(get .amount) $(balance)" "200 5000000 $((before + 5000000))" "a repeat has the same answer and no effect"
call GET /api/v1/credits/statement
is "$(get '[.lines[] | select(.kind == "VOUCHER") | .amount] | join(" ")')" 5000000 "the statement has it"
sign_up bert
bert=$token
call POST /api/v1/credits:redeem "{\"code\":\"$first\"}"
used="$status $(get .reason) $(get .field) $(get .detail)"
like "$used" '^400 VOUCHER_INVALID code ' "another user gets nothing for it"
call POST /api/v1/credits:redeem '{"code":"FAIR-00000-00000-00000-00000"}'
is "$status $(get .reason) $(get .field) $(get .detail)" "$used" "a wrong code has the same answer"
token=$root
call GET /api/v1/admin/vouchers
is "$(get '.batches[0] | "\(.id) \(.redeemed) of \(.codes)"')" "$batch 1 of 2" "the administrator sees how many were redeemed"
call POST "/api/v1/admin/vouchers/$batch:revoke" '{}'
like "$status $(get .revokeTime)" '^200 2' "and revokes the rest"
token=$bert
call POST /api/v1/credits:redeem "{\"code\":\"$second\"}"
is "$status $(get .reason) $(get .field) $(get .detail)" "$used" "a revoked code has the same answer"
for ((i = 0; i < 9; i++)); do call POST /api/v1/credits:redeem "{\"code\":\"FAIR-00000-00000-00000-0000$i\"}"; done
is "$status $(get .reason)" "429 VOUCHER_TRIES" "ten wrong codes in an hour are enough"

# ---- budgets
token=$ada
key=0190a000-0000-7000-8000-0000000000b1
for period in DAY FIVE_HOURS; do
	call PUT "/api/v1/credits/budgets/$key" "{\"kind\":\"API_KEY\",\"displayName\":\"laptop\",\"limit\":\"7000000\",\"period\":\"$period\"}"
	like "$status $(get .period) $(get .resetTime)" "^200 $period 2" "a key has a budget for $period"
done
call GET /api/v1/credits/budgets
is "$(get '[.budgets[] | .id + " " + .period] | join(" ")')" "$key FIVE_HOURS $key DAY" "both are listed, the shortest first"

# ---- groups
token=$root
call GET /api/v1/models
model=$(get '[.models[] | select(.price.perMessage == "2000000")][0].id')
call POST /api/v1/admin/model-groups "{\"name\":\"house\",\"models\":[\"$model\"],\"roles\":[\"ADMIN\"]}"
is "$status $(get .name) $(get '.roles[0]')" "200 house ADMIN" "a group is made"
group=$(get .id)
offered() { call GET /api/v1/models; [ "$(get "[.models[].id] | index(\"$model\") != null")" = "$1" ]; }
token=$ada
until_true 10 offered false
ok $? "its model is gone from a user's list"
call POST /api/v1/chats "{\"model\":\"$model\"}"
is "$status $(get .reason)" "403 MODEL_NOT_ALLOWED" "and the user begins no chat with it"
token=$root
offered true
ok $? "an administrator has it"
call PATCH "/api/v1/admin/model-groups/$group" '{"everyone":true}'
is "$status $(get .everyone) $(get .name) $(get '.roles | length')" "200 true house 1" "the group is opened, the rest of it stays"
token=$ada
until_true 10 offered true
ok $? "and the user has it again"
token=$root
call DELETE "/api/v1/admin/model-groups/$group"
is "$status" 200 "the group is deleted"

# ---- usage
token=$ada
call POST /api/v1/chats "{\"model\":\"$model\"}"
chat=$(get .id)
call POST "/api/v1/chats/$chat:generate" '{"text":"how much is it"}'
token=$root
used() { call GET "/api/v1/admin/usage?by=MODEL"; [ "$(get '.rows | length')" -ge 1 ]; }
until_true 20 used
is "$status $(get '.rows[0].key') $(get '.rows[0].listedCalls')" "200 $model 0" "an administrator sees the usage by model"
call GET "/api/v1/admin/usage?by=DAY" '' -H "Accept: text/csv"
like "$status $(head -c 22 <<<"$body")" '^200 key,calls,input_tokens$' "and as a file"
call GET "/api/v1/admin/usage?from=2026-02-30"
is "$status $(get .reason) $(get .field)" "400 FIELD_INVALID from" "a day that is none is named"
token=$ada
call GET "/api/v1/admin/usage"
is "$status $(get .reason)" "403 ROLE_REQUIRED" "a user does not"
call GET /api/v1/usage
is "$status $(get '.models[0].key') $(get '.models[0].calls')" "200 $model 1" "but sees the own tokens"
is "$(get '.modelDays[0].model') $(get '.modelDays[0].calls') $(get '.modelDays[0].charged')" "$model 1 $(get '.days[0].charged')" "and by day and model, with the charge"
call GET /api/v1/usage '' -H "Accept: text/csv"
like "$status $(head -c 24 <<<"$body")" '^200 day,model,calls,input_to$' "and as a file"
like "$(sed -n 2p <<<"$body")" "^[0-9-]*,$model,1," "with the own row"
token=$bert
call GET /api/v1/usage
is "$status $(get '.modelDays | length') $(get '.days | length')" "200 0 0" "another user sees nothing of it"
call GET /api/v1/usage '' -H "Accept: text/csv"
is "$status $(wc -l <<<"$body")" "200 1" "and has a file of a head alone"
token=
call GET /api/v1/usage '' -H "Accept: text/csv"
is "$status $(get .reason)" "401 UNAUTHENTICATED" "without a session there is no file"
finish
