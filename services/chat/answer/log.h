/* The events of a generation: three texts, and marks that say where each event ends. So a replay
 * from any event on is a piece of text and needs no memory of its own. */
#ifndef CHAT_ANSWER_LOG_H
#define CHAT_ANSWER_LOG_H

#include "chat/answer/facts.h"
#include "runtime/base/buf.h"

#define EVENT_BYTES_MAX 32768 /* of one delta; longer text makes several events */
#define LOG_EVENTS_MAX 2000000
#define LOG_STORED_MAX (1u << 20) /* bytes that a row may have of each text */
#define CURSOR_SIZE 24

enum event_kind {
	EVENT_TEXT,
	EVENT_REASONING,
	EVENT_RESET,
	EVENT_USAGE,
	EVENT_DONE,
	EVENT_ERROR,
	EVENT_ITEM, /* JSON beside the text (docs/modules/providers.md); stored, so it is last */
	EVENT_KINDS,
};

/* One thread at a time; shared by count of references. */
struct event_log {
	int refs;
	int32_t epoch;
	bool ended; /* nothing more comes; facts hold the outcome */
	struct facts facts;
	struct buf text, reasoning;
	struct buf items; /* one on each line */
	uint32_t *marks;  /* kind in the low 3 bits, bytes of text above; event n has seq n + 1 */
	size_t n_marks, marks_room;
};

struct event_log *log_new(int32_t epoch, size_t bytes_max);
struct event_log *log_ref(struct event_log *log);
void log_unref(struct event_log *log);
DEFINE_TRIVIAL_CLEANUP_FUNC(struct event_log *, log_unref);

/* Appends text, cut between characters into events. kind: EVENT_TEXT or EVENT_REASONING. False:
 * the limit of bytes or events is reached; the part that fits was taken. */
bool log_add_text(struct event_log *log, enum event_kind kind, const char *text, size_t len);
/* Appends a JSON object as one event, however long it is. Line ends in it, which can only stand
 * between its members, become blanks. False: it does not fit, and nothing of it was taken. */
bool log_add_item(struct event_log *log, const char *json, size_t len);
/* Appends the texts and items of another log, in their order. */
void log_add_all(struct event_log *log, const struct event_log *from);
/* Forgets all events. */
void log_clear(struct event_log *log);
/* Appends an event without text. */
void log_add(struct event_log *log, enum event_kind kind);

/* Marks from … to - 1 as bytes, and back, with the texts that they cut. False: they do not fit. */
struct log_piece {
	const void *marks;
	size_t n;
	const char *text, *reasoning, *items; /* with a NUL behind them */
};
void log_encode(const struct event_log *log, size_t from, size_t to, struct buf *out);
bool log_decode(struct event_log *log, const struct log_piece *piece);

/* "epoch.seq": the last event that a watcher has. */
struct cursor {
	int32_t epoch;
	int32_t seq;
};
bool cursor_parse(const char *text, struct cursor *ret);
void cursor_format(struct cursor cursor, char out[CURSOR_SIZE]);

/* A place in a log: events before index are behind it. */
struct place {
	size_t index, text_at, reasoning_at, items_at;
};

/* The place after event seq. False: the log has no such event yet. */
bool log_seek(const struct event_log *log, int32_t seq, struct place *ret);

/* The next event at place. Neighbours of one kind of text are merged up to EVENT_BYTES_MAX; items are
 * not. *ret_after is the place behind it. False: there is none yet. */
struct event {
	enum event_kind kind;
	const char *text; /* in the log, no NUL behind it */
	size_t len;
};
bool log_next(const struct event_log *log, const struct place *place, struct event *ret,
	      struct place *ret_after);

#endif
