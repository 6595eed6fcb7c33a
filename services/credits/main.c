/* The ledger service's process. */
#include "credits.h"

#include "runtime/jobs/jobs.h"

#define OWN(key_, type_, member_, fallback_, min_, max_, reload_, help_)                          \
	{                                                                                         \
		.key = key_, .type = type_, .offset = offsetof(struct credits_conf, member_),     \
		.fallback = fallback_, .min = min_, .max = max_, .reload = reload_, .help = help_ \
	}
#define SWEEP_LEASE_MS 60000
#define DAY_MS (24LL * 3600 * 1000)

const struct conf_key credits_keys[] = {
	OWN("gift.amount_microcredits", CONF_INTEGER, gift_microcredits, "100000000", 0,
	    AMOUNT_MICROCREDITS_MAX, true,
	    "Welcome gift, booked when a user is first seen; micro-credits, 0 for none."),
	OWN("gift.lifetime", CONF_DURATION, gift_lifetime_ms, "0ms", 0, 3650 * DAY_MS, true,
	    "What is left of the gift goes after this time; 0 for never."),
	OWN("hold.lifetime_max", CONF_DURATION, hold_lifetime_max_ms, "24h", 1000, 30 * DAY_MS,
	    true, "A hold expires after this time at the latest, whatever its caller asks."),
	OWN("sweep.interval", CONF_DURATION, sweep_interval_ms, "5s", 10, DAY_MS, false,
	    "Pause between two looks for holds and gifts whose time is over."),
	OWN("sweep.batch", CONF_INTEGER, sweep_holds_max, "500", 1, 10000, true,
	    "Holds that one look takes at once."),
};
const size_t credits_keys_n = ARRAY_SIZE(credits_keys);

static struct db_pool *pool;
static struct jobs *jobs;

static enum status start(struct service *service, struct error *reterr)
{
	credits_conf = (const struct credits_conf *)service->conf;

	const struct job all[] = {
		{
			.name = "expire_holds",
			.interval_ms = (int32_t)credits_conf->sweep_interval_ms,
			.lease_ms = SWEEP_LEASE_MS,
			.run = credits_expire_holds,
		},
	};

	pool = db_pool_new(&service->db);
	jobs = jobs_start(pool, all, ARRAY_SIZE(all));
	return OK;
}

static void stop(struct service *service)
{
	jobs_stop(jobs);
	db_pool_free(pool);
}

int main(int argc, char **argv)
{
	static const struct rpc_handler *const handlers[] = {credits_v1_handlers, NULL};
	static const size_t *const n_handlers[] = {&credits_v1_handlers_n};

	return service_main(
		&(struct service_spec){
			.name = "credits",
			.schema_version = CREDITS_SCHEMA_VERSION,
			.keys = credits_keys,
			.n_keys = credits_keys_n,
			.conf_size = sizeof(struct credits_conf),
			.statements = sql_credits_all,
			.handlers = handlers,
			.n_handlers = n_handlers,
			.start = start,
			.stop = stop,
		},
		argc, argv);
}
