/* Tests of payments, one program; each is listed in payments_test.c. */
#ifndef PAYMENTS_PAYMENTS_TEST_H
#define PAYMENTS_PAYMENTS_TEST_H

#include "runtime/base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

void signatures_of_stripe_are_accepted(void **state);
void a_signature_has_its_time(void **state);
void forged_signatures_are_refused(void **state);
void every_bent_bit_is_noticed(void **state);

#endif
