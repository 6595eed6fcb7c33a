#include "runtime/base/memory.h"

#include "runtime/base/ensure.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

/* Resident pages of files, KiB. */
static long resident_files(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[256];
	long kib = 0;

	ensure(status);
	while (fgets(line, sizeof line, status))
		if (strncmp(line, "RssFile:", 8) == 0)
			kib = strtol(line + 8, NULL, 10);
	fclose(status);
	return kib;
}

static void what_started_it_leaves_and_may_come_back(void **state)
{
	uint8_t before[EVP_MAX_MD_SIZE], after[EVP_MAX_MD_SIZE];
	long kib;

	assert_int_equal(EVP_Digest("a", 1, before, NULL, EVP_sha256(), NULL), 1);
	kib = resident_files();
	memory_trim_start();
	assert_true(resident_files() < kib / 2);
	assert_int_equal(EVP_Digest("a", 1, after, NULL, EVP_sha256(), NULL), 1);
	assert_memory_equal(before, after, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_started_it_leaves_and_may_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
