#ifndef FL_EVENT_CALLS_H
#define FL_EVENT_CALLS_H

// Swift's Glibc module leaves these headers out.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

// glibc hides these behind _GNU_SOURCE.

/// accept4(2) without an address, non-blocking and close-on-exec.
int fl_accept(int listener);
/// pipe2(2), close-on-exec: the end to read, then the end to write.
int fl_pipe(int *_Nonnull ends);
/// gettid(2).
int fl_thread_id(void);
/// pthread_setname_np(3) for the calling thread; at most 15 bytes.
void fl_name_thread(const char *_Nonnull name);

#endif
