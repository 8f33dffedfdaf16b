#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { stack_size = 64 * 1024 };

static int failed(struct fl_child *child, enum fl_child_stage stage) {
    child->failed_errno = errno;
    child->failed_stage = stage;
    return 127;
}

static int write_file(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return -1;
    ssize_t written = write(file, text, strlen(text));
    int saved = errno;
    close(file);
    errno = saved;
    return written == (ssize_t)strlen(text) ? 0 : -1;
}

/// The parent has all signals blocked; the child must not start that way, nor with one ignored.
static int reset_signals(void) {
    // Straight to the kernel: glibc's sigaction refuses 32 and 33, which may be ignored as well.
    // The kernel's structure (handler, flags, restorer, mask) all zero is SIG_DFL.
    static const unsigned long standard[4];
    for (int number = 1; number < NSIG; number++)
        syscall(SYS_rt_sigaction, number, standard, NULL, sizeof(unsigned long));
    sigset_t none;
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL);
}

/// The kernel sends the signal when the creating *thread* ends, and only after this call: a parent
/// that has died before is found through its pidfd.
static int die_with_parent(int parent_pidfd) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) return -1;
    if (parent_pidfd < 0) return 0;
    struct pollfd parent = {.fd = parent_pidfd, .events = POLLIN};
    if (poll(&parent, 1, 0) > 0) _exit(127);
    return 0;
}

static int redirect(int from, int to) {
    return from < 0 || dup2(from, to) >= 0 ? 0 : -1;
}

static int run_sandbox(void *argument) {
    struct fl_sandbox *sandbox = argument;
    struct fl_child *child = &sandbox->child;
    if (sandbox->new_user_namespace) {
        // user_namespaces(7): an unprivileged gid map needs setgroups denied first.
        if (write_file("/proc/self/setgroups", "deny") < 0)
            return failed(child, fl_child_map_groups);
        if (write_file("/proc/self/uid_map", sandbox->uid_map) < 0)
            return failed(child, fl_child_map_user);
        if (write_file("/proc/self/gid_map", sandbox->gid_map) < 0)
            return failed(child, fl_child_map_group);
    }
    if (die_with_parent(sandbox->parent_pidfd) < 0) return failed(child, fl_child_death_signal);
    // A session of its own: Ctrl-C reaches the outer process alone, which passes it on once.
    if (setsid() < 0) return failed(child, fl_child_session);
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return failed(child, fl_child_private_mounts);
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return failed(child, fl_child_proc_mount);
    if (redirect(sandbox->output, 1) < 0 || redirect(sandbox->output, 2) < 0)
        return failed(child, fl_child_standard_output);
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) return failed(child, fl_child_descriptors);
    for (int index = 0; index < sandbox->kept_count; index++)
        if (fcntl(sandbox->kept[index], F_SETFD, 0) < 0)
            return failed(child, fl_child_descriptors);
    if (reset_signals() < 0) return failed(child, fl_child_signals);
    execve(child->path, child->arguments, child->environment);
    return failed(child, fl_child_exec);
}

static int limit_descriptors(uint64_t wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -1;
    if (limit.rlim_max > wanted) limit.rlim_max = wanted;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

static int drop_bounding_set(int last) {
    for (int capability = 0; capability <= last; capability++)
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) return -1;
    return 0;
}

/// Leaves the child without a privilege and without a way to gain one; 0 or the stage that failed.
static enum fl_child_stage drop_privileges(struct fl_node *node) {
    if (node->drops_bounding_set && drop_bounding_set(node->capability_last) < 0)
        return fl_child_bounding_set;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return fl_child_no_new_privileges;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) return fl_child_ambient_set;
    if (cap_set_proc((cap_t)node->no_capabilities) < 0) return fl_child_capabilities;
    return fl_child_none;
}

/// "0" is whoever writes; see cgroups(7). So the program's first page is already on its account.
static int join_groups(const struct fl_node *node) {
    for (int index = 0; index < node->group_count; index++)
        if (write(node->groups[index], "0", 1) != 1) return -1;
    return 0;
}

static int run_node(void *argument) {
    struct fl_node *node = argument;
    struct fl_child *child = &node->child;
    if (die_with_parent(-1) < 0) return failed(child, fl_child_death_signal);
    if (join_groups(node) < 0) return failed(child, fl_child_groups);
    if (setsid() < 0) return failed(child, fl_child_session);
    if (node->network_namespace >= 0 && setns(node->network_namespace, CLONE_NEWNET) < 0)
        return failed(child, fl_child_network);
    if (redirect(node->input, 0) < 0) return failed(child, fl_child_standard_input);
    if (redirect(node->output, 1) < 0 || redirect(node->output, 2) < 0)
        return failed(child, fl_child_standard_output);
    if (chdir(node->folder) < 0) return failed(child, fl_child_folder);
    if (close_range(3, ~0U, 0) < 0) return failed(child, fl_child_descriptors);
    if (limit_descriptors(node->descriptors_max) < 0) return failed(child, fl_child_limit);
    enum fl_child_stage stage = drop_privileges(node);
    if (stage != fl_child_none) return failed(child, stage);
    if (reset_signals() < 0) return failed(child, fl_child_signals);
    execve(child->path, child->arguments, child->environment);
    return failed(child, fl_child_exec);
}

/// Clones with shared memory and waits for execve; collects a child that did not get that far.
static pid_t start(int (*run)(void *), void *argument, struct fl_child *child, int namespaces) {
    child->failed_stage = fl_child_none;
    child->failed_errno = 0;
    child->pidfd = -1;
    void *stack = mmap(NULL, stack_size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) {
        failed(child, fl_child_clone);
        return -1;
    }
    // No handler of the parent may run in the child, whose memory is the parent's.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pid_t pid = clone(run, (char *)stack + stack_size,
                      CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD | namespaces, argument,
                      &child->pidfd);
    if (pid < 0) failed(child, fl_child_clone);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    munmap(stack, stack_size);
    if (pid < 0) return -1;
    if (child->failed_stage == fl_child_none) return pid;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
    close(child->pidfd);
    child->pidfd = -1;
    return -1;
}

pid_t fl_sandbox_start(struct fl_sandbox *sandbox) {
    int namespaces = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET;
    if (sandbox->new_user_namespace) namespaces |= CLONE_NEWUSER;
    return start(run_sandbox, sandbox, &sandbox->child, namespaces);
}

pid_t fl_node_start(struct fl_node *node) {
    return start(run_node, node, &node->child, 0);
}
