/* One transfer: an easy handle from start to end. */
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "runtime/http/guard.h"
#include "runtime/http/internal.h"

#include <string.h>

#define CONNECT_TIMEOUT_MS 10000
#define FIRST_BYTE_TIMEOUT_MS 60000
#define IDLE_TIMEOUT_MS 60000
#define TOTAL_TIMEOUT_MS 600000
#define ANSWER_BYTES_MAX (16u << 20)
#define HEADERS_MAX 64         /* of a request */
#define BUFFER_BYTES 2048      /* of a read: libcurl keeps as many in each transfer */
#define ARENA_CHUNK_BYTES 1024 /* the first, for the request; a large body has its own */

static void copy_request(struct http_transfer *transfer, const struct http_request *request)
{
	struct http_request *own = &transfer->request;
	struct arena *arena = transfer->arena;
	size_t n = 0;

	*own = *request;
	own->method = arena_strdup(arena, request->method);
	own->url = arena_strdup(arena, request->url);
	own->body = arena_memdup(arena, request->body ? request->body : "", request->body_len);
	if (request->proxy)
		own->proxy = arena_strdup(arena, request->proxy);
	if (request->headers) {
		const char **headers;

		while (request->headers[n])
			n++;
		ensure(n <= HEADERS_MAX);
		headers = arena_array(arena, n + 1, sizeof *headers);
		ensure(headers);
		for (size_t i = 0; i < n; i++)
			headers[i] = arena_strdup(arena, request->headers[i]);
		own->headers = headers;
	}
	if (own->connect_timeout_ms <= 0)
		own->connect_timeout_ms = CONNECT_TIMEOUT_MS;
	if (own->first_byte_timeout_ms <= 0)
		own->first_byte_timeout_ms = FIRST_BYTE_TIMEOUT_MS;
	if (own->idle_timeout_ms <= 0)
		own->idle_timeout_ms = IDLE_TIMEOUT_MS;
	if (own->total_timeout_ms <= 0)
		own->total_timeout_ms = TOTAL_TIMEOUT_MS;
	if (own->answer_bytes_max == 0)
		own->answer_bytes_max = ANSWER_BYTES_MAX;
	ensure(!arena->exhausted);
}

static void start_posted(void *ctx)
{
	struct http_transfer *transfer = ctx;
	struct http_client *client = transfer->client;
	struct error err = {0};
	enum status s;

	transfer->next = client->running;
	if (transfer->next)
		transfer->next->prev = transfer;
	client->running = transfer;
	s = transfer_begin(transfer, &err);
	if (s != OK)
		transfer_end(transfer, s, &err);
}

struct http_transfer *http_start(struct http_client *client, const struct http_request *request,
				 const struct http_hooks *hooks, void *ctx)
{
	struct http_transfer *transfer = calloc(1, sizeof *transfer);

	ensure(transfer);
	transfer->client = client;
	transfer->hooks = *hooks;
	transfer->ctx = ctx;
	transfer->arena = arena_new(ARENA_CHUNK_BYTES, SIZE_MAX / 2);
	transfer->start_us = clock_mono_us();
	copy_request(transfer, request);
	loop_post(client->loop, start_posted, transfer);
	return transfer;
}

static void nothing(_unused_ void *ctx)
{
}

void http_cancel(struct http_transfer *transfer)
{
	struct http_client *client = transfer->client;

	atomic_store(&transfer->cancelled, true);
	atomic_store(&client->cancelled, true);
	loop_post(client->loop, nothing, NULL); /* wakes the engine, which then looks for it */
}

void http_idle_timeout(struct http_transfer *transfer, int32_t timeout_ms)
{
	transfer->request.idle_timeout_ms = timeout_ms;
}

const char *http_header(struct http_transfer *transfer, const char *name)
{
	struct curl_header *header;

	if (curl_easy_header(transfer->easy, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return NULL;
	return header->value;
}

bool http_framed(struct http_transfer *transfer)
{
	long version = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
	return version >= CURL_HTTP_VERSION_2_0 || http_header(transfer, "content-length") ||
	       http_header(transfer, "transfer-encoding");
}

void http_deadline(struct http_transfer *transfer, int64_t delay_ms)
{
	struct http_client *client = transfer->client;

	transfer->end_us = clock_mono_us() + delay_ms * US_PER_MS;
	if (client->check_us == 0 || transfer->end_us < client->check_us)
		client->check_us = transfer->end_us;
}

int64_t transfer_due_us(const struct http_transfer *transfer)
{
	const struct http_request *request = &transfer->request;
	int64_t due_us = transfer->start_us + request->first_byte_timeout_ms * US_PER_MS;

	if (transfer->byte_us)
		due_us = transfer->byte_us + request->idle_timeout_ms * US_PER_MS;
	if (transfer->end_us && transfer->end_us < due_us)
		due_us = transfer->end_us;
	return due_us;
}

/* An answer may last for many minutes. Once it has begun the question is not sent again, so its
 * text goes, unless the server did not wait for all of it. */
static void drop_question(struct http_transfer *transfer)
{
	struct http_request *request = &transfer->request;
	curl_off_t sent = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	if ((size_t)sent < request->body_len)
		return;
	arena_free(TAKE_PTR(transfer->arena));
	request->method = request->url = request->proxy = NULL;
	request->headers = NULL;
	request->body = NULL;
}

static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
	struct http_transfer *transfer = ctx;
	size_t len = size * n;
	long status = 0;

	transfer->byte_us = clock_mono_us();
	if (len > 2 || (data[0] != '\r' && data[0] != '\n'))
		return len;
	/* An empty line ends a head; those of 1xx are only announcements. */
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || transfer->status)
		return len;
	transfer->status = (int32_t)status;
	drop_question(transfer);
	if (transfer->hooks.on_head)
		transfer->hooks.on_head(transfer, transfer->status, transfer->ctx);
	return len;
}

