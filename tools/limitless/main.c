#include "tools/limitless/commands.h"

#include "runtime/base/version.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{"up", up_main, "start a whole stack under one folder and watch over it"},
	{"down", down_main, "stop the stack of a folder"},
	{"status", status_main, "show the processes of a stack"},
	{"logs", logs_main, "show the log lines of all processes as one"},
	{"migrate", migrate_main, "bring the schemas of a database up to date"},
	{"psql", psql_main, "open a stack's database, as any role"},
	{"credits", credits_main, "check the ledger's invariants, or its sums"},
	{"providers", providers_main, "ask the providers of models whether they take their keys"},
	{"prices", prices_main, "compare the catalogue with a table of list prices"},
	{"keys", keys_main, "make, list and revoke API keys"},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("limitless %s\n", version_text);
		return 0;
	}
	fprintf(stderr, "usage: limitless COMMAND … | --version\n");
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		fprintf(stderr, "  %-9s %s\n", commands[i].name, commands[i].help);
	return 1;
}
