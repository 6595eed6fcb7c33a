// What the suites of this folder share. Each prints got, expected and name of a check, tab-separated, for a story to compare.
const http = require("http");
const crypto = require("crypto");

const [url, key, token, standin] = process.argv.slice(2);
// A suite may run several times on one stack, whose stand-in remembers what it was asked.
const nonce = crypto.randomUUID().slice(0, 8);
const check = (got, expected, name) => console.log([JSON.stringify(got ?? null), JSON.stringify(expected), name].join("\t"));
const failure = (promise) => promise.then(() => null, (error) => error);

// Asks our own API as the owner of the key.
async function own(path) {
  const answer = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
  return answer.json();
}

// Waits until nothing is held, and gives the credits and the number of charges.
async function settled() {
  for (const end = Date.now() + 20000; ; ) {
    const { available, held } = await own("/api/v1/credits/balance");
    if (held === "0" || Date.now() > end) {
      let charges = 0;
      for (let page = ""; ; ) {
        const list = await own(`/api/v1/credits/transactions?pageSize=100&pageToken=${page}`);
        charges += list.transactions.filter((t) => t.kind === "USAGE").length;
        page = list.nextPageToken;
        if (!page) return { held, credits: Number(available) / 1e6, charges };
      }
    }
    await new Promise((done) => setTimeout(done, 50));
  }
}

// What a piece of work was charged: [credits, charges].
async function charged(work) {
  const before = await settled();
  await work();
  const after = await settled();
  return [before.credits - after.credits, after.charges - before.charges];
}

// Requests that the provider got with this word in their prompt.
async function asked(word) {
  const answer = await fetch(`${standin}/standin/requests`, { headers: { authorization: "Bearer control" } });
  return (await answer.json()).requests.filter((r) => r.prompt.includes(word)).length;
}

// A way to the gateway on which the first `times` answers are lost after they began. Gives its address and what went by.
function lossy(times) {
  const seen = [];
  const server = http.createServer((request, response) => {
    const lose = seen.length < times;
    seen.push(request.headers["x-stainless-retry-count"]);
    const through = http.request(url + request.url, { method: request.method, headers: { ...request.headers, host: new URL(url).host } }, (answer) => {
      if (lose) {
        answer.once("data", () => {
          through.destroy();
          request.socket.destroy();
        });
        return;
      }
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    through.on("error", () => request.socket.destroy());
    request.pipe(through);
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done({ server, seen, url: `http://127.0.0.1:${server.address().port}` })));
}

// Runs the parts of a suite one after the other. An exception is said, and makes the suite end with 1.
async function run(...parts) {
  for (const part of parts) {
    try {
      await part();
    } catch (error) {
      console.error(error.stack);
      process.exitCode = 1;
    }
  }
}

module.exports = { url, key, token, nonce, check, failure, charged, asked, lossy, run };
