/* Text out of JSON strings, repaired: what UTF-8 cannot hold becomes U+FFFD, and a character that
 * was cut into two strings is one again. */
#ifndef RUNTIME_JSON_MEND_H
#define RUNTIME_JSON_MEND_H

#include "runtime/base/buf.h"
#include "runtime/json/peek.h"

/* Halves that one text left open for its next piece; {0} at the beginning. */
struct mend {
	uint32_t high;   /* half of a surrogate pair; 0: none */
	uint8_t part[4]; /* of a UTF-8 sequence */
	uint8_t n_part;
};

/* Appends what the string says. */
void mend_add(struct mend *mend, struct peek string, struct buf *out);
/* No more comes: halves are left over. */
void mend_end(struct mend *mend, struct buf *out);

#endif
