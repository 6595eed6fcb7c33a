#include "auth/auth.h"
#include "auth/feed.h"
#include "auth/keyring.h"
#include "auth/password.h"
#include "auth/purge.h"
#include "edge/v1/rpc.h"
#include "runtime/jobs/jobs.h"
#include "sql/auth.h"

static struct db_pool *pool;
static struct jobs *jobs;

static const struct job periodic[] = {
	{.name = "signing_keys", .interval_ms = 60000, .lease_ms = 60000, .run = keyring_rotate},
	{.name = "purge", .interval_ms = 600000, .lease_ms = 300000, .run = purge_run},
};

static enum status start(struct service *service, struct error *reterr)
{
	const struct auth_conf *conf = (const struct auth_conf *)service->conf;
	const struct password_options passwords = {
		.memory_bytes = conf->hash_memory_bytes,
		.passes = conf->hash_passes,
	};
	struct keyring_options keys = {
		.seal_key = conf->seal_key,
		.seal_key_previous = conf->seal_key_previous,
		.sign_ms = conf->key_sign_ms,
		.publish_ms = conf->key_publish_ms,
	};
	const struct feed_options feed = {
		.db = service->db,
		.poll_ms = conf->revocation_poll_ms,
		.key_poll_ms = conf->key_poll_ms,
	};
	_cleanup_(db_freep) struct db *db = db_new(&service->db);
	enum status s;

	auth_conf = conf;
	keys.token_reach_ms = auth_token_reach_ms();
	s = password_start(&passwords, reterr);
	if (s == OK)
		s = keyring_start(&keys, db, reterr);
	if (s != OK)
		return s;
	feed_start(&feed);
	pool = db_pool_new(&service->db);
	jobs = jobs_start(pool, periodic, ARRAY_SIZE(periodic));
	return OK;
}

static void drain(struct service *service)
{
	feed_stop();
}

static void stop(struct service *service)
{
	feed_stop();
	if (jobs)
		jobs_stop(jobs);
	if (pool)
		db_pool_free(pool);
	keyring_stop();
}

int main(int argc, char **argv)
{
	static const struct rpc_handler *const handlers[] = {auth_v1_handlers, edge_v1_handlers,
							     NULL};
	static const size_t *const n_handlers[] = {&auth_v1_handlers_n, &edge_v1_handlers_n};
	const struct service_spec spec = {
		.name = "auth",
		.schema_version = SQL_AUTH_SCHEMA,
		.keys = auth_keys,
		.n_keys = auth_keys_n,
		.conf_size = sizeof(struct auth_conf),
		.statements = sql_auth_all,
		.handlers = handlers,
		.n_handlers = n_handlers,
		.heavy = auth_heavy,
		.start = start,
		.drain = drain,
		.stop = stop,
	};

	return service_main(&spec, argc, argv);
}
