/* The payments service: what its files share. */
#ifndef PAYMENTS_PAYMENTS_H
#define PAYMENTS_PAYMENTS_H

#include "payments/v1/rpc.h"
#include "runtime/service/service.h"

#define PAYMENTS_SCHEMA_VERSION 1
#define PACKAGES_MAX 32

struct payments_conf {
	struct service_conf service; /* first */
	const char *packages_file;   /* catalogue of what is for sale */
};

/* What is for sale, in the catalogue's order. Never changed once it is published. */
struct packages {
	size_t n;
	Payments__V1__Package *all[PACKAGES_MAX];
};

/* Reads and checks a catalogue; all of it lives in the arena. Errors: INVALID_ARGUMENT naming file,
 * line and key. */
_must_check_ enum status packages_read(const char *path, struct arena *arena,
				       const struct packages **ret, struct error *reterr);

/* The catalogue in force; set before the first handler runs and again by SIGHUP. Any thread. */
const struct packages *packages_current(void);
void packages_publish(const struct packages *packages);

#endif
