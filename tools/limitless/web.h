/* Keeps the page's files over an upgrade, for tabs that run the former page ask for assets that the
 * new build does not have. */
#ifndef TOOLS_LIMITLESS_WEB_H
#define TOOLS_LIMITLESS_WEB_H

#include "tools/limitless/place.h"

/* Keeps the assets of the page in web (build/web) for the time after the next build.
 * DIR/web-current holds those of the build that runs. DIR/web-previous holds those of the build
 * before, and the gateway serves them too. Nothing moves while the build is the same. A page above
 * 64 MiB is not kept. */
_must_check_ enum status web_keep(const struct place *place, const char *web, struct error *reterr);

#endif
