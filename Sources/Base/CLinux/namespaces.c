#include "namespaces.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int fl_setns_network(int fd) { return setns(fd, CLONE_NEWNET); }

int fl_unshare_network(void) { return unshare(CLONE_NEWNET); }

int fl_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int fl_pidfd_send_signal(int pidfd, int number) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
}

static int wait_for(idtype_t kind, id_t target, int options, struct fl_exit *result) {
    siginfo_t info = {0};
    int status = waitid(kind, target, &info, options | WEXITED);
    result->pid = info.si_pid;
    result->code = info.si_code;
    result->status = info.si_status;
    return status;
}

int fl_wait_pidfd(int pidfd, int options, struct fl_exit *result) {
    return wait_for((idtype_t)P_PIDFD, (id_t)pidfd, options, result);
}

int fl_wait_any(int options, struct fl_exit *result) {
    return wait_for(P_ALL, 0, options, result);
}

int fl_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

int fl_prctl(int option, unsigned long argument) { return prctl(option, argument, 0, 0, 0); }

int fl_poll(int first, int second, int64_t timeout_nanoseconds) {
    struct pollfd watched[2] = {{.fd = first, .events = POLLIN}, {.fd = second, .events = POLLIN}};
    struct timespec timeout = {timeout_nanoseconds / 1000000000, timeout_nanoseconds % 1000000000};
    return ppoll(watched, 2, timeout_nanoseconds < 0 ? NULL : &timeout, NULL);
}

/// struct sched_attr, version 0: its header clashes with glibc's <sched.h>.
struct fl_scheduling {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

int fl_set_scheduling(uint32_t fifo_priority, uint64_t slice_nanoseconds) {
    struct fl_scheduling attributes = {
        .size = sizeof attributes,
        .policy = fifo_priority > 0 ? SCHED_FIFO : SCHED_OTHER,
        .priority = fifo_priority,
        .runtime = slice_nanoseconds};
    return (int)syscall(SYS_sched_setattr, 0, &attributes, 0);
}
