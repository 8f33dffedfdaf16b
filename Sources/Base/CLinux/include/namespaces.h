#ifndef FL_NAMESPACES_H
#define FL_NAMESPACES_H

#include <stdint.h>

// Calls that glibc hides behind _GNU_SOURCE, passes through unions or declares as variadic; none
// of which Swift's importer can use.

/// setns(2) of the calling thread into a network namespace.
int fl_setns_network(int fd);
/// unshare(2) of the calling thread's network namespace.
int fl_unshare_network(void);
/// pidfd_open(2).
int fl_pidfd_open(int32_t pid);
/// pidfd_send_signal(2).
int fl_pidfd_send_signal(int pidfd, int number);

/// How a process ended: code is CLD_EXITED, CLD_KILLED or CLD_DUMPED, status its argument.
struct fl_exit {
    int32_t pid;
    int code;
    int status;
};

/// waitid(2) with P_PIDFD and WEXITED; pid stays 0 when WNOHANG found nothing.
int fl_wait_pidfd(int pidfd, int options, struct fl_exit *_Nonnull result);
/// waitid(2) with P_ALL and WEXITED; pid stays 0 when WNOHANG found nothing.
int fl_wait_any(int options, struct fl_exit *_Nonnull result);
/// memfd_create(2), close-on-exec.
int fl_memory_file(const char *_Nonnull name);
/// prctl(2) with one argument.
int fl_prctl(int option, unsigned long argument);
/// ppoll(2) without a signal mask; a negative timeout waits for ever.
int fl_poll(int first, int second, int64_t timeout_nanoseconds);
/// sched_setattr(2) for the calling thread: the slice of a normal one in nanoseconds (Linux 6.12;
/// older kernels ignore it), or with a priority above 0 a SCHED_FIFO one.
int fl_set_scheduling(uint32_t fifo_priority, uint64_t slice_nanoseconds);

#endif
