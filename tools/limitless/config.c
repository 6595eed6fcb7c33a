/* Configuration files of a stack: templates with ${VARIABLES}, of deploy/local and, for what one
 * service needs, services/<s>/local.yaml. A template is YAML; a value stands in double quotes, so
 * what replaces a variable is escaped for them.
 *
 *   ${NAME} ${DIR} ${ROOT} ${PORT}   this process; folders; the gateway's port
 *   ${LISTEN} ${ADMIN}               where this process listens
 *   ${TARGETS}                       a mapping: each service, and where it listens
 *   ${DSN} ${DSN:chat_worker}        conninfo of this service's own role, or of another
 *   ${SECRET:seal}                   file: of 32 random bytes (hex), made once
 *   ${KEY}                           file: of this process's private key
 *   ${PUBLIC_KEYS}                   a mapping: the gateway and each service, and the path of its
 *                                    public key
 *   ${ENV:NAME|default}              a variable of the environment
 *   ${ENV_SECRET:NAME|OTHER}         file: with the value of the first that is set; empty: none is
 *   ${DEMO_URL}                      base of the stand-in's API; empty when it does not run
 *   ${DEMO_SECRET:name|NAME}         as ${SECRET:name} when the stand-in runs and the environment
 *                                    has no NAME, else empty
 *   ${STRIPE_URL}                    Stripe's API, or the stand-in's when it runs and there is no
 *                                    STRIPE_SECRET_KEY */
#include "tools/limitless/environment.h"
#include "tools/limitless/secrets.h"
#include "tools/limitless/stack.h"

#include "runtime/base/buf.h"

#include <stdio.h>
#include <string.h>

#define CONFIG_BYTES_MAX (256 * 1024)
#define VARIABLE_MAX 128

struct expansion {
	const struct stack *stack;
	const char *name; /* of the process */
	struct buf *out;
	struct error *reterr;
};

static void add_escaped(struct buf *out, const char *value)
{
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *value);
	}
}

/* Adds a path, in the form in which the program finds it. */
static void add_path(const struct expansion *e, const char *path)
{
	char seen[TOOL_PATH_MAX];

	user_path(&e->stack->place.user, path, seen);
	add_escaped(e->out, seen);
}

/* One line of a mapping that is the value of a key without indentation. */
static void add_line(const struct expansion *e, const char *key, const char *value)
{
	buf_addf(e->out, "\n  %s: \"", key);
	add_escaped(e->out, value);
	buf_addc(e->out, '"');
}

static void add_targets(const struct expansion *e)
{
	char address[STACK_ADDRESS_SIZE];

	for (size_t i = 0; i < SERVICES_N; i++) {
		stack_address(e->stack, services[i].name, false, address);
		add_line(e, services[i].name, address);
	}
}

static enum status add_public_key(const struct expansion *e, const char *name)
{
	char path[TOOL_PATH_MAX], seen[TOOL_PATH_MAX];
	enum status s = secret_key(&e->stack->place, name, true, path, e->reterr);

	user_path(&e->stack->place.user, path, seen);
	add_line(e, name, seen);
	return s;
}

static enum status add_public_keys(const struct expansion *e)
{
	enum status s = add_public_key(e, "gateway");

	for (size_t i = 0; s == OK && i < SERVICES_N; i++)
		s = add_public_key(e, services[i].name);
	return s;
}

/* The first of the names NAME|OTHER|… that the environment has. False: it has none. */
static bool first_given(const struct place *place, const char *names, char ret[VARIABLE_MAX])
{
	for (; *names; names += *names == '|') {
		size_t len = strcspn(names, "|");

		snprintf(ret, VARIABLE_MAX, "%.*s", (int)len, names);
		if (environment_has(ret))
			return true;
		secret_forget(place, ret);
		names += len;
	}
	return false;
}

/* Adds a variable whose value is a file: "file:" and its path. */
static enum status add_file(const struct expansion *e, const char *kind, const char *argument)
{
	const struct place *place = &e->stack->place;
	char path[TOOL_PATH_MAX], name[VARIABLE_MAX];
	const char *bar = strchrnul(argument, '|');
	enum status s;

