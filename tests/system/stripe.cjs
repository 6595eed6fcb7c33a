// Webhooks as Stripe sends them, signed by its own package: once, often, in any order, late, forged.
// node stripe.cjs URL SECRET NEW_SECRET TOKEN PSQL… (a command that runs one more argument). Prints got, expected and name of each check, tab-separated.
const { execFileSync } = require("node:child_process");
const http = require("node:http");
const net = require("node:net");
const Stripe = require("stripe");

const [url, secret, newSecret, token, ...psql] = process.argv.slice(2);
const ROWS = `SELECT (SELECT count(*) FROM stripe_event), (SELECT count(*) FROM outbox), (SELECT count(*) FROM intent),
  (SELECT count(*) FROM clawback), (SELECT count(paid_time) FROM payment)`;
const UNDELIVERED = "SELECT count(*) FROM outbox WHERE done_time IS NULL";
const stripe = new Stripe("sk_test_1");
const { hostname, port } = new URL(url);
const check = (got, expected, name) => console.log([JSON.stringify(got), JSON.stringify(expected), name].join("\t"));
const now = () => Math.floor(Date.now() / 1000);
const sql = (text) => execFileSync(psql[0], [...psql.slice(1), text]).toString().trim();
const rows = () => sql(ROWS);

async function api(method, path, body, headers = {}) {
  const response = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
    body: body && JSON.stringify(body),
  });
  return response.json();
}
const posted = async () => Number((await api("GET", "/api/v1/credits/balance")).posted) / 1e6;
const stateOf = async (id) => (await api("GET", "/api/v1/payments")).payments.find((one) => one.id === id)?.state;
/** The balance once all bookings are delivered. */
async function settled() {
  for (let i = 0; i < 200 && sql(UNDELIVERED) !== "0"; i++) await new Promise((done) => setTimeout(done, 50));
  return posted();
}

const sign = (payload, more = {}) => stripe.webhooks.generateTestHeaderString({ payload, secret, ...more });
const agent = new http.Agent({ keepAlive: true, maxSockets: 50 });
/** Status of one delivery. */
function send(payload, header = sign(payload)) {
  return new Promise((done, fail) => {
    const headers = { "content-type": "application/json" };
    if (header !== undefined && header !== null) headers["stripe-signature"] = header;
    const request = http.request({ hostname, port, agent, method: "POST", path: "/webhooks/stripe", headers }, (response) => {
      response.resume().on("end", () => done(response.statusCode));
    });
    request.on("error", fail).end(payload);
  });
}
/** As send(), for headers that Node refuses to write. */
function sendRaw(payload, header) {
  return new Promise((done) => {
    const socket = net.connect(port, hostname);
    let answer = "";
    socket.setEncoding("latin1").on("data", (data) => (answer += data));
    socket.on("error", () => done(400)).on("close", () => done(Number(answer.slice(9, 12)) || 400));
    socket.write(Buffer.from(`POST /webhooks/stripe HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${payload.length}\r\nStripe-Signature: `));
    socket.write(Buffer.concat([header, Buffer.from("\r\n\r\n"), payload]));
  });
}

let made = 0;
function event(type, object, more = {}) {
  made++;
  return JSON.stringify({ id: `evt_${process.pid}_${made}`, object: "event", api_version: "2024-06-20", created: now(), livemode: false, type, data: { object }, ...more });
}
const session = (id, n) => ({ id: `cs_${n}`, object: "checkout.session", payment_status: "paid", amount_total: 500, currency: "eur", payment_intent: `pi_${n}`, metadata: { payment: id } });
const intent = (id, n) => ({ id: `pi_${n}`, object: "payment_intent", status: "succeeded", amount_received: 500, currency: "eur", metadata: { payment: id } });
const refund = (n, status = "succeeded") => ({ id: `re_${n}`, object: "refund", payment_intent: `pi_${n}`, amount: 500, currency: "eur", status, metadata: {} });
const dispute = (n, status) => ({ id: `dp_${n}`, object: "dispute", payment_intent: `pi_${n}`, amount: 500, currency: "eur", status });
const buy = async () => (await api("POST", "/api/v1/payments/checkout-sessions", { package: "starter" })).payment;

async function valid() {
  const id = await buy();
  const body = event("checkout.session.completed", session(id, 1));
  check(await send(body), 200, "a signed event is taken");
  check(await settled(), 600, "and its payment credited");
  check(await stateOf(id), "PAID", "which the list of payments shows");
  const before = rows();
  let taken = 0;
  for (let i = 0; i < 100; i++) taken += (await send(body)) === 200;
  check(taken, 100, "the same event 100 times is fine");
  check(await send(event("payment_intent.succeeded", intent(id, 1))), 200, "another event about the payment too");
  check([await settled(), rows() !== before], [600, true], "and nothing is credited twice");
}

