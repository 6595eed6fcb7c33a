// The callers of the benchmarks count what a server does wrong: each path of this server is a reply with one fault, sent in pieces of 7 bytes.
//   node tests/bench/load/check.mjs PROGRAM
import assert from "node:assert";
import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { promisify } from "node:util";

const chunk = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;
const stream = (...texts) => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${texts.map((text) => chunk(`data: ${text}\n\n`)).join("")}0\r\n\r\n`;
const whole = (text, status = "200 OK") => `HTTP/1.1 ${status}\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
const token = '{"delta":{"content":"hell"}}', rest = '{"delta":{"content": "o"}}';
const good = stream(token, rest, "[DONE]");
const replies = {
  good, // and what the callers are to call each of the others:
  cut: good.slice(0, -30),
  status: whole('{"error":{}}', "500 Internal Server Error"),
  end: stream(token, rest),
  text: stream(token, "[DONE]"),
  http: "SMTP ready\r\n",
};
const json = { good: whole('{"a":["}"],"b":{}}'), json: whole('{"a":["}"],"b":{}') };

const server = createServer((socket) => {
  socket.setNoDelay();
  socket.on("error", () => {});
  socket.on("data", async (data) => {
    const [, kind, name] = /^POST \/(\w+)\/(\w+) /.exec(data);
    const reply = (kind === "json" ? json : replies)[name];
    for (let i = 0; i < reply.length; i += 7) {
      socket.write(reply.slice(i, i + 7));
      await new Promise(setImmediate);
    }
    if (name === "cut") socket.destroy();
  });
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const { port } = server.address();

async function ask(lines, options) {
  const child = promisify(execFile)(process.argv[2], ["ask", String(port), "-r", "10", ...options]);
  child.child.stdin.end(lines.map((line) => `${line}\n`).join(""));
  return JSON.parse((await child).stdout);
}
for (const name of Object.keys(replies)) {
  const found = await ask([`0 /stream/${name} t {}`, "0 /stream/good t {}", "1 /stream/good t {}"], ["-f", '"hell', "-e", "data: [DONE]", "-t", "content=hello"]);
  assert.equal(found.requests, 30);
  assert.equal(found.failures, name === "good" ? 0 : 10, name);
  assert.equal(found[name] ?? 0, found.failures, name);
  assert.ok(found.first_p50_ms > 0 && found.first_p50_ms <= found.p50_ms);
}
for (const name of Object.keys(json)) assert.equal((await ask([`0 /json/${name} t {}`], ["-j"])).json ?? 0, name === "good" ? 0 : 10);
server.close();
const gone = await ask(["0 /stream/good t {}"], []);
assert.equal(gone.connect, 10);
console.log("a good reply is none, and each of the bad ones is counted by its kind");
