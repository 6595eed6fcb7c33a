/* Events reach the pages of their user, on every replica, once and in order. */
#include "../chat_test.h"

#include "events/v1/rpc.h"

#include <unistd.h>

#define EVENTS_KEPT 64
#define STREAMS 20 /* events.streams_per_user */

/* An open page. */
struct page {
	pthread_mutex_t lock; /* of all that follows */
	struct rpc_client_call *call;
	int64_t cursors[EVENTS_KEPT];
	char types[EVENTS_KEPT][64], payloads[EVENTS_KEPT][256];
	int n;
	bool ready, ended;
	enum status status;
	char reason[64];
};

static bool on_message(_unused_ struct rpc_client_call *call, const ProtobufCMessage *message,
		       void *ctx)
{
	const Events__V1__Event *event = (const Events__V1__Event *)message;
	struct page *page = ctx;

	pthread_mutex_lock(&page->lock);
	if (strcmp(event->type, "ready") == 0) {
		page->ready = true;
	} else if (page->n < EVENTS_KEPT) {
		page->cursors[page->n] = strtoll(event->cursor, NULL, 10);
		snprintf(page->types[page->n], 64, "%s", event->type);
		snprintf(page->payloads[page->n], 256, "%.*s", (int)event->payload.len,
			 (const char *)event->payload.data);
		page->n++;
	}
	pthread_mutex_unlock(&page->lock);
	return true;
}

static void on_end(_unused_ struct rpc_client_call *call, enum status status,
		   const struct error *err, void *ctx)
{
	struct page *page = ctx;

	pthread_mutex_lock(&page->lock);
	page->ended = true;
	page->status = status;
	if (status != OK)
		snprintf(page->reason, sizeof page->reason, "%s", err->reason);
	pthread_mutex_unlock(&page->lock);
}

static const struct rpc_client_hooks hooks = {.on_message = on_message, .on_end = on_end};

static bool is_ready(struct page *page)
{
	bool ready;

	pthread_mutex_lock(&page->lock);
	ready = page->ready || page->ended;
	pthread_mutex_unlock(&page->lock);
	return ready;
}

static bool has_ended(struct page *page)
{
	bool ended;

	pthread_mutex_lock(&page->lock);
	ended = page->ended;
	pthread_mutex_unlock(&page->lock);
	return ended;
}

static int count(struct page *page)
{
	int n;

	pthread_mutex_lock(&page->lock);
	n = page->n;
	pthread_mutex_unlock(&page->lock);
	return n;
}

/* Opens a page of stage->as, and waits until it is told that nothing is missed. */
static struct page *open_page(struct stage *stage, const char *cursor)
{
	struct page *page = calloc(1, sizeof *page);
	Events__V1__SubscribeRequest req = EVENTS__V1__SUBSCRIBE_REQUEST__INIT;
	struct rpc_call_options options = *stage_options(stage);

	ensure(page);
	options.timeout_ms = 0;
	pthread_mutex_init(&page->lock, NULL);
	req.cursor = (char *)cursor;
	page->call = events_v1_subscribe_open(stage_channel(stage), &options, &req, &hooks, page);
	eventually(is_ready(page));
	return page;
}

static void close_page(struct page *page)
{
	if (!has_ended(page))
		rpc_client_cancel(page->call);
	eventually(has_ended(page));
	pthread_mutex_destroy(&page->lock);
	free(page);
}

static int64_t publish(struct stage *stage, const char *id, const char *payload)
{
	Events__V1__PublishRequest req = EVENTS__V1__PUBLISH_REQUEST__INIT;
	Events__V1__PublishResponse *resp;

	req.id = (char *)id;
	req.user_id = stage->user;
	req.type = "budget.alert";
	req.payload = (ProtobufCBinaryData){strlen(payload), (uint8_t *)payload};
	stage_ok(stage, events_v1_publish, &req, &resp);
	return resp->sequence;
}

static void a_background_answer_tells_its_user(void **state)
{
	struct stage *stage = *state;
	Chat__V1__GenerateRequest req = CHAT__V1__GENERATE_REQUEST__INIT;
	Chat__V1__Generation *generation;
	struct page *here, *there, *others;
	char expected[256];

	here = open_page(stage, "");
	stage->replica = CHAT_B;
	there = open_page(stage, "");
	stage->as = stage->other;
	others = open_page(stage, "");
	stage->as = stage->user;
	stage->replica = CHAT_A;
	req.chat = stage_new_chat(stage, FREE);
	req.text = "[[say:told]]";
	req.mode = CHAT__V1__MODE__BACKGROUND;
	stage_ok(stage, chat_v1_start_generation, &req, &generation);
	eventually(count(here) == 1 && count(there) == 1);
	assert_string_equal(here->types[0], "generation.ended");
	snprintf(expected, sizeof expected,
		 "{\"chat\":\"%s\",\"generation\":\"%s\",\"state\":\"DONE\"}", req.chat,
		 generation->id);
	assert_string_equal(here->payloads[0], expected);
	assert_string_equal(there->payloads[0], expected);
	assert_int_equal(count(others), 0);
	close_page(here);
	close_page(there);
	close_page(others);
}

