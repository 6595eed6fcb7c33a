/* Signed events for the one receiver. They are tried again for a while and then given up, as Stripe
 * does. */
#include "stripe.h"

#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/base/text.h"
#include "runtime/http/http.h"
#include "runtime/log/log.h"

#include <inttypes.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define TRIES_MAX 8
#define PAUSE_MS 250 /* after the first failure, doubling */
#define TIMEOUT_MS 10000
#define SHA256_BYTES 32

struct delivery {
	char *body;
	int32_t status;
	int tries;
};

static struct http_client *client;
static const char *url, *secret;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of what follows */
static enum webhook_mode mode;
static char **held;
static size_t n_held;
static bool stopping;

static void send_now(void *ctx);

static void delivery_free(struct delivery *delivery)
{
	free(delivery->body);
	free(delivery);
}

static void on_head(struct http_transfer *transfer, int32_t status, void *ctx)
{
	((struct delivery *)ctx)->status = status;
}

static void on_end(struct http_transfer *transfer, enum status status, const struct error *err,
		   void *ctx)
{
	struct delivery *delivery = ctx;
	bool taken = status == OK && delivery->status >= 200 && delivery->status < 300;

	if (taken || status == CANCELLED || ++delivery->tries == TRIES_MAX) {
		if (!taken)
			log_warn("webhook_given_up", LOG_I("status", delivery->status));
		delivery_free(delivery);
		return;
	}
	http_timer(client, (int64_t)PAUSE_MS << delivery->tries, send_now, delivery);
}

static void sign(const char *body, char out[128])
{
	_cleanup_(buf_done) struct buf text;
	unsigned char mac[SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];
	int64_t seconds = clock_wall_us() / US_PER_S;

	buf_init(&text, strlen(body) + 64);
	buf_addf(&text, "%" PRId64 ".%s", seconds, body);
	ensure(HMAC(EVP_sha256(), secret, (int)strlen(secret), text.data, text.len, mac, NULL));
	hex_encode(mac, sizeof mac, hex);
	snprintf(out, 128, "Stripe-Signature: t=%" PRId64 ",v1=%s", seconds, hex);
}

/* Sends an event, on the client's thread. Each try has a signature of its own, for a signature
 * ages. */
static void send_now(void *ctx)
{
	struct delivery *delivery = ctx;
	char line[128];
	const char *headers[] = {"Content-Type: application/json; charset=utf-8", line, NULL};
	const struct http_request request = {
		.method = "POST",
		.url = url,
		.headers = headers,
		.body = delivery->body,
		.body_len = strlen(delivery->body),
		.total_timeout_ms = TIMEOUT_MS,
	};
	bool stop;

	pthread_mutex_lock(&lock);
	stop = stopping;
	pthread_mutex_unlock(&lock);
	if (stop) {
		delivery_free(delivery);
		return;
	}
	sign(delivery->body, line);
	delivery->status = 0;
	http_start(client, &request, &(struct http_hooks){.on_head = on_head, .on_end = on_end},
		   delivery);
}

static void send_body(const char *body)
{
	struct delivery *delivery = calloc(1, sizeof *delivery);

	ensure(delivery);
	delivery->body = strdup(body);
	ensure(delivery->body);
	http_post(client, send_now, delivery);
}

void webhook_tell(const char *type, const json_t *object)
{
	json_t *event = store_new("event", "evt");
	char *body;

	json_object_set_new(event, "type", json_string(type));
	json_object_set_new(event, "api_version", json_string("2024-06-20"));
	json_object_set_new(event, "data", json_pack("{s:o}", "object", json_deep_copy(object)));
	body = json_dumps(event, JSON_COMPACT);
	ensure(body);
	pthread_mutex_lock(&lock);
	if (mode == WEBHOOK_HOLD) {
		held = realloc(held, (n_held + 1) * sizeof *held);
		ensure(held);
		held[n_held++] = TAKE_PTR(body);
	} else if (mode == WEBHOOK_SEND && *url) {
		send_body(body);
	}
	pthread_mutex_unlock(&lock);
	free(body);
}

void webhook_set_mode(enum webhook_mode new_mode)
{
	pthread_mutex_lock(&lock);
	mode = new_mode;
	pthread_mutex_unlock(&lock);
}

static void free_held(void)
{
	for (size_t i = 0; i < n_held; i++)
		free(held[i]);
	free(TAKE_PTR(held));
	n_held = 0;
}

size_t webhook_deliver(bool backwards, int64_t times)
{
	size_t n;

	pthread_mutex_lock(&lock);
	n = n_held;
	for (size_t i = 0; i < n; i++)
		for (int64_t k = 0; k < times; k++)
			send_body(held[backwards ? n - 1 - i : i]);
	free_held();
	pthread_mutex_unlock(&lock);
	return n;
}

void stripe_start(const struct standin_conf *conf)
{
	url = conf->stripe_webhook_url;
	secret = conf->stripe_webhook_secret;
	client = http_client_new(&(struct http_client_options){.user_agent = "standin-stripe"});
}

void stripe_stop(void)
{
	pthread_mutex_lock(&lock);
	stopping = true;
	pthread_mutex_unlock(&lock);
	http_client_free(TAKE_PTR(client));
	free_held();
}
