/* Reads a few members of a JSON text and passes over all others, whatever they hold: numbers
 * beyond any type, NaN, lone surrogates, broken UTF-8. Nothing is copied; the time is linear. */
#ifndef RUNTIME_JSON_PEEK_H
#define RUNTIME_JSON_PEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of one value; at is NULL when there is none. */
struct peek {
	const char *at, *end;
};

/* The object that is all of text, but for white space. False: it is none, or is not closed. */
bool peek_object(const char *text, size_t len, struct peek *ret);
/* The member of an object; the last one of this name. {NULL, NULL}: no object, no such member. */
struct peek peek_member(struct peek object, const char *name);
/* Goes through an object: *rest is what is left of it. False: no object, or its end. */
bool peek_next_member(struct peek *rest, struct peek *ret_key, struct peek *ret_value);
/* Goes through an array: *list is what is left of it. False: no array, or its end. */
bool peek_next(struct peek *list, struct peek *ret);

/* A way through nested objects and arrays that passes each byte once, however deep they are. *rest is
 * what is left of all. False: that is not what comes next.
 * peek_enter goes into the object or array that comes next, peek_key to the value of the next member.
 * peek_pass goes over a value, and peek_leave behind the end of what was entered last. */
bool peek_enter(struct peek *rest, char bracket);
bool peek_key(struct peek *rest, struct peek *ret_key);
bool peek_pass(struct peek *rest, struct peek *ret_value);
bool peek_leave(struct peek *rest);

bool peek_is_object(struct peek value);
bool peek_is_array(struct peek value);
bool peek_is_string(struct peek value);
/* Neither absent nor null, false, 0, "", [] or {}. */
bool peek_says(struct peek value);
/* A string that is this word, in any case of its letters. */
bool peek_is(struct peek value, const char *word);
/* A whole number, also written as a string. False: it is none that a double holds exactly. */
bool peek_number(struct peek value, int64_t *ret);

#endif
