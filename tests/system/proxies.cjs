// Small proxies for the stories: HTTP, HTTPS, SOCKS5 (both ask for a password), and a server with TLS before another one.
// node proxies.cjs PORT KEY CERTIFICATE LOG: PORT and the three behind it are http, https, socks5, tls; TARGET=port is what the last one stands before.
// The log has a line for each connection: "http GET provider.test:1234", "https CONNECT …", "socks5 name provider.test:1234". Any host is this machine.
const fs = require("node:fs");
const http = require("node:http");
const https = require("node:https");
const net = require("node:net");

const [first, key, cert, log] = process.argv.slice(2);
const tls = { key: fs.readFileSync(key), cert: fs.readFileSync(cert) };
const USER = "user";
const PASSWORD = "pass-word";
const note = (line) => fs.appendFileSync(log, `${line}\n`);
const dial = (port) => net.connect(Number(port), "127.0.0.1");
const hangUp = (...sockets) => {
  for (const socket of sockets) socket.on("error", () => sockets.forEach((one) => one.destroy()));
};
const knows = (request) => request.headers["proxy-authorization"] === `Basic ${btoa(`${USER}:${PASSWORD}`)}`;

function forward(request, answer, port) {
  const { "proxy-authorization": _, ...headers } = request.headers;
  const path = request.url.replace(/^http:\/\/[^/]*/, "");
  const onward = http.request({ port, path, method: request.method, headers }, (response) => {
    answer.writeHead(response.statusCode, response.headers);
    response.pipe(answer);
  });
  onward.on("error", () => answer.destroy());
  request.pipe(onward);
}

function proxy(server, name) {
  server.on("request", (request, answer) => {
    const { host, port } = new URL(request.url);
    if (!knows(request)) return answer.writeHead(407, { "proxy-authenticate": "Basic" }).end();
    note(`${name} ${request.method} ${host}`);
    forward(request, answer, port);
  });
  server.on("connect", (request, socket) => {
    if (!knows(request)) return socket.end("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n");
    note(`${name} CONNECT ${request.url}`);
    const onward = dial(request.url.split(":")[1]);
    hangUp(socket, onward);
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    socket.pipe(onward).pipe(socket);
  });
  return server;
}

/** RFC 1928 and 1929. The parts of the greeting may come in any pieces. */
function socks(socket) {
  let bytes = Buffer.alloc(0);
  const take = (n) => {
    const taken = bytes.subarray(0, n);
    bytes = bytes.subarray(n);
    return taken;
  };
  const steps = {
    greeting() {
      if (bytes.length < 2 || bytes.length < 2 + bytes[1]) return;
      const methods = take(2 + bytes[1]).subarray(2);
      if (!methods.includes(2)) return socket.end(Buffer.from([5, 0xff]));
      socket.write(Buffer.from([5, 2]));
      return "password";
    },
    password() {
      if (bytes.length < 2 || bytes.length < 3 + bytes[1] || bytes.length < 3 + bytes[1] + bytes[2 + bytes[1]]) return;
      const user = take(2 + bytes[1]).subarray(2).toString();
      const password = take(1 + bytes[0]).subarray(1).toString();
      const good = user === USER && password === PASSWORD;
      socket.write(Buffer.from([1, good ? 0 : 1]));
      return good ? "request" : socket.end();
    },
    request() {
      if (bytes.length < 5) return;
      const size = bytes[3] === 1 ? 4 : 1 + bytes[4];
      if (bytes.length < 6 + size) return;
      const [kind, ...address] = take(4 + size).subarray(3);
      const port = take(2).readUInt16BE();
      note(`socks5 ${kind === 1 ? `address ${address.join(".")}` : `name ${Buffer.from(address.slice(1))}`}:${port}`);
      const onward = dial(port);
      hangUp(socket, onward);
      socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
      socket.off("data", more);
      onward.write(bytes);
      socket.pipe(onward).pipe(socket);
    },
  };
  let step = "greeting";
  const more = (data) => {
    bytes = Buffer.concat([bytes, data]);
    for (let next = steps[step](); typeof next === "string"; next = steps[step]()) step = next;
  };
  socket.on("data", more);
  socket.on("error", () => {});
}

const servers = [
  proxy(http.createServer(), "http"),
  proxy(https.createServer(tls), "https"),
  net.createServer(socks),
  https.createServer(tls, (request, answer) => forward(request, answer, process.env.TARGET)),
];
servers.forEach((server, i) => server.listen(Number(first) + i, "127.0.0.1"));
