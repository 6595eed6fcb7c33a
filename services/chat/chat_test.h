/* The stage of the tests of chat: real processes (replicas of chat, credits, the stand-in provider)
 * on a real PostgreSQL, and short calls of every method. */
#ifndef CHAT_CHAT_TEST_H
#define CHAT_CHAT_TEST_H

#include "chat/v1/rpc.h"
#include "credits/v1/rpc.h"
#include "runtime/base/buf.h"
#include "runtime/base/clock.h"
#include "runtime/base/ensure.h"
#include "tests/lib/pg.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
/* after the four that it needs */
#include <cmocka.h>

#define WAIT_US (120 * US_PER_S) /* longer than anything takes on a machine under load */
#define CREDIT 1000000LL         /* micro-credits */
#define GIFT (100 * CREDIT)
#define NOBODY "0190a000-0000-7000-8000-00000000000a" /* id of nothing */

/* Models of the tests' catalogue. */
#define PLAIN "plain"     /* 2 credits a message */
#define METERED "metered" /* 1 a message, 1 for 1,000 tokens in, 5 for 1,000 out */
#define FREE "free"
#define DEAR "dear"       /* more than the gift */
#define NARROW "narrow"   /* a window of 1,024 tokens, answers of 256 */
#define SINGLE "single"   /* from one provider with one key */
#define ENDLESS "endless" /* free; answers longer than one may be */
#define PICKY "picky"     /* free; used by one test, which makes it learn */
#define SPARE "spare"     /* as KEYED; no other test makes its keys rest */
#define NEWER "newer"     /* free; the catalogue says which parameters it does not take */
#define BACKED "backed"   /* 7 a message; falls back to narrow, then to plain */
#define RENTED "rented"   /* from a provider whose keys administrators add */
#define VECTORS "vectors" /* embeddings of up to 3,072 numbers; a tenth of a credit a token */
#define KEYED "keyed"     /* from a provider with two keys, then from the demo */

#define STANDIN_TOKEN "token-of-these-tests" /* of its own routes */

/* Only CHAT_A loses patience with a silent provider. Tests of many replicas start CHAT_C and CHAT_D;
 * these wait as long between rounds as production does. */
enum process_name { STANDIN, CREDITS, CHAT_A, CHAT_B, CHAT_C, CHAT_D, N_PROCESSES };

/* One test: users of its own, an arena for all answers. */
struct stage {
	char user[UUID_SIZE], other[UUID_SIZE];
	struct arena *arena;
	enum process_name replica; /* that the next calls go to */
	const char *as;            /* subject of the next calls */
	bool admin;                /* … who is an administrator */
	char key[64];              /* Idempotency-Key of the next calls; "": none */
	struct rpc_context ctx;    /* of the last options */
	struct rpc_call_options options;
	struct error err; /* of the last call that failed */
};

int stage_group_set_up(void **state);
int stage_set_up(void **state);
/* Waits for the ledger to settle and checks it. */
int stage_tear_down(void **state);
/* Ends all processes; the number of them that ended badly (leaks say so, too). */
int stage_stop(void);

#define TEST(name) cmocka_unit_test_setup_teardown(name, stage_set_up, stage_tear_down)

/* One group of tests a file; each returns the number of failures. */
int conversation_tests(void);
int change_tests(void);
int draft_tests(void);
int project_tests(void);
int project_prompt_tests(void);
int template_tests(void);
int message_tests(void);
int share_tests(void);
int words_tests(void);
int search_tests(void);
int context_tests(void);
int stream_tests(void);
int request_tests(void);
int fault_tests(void);
int body_tests(void);
int charge_tests(void);
int groups_tests(void);
int end_tests(void);
int crash_tests(void);
int call_tests(void);
int repeat_tests(void);
int call_crash_tests(void);
int item_tests(void);
int exchange_tests(void);
int queue_tests(void);
int storm_tests(void);
int events_tests(void);
int crew_tests(void);
int moves_tests(void);
int way_tests(void);
int limit_tests(void);
int forward_tests(void);
int catalogue_tests(void);
int price_tests(void);
int usage_price_tests(void);
int log_tests(void);
int provider_tests(void);
int provider_list_tests(void);
int verdict_tests(void);
int turns_tests(void);
int answer_tests(void);
int tokens_tests(void);
int learn_tests(void);
int title_tests(void);
int list_price_tests(void);
int usage_tests(void);
int adapter_tests(void);
int adapter_request_tests(void);
int wire_tests(void);
int key_tests(void);
int minute_tests(void);
int chat_completions_tests(void);
int messages_tests(void);
int responses_tests(void);
int embeddings_tests(void);
int api_limits_tests(void);
int round_trip_tests(void);
int api_models_tests(void);
int import_reader_tests(void);
int import_tests(void);
int import_fixtures_tests(void);
int import_hostile_tests(void);

/* process.c: by their names. */
void process_start(enum process_name name);
void process_kill(enum process_name name, int signal_number);
/* Ends it with SIGTERM; its exit status. */
int process_stop(enum process_name name);
const char *process_url(enum process_name name);
const char *process_directory(void);
/* The catalogue, with this price in credits for PLAIN; a replica reads it at SIGHUP. */
void process_write_models(const char *plain_price);
/* The table of list prices, where 1 USD is 100 credits; as above. */
void process_write_list(const char *rows);
/* Further items of `providers` and of the catalogue, as YAML. "": none. A replica reads them at
 * SIGHUP. */
