/* Channels to the services, one for each target. A route finds its channel by its package. */
#include "gateway/gateway.h"
#include "runtime/base/ensure.h"
#include "runtime/token/token.h"

#include <string.h>

struct backend {
	const char *name; /* of a service, "credits", or of one package, "credits.v1" */
	const char *target;
	char *service; /* the callee's name in service tokens */
	struct rpc_channel *channel;
};

struct backends {
	struct backend *list;
	size_t n;
	struct rpc_channel **by_route; /* parallel to routes; NULL: planned */
	struct token_signer *signer;
};

static const char *or_null(const char *text)
{
	return *text ? text : NULL;
}

static struct rpc_channel *open_channel(const struct gateway_conf *conf,
					const struct backends *backends,
					const struct backend *backend)
{
	const struct rpc_channel_options options = {
		.target = backend->target,
		.service = backend->service,
		.signer = backends->signer,
		.message_bytes_max = (size_t)conf->message_bytes_max,
		.backoff_initial_ms = (int32_t)conf->backoff_initial_ms,
		.backoff_max_ms = (int32_t)conf->backoff_max_ms,
		.tls_certificate_file = or_null(conf->tls_certificate),
		.tls_key_file = or_null(conf->tls_key),
		.tls_ca_file = or_null(conf->tls_ca),
	};

	for (size_t i = 0; i < backends->n; i++)
		if (backends->list[i].channel &&
		    strcmp(backends->list[i].target, backend->target) == 0)
			return backends->list[i].channel;
	return rpc_channel_open(&options);
}

/* A package goes where its own name leads, else where its first word leads: its service. */
struct rpc_channel *backends_of_package(const struct backends *backends, const char *package)
{
	struct rpc_channel *of_service = NULL;
	size_t len = strcspn(package, ".");

	for (size_t i = 0; i < backends->n; i++) {
		const struct backend *backend = &backends->list[i];

		if (strcmp(backend->name, package) == 0)
			return backend->channel;
		if (strncmp(backend->name, package, len) == 0 && backend->name[len] == '\0')
			of_service = backend->channel;
	}
	return of_service;
}

struct rpc_channel *backends_of_route(const struct backends *backends, const struct route *route)
{
	return backends->by_route[route - routes];
}

/* The channel of a route's package. Events are served by another service. */
static struct rpc_channel *channel_of(const struct gateway_conf *conf,
				      const struct backends *backends, const char *package)
{
	struct rpc_channel *channel = backends_of_package(backends, package);

	if (!channel && strcmp(package, "events.v1") == 0)
		channel = backends_of_package(backends, conf->events);
	return channel;
}

static enum status check(const struct gateway_conf *conf, const struct backends *backends,
			 struct error *reterr)
{
	for (size_t i = 0; i < routes_n; i++) {
		backends->by_route[i] = channel_of(conf, backends, routes[i].package);
		if (!backends->by_route[i] && !routes[i].planned)
			return error_field(reterr, INVALID_ARGUMENT, "field_required", "backends",
					   "backends: has no '%s'", routes[i].package);
	}
	if (!backends_of_package(backends, conf->edge))
		return error_field(reterr, INVALID_ARGUMENT, "field_invalid", "edge",
				   "edge: backends has no '%s'", conf->edge);
	return OK;
}

static enum status load_signer(const struct gateway_conf *conf, struct token_signer **ret,
			       struct error *reterr)
{
	const char *kid = conf->service_key_id;
	enum status s;

	if (strncmp(kid, "gateway", 7) != 0 || (kid[7] != '\0' && kid[7] != '.'))
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "service_key_id: '%s' names no key of the gateway: say gateway or "
				 "gateway.SUFFIX",
				 kid);
	s = token_signer_new(conf->service_key, kid, "gateway", ret, reterr);
	if (s != OK)
		error_prefix(reterr, "service_key");
	return s;
}

enum status backends_reload(struct backends *backends, const struct gateway_conf *conf,
			    struct error *reterr)
{
	struct token_signer *fresh;
	enum status s;

	if (!backends->signer != !*conf->service_key)
		return error_set(reterr, INVALID_ARGUMENT, "config_invalid",
				 "service_key appears and vanishes at a restart only");
	if (!backends->signer)
		return OK;
	s = load_signer(conf, &fresh, reterr);
	if (s == OK)
		token_signer_replace(backends->signer, fresh);
	return s;
}

enum status backends_open(const struct gateway_conf *conf, struct backends **ret,
			  struct error *reterr)
{
	struct backends *backends = calloc(1, sizeof *backends);
	size_t n = 0;
	enum status s = OK;

	while (conf->backends[n].key)
		n++;
	ensure(backends);
	backends->list = calloc(n + 1, sizeof *backends->list);
	backends->by_route = calloc(routes_n + 1, sizeof(struct rpc_channel *));
	ensure(backends->list && backends->by_route);
	*ret = backends;
	if (*conf->service_key)
		s = load_signer(conf, &backends->signer, reterr);
	if (s != OK)
		return s;
	for (size_t i = 0; i < n; i++) {
		struct backend *backend = &backends->list[i];

		backend->name = conf->backends[i].key;
		backend->target = conf->backends[i].value;
		backend->service = strndup(backend->name, strcspn(backend->name, "."));
		ensure(backend->service);
		backend->channel = open_channel(conf, backends, backend);
		backends->n++;
	}
	return check(conf, backends, reterr);
}

void backends_close(struct backends *backends)
{
	if (!backends)
		return;
	for (size_t i = 0; i < backends->n; i++) {
		bool last = true;

		for (size_t k = i + 1; k < backends->n; k++)
			last &= backends->list[k].channel != backends->list[i].channel;
		if (last)
			rpc_channel_close(backends->list[i].channel);
		free(backends->list[i].service);
	}
	token_signer_free(backends->signer);
	free(backends->by_route);
	free(backends->list);
	free(backends);
}
