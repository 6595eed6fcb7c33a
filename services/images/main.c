/* The images service's process. */
#include "images/images.h"

int main(int argc, char **argv)
{
	static const struct rpc_handler *const handlers[] = {images_v1_handlers, NULL};
	static const size_t *const n_handlers[] = {&images_v1_handlers_n};

	return service_main(
		&(struct service_spec){
			.name = "images",
			.schema_version = SQL_IMAGES_SCHEMA,
			.conf_size = sizeof(struct service_conf),
			.statements = sql_images_all,
			.handlers = handlers,
			.n_handlers = n_handlers,
		},
		argc, argv);
}
