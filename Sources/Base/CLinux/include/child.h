#ifndef FL_CHILD_H
#define FL_CHILD_H

#include <stdint.h>

// Starting a child. Everything between clone and execve is C: the Swift runtime may hold locks of
// threads that do not exist in the child. Both children share the parent's memory until execve
// (CLONE_VM | CLONE_VFORK, as posix_spawn does), so a failure is reported in the request itself
// and needs no pipe.

/// Where a child failed before execve; the order is that of the steps.
enum fl_child_stage {
    fl_child_none = 0,
    fl_child_clone,
    fl_child_map_groups,
    fl_child_map_user,
    fl_child_map_group,
    fl_child_death_signal,
    fl_child_session,
    fl_child_private_mounts,
    fl_child_proc_mount,
    fl_child_network,
    fl_child_standard_input,
    fl_child_standard_output,
    fl_child_folder,
    fl_child_descriptors,
    fl_child_limit,
    fl_child_bounding_set,
    fl_child_no_new_privileges,
    fl_child_ambient_set,
    fl_child_capabilities,
    fl_child_signals,
    fl_child_groups,
    fl_child_exec,
};

/// What a child of either kind is given and what it reports. All pointers are set by the time of
/// the call; they are nullable so that Swift can fill the struct field by field.
struct fl_child {
    const char *_Nullable path;
    char *_Nullable const *_Nullable arguments;
    char *_Nullable const *_Nullable environment;

    /// Written by the child when a step fails.
    int failed_stage;
    int failed_errno;
    /// Written by the parent's clone: a pidfd, close-on-exec.
    int pidfd;
};

/// A child that becomes the first process of its own pid, mount and network namespaces.
struct fl_sandbox {
    struct fl_child child;
    /// Whether to make a user namespace too, for a caller without the privileges.
    int new_user_namespace;
    /// Lines for uid_map and gid_map, as "0 1000 1"; read only with a user namespace.
    const char *_Nullable uid_map;
    const char *_Nullable gid_map;
    /// A pidfd of the parent: readable once the parent has died.
    int parent_pidfd;
    /// Put on descriptors 1 and 2, or -1 to keep the parent's.
    int output;
    /// Descriptors above 2 that survive execve.
    const int *_Nullable kept;
    int kept_count;
};

/// A child that lives in a network namespace and holds no privilege.
struct fl_node {
    struct fl_child child;
    int network_namespace;
    int input;
    int output;
    const char *_Nullable folder;
    /// Soft and hard limit on open descriptors, cut to the hard limit that is in force.
    uint64_t descriptors_max;
    /// A cap_t with nothing in it, prepared by the parent.
    void *_Nullable no_capabilities;
    /// The highest capability that the kernel knows.
    int capability_last;
    /// Whether the parent may drop from the bounding set (CAP_SETPCAP).
    int drops_bounding_set;
    /// Open cgroup.procs files of the control groups that the child joins before anything else.
    const int *_Nullable groups;
    int group_count;
};

/// clone(2) with new namespaces, then execve(2); the child's pid, or -1 with the stage set.
int32_t fl_sandbox_start(struct fl_sandbox *_Nonnull sandbox);

/// clone(2), setns(2), drop of all privileges, execve(2); the child's pid, or -1 with the stage set.
int32_t fl_node_start(struct fl_node *_Nonnull node);

#endif
