/* SQLSTATE → status, in one place. Constraint names and the words that functions RAISE are public
 * reasons, so PostgreSQL names most errors by itself; their codes stand in
 * protos/limitless/reasons.proto. */
#include "limitless/reasons.h"
#include "runtime/db/connection.h"

#include <string.h>

/* libpq's texts end in a line feed, and some have several lines. */
static int first_line(const char *text)
{
	return (int)strcspn(text, "\n");
}

enum status db_error_lost(PGconn *conn, struct error *reterr)
{
	const char *text = PQerrorMessage(conn);

	return error_set(reterr, UNAVAILABLE, "database_unavailable", "%.*s", first_line(text),
			 text);
}

/* A listed reason with its own code; false when the word is not listed. */
static bool set_listed(const char *word, enum status *ret, struct error *reterr)
{
	const struct reason *reason = word ? reason_find(word) : NULL;

	if (!reason)
		return false;
	*ret = error_set(reterr, reason->code, reason->word, "%s", reason->word);
	for (char *p = reterr ? reterr->message : NULL; p && *p; p++) {
		if (*p == '_')
			*p = ' ';
	}
	return true;
}

/* Class 23: integrity constraint violation. */
static enum status constraint_error(const char *name, const char *state, const PGresult *result,
				    struct error *reterr)
{
	const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
	const char *column = PQresultErrorField(result, PG_DIAG_COLUMN_NAME);
	enum status s;

	if (set_listed(constraint, &s, reterr))
		return s;
	if (strcmp(state, "23505") == 0)
		return error_set(reterr, ALREADY_EXISTS, "already_exists", "it exists already");
	if (strcmp(state, "23503") == 0)
		return error_set(reterr, NOT_FOUND, "not_found", "what it refers to is not there");
	if (strcmp(state, "23514") == 0)
		return error_set(reterr, FAILED_PRECONDITION, "field_invalid",
				 "a value is out of bounds (%s)", constraint ? constraint : name);
	return error_set(reterr, INTERNAL, "internal_error", "%s: %s, column %s", name, state,
			 column ? column : "unknown");
}

static bool is_class(const char *state, const char *class)
{
	return strncmp(state, class, 2) == 0;
}

enum status db_error_from_result(const char *name, const PGresult *result, struct error *reterr)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	enum status s;

	if (!text)
		text = PQresultErrorMessage(result);
	if (!state) /* libpq's own: the connection broke */
		return error_set(reterr, UNAVAILABLE, "database_unavailable", "%s: %.*s", name,
				 first_line(text), text);
	if (is_class(state, "23"))
		return constraint_error(name, state, result, reterr);
	if (strcmp(state, "P0001") == 0 && set_listed(text, &s, reterr))
		return s;
	if (is_class(state, "22"))
		return error_set(reterr, INVALID_ARGUMENT, "field_invalid", "%s", text);
	if (strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0)
		return error_set(reterr, ABORTED, "conflict_retry", "%s: %s", name, text);
	if (strcmp(state, "57014") == 0)
		return error_set(reterr, DEADLINE_EXCEEDED, "deadline", "%s: %s", name, text);
	/* 57P0x: shut down; 53: no connections, memory or disk left; 58: the disk; 25006: a standby
	 * takes no writes. */
	if (is_class(state, "08") || strncmp(state, "57P", 3) == 0 || is_class(state, "53") ||
	    is_class(state, "58") || strcmp(state, "25006") == 0)
		return error_set(reterr, UNAVAILABLE, "database_unavailable", "%s: %s", name, text);
	return error_set(reterr, INTERNAL, "internal_error", "%s: %s %s", name, state, text);
}
