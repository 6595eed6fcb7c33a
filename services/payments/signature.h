/* Signatures of Stripe's webhooks (docs.stripe.com/webhooks, stripe-node's Webhooks.ts). */
#ifndef PAYMENTS_SIGNATURE_H
#define PAYMENTS_SIGNATURE_H

#include "runtime/base/status.h"
#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_HEADER_MAX 4096 /* bytes */

/* Checks a Stripe-Signature header "t=<seconds>,v1=<hex>[,v1=<hex>…]" against the raw body. One of
 * its v1 signatures must be HMAC-SHA256 of "<t>.<body>" by one of the secrets (NULL-terminated;
 * several while one is replaced). t must be within the tolerance of now, both ways. Other schemes
 * are ignored. Errors: INVALID_ARGUMENT signature_invalid, the same words for every cause but
 * time. */
_must_check_ enum status signature_check(const char *header, const void *body, size_t body_len,
					 const char *const *secrets, int64_t now_seconds,
					 int64_t tolerance_seconds, struct error *reterr);

#endif
