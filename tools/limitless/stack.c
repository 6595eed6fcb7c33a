#include "tools/limitless/stack.h"

#include "runtime/base/ensure.h"

#include <stdio.h>
#include <string.h>

#define STANDIN_OFFSET (SERVICES_N + 1)

/* The number that is added to the gateway's port for this program. */
static int offset_of(const char *name)
{
	for (int i = 0; i < SERVICES_N; i++) {
		if (strcmp(services[i].name, name) == 0)
			return i + 1;
	}
	return strcmp(name, "standin") == 0 ? STANDIN_OFFSET : 0;
}

static bool on_port(const struct stack *stack, const char *name)
{
	int offset = offset_of(name);

	return stack->tcp || offset == 0 || offset == STANDIN_OFFSET;
}

void stack_address(const struct stack *stack, const char *name, bool admin,
		   char out[STACK_ADDRESS_SIZE])
{
	int n;

	if (on_port(stack, name))
		n = snprintf(out, STACK_ADDRESS_SIZE, "tcp://127.0.0.1:%d",
			     stack->port + offset_of(name) + (admin ? STACK_ADMIN_OFFSET : 0));
	else
		n = snprintf(out, STACK_ADDRESS_SIZE, "ipc://%s/%s%s.sock", stack->place.run, name,
			     admin ? ".admin" : "");
	ensure(n > 0 && n < STACK_ADDRESS_SIZE);
}

static void add(struct stack *stack, const char *name)
{
	struct program *program = &stack->programs[stack->n_programs++];
	bool standin = strcmp(name, "standin") == 0;

	ensure(stack->n_programs <= STACK_PROGRAMS_MAX);
	program->name = name;
	program->user = &stack->place.user;
	tool_path(program->path, "%s/%s", stack->place.programs, name);
	tool_path(program->config, "%s/config/%s.yaml", stack->place.dir, name);
	tool_path(program->log, "%s/log/%s.log", stack->place.dir, name);
	/* The stand-in's list of models answers as soon as it serves, so it needs no admin port. */
	stack_address(stack, name, !standin, program->probe);
	program->look = standin ? "/v1/models" : "/readyz";
}

void stack_list(struct stack *stack)
{
	stack->n_programs = 0;
	if (stack->demo)
		add(stack, "standin");
	for (size_t i = 0; i < SERVICES_N; i++)
		add(stack, services[i].name);
	add(stack, "gateway"); /* last: when it is ready, so are all others */
}

void stack_ports(const struct stack *stack, int out[STACK_PORTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < stack->n_programs; i++) {
		const char *name = stack->programs[i].name;
		int port = stack->port + offset_of(name);

		if (!on_port(stack, name))
			continue;
		out[n++] = port;
		if (offset_of(name) != STANDIN_OFFSET)
			out[n++] = port + STACK_ADMIN_OFFSET;
	}
	out[n] = 0;
}

enum status stack_save(const struct stack *stack, struct error *reterr)
{
	char path[TOOL_PATH_MAX], text[64];

	tool_path(path, "%s/stack", stack->place.dir);
	snprintf(text, sizeof text, "%d %s %s\n", stack->port, stack->tcp ? "tcp" : "ipc",
		 stack->demo ? "demo" : "provider");
	return tool_write_file(path, text, 0644, reterr);
}

enum status stack_load(struct stack *stack, struct error *reterr)
{
	_cleanup_(freep) char *text = NULL;
	char path[TOOL_PATH_MAX], listen[8], answers[16];
	enum status s;

	tool_path(path, "%s/stack", stack->place.dir);
	s = tool_read_file(path, &text, reterr);
	if (s != OK)
		return s;
	if (sscanf(text, "%d %7s %15s", &stack->port, listen, answers) != 3)
		return tool_fail(reterr, "%s is not what `limitless up` writes", path);
	stack->tcp = strcmp(listen, "tcp") == 0;
	stack->demo = strcmp(answers, "demo") == 0;
	stack_list(stack);
	return OK;
}
