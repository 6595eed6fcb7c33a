#include "tools/limitless/mode.h"
#include "tools/limitless/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEMPLATE "services/chat/local.yaml"
#define VARIABLE "${ENV" /* ${ENV:NAME|default} or ${ENV_SECRET:NAME|OTHER} */
#define NAME_SIZE 64

static const char *const money_names[] = {"none", "play", "live"};

static bool is_live(const char *key)
{
	return strncmp(key, "sk_live_", 8) == 0 || strncmp(key, "rk_live_", 8) == 0;
}

/* Notes a variable that brings a provider. False: there is no room. */
static bool note_variable(struct stack *stack, const char *name)
{
	char *out = stack->provider_variables;
	size_t n = strlen(out), room = sizeof stack->provider_variables - n;

	if (environment_has(name))
		stack->demo = false;
	return (size_t)snprintf(out + n, room, "%s%s", n > 0 ? " or " : "", name) < room;
}

/* Sets stack->demo and stack->provider_variables. */
static enum status find_providers(struct stack *stack, struct error *reterr)
{
	_cleanup_(freep) char *text = NULL;
	char path[TOOL_PATH_MAX], name[NAME_SIZE];
	enum status s;

	tool_path(path, "%s/" TEMPLATE, stack->place.root);
	s = tool_read_file(path, &text, reterr);
	stack->demo = true;
	stack->provider_variables[0] = '\0';
	for (const char *at = text; s == OK && (at = strstr(at, VARIABLE)); at++) {
		bool secret = strncmp(at + strlen(VARIABLE), "_SECRET", 7) == 0;
		const char *names = at + strcspn(at, ":}");

		do { /* behind the | of another variable stands its default */
			names += strspn(names, ":|");
			snprintf(name, sizeof name, "%.*s", (int)strcspn(names, "|}"), names);
			if (!note_variable(stack, name))
				return tool_fail(reterr, TEMPLATE " has too many variables");
			names += strcspn(names, "|}");
		} while (secret && *names == '|');
	}
	return s;
}

enum status mode_choose(struct stack *stack, struct error *reterr)
{
	enum status s = find_providers(stack, reterr);

	if (s != OK)
		return s;
	if (environment_has("STRIPE_SECRET_KEY"))
		stack->money = is_live(getenv("STRIPE_SECRET_KEY")) ? MONEY_LIVE : MONEY_PLAY;
	else
		stack->money = stack->demo ? MONEY_PLAY : MONEY_NONE;
	return OK;
}

/* Reads the mode of DIR. False: it has no users yet. A DIR of an older version has its mode in
 * DIR/stack only. */
static bool recall(const struct stack *stack, bool *ret_demo, enum money *ret_money)
{
	_cleanup_(freep) char *text = NULL;
	char path[TOOL_PATH_MAX], answers[16], money[16];
	struct stack older = {.place = stack->place};
	struct error err;

	tool_path(path, "%s/mode", stack->place.dir);
	if (tool_read_file(path, &text, &err) == OK &&
	    sscanf(text, "%15s %15s", answers, money) == 2) {
		*ret_demo = strcmp(answers, "demo") == 0;
		*ret_money = MONEY_NONE;
		for (size_t i = 0; i < ARRAY_SIZE(money_names); i++)
			if (strcmp(money, money_names[i]) == 0)
				*ret_money = (enum money)i;
		return true;
	}
	tool_path(path, "%s/PG_VERSION", stack->cluster.data_dir);
	if (access(path, F_OK) != 0 || stack_load(&older, &err) != OK)
		return false;
	*ret_demo = older.demo;
	*ret_money = older.demo ? MONEY_PLAY : MONEY_NONE;
	return true;
}

static enum status refuse_answers(const struct stack *stack, struct error *reterr)
{
	if (stack->demo)
		return tool_fail(reterr,
				 "%s has a provider, and answers of a stand-in would cost its "
				 "users real credits: set %s, or choose another DIR for a demo",
				 stack->place.dir, stack->provider_variables);
	return tool_fail(
		reterr,
		"%s is a demo, and its credits, bought with play money, would pay for a "
		"provider's answers: choose another DIR, or go on with the demo without %s",
		stack->place.dir, stack->provider_variables);
}

static enum status refuse_money(const struct stack *stack, struct error *reterr)
{
	if (stack->money == MONEY_LIVE)
		return tool_fail(reterr,
				 "%s has sold credits for play money, with a test key of Stripe, "
				 "and STRIPE_SECRET_KEY is a live one: choose another DIR for real "
				 "customers",
				 stack->place.dir);
	return tool_fail(reterr,
			 "%s has sold credits for real money, and STRIPE_SECRET_KEY is a test key, "
			 "with which anybody buys for nothing: set the live one, or choose another "
			 "DIR for tests",
			 stack->place.dir);
}

enum status mode_check(const struct stack *stack, struct error *reterr)
{
	enum money money;
	bool demo;

	if (stack->demo && stack->money == MONEY_LIVE)
		return tool_fail(reterr,
				 "STRIPE_SECRET_KEY is a live key, and nobody would answer those "
				 "who pay but a stand-in: set %s too, or use a test key",
				 stack->provider_variables);
	if (!recall(stack, &demo, &money))
		return OK;
	if (demo != stack->demo)
		return refuse_answers(stack, reterr);
	if (money != MONEY_NONE && stack->money != MONEY_NONE && money != stack->money)
		return refuse_money(stack, reterr);
	return OK;
}

enum status mode_remember(const struct stack *stack, struct error *reterr)
{
	char path[TOOL_PATH_MAX], text[32];
	enum money money = MONEY_NONE;
	bool demo;

	/* Without a key today, DIR still has the credits that were bought before. */
	if (!recall(stack, &demo, &money) || stack->money != MONEY_NONE)
		money = stack->money;
	tool_path(path, "%s/mode", stack->place.dir);
	snprintf(text, sizeof text, "%s %s\n", stack->demo ? "demo" : "provider",
		 money_names[money]);
	return tool_write_file(path, text, 0644, reterr);
}
