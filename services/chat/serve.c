/* The parts of the chat service, started and stopped. */
#include "chat/answer/life.h"
#include "chat/catalogue/discovery.h"
#include "chat/chat.h"
#include "chat/conversation/purge.h"
#include "credits/v1/rpc.h"
#include "runtime/base/ensure.h"
#include "runtime/jobs/jobs.h"
#include "runtime/outbox/outbox.h"

#ifdef LIMITLESS_STRICT /* builds with a sanitizer, on which tests run */
#define STRICT true
#else
#define STRICT false
#endif
#define JOB_LEASE_MS 60000
#define CATALOGUE_BYTES_MAX (256u << 20) /* a ring of requests_per_minute for each key, too */

static struct chat chat;
static struct db_pool *pool; /* of chat_worker */
static struct outbox *outbox;
static struct jobs *jobs;
static struct discovery *discovery;

static struct rpc_channel *dial(void *ctx, const char *endpoint)
{
	struct service *service = ctx;

	return service->dial(service, "chat", endpoint);
}

static struct db_options worker_options(const struct service *service)
{
	struct db_options options = service->db;

	options.dsn = chat.conf->database_worker_dsn;
	return options;
}

/* Providers and models, as the files are now. What runs keeps those that it began with. */
static enum status load_catalogue(_unused_ struct service *service, struct error *reterr)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(16384, CATALOGUE_BYTES_MAX);
	struct provider_set *providers = arena_alloc(arena, sizeof *providers);
	struct catalogue *catalogue;
	enum status s;

	ensure(providers);
	s = provider_set_read(chat.conf->providers, arena, providers, reterr);
	if (s == OK)
		s = catalogue_load(chat.conf->models, TAKE_PTR(arena), providers, &catalogue,
				   reterr);
	return s == OK ? discovery_take(discovery, catalogue, reterr) : s;
}

static void start_engine(struct service *service)
{
	struct rpc_channel *credits = service->channel(service, "credits");
	const struct outbox_target targets[] = {
		{&credits_v1_settle_method, credits},
		{&credits_v1_void_hold_method, credits},
	};

	outbox = outbox_start(&(struct outbox_options){
		.pool = pool, .targets = targets, .n_targets = ARRAY_SIZE(targets)});
	chat.engine = life_start(&(struct engine_options){
		.conf = chat.conf,
		.current = &chat.current,
		.endpoint = *chat.conf->advertise ? chat.conf->advertise : service->conf->listen[0],
		.app = service->db,
		.worker = worker_options(service),
		.credits = credits,
		.outbox = outbox,
		.dial = dial,
		.dial_ctx = service,
		.strict = STRICT,
	});
}

static enum status start(struct service *service, struct error *reterr)
{
	struct db_options worker;
	enum status s;

	chat.conf = (const struct chat_conf *)service->conf;
	worker = worker_options(service);
	pool = db_pool_new(&worker);
	current_init(&chat.current);
	discovery = discovery_start(pool, chat.conf, &chat.current,
				    (int32_t)service->conf->database_wait_ms);
	s = load_catalogue(service, reterr);
	if (s != OK)
		return s;
	const struct job all[] = {
		{
			.name = "purge_chats",
			.interval_ms = (int32_t)chat.conf->purge_ms,
			.lease_ms = JOB_LEASE_MS,
			.run = chat_purge,
			.ctx = &chat,
		},
	};
	start_engine(service);
	jobs = jobs_start(pool, all, ARRAY_SIZE(all));
	return OK;
}

static void drain(_unused_ struct service *service)
{
	life_drain(chat.engine);
}

static void stop(_unused_ struct service *service)
{
	if (jobs)
		jobs_stop(jobs);
	life_stop(chat.engine);
	if (outbox)
		outbox_stop(outbox);
	if (discovery)
		discovery_stop(discovery);
	current_done(&chat.current);
	db_pool_free(pool);
}

int chat_serve(int argc, char **argv)
{
	static const struct rpc_handler *const handlers[] = {chat_v1_handlers, NULL};
	static const size_t *const n_handlers[] = {&chat_v1_handlers_n};

	return service_main(
		&(struct service_spec){
			.name = "chat",
			.schema_version = SQL_CHAT_SCHEMA,
			.keys = chat_keys,
			.n_keys = chat_keys_n,
			.conf_size = sizeof(struct chat_conf),
			.state = &chat,
			.statements = sql_chat_all,
			.handlers = handlers,
			.n_handlers = n_handlers,
			.start = start,
			.stop = stop,
			.drain = drain,
			.reload = load_catalogue,
		},
		argc, argv);
}
