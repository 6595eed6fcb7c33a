#include "runtime/httpd/account.h"

#include "runtime/base/hash.h"
#include <string.h>

#define CHARGE_MIN 4096 /* bytes; then twice as many each time, as the buffer grows */

/* Small bodies have an eighth of all for themselves: whatever large ones take, a log-in comes
 * in. */
#define SMALL_BYTES_MAX 16384
#define SMALL_SHARE 8

static struct account **bucket_of(struct httpd *httpd, const char *key)
{
	uint64_t hash = hash_fnv1a_64(httpd->account_seed, key, strlen(key));

	return &httpd->accounts[(hash ^ hash >> 32) % ACCOUNT_BUCKETS];
}

struct account *account_take(struct httpd *httpd, const char *text)
{
	char key[NET_ADDRESS_SIZE];
	struct account **bucket, *account;

	net_address_key(text, key);
	bucket = bucket_of(httpd, key);
	for (account = *bucket; account; account = account->next)
		if (strcmp(account->key, key) == 0)
			break;
	if (!account) {
		account = calloc(1, sizeof *account);
		ensure(account);
		memcpy(account->key, key, sizeof key);
		account->next = *bucket;
		*bucket = account;
	}
	account->refs++;
	return account;
}

void account_drop(struct httpd *httpd, struct account *account)
{
	struct account **at = bucket_of(httpd, account->key);

	if (--account->refs > 0)
		return;
	while (*at != account)
		at = &(*at)->next;
	*at = account->next;
	free(account);
}

/* ------------------------------------------------------------------ bodies */

static bool fits(const struct httpd *httpd, const struct exchange *exchange, size_t bytes,
		 struct refusal *reterr)
{
	const struct httpd_options *options = &httpd->options;
	size_t limit = options->bodies_bytes_max;

	if (!exchange->conn->member)
		limit -= options->bodies_bytes_reserved;
	if (exchange->charged + bytes > SMALL_BYTES_MAX)
		limit -= limit / SMALL_SHARE;
	if (exchange->account->body_bytes + bytes > options->bodies_bytes_per_client_max) {
		*reterr = (struct refusal){429, "uploads_too_many",
					   "too many bodies of yours are on their way: wait for "
					   "their answers"};
		return false;
	}
	if (httpd->body_bytes + bytes > limit) {
		*reterr = (struct refusal){503, "overloaded",
					   "too many bodies are on their way: try again soon"};
		return false;
	}
	return true;
}

bool account_fits(const struct exchange *exchange, size_t bytes, struct refusal *reterr)
{
	struct httpd *httpd = exchange->conn->httpd;
	bool good;

	pthread_mutex_lock(&httpd->mutex);
	good = fits(httpd, exchange, bytes, reterr);
	pthread_mutex_unlock(&httpd->mutex);
	return good;
}

static size_t room_for(size_t bytes)
{
	size_t total = CHARGE_MIN;

	while (total < bytes)
		total *= 2;
	return total;
}

bool account_charge(struct exchange *exchange, size_t bytes, struct refusal *reterr)
{
	struct httpd *httpd = exchange->conn->httpd;
	size_t total = room_for(bytes), more;
	bool good;

	if (bytes <= exchange->charged)
		return true;
	if (exchange->charged == 0 && bytes > CHARGE_MIN)
		total = bytes; /* all of a body whose length is known */
	more = total - exchange->charged;
	pthread_mutex_lock(&httpd->mutex);
	good = fits(httpd, exchange, more, reterr);
	if (good) {
		httpd->body_bytes += more;
		exchange->account->body_bytes += more;
		exchange->charged = total;
	}
	pthread_mutex_unlock(&httpd->mutex);
	return good;
}

void account_release(struct exchange *exchange)
{
	struct httpd *httpd = exchange->conn->httpd;
	size_t total = room_for(exchange->body.len);

	if (total >= exchange->charged)
		return;
	pthread_mutex_lock(&httpd->mutex);
	httpd->body_bytes -= exchange->charged - total;
	exchange->account->body_bytes -= exchange->charged - total;
	pthread_mutex_unlock(&httpd->mutex);
	exchange->charged = total;
}

void account_begin_body(struct exchange *exchange, const char *text)
{
	struct httpd *httpd = exchange->conn->httpd;

	pthread_mutex_lock(&httpd->mutex);
	exchange->account = account_take(httpd, text);
	pthread_mutex_unlock(&httpd->mutex);
}

void account_end_body(struct httpd *httpd, struct exchange *exchange)
{
	if (!exchange->account)
		return;
	pthread_mutex_lock(&httpd->mutex);
	httpd->body_bytes -= exchange->charged;
	exchange->account->body_bytes -= exchange->charged;
	account_drop(httpd, TAKE_PTR(exchange->account));
	pthread_mutex_unlock(&httpd->mutex);
	exchange->charged = 0;
}