static size_t on_body(char *data, size_t size, size_t n, void *ctx)
{
	struct http_transfer *transfer = ctx;
	size_t len = size * n;

	transfer->byte_us = clock_mono_us();
	if (atomic_load(&transfer->cancelled))
		return CURL_WRITEFUNC_ERROR;
	transfer->received_bytes += len;
	if (transfer->received_bytes > transfer->request.answer_bytes_max)
		return CURL_WRITEFUNC_ERROR;
	if (transfer->hooks.on_data &&
	    !transfer->hooks.on_data(transfer, data, len, transfer->ctx)) {
		atomic_store(&transfer->cancelled, true);
		return CURL_WRITEFUNC_ERROR;
	}
	return len;
}

static curl_socket_t on_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct http_transfer *transfer = ctx;

	if (purpose != CURLSOCKTYPE_IPCXN || !guard_allows(&address->addr, address->addrlen)) {
		transfer->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static enum status set_headers(struct http_transfer *transfer, struct error *reterr)
{
	const char *const *header = transfer->request.headers;

	/* libcurl would wait a second for "100 Continue" before a large body. */
	transfer->headers = curl_slist_append(NULL, "Expect:");
	ensure(transfer->headers);
	for (; header && *header; header++) {
		if (strpbrk(*header, "\r\n"))
			return error_set(reterr, INVALID_ARGUMENT, "field_invalid",
					 "a header has a line end in it");
		ensure(curl_slist_append(transfer->headers, *header));
	}
	curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
	/* All that this libcurl can unpack, whether it was asked for or not. */
	curl_easy_setopt(transfer->easy, CURLOPT_ACCEPT_ENCODING, "");
	return OK;
}

static void set_method(struct http_transfer *transfer)
{
	const struct http_request *request = &transfer->request;
	CURL *easy = transfer->easy;

	if (strcmp(request->method, "HEAD") == 0) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (request->body_len > 0 || strcmp(request->method, "POST") == 0) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
	}
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

/* A connection that an unguarded transfer opened was never looked at, so a guarded one takes none
 * over and leaves none behind. */
static void set_guard(struct http_transfer *transfer)
{
	if (!transfer->request.guard_addresses)
		return;
	curl_easy_setopt(transfer->easy, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	curl_easy_setopt(transfer->easy, CURLOPT_OPENSOCKETDATA, transfer);
	curl_easy_setopt(transfer->easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(transfer->easy, CURLOPT_FORBID_REUSE, 1L);
}

static void set_limits(struct http_transfer *transfer)
{
	const struct http_request *request = &transfer->request;
	CURL *easy = transfer->easy;

	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)request->connect_timeout_ms);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)request->total_timeout_ms);
	/* "" keeps libcurl from looking into the environment. */
	curl_easy_setopt(easy, CURLOPT_PROXY, request->proxy ? request->proxy : "");
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
}

enum status transfer_begin(struct http_transfer *transfer, struct error *reterr)
{
	struct http_client *client = transfer->client;
	CURL *easy = curl_easy_init();
	int64_t due_us = transfer_due_us(transfer);
	enum status s;

	ensure(easy);
	transfer->easy = easy;
	if (transfer->request.guard_addresses && transfer->request.proxy)
		return error_set(reterr, INVALID_ARGUMENT, "field_invalid",
				 "behind a proxy the address cannot be checked");
	s = set_headers(transfer, reterr);
	if (s != OK)
		return s;
	curl_easy_setopt(easy, CURLOPT_URL, transfer->request.url);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_error);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, client->user_agent);
	if (client->ca_file) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, client->ca_file);
		curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, client->ca_file);
	}
	set_method(transfer);
	set_limits(transfer);
	set_guard(transfer);
	if (client->check_us == 0 || due_us < client->check_us)
		client->check_us = due_us;
	ensure(curl_multi_add_handle(client->multi, easy) == CURLM_OK);
	return OK;
}

enum status transfer_result(struct http_transfer *transfer, CURLcode code, struct error *reterr)
{
	const char *text =
		transfer->curl_error[0] ? transfer->curl_error : curl_easy_strerror(code);

	if (code == CURLE_OK)
		return OK;
	if (transfer->refused)
		return error_set(reterr, PERMISSION_DENIED, "address_refused",
				 "the address is not a public one");
	if (atomic_load(&transfer->cancelled))
		return error_set(reterr, CANCELLED, "call_cancelled", "the transfer was cancelled");
	if (transfer->received_bytes > transfer->request.answer_bytes_max)
		return error_set(reterr, RESOURCE_EXHAUSTED, "call_too_large",
				 "the answer is longer than %zu bytes",
				 transfer->request.answer_bytes_max);
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return error_set(reterr, DEADLINE_EXCEEDED, "deadline", "%s", text);
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return error_set(reterr, INVALID_ARGUMENT, "field_invalid", "%s", text);
	default:
		return error_set(reterr, UNAVAILABLE, "service_unavailable", "%s", text);
	}
}

void transfer_end(struct http_transfer *transfer, enum status status, const struct error *err)
{
	struct http_client *client = transfer->client;

	if (transfer->prev)
		transfer->prev->next = transfer->next;
	else
		client->running = transfer->next;
	if (transfer->next)
		transfer->next->prev = transfer->prev;
	if (transfer->hooks.on_end)
		transfer->hooks.on_end(transfer, status, err, transfer->ctx);
	curl_multi_remove_handle(client->multi, transfer->easy);
	curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->headers);
	arena_free(transfer->arena);
	free(transfer);
}
