#include "auth/auth.h"
#include "runtime/token/token.h"

#define CONF_STRUCT struct auth_conf

const struct conf_key auth_keys[] = {
	CONF_KEY("access_ttl", CONF_DURATION, access_ttl_ms, "15m", CONF_SECOND, CONF_DAY,
		 "Life of an access token; grants last that long where revocations do not reach."),
	CONF_KEY("refresh_ttl", CONF_DURATION, refresh_ttl_ms, "30d", CONF_SECOND, 400 * CONF_DAY,
		 "A user who does not come back for this long must log in again; each refresh "
		 "starts it anew."),
	CONF_KEY("session_ttl", CONF_DURATION, session_ttl_ms, "180d", CONF_SECOND, 1000 * CONF_DAY,
		 "A session ends this long after its log-in, however often it was refreshed."),
	CONF_KEY("refresh_retry", CONF_DURATION, refresh_retry_ms, "10s", 0, 300 * CONF_SECOND,
		 "A refresh token that was just used gives the same successor again, for clients "
		 "whose answer was lost; a later reuse ends the session."),
	CONF_KEY("purge_after", CONF_DURATION, purge_after_ms, "30d", CONF_SECOND, 4000 * CONF_DAY,
		 "Ended and expired sessions are forgotten after this time."),
	CONF_KEY("hash.memory", CONF_BYTES, hash_memory_bytes, "19MiB", CONF_MIB, 1024 * CONF_MIB,
		 "Memory of one argon2id hash of a password. A change takes hold of each account "
		 "at its next log-in."),
	CONF_KEY("hash.passes", CONF_INTEGER, hash_passes, "2", 1, 100,
		 "Passes of argon2id over it."),
	CONF_KEY("hash.concurrency", CONF_INTEGER, hash_concurrency, "1", 1, 256,
		 "Threads that log in and sign up, each with a connection: half the cores, so that "
		 "a flood of log-ins leaves the rest alone. One hashes about 30 passwords a "
		 "second. Bounds the memory to this many times hash.memory."),
	CONF_KEY("hash.queue", CONF_INTEGER, hash_queue, "64", 1, 100000,
		 "Log-ins and sign-ups that may wait for such a thread; more are refused as "
		 "LOGIN_BUSY."),
	CONF_KEY("hash.queue_per_address", CONF_INTEGER, hash_queue_per_address, "16", 1, 100000,
		 "Of those, from one address (IPv6: one /64), and never more than places are free; "
		 "addresses take turns."),
	CONF_KEY("hash.nice", CONF_INTEGER, hash_nice, "10", 0, 19,
		 "How far these threads stand back behind the others; 0: not at all."),
	CONF_KEY("admin_emails", CONF_LIST, admin_emails, "", 0, 0,
		 "An account that signs up with one of these addresses becomes an administrator. "
		 "List an address only until its owner has signed up: the first account with it "
		 "gets the role."),
	CONF_KEY("seal_key", CONF_SECRET, seal_key, NULL, 0, 0,
		 "32 random bytes as text (openssl rand -hex 32): seals the private signing keys "
		 "in the database."),
	CONF_KEY("seal_key_previous", CONF_SECRET, seal_key_previous, "", 0, 0,
		 "The old seal_key after a change, until every replica was restarted once: its "
		 "values are sealed anew."),
	CONF_KEY("signing_key.lifetime", CONF_DURATION, key_sign_ms, "30d", CONF_SECOND,
		 4000 * CONF_DAY, "A key signs access tokens this long, then the next one does."),
	CONF_KEY("signing_key.publish", CONF_DURATION, key_publish_ms, "1h", 0, 30 * CONF_DAY,
		 "A key is published this long before it signs: more than twice what verifiers "
		 "cache."),
	CONF_KEY("signing_key.poll", CONF_DURATION, key_poll_ms, "30s", 10, 3600 * CONF_SECOND,
		 "Each replica reads the keys this often; less than signing_key.publish."),
	CONF_KEY("revocation_poll", CONF_DURATION, revocation_poll_ms, "1s", 10, 3 * CONF_SECOND,
		 "Ended sessions are sent to the gateways this often, with a heartbeat."),
};
const size_t auth_keys_n = ARRAY_SIZE(auth_keys);

struct rpc_lane_options auth_heavy(const struct service_conf *service)
{
	const struct auth_conf *conf = (const struct auth_conf *)service;

	return (struct rpc_lane_options){
		.workers = (int32_t)conf->hash_concurrency,
		.queue_max = (int32_t)conf->hash_queue,
		.queue_user_max = (int32_t)conf->hash_queue_per_address,
		.nice = (int32_t)conf->hash_nice,
		.busy = "login_busy",
	};
}

int64_t auth_token_reach_ms(const struct auth_conf *conf)
{
	return conf->access_ttl_ms + conf->key_poll_ms + 2 * TOKEN_LEEWAY_SECONDS * CONF_SECOND;
}
