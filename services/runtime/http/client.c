/* The engine thread: a loop whose turns are libcurl's transfers and their time limits. */
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/http/internal.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define CONNECTIONS_MAX 256
#define CONNECTIONS_PER_HOST_MAX 64
#define READY_MAX 256     /* sockets of one turn */
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

/* libcurl says which sockets matter to it, and when it wants to be called without one. So a turn
 * costs as much as the sockets that are ready, not as all transfers. */
static int on_watch(_unused_ CURL *easy, curl_socket_t fd, int what, void *ctx,
		    _unused_ void *known)
{
	const struct http_client *client = ctx;
	struct epoll_event event = {.data.fd = fd};

	event.events =
		(what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
	/* A socket that nobody waits for must not be there: epoll tells its end again and again. */
	if (event.events == 0)
		epoll_ctl(client->epoll, EPOLL_CTL_DEL, fd, NULL);
	else if (epoll_ctl(client->epoll, EPOLL_CTL_MOD, fd, &event) != 0)
		ensure(epoll_ctl(client->epoll, EPOLL_CTL_ADD, fd, &event) == 0);
	return 0;
}

static int on_timeout(_unused_ CURLM *multi, long timeout_ms, void *ctx)
{
	struct http_client *client = ctx;

	client->timeout_us = timeout_ms < 0 ? 0 : clock_mono_us() + timeout_ms * US_PER_MS;
	return 0;
}

static void run_sockets(struct http_client *client)
{
	int running;

	for (int i = 0; i < client->ready_n; i++) {
		const struct epoll_event *event = &client->ready[i];
		int what = (event->events & EPOLLIN ? CURL_CSELECT_IN : 0) |
			   (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
			   (event->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
		uint64_t woken;

		if (event->data.fd != client->event)
			curl_multi_socket_action(client->multi, event->data.fd, what, &running);
		else
			(void)!read(client->event, &woken, sizeof woken);
	}
	client->ready_n = 0;
	if (client->timeout_us && clock_mono_us() >= client->timeout_us) {
		client->timeout_us = 0;
		curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
}

static void turn(void *ctx)
{
	struct http_client *client = ctx;

	run_sockets(client);
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
	if (due_us == 0 || (client->timeout_us && client->timeout_us < due_us))
		due_us = client->timeout_us;
	/* Not epoll_wait, which is nng's thread's (net/poll.c). */
	client->ready_n =
		epoll_pwait(client->epoll, client->ready, READY_MAX, wait_ms(due_us), NULL);
}

static void wake(void *ctx)
{
	struct http_client *client = ctx;

	eventfd_write(client->event, 1);
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
	client->epoll = epoll_create1(EPOLL_CLOEXEC);
	client->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	client->ready = calloc(READY_MAX, sizeof *client->ready);
	ensure(client->epoll >= 0 && client->event >= 0 && client->ready);
	ensure(epoll_ctl(client->epoll, EPOLL_CTL_ADD, client->event,
			 &(struct epoll_event){.events = EPOLLIN, .data.fd = client->event}) == 0);
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_watch);
	curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
	curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
	curl_multi_setopt(client->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, total);
	curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS, per_host);
	curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, total);
	client->loop = loop_new(&(struct loop_options){.turn = turn,
						       .wait = wait,
						       .wake = wake,
						       .end = end_one,
						       .ctx = client,
						       .before_wait = options->before_wait});
	return client;
}

void http_client_free(struct http_client *client)
{
	if (!client)
		return;
	loop_free(client->loop);
	curl_multi_cleanup(client->multi);
	close(client->epoll);
	close(client->event);
	free(client->ready);
	free(client->user_agent);
	free(client->ca_file);
	free(client);
}
