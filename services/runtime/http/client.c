/* The engine thread: posted work, libcurl's transfers, time limits, timers, and back to waiting. */
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
	return pthread_equal(pthread_self(), client->thread);
}

static struct post *post_new(void (*fn)(void *ctx), void *ctx, int64_t due_us)
{
	struct post *post = malloc(sizeof *post);

	ensure(post);
	*post = (struct post){.fn = fn, .ctx = ctx, .due_us = due_us};
	return post;
}

void http_post(struct http_client *client, void (*fn)(void *ctx), void *ctx)
{
	struct post *post = post_new(fn, ctx, 0);
	bool wake;

	pthread_mutex_lock(&client->lock);
	*client->posted_tail = post;
	client->posted_tail = &post->next;
	wake = !client->awake;
	client->awake = true;
	pthread_mutex_unlock(&client->lock);
	/* The engine looks at the queue before it waits, so its own posts need no wake-up. */
	if (wake && !http_on_engine(client))
		curl_multi_wakeup(client->multi);
}

void http_timer(struct http_client *client, int64_t delay_ms, void (*fn)(void *ctx), void *ctx)
{
	struct post *post = post_new(fn, ctx, clock_mono_us() + delay_ms * US_PER_MS);
	struct post **at = &client->timers;

	ensure(http_on_engine(client));
	if (client->ending) { /* nothing comes after the last timers */
		free(post);
		return;
	}
	while (*at && (*at)->due_us <= post->due_us)
		at = &(*at)->next;
	post->next = *at;
	*at = post;
}

/* Runs what was posted up to now. False: nothing was. */
static bool run_posted(struct http_client *client)
{
	struct post *list;

	pthread_mutex_lock(&client->lock);
	list = client->posted;
	client->posted = NULL;
	client->posted_tail = &client->posted;
	client->awake = false;
	pthread_mutex_unlock(&client->lock);
	if (!list)
		return false;
	while (list) {
		struct post *post = list;

		list = post->next;
		post->fn(post->ctx);
		free(post);
	}
	return true;
}

static void run_timers(struct http_client *client)
{
	int64_t now = clock_mono_us();

	while (client->timers && client->timers->due_us <= now) {
		struct post *post = client->timers;

		client->timers = post->next;
		post->fn(post->ctx);
		free(post);
	}
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

static int wait_ms(const struct http_client *client)
{
	int64_t due_us = client->check_us, left_us;

	if (client->timers && (due_us == 0 || client->timers->due_us < due_us))
		due_us = client->timers->due_us;
	if (due_us == 0)
		return WAIT_MAX_MS;
	left_us = due_us - clock_mono_us();
	if (left_us <= 0)
		return 0;
	return left_us > WAIT_MAX_MS * US_PER_MS ? WAIT_MAX_MS
						 : (int)((left_us + US_PER_MS - 1) / US_PER_MS);
}

static bool stopping(struct http_client *client)
{
	bool result;

	pthread_mutex_lock(&client->lock);
	result = client->stopping;
	pthread_mutex_unlock(&client->lock);
	return result;
}

/* Waits for sockets, a wake-up or the next time limit; hooks may have posted meanwhile. */
static void wait_for_work(struct http_client *client)
{
	bool posted;

	pthread_mutex_lock(&client->lock);
	posted = client->posted;
	pthread_mutex_unlock(&client->lock);
	if (!posted)
		curl_multi_poll(client->multi, NULL, 0, wait_ms(client), NULL);
}

static void *engine(void *arg)
{
	struct http_client *client = arg;

	for (;;) {
		bool last = stopping(client); /* before the look, so that all posts are seen */
		int n;

		if (!run_posted(client) && last)
			break;
		curl_multi_perform(client->multi, &n);
		end_finished(client);
		end_cancelled(client);
		end_late(client);
		run_timers(client);
		wait_for_work(client);
	}
	while (client->running) {
		struct error err;
		enum status s = error_set(&err, CANCELLED, "call_cancelled", "the client ends");

		transfer_end(client->running, s, &err);
		run_posted(client); /* of the hook: nothing may be left behind */
	}
	client->ending = true;
	while (client->timers) {
		client->timers->due_us = 0;
		run_timers(client);
		run_posted(client);
	}
	return NULL;
}

struct http_client *http_client_new(const struct http_client_options *options)
{
	struct http_client *client = calloc(1, sizeof *client);
	long total = options->connections_max > 0 ? options->connections_max : CONNECTIONS_MAX;
	long per_host = options->connections_per_host_max > 0 ? options->connections_per_host_max
							      : CONNECTIONS_PER_HOST_MAX;

	pthread_once(&curl_once, curl_start);
	ensure(client);
	client->posted_tail = &client->posted;
	if (options->user_agent)
		ensure(client->user_agent = strdup(options->user_agent));
	if (options->ca_file)
		ensure(client->ca_file = strdup(options->ca_file));
	pthread_mutex_init(&client->lock, NULL);
	client->multi = curl_multi_init();
	ensure(client->multi);
	curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, total);
	curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS, per_host);
	curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, total);
	/* The engine reads its own id from the struct, so it must not run before that is set. */
	pthread_mutex_lock(&client->lock);
	ensure(pthread_create(&client->thread, NULL, engine, client) == 0);
	pthread_mutex_unlock(&client->lock);
	return client;
}

void http_client_free(struct http_client *client)
{
	if (!client)
		return;
	ensure(!http_on_engine(client));
	pthread_mutex_lock(&client->lock);
	client->stopping = true;
	pthread_mutex_unlock(&client->lock);
	curl_multi_wakeup(client->multi);
	pthread_join(client->thread, NULL);
	ensure(!client->posted);
	curl_multi_cleanup(client->multi);
	pthread_mutex_destroy(&client->lock);
	free(client->user_agent);
	free(client->ca_file);
	free(client);
}