void process_write_more(const char *providers, const char *models);
int process_standin_port(void);
/* Whether its log has these words. */
bool process_said(enum process_name name, const char *words);

struct rpc_channel *stage_channel(const struct stage *stage);
struct rpc_channel *stage_credits(void);
const struct rpc_call_options *stage_options(struct stage *stage);

/* stage_ok(stage, chat_v1_get_chat, &req, &resp): the call must succeed. */
#define stage_call(stage, method, req, resp)                                                 \
	method##_call(stage_channel(stage), stage_options(stage), req, (stage)->arena, resp, \
		      &(stage)->err)
#define stage_ok(stage, method, req, resp)                                                         \
	do {                                                                                       \
		if (stage_call(stage, method, req, resp) != OK)                                    \
			fail_msg("%s: %s %s", #method, (stage)->err.reason, (stage)->err.message); \
	} while (0)
/* The call must fail so. */
#define stage_fails(stage, method, req, resp, status_, reason_)                  \
	do {                                                                     \
		assert_int_equal(stage_call(stage, method, req, resp), status_); \
		assert_string_equal((stage)->err.reason, reason_);               \
	} while (0)

char *stage_new_chat(struct stage *stage, const char *model);
Chat__V1__ListMessagesResponse *stage_messages(struct stage *stage, const char *chat);
Chat__V1__Generation *stage_generation(struct stage *stage, const char *id);
void stage_balance(struct stage *stage, int64_t *ret_available, int64_t *ret_held);
/* Waits until nothing is held and this is left. */
void stage_expect_balance(struct stage *stage, int64_t available);
/* Requests that the stand-in saw whose last message has these words. */
int stage_requests(const char *words);
/* The number that a command makes of the stand-in's log. */
int stage_ask_log(const char *filter);
/* … and whose system text begins so. */
int stage_system_requests(const char *prompt, const char *system);
/* Signed thoughts that came with the only request whose last message begins with these words. */
int stage_request_blocks(const char *words);

/* Repeats the condition until it holds; fails the test after WAIT_US. */
#define eventually(condition)                                                                 \
	do {                                                                                  \
		int64_t end_us_ = clock_mono_us() + WAIT_US;                                  \
		while (!(condition)) {                                                        \
			if (clock_mono_us() > end_us_)                                        \
				fail_msg("%s:%d: never: %s", __FILE__, __LINE__, #condition); \
			usleep(5000);                                                         \
		}                                                                             \
	} while (0)

/* ---------------------------------------------------------------- one stream of events */

#define EVENTS_MAX 131072

struct reader {
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed;
	struct rpc_client_call *call; /* NULL: it ended */
	bool paused;                  /* takes no more events until it is resumed */
	struct buf text, reasoning;   /* since the last reset */
	struct buf items;             /* the same, one on each line */
	size_t n_events, n_resets, n_waits;
	int64_t waits_s;              /* the last of them ends then, since 1970 */
	char cursors[EVENTS_MAX][24]; /* of each event */
	size_t text_at[EVENTS_MAX];   /* bytes of text after it */
	size_t items_at[EVENTS_MAX];  /* … and of items */
	size_t n_items;               /* since the last reset */
	bool accepted, done, failed;
	char generation[UUID_SIZE], chat[UUID_SIZE], user_message[UUID_SIZE];
	char assistant_message[UUID_SIZE];
	char *done_text;
	Chat__V1__StopReason stop_reason;
	int64_t cost;
	int32_t prompt_tokens, completion_tokens;
	char reason[64]; /* of the error event */
	int32_t http;    /* its status */
	bool ended;
	enum status status;
	struct error err;
};

struct reader *reader_generate(struct stage *stage, const char *chat, const char *text);
struct reader *reader_request(struct stage *stage, const Chat__V1__GenerateRequest *req);
struct reader *reader_watch(struct stage *stage, const char *generation, const char *cursor);
struct reader *reader_forward(struct stage *stage, const Chat__V1__ForwardWatchRequest *req);
void reader_free(struct reader *reader);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct reader *, reader_free);
/* The caller hangs up. */
void reader_leave(struct reader *reader);
void reader_pause(struct reader *reader);
void reader_resume(struct reader *reader);
/* Fail the test after WAIT_US. */
void reader_wait_accepted(struct reader *reader);
void reader_wait_text(struct reader *reader, size_t bytes);
void reader_wait_events(struct reader *reader, size_t n);
void reader_wait_items(struct reader *reader, size_t n);
void reader_wait_end(struct reader *reader);
const char *reader_text(struct reader *reader);
/* Ended with `done` for this reason. */
void reader_expect_done(struct reader *reader, Chat__V1__StopReason stop);
/* Ended with an error event. */
void reader_expect_failed(struct reader *reader, const char *reason);
/* Ended before any event. */
void reader_expect_refused(struct reader *reader, enum status status, const char *reason);

/* Generates to the end: the text. */
struct reader *stage_answer(struct stage *stage, const char *chat, const char *text);

#endif
