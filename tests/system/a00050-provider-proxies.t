#!/usr/bin/env bash
# Providers behind proxies: HTTP, HTTPS and SOCKS5, each with a password. The proxies and the providers' server are real and small.
. "$(dirname "$0")/lib.sh"
target=$(free_port) proxies=$(free_port)
secret=pass-word log=$scratch/proxies.log

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext 'subjectAltName=IP:127.0.0.1,DNS:provider.test' \
	-keyout "$scratch/key.pem" -out "$scratch/cert.pem" 2>/dev/null
chmod 644 "$scratch/cert.pem"
LIMITLESS_STANDIN_LISTEN=tcp://127.0.0.1:$target LIMITLESS_STANDIN_PACE=0 LIMITLESS_STANDIN_FIRST_TOKEN=0 LIMITLESS_STANDIN_CONTROL_TOKEN=own \
	"$B/bin/standin" 2>"$scratch/server.log" &
stacks+=($!)
: >"$log"
TARGET=$target node tests/system/proxies.cjs "$proxies" "$scratch/key.pem" "$scratch/cert.pem" "$log" 2>"$scratch/proxies.err" &
stacks+=($!)

# name, scheme, place behind the first port, password, address of the provider
rows=(
	"plain http 0 $secret http://provider.test:$target/v1"
	"connect http 0 $secret https://provider.test:$((proxies + 3))/v1"
	"tls https 1 $secret http://provider.test:$target/v1"
	"both https 1 $secret https://provider.test:$((proxies + 3))/v1"
	"socks socks5 2 $secret http://localhost:$target/v1"
	"socksname socks5h 2 $secret http://provider.test:$target/v1"
	"wrong http 0 wrong-word http://provider.test:$target/v1"
	"wrongsocks socks5h 2 wrong-word http://provider.test:$target/v1"
)
list=() models=models:$'\n'
for row in "${rows[@]}"; do
	read -r name scheme place password address <<<"$row"
	list+=("{name: $name, base_url: \"$address\", keys: \"sk-of-$name-0123456789\", discover: \"false\", model: demo, proxy: \"$scheme://user:$password@127.0.0.1:$((proxies + place))\"}")
	others=
	for other in "${rows[@]}"; do [ "${other%% *}" = "$name" ] || others+=", ${other%% *}: \"\""; done
	models+="  - {id: $name, name: $name, provider: P, window: 8192, max_output: 256, modalities: [text], price: {}, free: true, upstream: {$name: demo$others}}"$'\n'
done
printf '%s' "$models" >"$scratch/models.yaml"
chmod 644 "$scratch/models.yaml"
stack_start SSL_CERT_FILE="$scratch/cert.pem" LIMITLESS_CHAT_PROVIDERS="[$(IFS=, && echo "${list[*]}")]" LIMITLESS_CHAT_MODELS="$scratch/models.yaml" \
	LIMITLESS_CHAT_QUICK_TRIES_PAUSE=10ms
sign_up ada
answer() { # model
	new_chat "$1"
	generate "$scratch/answer" "hello [[say:by $1]]" >/dev/null
	text_of "$scratch/answer"
}
way() { # model line of the log
	: >"$log"
	is "$(answer "$1")" "by $1" "an answer comes by $1"
	is "$(sort -u "$log")" "$2" "and by its proxy"
}
way plain "http POST provider.test:$target"
way connect "http CONNECT provider.test:$((proxies + 3))"
way tls "https POST provider.test:$target"
way both "https CONNECT provider.test:$((proxies + 3))"
way socks "socks5 address 127.0.0.1:$target"
way socksname "socks5 name provider.test:$target"

# ---- a proxy that refuses
: >"$log"
for name in wrong wrongsocks; do
	answer $name >/dev/null
	like "$(events "$scratch/answer" | jq -c 'select(.event == "error") | .data')" 'PROVIDER_(UNAVAILABLE|REFUSED)' "$name: the reader hears of the provider"
done
is "$(cat "$log")" "" "and nothing goes on"

# ---- checks of keys go the same way
sign_up root
"$B/bin/limitless" psql --dir "$dir" -- -qAtc "UPDATE auth.account SET role = 'admin' WHERE id = '$user'"
call POST /api/v1/auth/login '{"email":"root@example.test","password":"correct horse battery","tokenDelivery":"BODY"}'
token=$(get .accessToken)
for name in both socksname; do
	call POST "/api/v1/admin/providers/$name:validate"
	is "$status $(get .ok)" "200 true" "a check goes by the proxy of $name"
done
is "$(sort -u "$log")" "https CONNECT provider.test:$((proxies + 3))
socks5 name provider.test:$target" "and only there"
call POST /api/v1/admin/providers/wrong:validate
is "$status $(get .ok)" "200 false" "a check hears of a proxy that refuses"

grep -rqE "pass-word|wrong-word|sk-of-" "$dir/log"
is $? 1 "no log has a password or a key"
finish
