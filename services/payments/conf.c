/* The keys of payments, and how they are checked against each other. */
#include "payments/payments.h"

#include <string.h>

#define CONF_STRUCT struct payments_conf

#define PRICE_MAX 100000000LL /* minor units */

const struct conf_key payments_keys[] = {
	CONF_KEY_LIVE("packages_file", CONF_TEXT, packages_file, "deploy/config/packages.yaml", 0,
		      0, "Catalogue of the packages for sale."),
	CONF_KEY_LIVE("plans_file", CONF_TEXT, plans_file, "", 0, 0,
		      "Catalogue of the plans for sale (deploy/config/plans.yaml is an example); "
		      "empty: none."),
	CONF_KEY("plans.grace", CONF_DURATION, plan_grace_ms, "3d", 0, 60 * CONF_DAY,
		 "A plan goes on for this time after the end of what was paid, while Stripe tries "
		 "the card again."),
	CONF_KEY("public_url", CONF_TEXT, public_url, "http://127.0.0.1:8080", 0, 0,
		 "Where people open the page; Stripe sends them back there."),
	CONF_KEY("stripe.secret_key", CONF_SECRET, secret_key, "", 0, 0,
		 "Key of Stripe's API, its mode too (sk_live_… or sk_test_…); empty: nothing can "
		 "be bought."),
	CONF_KEY("stripe.webhook_secrets", CONF_SECRET, webhook_secrets, "", 0, 0,
		 "Signing secrets of the webhook endpoint (whsec_…), separated by commas; two "
		 "while one is replaced."),
	CONF_KEY("stripe.api_url", CONF_TEXT, api_url, "https://api.stripe.com", 0, 0,
		 "Base of Stripe's API."),
	CONF_KEY("stripe.api_version", CONF_TEXT, api_version, "2024-06-20", 0, 0,
		 "Version of Stripe's API that answers have."),
	CONF_KEY("stripe.timeout", CONF_DURATION, api_timeout_ms, "20s", 100, 80000,
		 "Longest call of Stripe's API."),
	CONF_KEY("stripe.calls_max", CONF_INTEGER, api_calls_max, "4", 1, 256,
		 "Check-outs that may wait for Stripe at once, fewer than workers; more are "
		 "refused as overloaded."),
	CONF_KEY("stripe.webhook_tolerance", CONF_DURATION, webhook_tolerance_ms, "300s", 1000,
		 CONF_DAY, "How far a webhook's time may be from ours."),
	CONF_KEY("stripe.event_keep", CONF_DURATION, event_keep_ms, "90d", 7 * CONF_DAY,
		 3650 * CONF_DAY, "Events are kept for this time."),
	CONF_KEY("checkout.lifetime", CONF_DURATION, checkout_lifetime_ms, "1h", 31 * CONF_MINUTE,
		 CONF_DAY, "Time to pay at Stripe's page; Stripe wants more than 30 minutes."),
	CONF_KEY("reconcile.interval", CONF_DURATION, reconcile_interval_ms, "1h", 100, CONF_DAY,
		 "Pause between two comparisons with Stripe's own lists."),
	CONF_KEY("reconcile.window", CONF_DURATION, reconcile_window_ms, "7d", 60 * CONF_MINUTE,
		 90 * CONF_DAY, "How far back they look."),
	CONF_KEY("invoice.interval", CONF_DURATION, invoice_interval_ms, "1h", 100, CONF_DAY,
		 "Pause between two looks for pay-as-you-go users to invoice."),
	CONF_KEY("invoice.due", CONF_DURATION, invoice_due_ms, "14d", CONF_DAY, 90 * CONF_DAY,
		 "Time to pay an invoice; after it the user's limit is 0 until it is paid."),
	CONF_KEY("invoice.currency", CONF_TEXT, invoice_currency, "EUR", 0, 0,
		 "Currency of invoices (ISO 4217)."),
	CONF_KEY("invoice.price_minor_units", CONF_INTEGER, invoice_price, "1000", 1, PRICE_MAX,
		 "Price of 1,000 credits, in the currency's smallest unit."),
	CONF_KEY("invoice.minimum_minor_units", CONF_INTEGER, invoice_minimum, "100", 1, PRICE_MAX,
		 "Less than this is not invoiced but waits for the next month."),
};
const size_t payments_keys_n = ARRAY_SIZE(payments_keys);

bool payments_enabled(const struct payments *payments)
{
	return *payments->conf->secret_key != '\0';
}

bool payments_live(const struct payments *payments)
{
	return strstr(payments->conf->secret_key, "_live_") != NULL;
}

const char *payments_live_param(const struct payments *payments)
{
	return payments_live(payments) ? "true" : "false";
}

static enum status split_secrets(const char *list, const char *secrets[WEBHOOK_SECRETS_MAX + 1],
				 struct arena *arena, struct error *reterr)
{
	size_t n = 0;

	memset(secrets, 0, (WEBHOOK_SECRETS_MAX + 1) * sizeof *secrets);
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

enum status payments_configure(struct payments *payments, const struct payments_conf *conf,
			       struct arena *arena, struct error *reterr)
{
	enum status s =
		split_secrets(conf->webhook_secrets, payments->webhook_secrets, arena, reterr);

	payments->conf = conf;
	payments->stripe.api_url = conf->api_url;
	payments->stripe.api_version = conf->api_version;
	payments->stripe.secret_key = conf->secret_key;
	payments->stripe.timeout_ms = (int32_t)conf->api_timeout_ms;
	if (s == OK && payments_enabled(payments) && !payments->webhook_secrets[0])
		s = error_set(reterr, INVALID_ARGUMENT, "config_invalid",
			      "stripe.webhook_secrets: is missing beside stripe.secret_key: what "
			      "is paid would not be noticed");
	return s;
}
