/* Places for connections. Clients that showed a session (members) have places of their own; a
 * stranger that waits gives way to a new one, the longest waiting first. So no number of strangers
 * keeps anybody from coming in, and a request that is sent at once is read. */
#include "runtime/base/clock.h"
#include "runtime/httpd/account.h"
#include "runtime/log/log.h"
#include "runtime/metrics/metrics.h"

#define LOOKS_MAX 1024 /* connections that are looked at for one that can go */
#define STEPS_MAX 64   /* from the end of a list, to keep it in order */
#define WARN_US US_PER_S

METRIC_FAMILY(refused) = {
	.name = "http_connections_refused_total",
	.help = "Connections that were closed at once: address (it has as many as it may), full.",
	.labels = "reason",
	.kind = METRIC_COUNTER,
};
METRIC_FAMILY(evicted) = {
	.name = "http_connections_evicted_total",
	.help = "Waiting connections that gave way to new ones.",
	.kind = METRIC_COUNTER,
};

/* ------------------------------------------------------------------ lists, under the mutex */

/* Behind those that were seen to wait longer. */
static void list_add(struct httpd *httpd, struct conn *conn, enum conn_list which)
{
	struct conn_queue *list = &httpd->lists[which];
	struct conn *before = list->last;

	for (int i = 0; i < STEPS_MAX && before && before->seen_us > conn->seen_us; i++)
		before = before->previous;
	conn->list = which;
	conn->previous = before;
	conn->next = before ? before->next : list->first;
	if (conn->next)
		conn->next->previous = conn;
	else
		list->last = conn;
	if (before)
		before->next = conn;
	else
		list->first = conn;
	list->n++;
}

static void list_remove(struct httpd *httpd, struct conn *conn)
{
	struct conn_queue *list = &httpd->lists[conn->list];

	if (conn->previous)
		conn->previous->next = conn->next;
	else
		list->first = conn->next;
	if (conn->next)
		conn->next->previous = conn->previous;
	else
		list->last = conn->previous;
	list->n--;
}

static void list_move(struct httpd *httpd, struct conn *conn, enum conn_list which)
{
	list_remove(httpd, conn);
	list_add(httpd, conn, which);
}

/* ------------------------------------------------------------------ giving way */

/* May it be closed to make room? A member only between two requests. Under its lock. */
static bool may_go(const struct conn *conn)
{
	if (conn->member)
		return conn->phase == PHASE_IDLE;
	return conn->phase == PHASE_IDLE || conn->phase == PHASE_HEAD ||
	       conn->phase == PHASE_BODY || conn->phase == PHASE_SENDING ||
	       conn->phase == PHASE_LINGER;
}

static void evict(void *ctx)
{
	struct conn *conn = ctx;
	struct httpd *httpd = conn->httpd;
	struct net_conn *net = conn->net;

	net_lock(net);
	if (may_go(conn)) {
		net_close(net, false);
	} else if (conn->phase != PHASE_GONE) {
		/* A request came meanwhile: it stays. */
		pthread_mutex_lock(&httpd->mutex);
		list_move(httpd, conn, conn->member ? CONN_MEMBERS : CONN_STRANGERS);
		if (conn->account)
			conn->account->connections++;
		pthread_mutex_unlock(&httpd->mutex);
	}
	net_unlock(net);
	net_unref(net);
}

/* Closes the connection of the list that waits longest. A list is in the order in which its
 * connections were seen to wait; those that did something since are put in their place first. So a
 * request costs no lock. False: none waits. */
static bool evict_one(struct httpd *httpd, enum conn_list which)
{
	struct conn_queue *list = &httpd->lists[which];

	for (int i = 0; i < LOOKS_MAX && list->first; i++) {
		struct conn *conn = list->first;
		int64_t waits_us = atomic_load_explicit(&conn->waits_us, memory_order_relaxed);

		if (!waits_us || waits_us > conn->seen_us) {
			conn->seen_us = waits_us ? waits_us : clock_mono_us();
			list_move(httpd, conn, which);
			continue;
		}
		list_move(httpd, conn, CONN_LEAVING);
		if (conn->account)
			conn->account->connections--;
		metric_add(metric_get(&evicted, NULL), 1);
		net_ref(conn->net);
		net_post(evict, conn);
		return true;
	}
	return false;
}

