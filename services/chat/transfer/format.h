/* The names of our own export's formats, in each element of it. */
#ifndef CHAT_TRANSFER_FORMAT_H
#define CHAT_TRANSFER_FORMAT_H

#define TRANSFER_FORMAT "limitless-chat/1"
#define PROJECT_FORMAT \
	"limitless-project/1" /* … and of each project, which stand before the chats */

#endif
