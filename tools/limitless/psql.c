/* `limitless psql`: PostgreSQL's own programs (psql, pgbench, pg_dump) on the database of a stack.
 */
#include "tools/limitless/commands.h"
#include "tools/limitless/environment.h"
#include "tools/limitless/place.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static int usage(void)
{
	fprintf(stderr,
		"usage: limitless psql [--dir var] [--role limitless_admin] [--program psql] "
		"[-- ARGUMENTS …]\n");
	return 1;
}

/* Comes back only when it failed. */
static void run(const struct cluster *cluster, const char *role, const char *program, char **args)
{
	static const char *const terminal[] = {"TERM",   "COLUMNS",    "LINES",     "PAGER",
					       "LESS",   "PSQL_PAGER", "PSQLRC",    "PSQL_HISTORY",
					       "EDITOR", "VISUAL",     "PGOPTIONS", NULL};
	char path[TOOL_PATH_MAX], port[16];

	snprintf(port, sizeof port, "%d", CLUSTER_PORT);
	/* psql and pg_dump run commands of their own: a pager, an editor, \\!. */
	environment_reduce(NULL, terminal);
	setenv("PGHOST", cluster->socket_dir, 1);
	setenv("PGPORT", port, 1);
	setenv("PGDATABASE", CLUSTER_DATABASE, 1);
	setenv("PGUSER", role, 1);
	tool_path(path, "%s/%s", cluster->bin_dir, program);
	execv(path, args);
	fprintf(stderr, "limitless: %s: %m\n", path);
}

int psql_main(int argc, char **argv)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
						{"role", required_argument, NULL, 'r'},
						{"program", required_argument, NULL, 'p'},
						{NULL, 0, NULL, 0}};
	const char *dir = "var", *role = CLUSTER_SUPERUSER, *program = "psql";
	struct cluster cluster = {0};
	struct place place;
	struct error err;
	int option;

	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (option == 'd')
			dir = optarg;
		else if (option == 'r')
			role = optarg;
		else if (option == 'p' && !strchr(optarg, '/'))
			program = optarg;
		else
			return usage();
	}
	if (place_find(dir, false, &place, &err) == OK &&
	    place_look(&place, &cluster, &err) == OK) {
		argv[optind - 1] = (char *)program;
		run(&cluster, role, program, argv + optind - 1);
		return 1;
	}
	fprintf(stderr, "limitless: %s\n", err.message);
	return 1;
}
