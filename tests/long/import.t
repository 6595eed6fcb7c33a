#!/usr/bin/env bash
# A large import: 10,000 chats in a minute, nothing twice when it comes again, and the memory of each process while a large ZIP and a large JSON go through.
# IMPORT_MB: size of the JSON in MiB (40; the full size is 500).
. "$(dirname "$0")/../system/lib.sh"
stack_start
mb=${IMPORT_MB:-40}

# COUNT and the bytes of each message, to a file.
make_chats() { # file count bytes
	node -e '
const fs = require("fs"), [file, n, bytes] = [process.argv[1], +process.argv[2], +process.argv[3]];
const out = fs.openSync(file, "w");
const text = "otters hold hands while they sleep. ".repeat(Math.ceil(bytes / 36)).slice(0, bytes);
const say = (id, parent, role, t) => [id, { id, parent, message: { author: { role }, create_time: t, content: { content_type: "text", parts: [text] } } }];
fs.writeSync(out, "[");
for (let i = 0; i < n; i++) {
  const mapping = Object.fromEntries([say("a", null, "user", 1), say("b", "a", "assistant", 2), say("c", "b", "user", 3), say("d", "c", "assistant", 4)]);
  fs.writeSync(out, (i ? "," : "") + JSON.stringify({ conversation_id: `${bytes}-${i}`, title: `Chat ${i}`, create_time: 1.7e9 + i, current_node: "d", mapping }));
}
fs.writeSync(out, "]");' "$@"
}

# Sends a file in pieces, and waits for the end of its import. Sets `answer`.
import_file() { # file
	node -e '
const fs = require("fs"), [url, token, file] = process.argv.slice(1);
const headers = { authorization: `Bearer ${token}`, "content-type": "application/octet-stream" };
(async () => {
  const size = fs.statSync(file).size, fd = fs.openSync(file), piece = Buffer.alloc(4 << 20);
  let one;
  for (let at = 0; at < size; ) {
    const n = fs.readSync(fd, piece, 0, piece.length, at);
    const query = one ? `import=${one.id}&offset=${at}` : `size=${size}`;
    const response = await fetch(`${url}/api/v1/chats:import?${query}`, { method: "POST", headers, body: piece.subarray(0, n) });
    if (!response.ok) throw new Error(await response.text());
    one = await response.json();
    at += n;
  }
  while (!one.endTime) {
    await new Promise((r) => setTimeout(r, 100));
    one = await (await fetch(`${url}/api/v1/imports/${one.id}`, { headers })).json();
  }
  console.log(JSON.stringify(one));
})().catch((e) => { console.error(e); process.exit(1); });' "$url" "$token" "$1" >"$scratch/answer"
	answer=$(cat "$scratch/answer")
}
in_answer() { jq -r "$1" <<<"$answer"; }
peak_mb() { # service
	echo $(($(awk '/VmHWM/ {print $2}' "/proc/$(pid_of "$1")/status") / 1024))
}

sign_up importer
make_chats "$scratch/small.json" 9990 400
begun=$(date +%s%N)
import_file "$scratch/small.json"
ms=$((($(date +%s%N) - begun) / 1000000))
is "$(in_answer '"\(.state) \(.imported) \(.unchanged) \(.skippedCount)"')" "DONE 9990 0 0" "ten thousand chats come"
note "$ms ms, $(stat -c %s "$scratch/small.json") bytes"
[ $ms -lt $((60000 * ${SLOWER:-1})) ]
ok $? "in a minute"
import_file "$scratch/small.json"
is "$(in_answer '"\(.state) \(.imported) \(.unchanged)"')" "DONE 0 9990" "and once"

sign_up heavy
make_chats "$scratch/large.json" $((mb * 4)) 65000
import_file "$scratch/large.json"
is "$(in_answer '"\(.state) \(.imported)"')" "DONE $((mb * 4))" "a large file comes"
note "$(stat -c %s "$scratch/large.json") bytes"
for service in chat gateway; do
	peak=$(peak_mb $service)
	note "$service: $peak MB at most"
	[ "$peak" -gt 0 ] && [ "$peak" -lt 100 ]
	ok $? "$service stays below 100 MB"
done
curl -sS -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -d '{}' "$url/api/v1/chats:export" -o "$scratch/export.json"
is "$(jq length "$scratch/export.json")" $((mb * 4)) "and goes out again"
sign_up again
import_file "$scratch/export.json"
is "$(in_answer '"\(.state) \(.imported)"')" "DONE $((mb * 4))" "and comes to another user"
peak=$(peak_mb chat)
[ "$peak" -gt 0 ] && [ "$peak" -lt 100 ]
ok $? "chat is still below 100 MB"
note "chat: $peak MB at most"
finish
