/* The payments service's process. */
#include "chat/v1/rpc.h"
#include "credits/v1/rpc.h"
#include "payments/plan.h"
#include "payments/stripe.h"
#include "runtime/jobs/jobs.h"
#include "runtime/outbox/outbox.h"

#define LEASE_MS (15 * 60 * 1000) /* longer than a run over all of Stripe's lists */
#define PURGE_INTERVAL_MS (3600 * 1000)

/* At start and at SIGHUP: a catalogue that cannot be read leaves the one before in force. The old
 * one stays in the process's arena, for a handler may still read it. */
static enum status load(struct service *service, struct error *reterr)
{
	const struct payments_conf *conf = (const struct payments_conf *)service->conf;
	struct payments *payments = service->state;
	const struct packages *packages;
	const struct plans *plans;
	enum status s = packages_read(conf->packages_file, service->arena, &packages, reterr);

	if (s == OK)
		s = plans_read(conf->plans_file, service->arena, &plans, reterr);
	if (s != OK)
		return s;
	atomic_store(&payments->packages, packages);
	atomic_store(&payments->plans, plans);
	return OK;
}

static struct outbox *open_outbox(const struct payments *payments)
{
	const struct outbox_target targets[] = {
		{&credits_v1_book_payment_method, payments->credits},
		{&credits_v1_reverse_payment_method, payments->credits},
		{&credits_v1_suspend_user_method, payments->credits},
		{&credits_v1_grant_plan_method, payments->credits},
		{&credits_v1_end_plan_method, payments->credits},
		{&chat_v1_set_user_plan_method, payments->chat},
	};

	return outbox_start(&(struct outbox_options){
		.pool = payments->pool,
		.targets = targets,
		.n_targets = ARRAY_SIZE(targets),
	});
}

static struct jobs *open_jobs(struct payments *payments)
{
	const struct job all[] = {
		{
			.name = "reconcile",
			.interval_ms = (int32_t)payments->conf->reconcile_interval_ms,
			.lease_ms = LEASE_MS,
			.run = payments_reconcile,
			.ctx = payments,
		},
		{
			.name = "invoice",
			.interval_ms = (int32_t)payments->conf->invoice_interval_ms,
			.lease_ms = LEASE_MS,
			.run = payments_invoice,
			.ctx = payments,
		},
		{
			.name = "purge_events",
			.interval_ms = PURGE_INTERVAL_MS,
			.lease_ms = LEASE_MS,
			.run = payments_purge,
			.ctx = payments,
		},
	};

	return jobs_start(payments->pool, all, ARRAY_SIZE(all));
}

static enum status start(struct service *service, struct error *reterr)
{
	struct payments *payments = service->state;
	enum status s = payments_configure(payments, (const struct payments_conf *)service->conf,
					   service->arena, reterr);

	if (s == OK)
		s = load(service, reterr);
	if (s != OK)
		return s;
	payments->credits = service->channel(service, "credits");
	payments->chat = service->channel(service, "chat");
	stripe_start(&payments->stripe);
	payments->pool = db_pool_new(&service->db);
	payments->outbox = open_outbox(payments);
	payments->jobs = open_jobs(payments);
	return OK;
}

static void stop(struct service *service)
{
	struct payments *payments = service->state;

	if (payments->jobs)
		jobs_stop(payments->jobs);
	if (payments->outbox)
		outbox_stop(payments->outbox);
	if (payments->pool)
		db_pool_free(payments->pool);
	stripe_stop(&payments->stripe);
}

int main(int argc, char **argv)
{
	static const struct rpc_handler *const handlers[] = {payments_v1_handlers, NULL};
	static const size_t *const n_handlers[] = {&payments_v1_handlers_n};
	struct payments payments = {0};

	return service_main(
		&(struct service_spec){
			.name = "payments",
			.schema_version = SQL_PAYMENTS_SCHEMA,
			.keys = payments_keys,
			.n_keys = payments_keys_n,
			.conf_size = sizeof(struct payments_conf),
			.state = &payments,
			.statements = sql_payments_all,
			.handlers = handlers,
			.n_handlers = n_handlers,
			.start = start,
			.stop = stop,
			.reload = load,
		},
		argc, argv);
}
