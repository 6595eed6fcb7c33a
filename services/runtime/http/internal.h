/* Shared by the files of http. Everything without another word belongs to the engine thread. */
#ifndef RUNTIME_HTTP_INTERNAL_H
#define RUNTIME_HTTP_INTERNAL_H

#include "runtime/http/http.h"
#include "runtime/loop/loop.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>

struct http_client {
	struct loop *loop;
	CURLM *multi;
	int epoll, event;          /* sockets of transfers, and what wakes the engine */
	int64_t timeout_us;        /* when libcurl wants to look; 0: never */
	struct epoll_event *ready; /* READY_MAX */
	int ready_n;
	char *user_agent; /* NULL: none */
	char *ca_file;    /* NULL: the system's */

	_Atomic bool cancelled; /* some transfer was: look for it */
	struct http_transfer *running;
	int64_t check_us; /* when the next transfer may be over its time; 0: never */
};

struct http_transfer {
	struct http_client *client;
	struct http_transfer *next, *prev; /* in client->running */
	CURL *easy;
	struct http_hooks hooks;
	void *ctx;
	struct arena *arena; /* holds the strings of request; NULL: the answer has begun */
	struct http_request request;
	struct curl_slist *headers;
	char curl_error[CURL_ERROR_SIZE];
	int32_t status;        /* of the answer; 0: no head yet */
	size_t received_bytes; /* of the body */
	int64_t start_us;
	int64_t byte_us; /* when the last byte came; 0: none yet */
	int64_t end_us;  /* when it must be over; 0: not said */
	_Atomic bool cancelled;
	bool refused; /* by the guard */
};

/* Makes the easy handle and gives it to the multi. On failure the transfer must be ended. */
_must_check_ enum status transfer_begin(struct http_transfer *transfer, struct error *reterr);
/* Tells the hook, takes the transfer out and frees it. */
void transfer_end(struct http_transfer *transfer, enum status status, const struct error *err);
/* The status that libcurl's result means. */
enum status transfer_result(struct http_transfer *transfer, CURLcode code, struct error *reterr);
/* When the transfer is over its time, as things are now (clock_mono_us). */
int64_t transfer_due_us(const struct http_transfer *transfer);

#endif
