#include "event_calls.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

int fl_accept(int listener) { return accept4(listener, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC); }

int fl_pipe(int *ends) { return pipe2(ends, O_CLOEXEC); }

int fl_thread_id(void) { return gettid(); }

void fl_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
