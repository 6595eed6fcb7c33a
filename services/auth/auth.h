/* The auth service: what its files share. */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "auth/keyring.h"
#include "auth/password.h"
#include "auth/v1/rpc.h"
#include "runtime/service/service.h"

struct auth_conf {
	struct service_conf service; /* first: what every service has */
	int64_t access_ttl_ms;       /* life of an access token */
	int64_t refresh_ttl_ms;      /* of a refresh token that nobody uses */
	int64_t session_ttl_ms;      /* of a session, however often it is refreshed */
	int64_t refresh_retry_ms;    /* a used refresh token gives the same successor again */
	int64_t purge_after_ms;      /* ended sessions are forgotten */
	int64_t hash_memory_bytes;   /* of one argon2id hash */
	int64_t hash_passes;
	int64_t hash_concurrency; /* hashes at the same time */
	int64_t hash_queue;       /* calls that wait for their turn */
	int64_t hash_queue_per_address;
	int64_t hash_nice;
	const char *const *admin_emails;
	const char *seal_key, *seal_key_previous;
	int64_t key_sign_ms;    /* a key signs that long */
	int64_t key_publish_ms; /* after having been published that long */
	int64_t key_poll_ms;    /* keys are read from the database */
	int64_t revocation_poll_ms;
};

/* All that the process has; made by main.c. */
struct auth {
	const struct auth_conf *conf;
	struct passwords passwords;
	struct keyring keyring;
	struct feed *revocations; /* NULL: not started */
	struct db_pool *pool;
	struct jobs *jobs;
};

static inline struct auth *auth_of(const struct rpc_call *call)
{
	return call->state;
}

/* Keys of auth.yaml after the common ones. */
extern const struct conf_key auth_keys[];
extern const size_t auth_keys_n;

/* Workers and queue of the methods that hash passwords. */
struct rpc_lane_options auth_heavy(const struct service_conf *conf);

/* Milliseconds from its signing after which no verifier takes an access token: its life, the
 * verifiers' leeway, and the time that a replica may lag behind in changing keys. */
int64_t auth_token_reach_ms(const struct auth_conf *conf);

/* A job: forgets ended sessions, expired refresh tokens and revocations, in steps of 1,000 rows.
 * ctx: struct auth. */
_must_check_ enum status auth_purge(struct db *db, void *ctx, struct error *reterr);

/* ---------------------------------------------------------------- e-mail addresses, user names */

/* The address in lower case, when it is one (RFC 5321 dot-atom, LDH domain, no quotes, no
 * literals). NULL otherwise. */
char *email_normalise(struct arena *arena, const char *text);

/* Whether this normalised address is one of admins (NULL-terminated; NULL: none). */
bool email_is_admin(const char *const *admins, const char *email);

/* A user name made of the display name; from attempt 1 on with random digits. */
char *user_name_propose(struct arena *arena, const char *display_name, int attempt);

/* 3 to 32 of [a-z0-9_.]. */
bool user_name_valid(const char *text);

/* ------------------------------------------------------------------ accounts and sessions */

/* The answer's user from a row with the account's columns. */
Auth__V1__User *account_user(struct arena *arena, const PGresult *rows, int row);

#define REFRESH_TOKEN_BYTES 32

/* A refresh token: 256 random bits, as text for the client and as hash for the database. */
struct refresh_token {
	uint8_t bytes[REFRESH_TOKEN_BYTES];
	uint8_t hash[32]; /* SHA-256 of bytes */
	const char *text; /* "lcr_" and base64url, in the arena */
};

struct refresh_token refresh_token_new(struct arena *arena);
/* False: the text is no refresh token. */
bool refresh_token_read(struct arena *arena, const char *text, struct refresh_token *ret);

/* A session with its account and tokens, as session_answer tells them to the client. */
struct session_grant {
	const PGresult *account; /* row 0 has the account's columns and refresh_expire_us */
	const PGresult *refresh; /* row 0 has refresh_expire_us */
	const char *session_id;
	const char *refresh_token;
	bool in_body; /* tokens for a program: in the answer's body and in no cookie */
};

/* Signs the access token and fills the answer of SignUp, LogIn and Refresh. */
_must_check_ enum status session_answer(struct rpc_call *call, const struct session_grant *grant,
					Auth__V1__Session *resp);

/* Opens a session for the account of row 0 and answers with it; inside db_tx too.
 * errors: PERMISSION_DENIED account_disabled. */
_must_check_ enum status session_open(struct rpc_call *call, const PGresult *account, bool in_body,
				      Auth__V1__Session *resp);

/* Why sessions end; words of session.end_reason. */
#define SESSION_LOGOUT "logout"
#define SESSION_DELETED "deleted"
#define SESSION_REUSE "refresh_reuse"
#define SESSION_ROLE "role"
#define SESSION_DISABLED "disabled"

/* Ends open sessions of an account: one, or all when session_id is NULL, but not `except` (NULL:
 * none). Gateways learn of it within a second. Nothing may follow it in its transaction. ret_n
 * (NULL allowed): how many. */
_must_check_ enum status session_end(struct rpc_call *call, const char *account_id,
				     const char *session_id, const char *except, const char *reason,
				     int64_t *ret_n);

#endif
