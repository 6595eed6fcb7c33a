// Asks the stand-in through Stripe's own package, and reads its webhooks with the package.
// node stripe-client.cjs STANDIN_URL KEY WEBHOOK_PORT SECRET. Prints got, expected and name of each check, tab-separated.
const http = require("node:http");
const Stripe = require("stripe");

const [url, key, webhookPort, secret] = process.argv.slice(2);
const { hostname, port } = new URL(url);
const options = { host: hostname, port, protocol: "http", apiVersion: "2024-06-20", maxNetworkRetries: 0 };
const stripe = new Stripe(key, options);
const check = (got, expected, name) => console.log([JSON.stringify(got), JSON.stringify(expected), name].join("\t"));

// The receiver refuses the first delivery, so the webhook comes again.
const events = [];
let refusals = 1;
const receiver = http.createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk)).on("end", () => {
    if (refusals-- > 0) return response.writeHead(503).end();
    try {
      events.push(stripe.webhooks.constructEvent(Buffer.concat(chunks), request.headers["stripe-signature"], secret));
    } catch (error) {
      events.push({ type: error.message });
    }
    response.end();
  });
});
async function heard(type) {
  for (let i = 0; i < 200; i++) {
    const event = events.find((one) => one.type === type);
    if (event) return event;
    await new Promise((done) => setTimeout(done, 50));
  }
  return { type: `never ${type}: ${events.map((one) => one.type)}`, data: { object: {} } };
}
async function failure(promise) {
  try {
    await promise;
    return null;
  } catch (error) {
    return error;
  }
}
const line = { quantity: 1, price_data: { currency: "eur", unit_amount: 2000, product_data: { name: "Regular" } } };
const session = (customer, more = {}) => ({
  mode: "payment",
  customer,
  line_items: [line],
  metadata: { payment: "p-1" },
  payment_intent_data: { metadata: { payment: "p-1" } },
  success_url: "http://127.0.0.1:1/success",
  cancel_url: "http://127.0.0.1:1/cancel",
  ...more,
});

async function main() {
  await new Promise((done) => receiver.listen(Number(webhookPort), "127.0.0.1", done));
  const wrong = await failure(new Stripe("sk_test_wrong", options).customers.create({}));
  check(wrong.type, "StripeAuthenticationError", "another key is refused");
  const customer = await stripe.customers.create({ metadata: { user: "u-1" } });
  check([customer.object, customer.metadata.user, (await stripe.customers.retrieve(customer.id)).id], ["customer", "u-1", customer.id], "a customer is made and found");
  const missing = await failure(stripe.checkout.sessions.create(session("cus_none")));
  check([missing.type, missing.code, missing.param], ["StripeInvalidRequestError", "resource_missing", "customer"], "an unknown customer is named");
  const free = await failure(stripe.checkout.sessions.create(session(customer.id, { line_items: [] })));
  check(free.type, "StripeInvalidRequestError", "nothing costs nothing");

  const one = await stripe.checkout.sessions.create(session(customer.id), { idempotencyKey: "k-1" });
  const again = await stripe.checkout.sessions.create(session(customer.id), { idempotencyKey: "k-1" });
  check([one.payment_status, one.amount_total, again.id], ["unpaid", 2000, one.id], "the same key gives the same session");
  const other = await failure(stripe.checkout.sessions.create(session(customer.id, { success_url: "http://x" }), { idempotencyKey: "k-1" }));
  check(other.type, "StripeIdempotencyError", "with other parameters it is refused");

  const paid = await fetch(one.url, { method: "POST", redirect: "manual" });
  check([paid.status, paid.headers.get("location")], [303, "http://127.0.0.1:1/success"], "paying leads back");
  const completed = (await heard("checkout.session.completed")).data.object;
  check([completed.id, completed.payment_status, completed.metadata], [one.id, "paid", { payment: "p-1" }], "a signed event tells of it, also after a refusal");
  const intent = (await heard("payment_intent.succeeded")).data.object;
  check([intent.id, intent.amount_received, intent.metadata], [completed.payment_intent, 2000, { payment: "p-1" }], "and of the payment intent");
  await fetch(one.url, { method: "POST", redirect: "manual" });

  for (let i = 0; i < 4; i++) {
    const more = await stripe.checkout.sessions.create(session(customer.id));
    await fetch(more.url, { method: "POST", redirect: "manual" });
  }
  const all = [];
  for await (const listed of stripe.paymentIntents.list({ limit: 2, created: { gte: intent.created }, expand: ["data.latest_charge"] })) all.push(listed);
  check([all.length, new Set(all.map((each) => each.id)).size, all.at(-1).id], [5, 5, intent.id], "a list goes page by page, newest first, each payment once");
  check([all.at(-1).latest_charge.amount, typeof all.at(-1).latest_charge.receipt_url], [2000, "string"], "with its charge when it is asked for");

  const refund = await stripe.refunds.create({ payment_intent: intent.id, amount: 500 });
  check([refund.status, refund.amount, (await heard("refund.created")).data.object.id], ["succeeded", 500, refund.id], "a part is refunded");
  check((await heard("charge.refunded")).data.object.amount_refunded, 500, "the charge knows it");
  const much = await failure(stripe.refunds.create({ payment_intent: intent.id, amount: 1501 }));
  check([much.type, much.param], ["StripeInvalidRequestError", "amount"], "more than was paid is not");

  const nobody = await stripe.customers.create({});
  const silent = await failure(stripe.invoices.create({ customer: nobody.id, collection_method: "send_invoice", days_until_due: 14 }));
  check([silent.type, silent.param], ["StripeInvalidRequestError", "customer"], "an invoice cannot be sent to nobody");
  const draft = await stripe.invoices.create({ customer: customer.id, collection_method: "send_invoice", days_until_due: 14, currency: "eur", metadata: { payment: "p-2" } });
  await stripe.invoiceItems.create({ customer: customer.id, invoice: draft.id, amount: 300, currency: "eur" });
  const final = await stripe.invoices.finalizeInvoice(draft.id);
  check([draft.status, final.status, final.amount_due], ["draft", "open", 300], "an invoice is made, filled and finalized");
  await fetch(final.hosted_invoice_url, { method: "POST", redirect: "manual" });
  const settled = (await heard("invoice.paid")).data.object;
  check([settled.id, settled.status, settled.amount_paid, settled.metadata], [draft.id, "paid", 300, { payment: "p-2" }], "and paid");
  receiver.close();
  receiver.closeAllConnections();
}
main().catch((error) => {
  console.error(error);
  process.exit(1);
});
