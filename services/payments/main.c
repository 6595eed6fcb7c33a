/* The payments service's process. */
#include "payments/payments.h"

#include "runtime/base/cleanup.h"

static const struct conf_key keys[] = {
	{"packages_file", CONF_TEXT, offsetof(struct payments_conf, packages_file),
	 "deploy/config/packages.yaml", 0, 0, true, "Catalogue of the packages for sale."},
};

/* At start and at SIGHUP: a catalogue that cannot be read leaves the one before in force. */
static enum status load(struct service *service, struct error *reterr)
{
	const struct payments_conf *conf = (const struct payments_conf *)service->conf;
	const struct packages *packages;
	enum status s = packages_read(conf->packages_file, service->arena, &packages, reterr);

	if (s == OK)
		packages_publish(packages);
	return s;
}

int main(int argc, char **argv)
{
	static const struct rpc_handler *const handlers[] = {payments_v1_handlers, NULL};
	static const size_t *const n_handlers[] = {&payments_v1_handlers_n};

	return service_main(
		&(struct service_spec){
			.name = "payments",
			.schema_version = PAYMENTS_SCHEMA_VERSION,
			.keys = keys,
			.n_keys = ARRAY_SIZE(keys),
			.conf_size = sizeof(struct payments_conf),
			.handlers = handlers,
			.n_handlers = n_handlers,
			.start = load,
			.reload = load,
		},
		argc, argv);
}
