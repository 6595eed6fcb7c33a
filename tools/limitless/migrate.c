/* `limitless migrate`: what a deployment runs before the new services start. */
#include "tools/limitless/commands.h"
#include "tools/limitless/schema.h"
#include "tools/limitless/stack.h"

#include "runtime/base/ensure.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define DSN_BYTES_MAX 1024

struct arguments {
	const char *dir;     /* NULL: dsn is given */
	const char *dsn;     /* conninfo without a user, or file: with one */
	const char *service; /* NULL: all */
	bool bootstrap;
};

static int usage(void)
{
	fprintf(stderr,
		"usage: limitless migrate [--dir var | --dsn 'host=… dbname=limitless'] [--service "
		"NAME] [--bootstrap]\n"
		"  --dsn        conninfo without a user, or file:PATH of a file that holds one\n"
		"  --bootstrap  first make schemas and roles (deploy/postgres/bootstrap.sql), as "
		"the superuser limitless_admin\n"
		"Each service is migrated as <service>_owner; passwords come from PGPASSFILE.\n");
	return 1;
}

static bool parse(int argc, char **argv, struct arguments *ret)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
						{"dsn", required_argument, NULL, 'n'},
						{"service", required_argument, NULL, 's'},
						{"bootstrap", no_argument, NULL, 'b'},
						{NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'd')
			ret->dir = optarg;
		else if (option == 'n')
			ret->dsn = optarg;
		else if (option == 's')
			ret->service = optarg;
		else if (option == 'b')
			ret->bootstrap = true;
		else
			return false;
	}
	if (!ret->dir && !ret->dsn)
		ret->dir = "var";
	return optind == argc && !(ret->dir && ret->dsn);
}

/* Conninfo without a user. */
static enum status base_dsn(const struct arguments *args, struct place *place,
			    char out[DSN_BYTES_MAX], struct error *reterr)
{
	_cleanup_(freep) char *text = NULL;
	struct cluster cluster = {0};
	enum status s;
	int n;

	if (!args->dsn) {
		s = place_look(place, &cluster, reterr);
		snprintf(out, DSN_BYTES_MAX, "host=%s port=%d dbname=%s", cluster.socket_dir,
			 CLUSTER_PORT, CLUSTER_DATABASE);
		return s;
	}
	if (strncmp(args->dsn, "file:", 5) == 0) {
		s = tool_read_file(args->dsn + 5, &text, reterr);
		if (s != OK)
			return s;
		text[strcspn(text, "\n")] = '\0';
	}
	n = snprintf(out, DSN_BYTES_MAX, "%s", text ? text : args->dsn);
	return n < DSN_BYTES_MAX ? OK : tool_fail(reterr, "--dsn is too long");
}

static enum status bootstrap(const char *base, const struct place *place, struct error *reterr)
{
	_cleanup_(freep) char *dsn = NULL;

	ensure(asprintf(&dsn, "%s user=%s", base, CLUSTER_SUPERUSER) > 0);
	return schema_bootstrap(dsn, place->root, reterr);
}

static enum status migrate_one(const char *base, const struct place *place, const char *service,
			       struct error *reterr)
{
	_cleanup_(freep) char *dsn = NULL;
	int version;
	enum status s;

	ensure(asprintf(&dsn, "%s user=%s_owner", base, service) > 0);
	s = schema_migrate(dsn, place->root, service, &version, reterr);
	if (s == OK)
		printf("%-10s %d\n", service, version);
	return s;
}

static enum status run(const struct arguments *args, struct error *reterr)
{
	char base[DSN_BYTES_MAX];
	struct place place;
	bool found = false;
	enum status s;

	s = place_find(args->dir ? args->dir : ".", false, &place, reterr);
	if (s == OK)
		s = base_dsn(args, &place, base, reterr);
	if (s == OK && args->bootstrap)
		s = bootstrap(base, &place, reterr);
	for (size_t i = 0; s == OK && i < SERVICES_N; i++) {
		if (args->service && strcmp(args->service, services[i].name) != 0)
			continue;
		found = true;
		s = migrate_one(base, &place, services[i].name, reterr);
	}
	if (s == OK && !found)
		s = tool_fail(reterr, "there is no service '%s'", args->service);
	return s;
}

int migrate_main(int argc, char **argv)
{
	struct arguments args = {0};
	struct error err;

	if (!parse(argc, argv, &args))
		return usage();
	if (run(&args, &err) == OK)
		return 0;
	fprintf(stderr, "limitless: %s\n", err.message);
	return 1;
}