/* ------------------------------------------------------------------ coming and going */

static bool trusted(const struct httpd *httpd, const char *address)
{
	for (size_t i = 0; i < httpd->n_trusted; i++)
		if (net_range_has(&httpd->trusted[i], address))
			return true;
	return false;
}

static int32_t strangers_max(const struct httpd *httpd)
{
	return httpd->options.connections_max - httpd->options.connections_reserved;
}

/* A stranger who comes when all their places are served gets a reserved one, to show a session;
 * see httpd_has_place. */
static bool make_room(struct httpd *httpd)
{
	int32_t strangers = httpd->lists[CONN_STRANGERS].n;
	int32_t members = httpd->lists[CONN_MEMBERS].n;
	bool full = strangers + members >= httpd->options.connections_max;

	if (!full && strangers < strangers_max(httpd))
		return true;
	return evict_one(httpd, CONN_STRANGERS) || !full || evict_one(httpd, CONN_MEMBERS);
}

/* At most once a second, with how many it were. */
static void warn(struct httpd *httpd, const char *reason, const char *address)
{
	int64_t now = clock_mono_us();
	int64_t unsaid;

	metric_add(metric_get(&refused, (const char *const[]){reason}), 1);
	httpd->unsaid++;
	if (httpd->warned_us && now - httpd->warned_us < WARN_US)
		return;
	httpd->warned_us = now;
	unsaid = httpd->unsaid;
	httpd->unsaid = 0;
	log_warn("connections_refused", LOG_S("reason", reason), LOG_S("address", address),
		 LOG_I("connections", unsaid),
		 LOG_S("hint", "connections_per_address_max, connections_max; a proxy in front "
			       "belongs in trusted_proxies"));
}

bool place_take(struct conn *conn)
{
	struct httpd *httpd = conn->httpd;
	const struct httpd_options *options = &httpd->options;
	const char *address = net_peer_address(conn->net), *reason = NULL;
	int32_t limit = options->connections_per_address_max;

	conn->seen_us = clock_mono_us();
	atomic_store_explicit(&conn->waits_us, conn->seen_us, memory_order_relaxed);
	if (trusted(httpd, address))
		limit = options->connections_per_proxy_max;
	pthread_mutex_lock(&httpd->mutex);
	if (*address)
		conn->account = account_take(httpd, address);
	if (conn->account && conn->account->connections >= limit)
		reason = "address";
	else if (!make_room(httpd))
		reason = "full";
	if (reason) {
		warn(httpd, reason, address);
		if (conn->account)
			account_drop(httpd, TAKE_PTR(conn->account));
	} else {
		if (conn->account)
			conn->account->connections++;
		list_add(httpd, conn, CONN_STRANGERS);
		atomic_fetch_add(&httpd->n_connections, 1);
	}
	pthread_mutex_unlock(&httpd->mutex);
	return !reason;
}

void place_leave(struct conn *conn)
{
	struct httpd *httpd = conn->httpd;

	pthread_mutex_lock(&httpd->mutex);
	if (conn->account) {
		conn->account->connections -= conn->list != CONN_LEAVING;
		account_drop(httpd, TAKE_PTR(conn->account));
	}
	list_remove(httpd, conn);
	atomic_fetch_sub(&httpd->n_connections, 1);
	pthread_cond_signal(&httpd->changed);
	pthread_mutex_unlock(&httpd->mutex);
}

void httpd_promote(struct httpd_request *req)
{
	struct conn *conn = exchange_of(req)->conn;
	struct httpd *httpd = conn->httpd;
	bool locked;

	if (conn->member) /* set once, by whoever has the request */
		return;
	locked = conn_lock(conn);
	if (conn->phase != PHASE_GONE) {
		pthread_mutex_lock(&httpd->mutex);
		conn->member = true;
		if (conn->list == CONN_STRANGERS)
			list_move(httpd, conn, CONN_MEMBERS);
		pthread_mutex_unlock(&httpd->mutex);
	}
	conn_unlock(conn, locked);
}

bool httpd_has_place(const struct httpd_request *req)
{
	const struct conn *conn = ((const struct exchange *)req)->conn;
	struct httpd *httpd = conn->httpd;

	return conn->member || httpd->lists[CONN_STRANGERS].n <= strangers_max(httpd);
}
