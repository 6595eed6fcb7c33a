/* The page's files over an upgrade: a tab that runs the page of the former build asks for assets
 * that the new one does not have. */
#ifndef TOOLS_LIMITLESS_WEB_H
#define TOOLS_LIMITLESS_WEB_H

#include "tools/limitless/place.h"

/* Keeps the assets of the page in web (build/web) for the next build: DIR/web-current holds those
 * of the build that runs, DIR/web-previous those of the one before, which the gateway serves as
 * well. Nothing moves while the build is the same. A page above 64 MiB is not kept. */
_must_check_ enum status web_keep(const struct place *place, const char *web, struct error *reterr);

#endif
