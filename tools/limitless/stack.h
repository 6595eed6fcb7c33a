/* One stack: its processes, their addresses and their configuration. */
#ifndef TOOLS_LIMITLESS_STACK_H
#define TOOLS_LIMITLESS_STACK_H

#include "limitless/services.h"
#include "tools/limitless/cluster.h"
#include "tools/limitless/place.h"
#include "tools/limitless/program.h"

#define STACK_PROGRAMS_MAX (SERVICES_N + 2) /* the stand-in and the gateway */
#define STACK_ADMIN_OFFSET 1000
/* The largest port of a gateway: those of the other programs are above it. */
#define STACK_PORT_MAX (65535 - STACK_ADMIN_OFFSET - SERVICES_N)

/* The kind of money that buys credits. */
enum money {
	MONEY_NONE, /* nothing is sold */
	MONEY_PLAY, /* a stand-in for Stripe, or a test key */
	MONEY_LIVE,
};

struct stack {
	struct place place;
	struct cluster cluster;
	int port;
	bool tcp;                     /* services listen on ports, else on sockets in place.run */
	bool demo;                    /* no provider's key is given: the stand-in answers */
	char provider_variables[256]; /* those that give one, for people */
	enum money money;
	struct program programs[STACK_PROGRAMS_MAX]; /* in the order of their start */
	size_t n_programs;
};

/* Fills in the programs; place and port are set. */
void stack_list(struct stack *stack);

/* Where a program listens: tcp://127.0.0.1:8081 or ipc:///path. */
#define STACK_ADDRESS_SIZE 128
void stack_address(const struct stack *stack, const char *name, bool admin,
		   char out[STACK_ADDRESS_SIZE]);

/* Ports that must be free, 0-terminated; out has room for all. */
#define STACK_PORTS_MAX (2 * STACK_PROGRAMS_MAX)
void stack_ports(const struct stack *stack, int out[STACK_PORTS_MAX]);

/* Write and read DIR/stack, for commands that must know how `up` was called. load: place is set. */
_must_check_ enum status stack_save(const struct stack *stack, struct error *reterr);
_must_check_ enum status stack_load(struct stack *stack, struct error *reterr);

/* Writes DIR/config/<program>.yaml from the templates (config.c). errors: FAILED_PRECONDITION with
 * file and variable. */
_must_check_ enum status stack_write_config(const struct stack *stack, struct error *reterr);

#endif
