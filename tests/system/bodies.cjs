// Posts 1,000 bodies of 1 MiB to a path, eight at a time, and repeats a small request meanwhile. Prints the statuses
// and the times of the small request: {"statuses":{"400":1000},"p50_ms":2,"p99_ms":9}
const http = require("node:http");
const [url, token, path] = process.argv.slice(2);
const BODIES = 1000, AT_ONCE = 8, BYTES = 1 << 20;
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
const headers = { authorization: `Bearer ${token}` };

function ask(method, where, body) {
  return new Promise((done) => {
    const began = process.hrtime.bigint();
    const end = (status) => done({ status, ms: Number(process.hrtime.bigint() - began) / 1e6 });
    const more = body ? { "content-type": "application/json", "content-length": body.length } : {};
    const req = http.request(url + where, { method, agent, headers: { ...headers, ...more } }, (res) => {
      res.resume().on("end", () => end(res.statusCode));
    });
    req.on("error", () => end("cut"));
    req.end(body);
  });
}

const element = '"\\u0041\\u0042",';
const list = `{"text":[${element.repeat(5000)}`;
const body = Buffer.from(`${list}"${"x".repeat(BYTES - list.length - 4)}"]}`);
const statuses = {}, times = [];
let left = BODIES, running = true;
async function post() {
  while (left-- > 0) {
    const { status } = await ask("POST", path, body);
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
}
async function look() {
  while (running) times.push((await ask("GET", "/api/v1/credits/balance")).ms);
}
const looking = look();
Promise.all(Array.from({ length: AT_ONCE }, post)).then(async () => {
  running = false;
  await looking;
  times.sort((a, b) => a - b);
  const at = (q) => +times[Math.floor(q * (times.length - 1))].toFixed(1);
  console.log(JSON.stringify({ statuses, p50_ms: at(0.5), p99_ms: at(0.99), asked: times.length }));
  process.exit(0);
});