async function concurrent() {
  const id = await buy();
  const one = event("checkout.session.completed", session(id, 2));
  const codes = await Promise.all(Array.from({ length: 50 }, (_, i) => send(i % 2 ? one : event("payment_intent.succeeded", intent(id, 2)))));
  check(codes.filter((code) => code === 200).length, 50, "50 at the same time, half of them different, are taken");
  check(await settled(), 1100, "and credited once");
}

async function reordered() {
  const id = await buy();
  check(await send(event("refund.created", refund(3))), 200, "a refund may come before its payment");
  check(await send(event("charge.dispute.created", dispute(3, "warning_needs_response"))), 200, "an inquiry moves nothing");
  check(await send(event("checkout.session.completed", session(id, 3))), 200, "then comes the payment");
  check(await settled(), 1100, "credited and taken back");
  check(await stateOf(id), "REFUNDED", "refunded it is");

  const other = await buy();
  await send(event("charge.dispute.closed", dispute(4, "won")));
  await send(event("payment_intent.succeeded", intent(other, 4)));
  await send(event("charge.dispute.created", dispute(4, "needs_response")));
  check(await settled(), 1600, "a dispute that was won before it was heard of takes nothing");
  await send(event("refund.created", refund(4)));
  check(await settled(), 1100, "a refund takes the credits back");
  await send(event("refund.failed", refund(4, "failed")));
  check(await settled(), 1600, "one that failed gives them again");

  const lost = await buy();
  await send(event("payment_intent.succeeded", intent(lost, 5), { created: now() - 3 * 86400 }));
  check(await settled(), 2100, "an event of three days ago, signed today, is as good");
  await send(event("charge.dispute.created", dispute(5, "needs_response")));
  check(await settled(), 1600, "a dispute takes the credits at once");
  check(await stateOf(lost), "DISPUTED", "and is shown");
  await send(event("charge.dispute.closed", dispute(5, "lost")));
  check(await settled(), 1600, "losing it changes nothing more");
}

async function forged() {
  const id = await buy();
  const body = event("checkout.session.completed", session(id, 6));
  const header = sign(body), v1 = header.split("v1=")[1];
  const before = rows();
  const bad = {
    "no header": null,
    "an empty header": "",
    "301 s old": sign(body, { timestamp: now() - 301 }),
    "302 s ahead": sign(body, { timestamp: now() + 302 }),
    "another secret": sign(body, { secret: "whsec_other" }),
    "scheme v0 alone": sign(body, { scheme: "v0" }),
    "no time": `v1=${v1}`,
    "two times": `t=${now()},${header}`,
    "no signature": `t=${now()}`,
    "a short signature": header.slice(0, -1),
    "capitals": header.toUpperCase(),
    "semicolons": header.replaceAll(",", ";"),
  };
  for (const [name, value] of Object.entries(bad)) check(await send(body, value), 400, `refused: ${name}`);
  check(await send(body, `t=${now()},${"v1=00,".repeat(900)}`), 400, "refused: a header above 4 KiB");
  const live = event("checkout.session.completed", session(id, 6), { livemode: true });
  check(await send(live), 400, "refused: an event of live mode");
  const large = " ".repeat(1024 * 1024 + 1);
  check(await send(large, sign(large)).catch(() => 413), 413, "refused: more than 1 MiB");

  let refused = 0, bytes = 0;
  const bent = (text, i) => {
    const copy = Buffer.from(text);
    copy[i] ^= 1 << (i % 8);
    return copy;
  };
  for (let i = 0; i < body.length; i++, bytes++) refused += (await sendRaw(bent(body, i), Buffer.from(header))) === 400;
  for (let i = 0; i < header.length; i++, bytes++) refused += (await sendRaw(Buffer.from(body), bent(header, i))) === 400;
  check([refused, bytes > 400], [bytes, true], `refused: one bit bent in each of ${bytes} bytes`);
  check(rows(), before, "and none of them left a row");

  check(await send(body, `${header},v1=${"0".repeat(64)},v0=1,x=2`), 200, "taken: more signatures and unknown schemes beside");
  check(await settled(), 2100, "once");
  const next = await buy();
  const rotated = event("checkout.session.completed", session(next, 7));
  check(await send(rotated, sign(rotated, { secret: newSecret })), 200, "taken: signed with the next secret");
  check(await settled(), 2600, "credited too");

  // They are accepted without an effect, because Stripe would repeat refused ones for days.
  const odd = ["{", "[]", JSON.stringify({ id: "x".repeat(100_000), type: "y" }), '{"id":"evt_odd","type":"z","n":1e999,"s":"\\ud800\\u0000"}'];
  for (const text of odd) check(await send(text, sign(text)), 200, `taken: odd but signed, ${text.slice(0, 20)}`);
  check(sql("SELECT count(*) FROM stripe_event WHERE note IS NOT NULL"), String(odd.length), "each with the reason for the administrator");
  check(await settled(), 2600, "and without an effect");
}

async function main() {
  check(await posted(), 100, "begins with the gift");
  await valid();
  await concurrent();
  await reordered();
  await forged();
  agent.destroy();
}
main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