	if (strcmp(kind, "SECRET") == 0) {
		s = secret_random(place, argument, path, e->reterr);
	} else if (strcmp(kind, "ENV_SECRET") == 0) {
		if (!first_given(place, argument, name))
			return OK;
		s = secret_given(place, name, getenv(name), path, e->reterr);
	} else if (strcmp(kind, "DEMO_SECRET") == 0) {
		if (!e->stack->demo || !*bar || environment_has(bar + 1))
			return OK;
		snprintf(name, sizeof name, "%.*s", (int)(bar - argument), argument);
		s = secret_random(place, name, path, e->reterr);
	} else {
		s = secret_key(place, argument, false, path, e->reterr);
	}
	buf_adds(e->out, "file:");
	add_path(e, path);
	return s;
}

static bool add_argument_value(const struct expansion *e, const char *kind, const char *argument)
{
	char dsn[CLUSTER_DSN_SIZE], name[VARIABLE_MAX];
	const char *given, *bar;

	if (strcmp(kind, "DSN") == 0) {
		cluster_dsn(&e->stack->cluster, CLUSTER_DATABASE, argument, dsn);
		add_escaped(e->out, dsn);
	} else if (strcmp(kind, "ENV") == 0) {
		bar = strchrnul(argument, '|');
		snprintf(name, sizeof name, "%.*s", (int)(bar - argument), argument);
		given = getenv(name);
		add_escaped(e->out, given && *given ? given : *bar ? bar + 1 : "");
	} else {
		return false;
	}
	return true;
}

static bool add_plain_value(const struct expansion *e, const char *variable)
{
	const struct stack *stack = e->stack;
	char address[STACK_ADDRESS_SIZE], role[VARIABLE_MAX], dsn[CLUSTER_DSN_SIZE];

	if (strcmp(variable, "NAME") == 0) {
		add_escaped(e->out, e->name);
	} else if (strcmp(variable, "DSN") == 0) {
		snprintf(role, sizeof role, "%s_app", e->name);
		cluster_dsn(&stack->cluster, CLUSTER_DATABASE, role, dsn);
		add_escaped(e->out, dsn);
	} else if (strcmp(variable, "TARGETS") == 0) {
		add_targets(e);
	} else if (strcmp(variable, "DIR") == 0) {
		add_path(e, stack->place.dir);
	} else if (strcmp(variable, "ROOT") == 0) {
		add_path(e, stack->place.root);
	} else if (strcmp(variable, "PORT") == 0) {
		buf_addf(e->out, "%d", stack->port);
	} else if (strcmp(variable, "LISTEN") == 0 || strcmp(variable, "ADMIN") == 0) {
		stack_address(stack, e->name, *variable == 'A', address);
		add_escaped(e->out, address);
	} else if (strcmp(variable, "DEMO_URL") == 0) {
		stack_address(stack, "standin", false, address);
		if (stack->demo)
			buf_addf(e->out, "http://%s/v1", address + strlen("tcp://"));
	} else if (strcmp(variable, "STRIPE_URL") == 0) {
		stack_address(stack, "standin", false, address);
		if (stack->demo && !environment_has("STRIPE_SECRET_KEY"))
			buf_addf(e->out, "http://%s", address + strlen("tcp://"));
		else
			buf_adds(e->out, "https://api.stripe.com");
	} else {
		return false;
	}
	return true;
}

static enum status add_variable(const struct expansion *e, const char *variable)
{
	const char *argument = strchr(variable, ':');
	char kind[VARIABLE_MAX];

	if (!argument && add_plain_value(e, variable))
		return OK;
	if (strcmp(variable, "KEY") == 0)
		return add_file(e, variable, e->name);
	if (strcmp(variable, "PUBLIC_KEYS") == 0)
		return add_public_keys(e);
	if (argument) {
		snprintf(kind, sizeof kind, "%.*s", (int)(argument - variable), variable);
		argument++;
		if (add_argument_value(e, kind, argument))
			return OK;
		if (strcmp(kind, "SECRET") == 0 || strcmp(kind, "ENV_SECRET") == 0 ||
		    strcmp(kind, "DEMO_SECRET") == 0)
			return add_file(e, kind, argument);
	}
	return tool_fail(e->reterr, "there is no variable ${%s}", variable);
}

