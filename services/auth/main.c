#include "auth/auth.h"
#include "auth/revocations.h"
#include "edge/v1/rpc.h"
#include "runtime/jobs/jobs.h"
#include "sql/auth.h"

static enum status start(struct service *service, struct error *reterr)
{
	const struct auth_conf *conf = (const struct auth_conf *)service->conf;
	struct auth *auth = service->state;
	const struct password_options passwords = {
		.memory_bytes = conf->hash_memory_bytes,
		.passes = conf->hash_passes,
	};
	const struct keyring_options keys = {
		.seal_key = conf->seal_key,
		.seal_key_previous = conf->seal_key_previous,
		.sign_ms = conf->key_sign_ms,
		.publish_ms = conf->key_publish_ms,
		.token_reach_ms = auth_token_reach_ms(conf),
	};
	const struct revocations_options revocations = {
		.db = service->db,
		.poll_ms = conf->revocation_poll_ms,
		.keyring = &auth->keyring,
		.key_poll_ms = conf->key_poll_ms,
	};
	const struct job periodic[] = {
		{
			.name = "signing_keys",
			.interval_ms = 60000,
			.lease_ms = 60000,
			.run = keyring_rotate,
			.ctx = &auth->keyring,
		},
		{
			.name = "purge",
			.interval_ms = 600000,
			.lease_ms = 300000,
			.run = auth_purge,
			.ctx = auth,
		},
	};
	_cleanup_(db_freep) struct db *db = db_new(&service->db);
	enum status s;

	auth->conf = conf;
	s = password_start(&auth->passwords, &passwords, reterr);
	if (s == OK)
		s = keyring_start(&auth->keyring, &keys, db, reterr);
	if (s != OK)
		return s;
	auth->revocations = revocations_start(&revocations);
	auth->pool = db_pool_new(&service->db);
	auth->jobs = jobs_start(auth->pool, periodic, ARRAY_SIZE(periodic));
	return OK;
}

static void drain(struct service *service)
{
	struct auth *auth = service->state;

	feed_stop(auth->revocations);
}

static void stop(struct service *service)
{
	struct auth *auth = service->state;

	feed_free(auth->revocations);
	if (auth->jobs)
		jobs_stop(auth->jobs);
	if (auth->pool)
		db_pool_free(auth->pool);
	keyring_stop(&auth->keyring);
}

int main(int argc, char **argv)
{
	static const struct rpc_handler *const handlers[] = {auth_v1_handlers, edge_v1_handlers,
							     NULL};
	static const size_t *const n_handlers[] = {&auth_v1_handlers_n, &edge_v1_handlers_n};
	struct auth auth = {.keyring = KEYRING_INIT};
	const struct service_spec spec = {
		.name = "auth",
		.schema_version = SQL_AUTH_SCHEMA,
		.keys = auth_keys,
		.n_keys = auth_keys_n,
		.conf_size = sizeof(struct auth_conf),
		.state = &auth,
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
