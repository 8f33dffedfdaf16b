#ifndef FL_FUSE_CALLS_H
#define FL_FUSE_CALLS_H

#include <stdint.h>

// The kernel's FUSE protocol; Swift's Glibc module leaves it out.
#include <linux/fuse.h>

/// mount(2) of a FUSE file system whose requests come over an open /dev/fuse; the owner is whoever
/// calls. The options are text, and the call is in no header that Swift's Glibc module reads.
int fl_fuse_mount(int device, const char *_Nonnull target);

/// umount2(2), by MNT_DETACH when it is lazy.
int fl_unmount(const char *_Nonnull target, int is_lazy);

// glibc hides the flags and calls behind these from Swift (_GNU_SOURCE).

/// openat(2) with O_PATH and O_NOFOLLOW.
int fl_open_object(int folder, const char *_Nonnull name);
/// openat(2) with O_CREAT and O_NOFOLLOW: variadic.
int fl_create(int folder, const char *_Nonnull name, int flags, unsigned mode);
/// open(2) of what an O_PATH descriptor holds, through /proc/self/fd.
int fl_reopen_object(int object, int flags);
/// fstatat(2) with AT_EMPTY_PATH, in the form in which FUSE sends attributes.
int fl_object_attributes(int object, struct fuse_attr *_Nonnull attributes);
/// renameat2(2).
int fl_rename_object(int old_folder, const char *_Nonnull old_name, int new_folder,
                     const char *_Nonnull new_name, unsigned flags);
/// linkat(2) of what an O_PATH descriptor holds, through /proc/self/fd.
int fl_link_object(int object, int folder, const char *_Nonnull name);
/// fallocate(2).
int fl_allocate(int file, int mode, int64_t offset, int64_t length);
/// chmod(2) and truncate(2) of what an O_PATH descriptor holds, through /proc/self/fd.
int fl_object_mode(int object, unsigned mode);
int fl_object_size(int object, int64_t size);
/// fchownat(2) with AT_EMPTY_PATH.
int fl_object_owner(int object, unsigned user, unsigned group);
/// utimensat(2) through /proc/self/fd; UTIME_NOW and UTIME_OMIT as nanoseconds have their meaning.
int fl_object_times(int object, int64_t access, int64_t access_nanoseconds, int64_t change,
                    int64_t change_nanoseconds);
/// fstatfs(2), in the form in which FUSE sends it.
int fl_object_space(int object, struct fuse_kstatfs *_Nonnull space);

#endif
