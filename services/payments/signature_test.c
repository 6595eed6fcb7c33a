/* The headers below were made by generateTestHeaderString of the stripe package (npm). This file is
 * part of payments' test program. */
#include "payments/payments_test.h"
#include "payments/signature.h"

#include <stdio.h>
#include <string.h>

#define BODY "{\"id\":\"evt_1\"}"
#define TIME 1795260000
#define V1 "6687cc97d0517071024a20606a75d6f23cca108d6fbb621c44fa2792143e44c6"
#define HEADER "t=1795260000,v1=" V1

static enum status check(const char *header, const char *body, const char *secret, int64_t now)
{
	const char *const secrets[] = {"whsec_older", secret, NULL};
	struct error err;

	return signature_check(header, body, strlen(body), secrets, now, 300, &err);
}

void signatures_of_stripe_are_accepted(void **state)
{
	assert_int_equal(check(HEADER, BODY, "whsec_test", TIME), OK);
	assert_int_equal(check("t=1795260000,v1="
			       "e0e05a3b5081311c96b6e64c33b68c6490d19d975a40b2475cf655dc55f617d7",
			       "", "whsec_other", TIME),
			 OK);
	assert_int_equal(
		check("t=1,v1=07701508b600f40842268aa8c9f9da42606b0510ae0347ccdaee13947d61f6f5",
		      "{\"ü\":\"\\u0000\"}", "whsec_test", 1),
		OK);
	/* While a secret is replaced Stripe signs with both; other schemes are not ours to judge.
	 */
	assert_int_equal(check("t=1795260000,v1=00,v0=" V1 ",v1=" V1, BODY, "whsec_test", TIME),
			 OK);
}

void a_signature_has_its_time(void **state)
{
	assert_int_equal(check(HEADER, BODY, "whsec_test", TIME + 300), OK);
	assert_int_equal(check(HEADER, BODY, "whsec_test", TIME - 300), OK);
	assert_int_equal(check(HEADER, BODY, "whsec_test", TIME + 301), INVALID_ARGUMENT);
	assert_int_equal(check(HEADER, BODY, "whsec_test", TIME - 301), INVALID_ARGUMENT);
}

void forged_signatures_are_refused(void **state)
{
	static const char *const headers[] = {
		"",
		"t=1795260000",
		"v1=" V1,
		"t=,v1=" V1,
		"t=x,v1=" V1,
		"t=1795260000,v0=" V1,
		"t=1795260000,t=1795260000,v1=" V1,
		"t=01795260000,v1=" V1,
		"t=1795260001,v1=" V1,
		"t=1795260000,v1=",
		"t=1795260000;v1=" V1,
		"t=-1795260000,v1=" V1,
	};

	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		if (check(headers[i], BODY, "whsec_test", TIME) == OK)
			fail_msg("accepted '%s'", headers[i]);
	assert_int_equal(check(HEADER, BODY, "whsec_wrong", TIME), INVALID_ARGUMENT);
	assert_int_equal(check(HEADER, BODY " ", "whsec_test", TIME), INVALID_ARGUMENT);
}

void every_bent_bit_is_noticed(void **state)
{
	char header[] = HEADER, body[] = BODY;

	for (size_t i = strlen("t=1795260000,v1="); i < strlen(HEADER); i++) {
		header[i] ^= 1;
		assert_int_equal(check(header, BODY, "whsec_test", TIME), INVALID_ARGUMENT);
		header[i] ^= 1;
	}
	for (size_t i = 0; i < strlen(BODY); i++) {
		body[i] ^= 1;
		assert_int_equal(check(HEADER, body, "whsec_test", TIME), INVALID_ARGUMENT);
		body[i] ^= 1;
	}
}
