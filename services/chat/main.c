/* The chat service's process. */
#include "chat/chat.h"

int main(int argc, char **argv)
{
	return chat_serve(argc, argv);
}
