#!/usr/bin/env bash
# Webhooks get lost, Stripe fails, payments is killed: Stripe's table and the ledger agree in the end.
. "$(dirname "$0")/lib.sh"
buyers=5 each=20
stack_start LIMITLESS_PAYMENTS_RECONCILE_WINDOW=1d
stripe=$(cat "$dir/standin.url")
control() { local path=$1; shift; standin_control "stripe/$path" "$@"; } # PATH [curl options…]
sql() { "$B/bin/limitless" psql --dir "$dir" --role payments_app -- -Atc "$1"; }
pay() { curl -sS -o /dev/null -w '%{http_code}' -X POST "$1"; }
buy() { call POST /api/v1/payments/checkout-sessions '{"package":"starter"}' -H "Idempotency-Key: ${1:-$RANDOM$RANDOM}"; }
# Runs the hourly job now, and waits for its end.
sweep() {
	local before
	before=$(sql "SELECT coalesce(success_time, '-infinity') FROM job WHERE name = 'reconcile'")
	sql "UPDATE job SET run_time = lc.now() WHERE name = 'reconcile'" >/dev/null
	swept() { [ "$(sql "SELECT success_time > '$before' AND lease IS NULL FROM job WHERE name = 'reconcile'")" = t ]; }
	until_true 60 swept
}
delivered() { [ "$(sql "SELECT count(*) FROM outbox WHERE done_time IS NULL")" = 0 ]; }
# Invariant I5: the users' credits beyond their gifts are Stripe's payments less its refunds, at 100 credits for 1.00.
agree() {
	local theirs ours
	theirs=$(control payments | jq '[.payments[] | if .disputed then 0 else .amount - .refunded end] | add * 1000000')
	ours=$("$B/bin/limitless" psql --dir "$dir" -- -Atc "SELECT sum(credits_posted - debits_posted) - 100000000 * count(*) FROM credits.account")
	[ "$theirs" = "$ours" ]
}
balances_agree() { delivered && agree; }

control faults -d webhooks=drop >/dev/null
tokens=()
for i in $(seq $buyers); do
	sign_up "buyer$i"
	tokens+=("$token")
	balance >/dev/null
done
urls=()
for token in "${tokens[@]}"; do
	for _ in $(seq $each); do
		buy
		urls+=("$(get .url)")
	done
done
codes=$(for page in "${urls[@]}"; do pay "$page"; echo; done | sort | uniq -c | xargs)
is "$codes" "$((buyers * each)) 303" "$((buyers * each)) payments are made at Stripe, and no webhook comes"
is "$(sql 'SELECT count(*) FROM stripe_event') $(sql 'SELECT count(paid_time) FROM payment')" "0 0" "nothing is known of them here"
customers=$(curl -sS -H "Authorization: Bearer $(cat "$dir/secrets/stripe-key")" "$stripe/v1/customers?limit=100" | jq '.data | length')
is "$customers" "$buyers" "a user is one customer at Stripe"
intents=($(control payments | jq -r '.payments[].intent'))
for i in "${intents[@]:0:10}"; do curl -sS -o /dev/null -H "Authorization: Bearer $(cat "$dir/secrets/stripe-key")" -d "payment_intent=$i" "$stripe/v1/refunds"; done
for i in "${intents[@]:10:5}"; do control disputes -d "payment_intent=$i" >/dev/null; done
control faults -d fail=500 >/dev/null
sql "UPDATE job SET run_time = lc.now() WHERE name = 'reconcile'" >/dev/null
failed() { [ -n "$(sql "SELECT error FROM job WHERE name = 'reconcile' AND lease IS NULL")" ]; }
until_true 30 failed
ok $? "a sweep that Stripe interrupts says so"
sweep
ok $? "the hourly sweep runs"
is "$(sql 'SELECT count(paid_time) FROM payment')" $((buyers * each)) "one sweep learns of all payments"
is "$(sql "SELECT count(*) FILTER (WHERE refunded_minor_units = 500), count(*) FILTER (WHERE disputed) FROM payment")" "10|5" "of refunds and disputes too"
until_true 30 balances_agree
ok $? "the ledger agrees with Stripe's own table"
bookings=$(sql 'SELECT count(*) FROM outbox')
is "$bookings" $((buyers * each + 15)) "each was booked once"
sweep
is "$(sql 'SELECT count(*) FROM outbox')" "$bookings" "another sweep books nothing"

# The webhooks that were held back come at last, twice and in reverse order.
control faults -d webhooks=hold >/dev/null
token=${tokens[0]}
for _ in $(seq 10); do buy; pay "$(get .url)" >/dev/null; done
dispute=$(control disputes -d "payment_intent=${intents[20]}" | jq -r .id)
control "disputes/$dispute" -d status=won >/dev/null
control deliver -d order=back -d times=2 >/dev/null
all_paid() { [ "$(sql 'SELECT count(paid_time) FROM payment')" = $((buyers * each + 10)) ] && balances_agree; }
until_true 30 all_paid
ok $? "events that come backwards and twice are credited once"

# Stripe fails before the payment page opens. The same request, repeated, continues.
control faults -d webhooks=send -d fail=500 -d times=1 >/dev/null
buy again
is "$status $(get .reason)" "502 STRIPE_UNAVAILABLE" "a Stripe that fails is said"
buy again
is "$status" 200 "the same request again opens the page"
page=$(get .url) payment=$(get .payment)
buy again
is "$(get .url) $(get .payment)" "$page $payment" "and again is the same payment"
control faults -d fail=429 >/dev/null
buy
is "$status $(get .reason)" "502 STRIPE_UNAVAILABLE" "too many requests are no fault of the buyer"

# Payments is killed while a webhook is on its way. Stripe sends it again.
victim=$(pid_of payments)
kill -9 "$victim"
pay "$page" >/dev/null
paid() { call GET /api/v1/payments; [ "$(get ".payments[] | select(.id == \"$payment\") | .state")" = PAID ]; }
until_true 60 paid
ok $? "a payment made while payments was killed is credited"
until_true 30 balances_agree
ok $? "the ledger agrees with Stripe's own table"

# The stand-in forgets everything, as if Stripe had deleted all customers.
victim=$(pid_of standin)
kill -9 "$victim"
standin_back() { curl -sS -o /dev/null "$stripe/v1/models" 2>/dev/null && [ "$(pid_of standin)" != "$victim" ]; }
until_true 20 standin_back
buy
is "$status" 200 "a customer that was deleted at Stripe is made anew"

"$B/bin/limitless" credits verify --dir "$dir" >"$scratch/verify" 2>&1
ok $? "the ledger's invariants hold"
finish
