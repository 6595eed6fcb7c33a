/* The keys of payments, and what one says about another. */
#include "payments/payments.h"

#include <string.h>

#define OWN(key_, type_, member_, fallback_, min_, max_, reload_, help_)                          \
	{                                                                                         \
		.key = key_, .type = type_, .offset = offsetof(struct payments_conf, member_),    \
		.fallback = fallback_, .min = min_, .max = max_, .reload = reload_, .help = help_ \
	}
#define MINUTE_MS (60LL * 1000)
#define DAY_MS (24 * 60 * MINUTE_MS)
#define PRICE_MAX 100000000LL /* minor units */

const struct conf_key payments_keys[] = {
	OWN("packages_file", CONF_TEXT, packages_file, "deploy/config/packages.yaml", 0, 0, true,
	    "Catalogue of the packages for sale."),
	OWN("public_url", CONF_TEXT, public_url, "http://127.0.0.1:8080", 0, 0, false,
	    "Where people open the page; Stripe sends them back there."),
	OWN("stripe.secret_key", CONF_SECRET, secret_key, "", 0, 0, false,
	    "Key of Stripe's API, its mode too (sk_live_… or sk_test_…); empty: nothing can be "
	    "bought."),
	OWN("stripe.webhook_secrets", CONF_SECRET, webhook_secrets, "", 0, 0, false,
	    "Signing secrets of the webhook endpoint (whsec_…), separated by commas; two while one "
	    "is replaced."),
	OWN("stripe.api_url", CONF_TEXT, api_url, "https://api.stripe.com", 0, 0, false,
	    "Base of Stripe's API."),
	OWN("stripe.api_version", CONF_TEXT, api_version, "2024-06-20", 0, 0, false,
	    "Version of Stripe's API that answers have."),
	OWN("stripe.timeout", CONF_DURATION, api_timeout_ms, "20s", 100, 80000, false,
	    "Longest call of Stripe's API."),
	OWN("stripe.calls_max", CONF_INTEGER, api_calls_max, "4", 1, 256, false,
	    "Check-outs that may wait for Stripe at once, fewer than workers; more are refused as "
	    "overloaded."),
	OWN("stripe.webhook_tolerance", CONF_DURATION, webhook_tolerance_ms, "300s", 1000, DAY_MS,
	    false, "How far a webhook's time may be from ours."),
	OWN("stripe.event_keep", CONF_DURATION, event_keep_ms, "90d", 7 * DAY_MS, 3650 * DAY_MS,
	    false, "Events are kept for this time."),
	OWN("checkout.lifetime", CONF_DURATION, checkout_lifetime_ms, "1h", 31 * MINUTE_MS, DAY_MS,
	    false, "Time to pay at Stripe's page; Stripe wants more than 30 minutes."),
	OWN("reconcile.interval", CONF_DURATION, reconcile_interval_ms, "1h", 100, DAY_MS, false,
	    "Pause between two comparisons with Stripe's own lists."),
	OWN("reconcile.window", CONF_DURATION, reconcile_window_ms, "7d", 60 * MINUTE_MS,
	    90 * DAY_MS, false, "How far back they look."),
	OWN("invoice.interval", CONF_DURATION, invoice_interval_ms, "1h", 100, DAY_MS, false,
	    "Pause between two looks for pay-as-you-go users to invoice."),
	OWN("invoice.due", CONF_DURATION, invoice_due_ms, "14d", DAY_MS, 90 * DAY_MS, false,
	    "Time to pay an invoice; after it the user's limit is 0 until it is paid."),
	OWN("invoice.currency", CONF_TEXT, invoice_currency, "EUR", 0, 0, false,
	    "Currency of invoices (ISO 4217)."),
	OWN("invoice.price_minor_units", CONF_INTEGER, invoice_price, "1000", 1, PRICE_MAX, false,
	    "Price of 1,000 credits, in the currency's smallest unit."),
	OWN("invoice.minimum_minor_units", CONF_INTEGER, invoice_minimum, "100", 1, PRICE_MAX,
	    false, "Less than this is not invoiced but waits for the next month."),
};
const size_t payments_keys_n = ARRAY_SIZE(payments_keys);

const struct payments_conf *payments_conf;
static const char *secrets[WEBHOOK_SECRETS_MAX + 1];

bool payments_enabled(void)
{
	return *payments_conf->secret_key != '\0';
}

bool payments_live(void)
{
	return strstr(payments_conf->secret_key, "_live_") != NULL;
}

const char *payments_live_param(void)
{
	return payments_live() ? "true" : "false";
}

const char *const *payments_webhook_secrets(void)
{
	return secrets;
}

static enum status split_secrets(const char *list, struct arena *arena, struct error *reterr)
{
	size_t n = 0;

	memset(secrets, 0, sizeof secrets);
	for (list += strspn(list, ", "); *list; list += strspn(list, ", ")) {
		size_t len = strcspn(list, ", ");

		if (n == WEBHOOK_SECRETS_MAX)
			return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
					 "stripe.webhook_secrets: more than %d",
					 WEBHOOK_SECRETS_MAX);
		secrets[n++] = arena_strndup(arena, list, len);
		list += len;
	}
	return OK;
}

enum status payments_configure(const struct payments_conf *conf, struct arena *arena,
			       struct error *reterr)
{
	enum status s = split_secrets(conf->webhook_secrets, arena, reterr);

	payments_conf = conf;
	if (s == OK && payments_enabled() && !secrets[0])
		s = error_set(
			reterr, INVALID_ARGUMENT, "config_invalid",
			"stripe.webhook_secrets: is missing beside stripe.secret_key: what is "
			"paid would not be noticed");
	return s;
}