/* Many writers at once: whoever comes back with any cursor gets the rest, each once, in order. */
struct writer {
	pthread_t thread;
	struct stage stage;
	int n;
};

static void *write_events(void *ctx)
{
	struct writer *writer = ctx;
	char id[UUID_SIZE];

	for (int i = 0; i < writer->n; i++) {
		uuid_v7(id);
		publish(&writer->stage, id, "{}");
	}
	return NULL;
}

static void a_page_that_comes_back_gets_what_it_missed(void **state)
{
	struct stage *stage = *state;
	struct page *page = open_page(stage, "");
	struct writer writers[4];
	char cursor[24];

	for (int i = 0; i < 4; i++) {
		writers[i].stage = *stage;
		writers[i].stage.replica = i % 2 ? CHAT_A : CHAT_B;
		writers[i].stage.arena = arena_new(4096, 1 << 20);
		writers[i].n = 10;
		pthread_create(&writers[i].thread, NULL, write_events, &writers[i]);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(writers[i].thread, NULL);
		arena_free(writers[i].stage.arena);
	}
	eventually(count(page) == 40);
	for (int i = 0; i < 40; i++) {
		struct page *back;

		assert_true(i == 0 || page->cursors[i] > page->cursors[i - 1]);
		if (i % 13)
			continue;
		snprintf(cursor, sizeof cursor, "%lld", (long long)page->cursors[i]);
		stage->replica = i % 2 ? CHAT_A : CHAT_B;
		back = open_page(stage, cursor);
		assert_int_equal(count(back), 39 - i);
		for (int j = 0; j < 39 - i; j++)
			assert_int_equal(back->cursors[j], page->cursors[i + 1 + j]);
		close_page(back);
	}
	close_page(page);
}

static void a_repeat_is_one_event(void **state)
{
	struct stage *stage = *state;
	struct page *page = open_page(stage, "");
	char id[UUID_SIZE], next[UUID_SIZE];
	int64_t first;

	uuid_v7(id);
	uuid_v7(next);
	first = publish(stage, id, "{\"percent\":80}");
	assert_int_equal(publish(stage, id, "{\"percent\":80}"), first);
	stage->replica = CHAT_B;
	assert_int_equal(publish(stage, id, "{\"percent\":80}"), first);
	assert_true(publish(stage, next, "{\"percent\":95}") > first);
	eventually(count(page) == 2);
	assert_string_equal(page->payloads[0], "{\"percent\":80}");
	assert_string_equal(page->payloads[1], "{\"percent\":95}");
	close_page(page);
}

/* Spends so much of a budget of the user. */
static void spend(struct stage *stage, char *budget, int64_t amount)
{
	Credits__V1__HoldRequest hold = CREDITS__V1__HOLD_REQUEST__INIT;
	Credits__V1__HoldResponse *held;
	Credits__V1__SettleRequest settle = CREDITS__V1__SETTLE_REQUEST__INIT;
	Credits__V1__SettleResponse *settled;
	Google__Protobuf__Timestamp expire = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
	char hold_id[UUID_SIZE], settle_id[UUID_SIZE];

	uuid_v7(hold_id);
	uuid_v7(settle_id);
	expire.seconds = clock_wall_us() / US_PER_S + 600;
	hold.hold_id = hold_id;
	hold.user_id = stage->user;
	hold.amount_microcredits = amount;
	hold.expire_time = &expire;
	hold.model = "m";
	hold.budget_ids = &budget;
	hold.n_budget_ids = 1;
	settle.settle_id = settle_id;
	settle.hold_id = hold_id;
	settle.amount_microcredits = amount;
	settle.price_version = "v";
	if (credits_v1_hold_call(stage_credits(), stage_options(stage), &hold, stage->arena, &held,
				 &stage->err) != OK ||
	    credits_v1_settle_call(stage_credits(), stage_options(stage), &settle, stage->arena,
				   &settled, &stage->err) != OK)
		fail_msg("%s: %s", stage->err.reason, stage->err.message);
}

