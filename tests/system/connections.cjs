// Holds four times as many idle connections as there are places, of each kind, and asks as a person does meanwhile.
// Prints {"asked":100,"served":100,"kept":true,"p99_ms":40}. kept: a connection with a session was not closed.
const http = require("node:http");
const net = require("node:net");
const { hostname, port } = new URL(process.argv[2]);
const [, , , token, places] = process.argv;
const ROUNDS = 100;
const headers = { authorization: `Bearer ${token}` };
const WAYS = [
  "",
  `GET /api/v1/auth/me HTTP/1.1\r\nHost: ${hostname}:${port}\r\nX-Slow: `,
  `POST /api/v1/auth/login HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{`,
  `GET /robots.txt HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`,
];

function sit(i) {
  const socket = net.connect(port, hostname);
  socket.on("error", () => {}).resume();
  return new Promise((done) => {
    socket.on("connect", () => socket.write(WAYS[i % WAYS.length], done)).on("close", done);
  });
}
function ask(agent) {
  const began = process.hrtime.bigint();
  return new Promise((done) => {
    const end = (status) => done({ status, ms: Number(process.hrtime.bigint() - began) / 1e6 });
    http.get({ hostname, port, path: "/api/v1/credits/balance", headers, agent }, (res) => {
      res.resume().on("end", () => end(res.statusCode));
    }).on("error", () => end("cut"));
  });
}

(async () => {
  const member = new http.Agent({ keepAlive: true, maxSockets: 1 });
  let sockets = 0;
  const create = member.createConnection;
  member.createConnection = (...args) => (sockets++, create.apply(member, args));
  await ask(member);
  const times = [];
  let served = 0;
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(Array.from({ length: (4 * places) / ROUNDS }, (_, i) => sit(i)));
    const { status, ms } = await ask(new http.Agent());
    served += status === 200;
    times.push(ms);
    if (round % 10 === 0) await ask(member);
  }
  times.sort((a, b) => a - b);
  console.log(JSON.stringify({ asked: ROUNDS, served, kept: sockets === 1, p99_ms: +times[98].toFixed(1) }));
  process.exit(0);
})();
