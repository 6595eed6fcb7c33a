/* The namespaces of derived ids: ids in databases derive from them, so they are these for ever. */
#include "credits_test.h"

#include "runtime/base/cleanup.h"

static const struct {
	const struct uuid *made; /* of credits.proto */
	const char *word;
} kinds[] = {
	{&CREDITS_V1_ID_HOLD, "hold"},         {&CREDITS_V1_ID_SETTLE, "settle"},
	{&CREDITS_V1_ID_VOID, "void"},         {&CREDITS_V1_ID_GIFT, "gift"},
	{&CREDITS_V1_ID_ACCOUNT, "account"},   {&CREDITS_V1_ID_EXPIRE, "expire"},
	{&CREDITS_V1_ID_PURCHASE, "purchase"}, {&CREDITS_V1_ID_REFUND, "refund"},
	{&CREDITS_V1_ID_DISPUTE, "dispute"},   {&CREDITS_V1_ID_LOSS, "loss"},
	{&CREDITS_V1_ID_OVERAGE, "overage"},   {&CREDITS_V1_ID_ADJUSTMENT, "adjustment"},
	{&CREDITS_V1_ID_REVERSAL, "reversal"}, {&CREDITS_V1_ID_VOUCHER, "voucher"},
	{&CREDITS_V1_ID_BUDGET, "budget"},     {&CREDITS_V1_ID_PLAN, "plan"},
	{&CREDITS_V1_ID_GRANT, "grant"},       {&CREDITS_V1_ID_ALERT, "alert"},
};

static void a_namespace_follows_from_its_word(void **state)
{
	/* uuidv5(DNS, "limitless.chat") */
	static const struct uuid dns = {{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4,
					 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}};
	char text[UUID_SIZE], made[UUID_SIZE];
	struct uuid root;

	uuid_v5(&dns, "limitless.chat", text);
	assert_true(uuid_parse(text, strlen(text), &root));
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		uuid_v5(&root, kinds[i].word, text);
		uuid_format(kinds[i].made, made);
		assert_string_equal(made, text);
	}
	/* 0 is none of them. */
	assert_int_equal(credits__v1__derived_id__descriptor.n_values, ARRAY_SIZE(kinds) + 1);
}

int ids_tests(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_namespace_follows_from_its_word)};

	return cmocka_run_group_tests_name("ids", tests, NULL, NULL);
}
