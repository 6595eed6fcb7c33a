/* The images service: what its files share. */
#ifndef IMAGES_IMAGES_H
#define IMAGES_IMAGES_H

#include "images/v1/rpc.h"
#include "runtime/db/db.h"
#include "runtime/service/service.h"
#include "sql/images.h"

#endif