static void a_budget_that_is_nearly_used_tells_its_user(void **state)
{
	struct stage *stage = *state;
	Credits__V1__SetUserBudgetRequest req = CREDITS__V1__SET_USER_BUDGET_REQUEST__INIT;
	Credits__V1__SetBudgetRequest terms = CREDITS__V1__SET_BUDGET_REQUEST__INIT;
	Google__Protobuf__Int64Value limit = GOOGLE__PROTOBUF__INT64_VALUE__INIT;
	Credits__V1__Budget *budget;
	struct page *page = open_page(stage, "");
	char id[UUID_SIZE], expected[256];

	uuid_v7(id);
	limit.value = 10 * CREDIT;
	req.user_id = stage->user;
	req.budget = &terms;
	terms.budget = id;
	terms.kind = CREDITS__V1__BUDGET__KIND__API_KEY;
	terms.period = CREDITS__V1__BUDGET__PERIOD__MONTH;
	terms.display_name = "lap\"top";
	terms.limit_microcredits = &limit;
	if (credits_v1_set_user_budget_call(stage_credits(), stage_options(stage), &req,
					    stage->arena, &budget, &stage->err) != OK)
		fail_msg("%s: %s", stage->err.reason, stage->err.message);
	spend(stage, id, 4 * CREDIT);
	spend(stage, id, 4 * CREDIT); /* 50 and 80 % at once */
	eventually(count(page) == 2);
	spend(stage, id, CREDIT);
	spend(stage, id, CREDIT);
	eventually(count(page) == 4);
	for (int i = 0; i < 4; i++) {
		static const int percents[] = {50, 80, 95, 100};

		snprintf(expected, sizeof expected,
			 "{\"subject\":\"%s\",\"displayName\":\"lap\\\"top\",\"percent\":%d}", id,
			 percents[i]);
		assert_string_equal(page->types[i], "budget.alert");
		assert_string_equal(page->payloads[i], expected);
	}
	assert_string_equal(
		pg_value("SELECT count(*) FROM credits.alert WHERE publish_time IS NULL"), "0");
	close_page(page);
}

static void bad_events_are_refused(void **state)
{
	static const struct {
		const char *type, *payload, *field;
	} rows[] = {
		{"", "{}", "type"},
		{"a.type.that.is.longer.than.sixty.characters.and.so.it.is.refused", "{}", "type"},
		{"a", "", "payload"},
		{"a", "[]", "payload"},
		{"a", "{", "payload"},
		{"a", "{\"a\":1,\"a\":2}", "payload"},
	};
	struct stage *stage = *state;
	Events__V1__PublishRequest req = EVENTS__V1__PUBLISH_REQUEST__INIT;
	Events__V1__PublishResponse *resp;
	char id[UUID_SIZE];

	uuid_v7(id);
	req.id = id;
	req.user_id = stage->user;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		req.type = (char *)rows[i].type;
		req.payload =
			(ProtobufCBinaryData){strlen(rows[i].payload), (uint8_t *)rows[i].payload};
		stage_fails(stage, events_v1_publish, &req, &resp, INVALID_ARGUMENT,
			    "field_invalid");
		assert_string_equal(stage->err.field, rows[i].field);
	}
}

static void bad_cursors_are_refused(void **state)
{
	static const char *const cursors[] = {"x", "-1", "1.2", "99999999999999999999"};
	struct stage *stage = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cursors); i++) {
		struct page *page = open_page(stage, cursors[i]);

		assert_int_equal(page->status, INVALID_ARGUMENT);
		assert_string_equal(page->reason, "cursor_invalid");
		close_page(page);
	}
}

static void a_user_has_so_many_streams(void **state)
{
	struct stage *stage = *state;
	struct page *pages[STREAMS], *more;

	for (int i = 0; i < STREAMS; i++)
		pages[i] = open_page(stage, "");
	more = open_page(stage, "");
	assert_int_equal(more->status, RESOURCE_EXHAUSTED);
	assert_string_equal(more->reason, "streams_full");
	close_page(more);
	close_page(pages[0]);
	stage->as = stage->other;
	more = open_page(stage, "");
	assert_false(has_ended(more));
	close_page(more);
	stage->as = stage->user;
	pages[0] = open_page(stage, "");
	assert_false(has_ended(pages[0]));
	for (int i = 0; i < STREAMS; i++)
		close_page(pages[i]);
}

int events_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_background_answer_tells_its_user),
		TEST(a_page_that_comes_back_gets_what_it_missed),
		TEST(a_repeat_is_one_event),
		TEST(a_budget_that_is_nearly_used_tells_its_user),
		TEST(bad_events_are_refused),
		TEST(bad_cursors_are_refused),
		TEST(a_user_has_so_many_streams),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
