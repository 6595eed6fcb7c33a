/* Whether a DIR is a demo or real, for good; DIR/mode remembers. In a demo a stand-in answers, and
 * credits cost nothing. If such credits could buy a provider's answers later, the owner of the key
 * would pay for them. The reverse is as bad: credits that cost money would buy a stand-in's
 * answers. */
#ifndef TOOLS_LIMITLESS_MODE_H
#define TOOLS_LIMITLESS_MODE_H

#include "tools/limitless/stack.h"

/* From the environment: who answers, and what money buys. The providers are those of chat's
 * template: one answers when a variable of the template is set. Sets stack->demo and stack->money.
 * errors: those of reading the template. */
_must_check_ enum status mode_choose(struct stack *stack, struct error *reterr);

/* errors: FAILED_PRECONDITION when the mode is not that of DIR, or makes no sense. The message says
 * what to do. */
_must_check_ enum status mode_check(const struct stack *stack, struct error *reterr);

/* Writes DIR/mode, as soon as the stack can have users. */
_must_check_ enum status mode_remember(const struct stack *stack, struct error *reterr);

#endif