static enum status expand(const struct expansion *e, const char *text)
{
	char variable[VARIABLE_MAX];
	const char *start, *end;

	while ((start = strstr(text, "${"))) {
		enum status s;

		end = strchr(start, '}');
		if (!end || end - start >= VARIABLE_MAX)
			return tool_fail(e->reterr, "a ${ has no }");
		buf_add(e->out, text, (size_t)(start - text));
		snprintf(variable, sizeof variable, "%.*s", (int)(end - start - 2), start + 2);
		s = add_variable(e, variable);
		if (s != OK)
			return s;
		text = end + 1;
	}
	buf_adds(e->out, text);
	return OK;
}

/* file: below the root of the sources. */
static enum status expand_file(const struct expansion *e, const char *file)
{
	_cleanup_(freep) char *text = NULL;
	char path[TOOL_PATH_MAX];
	enum status s;

	tool_path(path, "%s/%s", e->stack->place.root, file);
	s = tool_read_file(path, &text, e->reterr);
	if (s != OK)
		return s;
	s = expand(e, text);
	if (s != OK)
		error_prefix(e->reterr, "%s", file);
	return s;
}

/* Adds what all services get, and then what this one needs beyond it. */
static enum status expand_service(const struct expansion *e)
{
	char own[TOOL_PATH_MAX], path[TOOL_PATH_MAX];
	enum status s = expand_file(e, "deploy/local/service.yaml");

	tool_path(own, "services/%s/local.yaml", e->name);
	tool_path(path, "%s/%s", e->stack->place.root, own);
	return s == OK && access(path, F_OK) == 0 ? expand_file(e, own) : s;
}

static bool is_service(const char *name)
{
	for (size_t i = 0; i < SERVICES_N; i++) {
		if (strcmp(services[i].name, name) == 0)
			return true;
	}
	return false;
}

static enum status write_one(const struct stack *stack, const struct program *program,
			     struct error *reterr)
{
	_cleanup_(buf_done) struct buf out;
	const struct expansion e = {stack, program->name, &out, reterr};
	char file[TOOL_PATH_MAX];
	enum status s;

	buf_init(&out, CONFIG_BYTES_MAX);
	buf_adds(&out, "# Written at each start: override a key by LIMITLESS_<FILE>_<KEY>.\n");
	tool_path(file, "deploy/local/%s.yaml", program->name);
	s = is_service(program->name) ? expand_service(&e) : expand_file(&e, file);
	if (s == OK && out.overflow)
		s = tool_fail(reterr, "%s is too large", program->config);
	return s == OK ? tool_write_file(program->config, buf_text(&out), 0600, reterr) : s;
}

/* For tests and figures that talk to the stand-in themselves. */
static enum status write_standin_url(const struct stack *stack, struct error *reterr)
{
	char path[TOOL_PATH_MAX], address[STACK_ADDRESS_SIZE], url[STACK_ADDRESS_SIZE + 16];

	tool_path(path, "%s/standin.url", stack->place.dir);
	unlink(path);
	if (!stack->demo)
		return OK;
	stack_address(stack, "standin", false, address);
	snprintf(url, sizeof url, "http://%s\n", address + strlen("tcp://"));
	return tool_write_file(path, url, 0644, reterr);
}

static enum status give_files(const struct stack *stack, struct error *reterr)
{
	static const char *const folders[] = {"config", "secrets"};
	char path[TOOL_PATH_MAX];
	enum status s = OK;

	for (size_t i = 0; s == OK && i < ARRAY_SIZE(folders); i++) {
		tool_path(path, "%s/%s", stack->place.dir, folders[i]);
		s = user_give(&stack->place.user, path, reterr);
	}
	return s;
}

enum status stack_write_config(const struct stack *stack, struct error *reterr)
{
	enum status s = OK;

	for (size_t i = 0; s == OK && i < stack->n_programs; i++)
		s = write_one(stack, &stack->programs[i], reterr);
	if (s == OK)
		s = give_files(stack, reterr);
	return s == OK ? write_standin_url(stack, reterr) : s;
}
