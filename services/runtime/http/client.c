/* The engine thread: a loop whose turns are libcurl's transfers and their time limits. */
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/http/internal.h"

#include <string.h>

#define CONNECTIONS_MAX 256
#define CONNECTIONS_PER_HOST_MAX 64
#define WAIT_MAX_MS 60000 /* an engine with nothing to do looks up this often */

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void curl_start(void)
{
	ensure(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

bool http_on_engine(const struct http_client *client)
{
	return loop_is_here(client->loop);
}

void http_post(struct http_client *client, void (*fn)(void *ctx), void *ctx)
{
	loop_post(client->loop, fn, ctx);
}

void http_timer(struct http_client *client, int64_t delay_ms, void (*fn)(void *ctx), void *ctx)
{
	loop_timer(client->loop, delay_ms, fn, ctx);
}

static void end_finished(struct http_client *client)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(client->multi, &left))) {
		struct http_transfer *transfer;
		struct error err = {0};
		CURLcode code = message->data.result;
		enum status s;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
		s = transfer_result(transfer, code, &err);
		transfer_end(transfer, s, &err);
	}
}

static void end_cancelled(struct http_client *client)
{
	struct http_transfer *transfer, *next;

	if (!atomic_exchange(&client->cancelled, false))
		return;
	for (transfer = client->running; transfer; transfer = next) {
		struct error err;
		enum status s;

		next = transfer->next;
		if (!atomic_load(&transfer->cancelled))
			continue;
		s = error_set(&err, CANCELLED, "call_cancelled", "the transfer was cancelled");
		transfer_end(transfer, s, &err);
	}
}

static void end_late(struct http_client *client)
{
	struct http_transfer *transfer, *next;
	int64_t now = clock_mono_us();

	if (client->check_us == 0 || now < client->check_us)
		return;
	client->check_us = 0;
	for (transfer = client->running; transfer; transfer = next) {
		int64_t due_us = transfer_due_us(transfer);
		struct error err;
		enum status s;

		next = transfer->next;
		if (due_us > now) {
			if (client->check_us == 0 || due_us < client->check_us)
				client->check_us = due_us;
			continue;
		}
		s = error_set(&err, DEADLINE_EXCEEDED, "deadline", "%s",
			      transfer->byte_us ? "the answer stopped coming" : "no answer came");
		transfer_end(transfer, s, &err);
	}
}

static void turn(void *ctx)
{
	struct http_client *client = ctx;
	int n;

	curl_multi_perform(client->multi, &n);
	end_finished(client);
	end_cancelled(client);
	end_late(client);
}

static int wait_ms(int64_t due_us)
{
	int64_t left_us;

	if (due_us == 0)
		return WAIT_MAX_MS;
	left_us = due_us - clock_mono_us();
	if (left_us <= 0)
		return 0;
	return left_us > WAIT_MAX_MS * US_PER_MS ? WAIT_MAX_MS
						 : (int)((left_us + US_PER_MS - 1) / US_PER_MS);
}

/* Until a socket is ready, too, or a transfer is over its time. */
static void wait(int64_t due_us, void *ctx)
{
	struct http_client *client = ctx;

	if (due_us == 0 || (client->check_us && client->check_us < due_us))
		due_us = client->check_us;
	curl_multi_poll(client->multi, NULL, 0, wait_ms(due_us), NULL);
}

static void wake(void *ctx)
{
	struct http_client *client = ctx;

	curl_multi_wakeup(client->multi);
}

static bool end_one(void *ctx)
{
	struct http_client *client = ctx;
	struct error err;
	enum status s;

	if (!client->running)
		return false;
	s = error_set(&err, CANCELLED, "call_cancelled", "the client ends");
	transfer_end(client->running, s, &err);
	return true;
}

struct http_client *http_client_new(const struct http_client_options *options)
{
	struct http_client *client = calloc(1, sizeof *client);
	const char *ca_file = options->ca_file ? options->ca_file : getenv("SSL_CERT_FILE");
	long total = options->connections_max > 0 ? options->connections_max : CONNECTIONS_MAX;
	long per_host = options->connections_per_host_max > 0 ? options->connections_per_host_max
							      : CONNECTIONS_PER_HOST_MAX;

	pthread_once(&curl_once, curl_start);
	ensure(client);
	if (options->user_agent)
		ensure(client->user_agent = strdup(options->user_agent));
	if (ca_file && *ca_file)
		ensure(client->ca_file = strdup(ca_file));
	client->multi = curl_multi_init();
	ensure(client->multi);
	curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, total);
	curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS, per_host);
	curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, total);
	client->loop = loop_new(&(struct loop_options){
		.turn = turn, .wait = wait, .wake = wake, .end = end_one, .ctx = client});
	return client;
}

void http_client_free(struct http_client *client)
{
	if (!client)
		return;
	loop_free(client->loop);
	curl_multi_cleanup(client->multi);
	free(client->user_agent);
	free(client->ca_file);
	free(client);
}
