/* Whether a DIR is a demo or real, for good. In a demo a stand-in answers and sells credits for
 * nothing; were they good for a provider's answers later, its owner would pay for them. The other
 * way a stand-in's answers would cost credits that somebody paid for. DIR/mode remembers. */
#ifndef TOOLS_LIMITLESS_MODE_H
#define TOOLS_LIMITLESS_MODE_H

#include "tools/limitless/stack.h"

/* From the environment: who answers, and what money buys. The providers are those of chat's
 * template: one answers when a variable of the template is set. Sets stack->demo and stack->money.
 * errors: those of reading the template. */
_must_check_ enum status mode_choose(struct stack *stack, struct error *reterr);

/* errors: FAILED_PRECONDITION with what to do: the mode is another one than DIR's, or makes no
 * sense. */
_must_check_ enum status mode_check(const struct stack *stack, struct error *reterr);

/* Once the stack can have users. */
_must_check_ enum status mode_remember(const struct stack *stack, struct error *reterr);

#endif
