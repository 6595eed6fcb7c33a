/* `limitless providers test`: asks the providers of a stack with each of their keys. Chat's own
 * program does it, with its configuration. */
#include "tools/limitless/commands.h"
#include "tools/limitless/stack.h"

#include "runtime/base/ensure.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int usage(void)
{
	fprintf(stderr, "usage: limitless providers test [--dir var] [NAME]\n");
	return 1;
}

/* Comes back only when it failed. */
static void run(const struct stack *stack, const char *name)
{
	for (size_t i = 0; i < stack->n_programs; i++) {
		const struct program *program = &stack->programs[i];

		if (strcmp(program->name, "chat") != 0)
			continue;
		execl(program->path, "chat", "--config", program->config, "--test-providers", name,
		      NULL);
		fprintf(stderr, "limitless: %s: %m\n", program->path);
	}
}

int providers_main(int argc, char **argv)
{
	static const struct option options[] = {{"dir", required_argument, NULL, 'd'},
						{NULL, 0, NULL, 0}};
	struct stack *stack = calloc(1, sizeof *stack);
	const char *dir = "var";
	struct error err;
	enum status s;
	int option;

	ensure(stack);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option != 'd') {
			free(stack);
			return usage();
		}
		dir = optarg;
	}
	if (optind >= argc || strcmp(argv[optind], "test") != 0 || argc - optind > 2) {
		free(stack);
		return usage();
	}
	s = place_find(dir, false, &stack->place, &err);
	if (s == OK)
		s = place_look(&stack->place, &stack->cluster, &err);
	if (s == OK)
		s = stack_load(stack, &err);
	if (s == OK)
		run(stack, optind + 1 < argc ? argv[optind + 1] : NULL);
	else
		fprintf(stderr, "limitless: %s\n", err.message);
	free(stack);
	return 1;
}
