#include "fuse_calls.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { link_size = 32 };

static const char *link_of(int object, char *text) {
    snprintf(text, link_size, "/proc/self/fd/%d", object);
    return text;
}

int fl_fuse_mount(int device, const char *target) {
    char options[128];
    snprintf(options, sizeof options,
             "fd=%d,rootmode=40000,user_id=%u,group_id=%u,default_permissions,allow_other", device,
             geteuid(), getegid());
    return mount("faultline", target, "fuse.faultline", MS_NOSUID | MS_NODEV, options);
}

int fl_unmount(const char *target, int is_lazy) {
    return umount2(target, is_lazy ? MNT_DETACH : 0);
}

int fl_open_object(int folder, const char *name) {
    return openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

int fl_create(int folder, const char *name, int flags, unsigned mode) {
    return openat(folder, name, flags | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode);
}

int fl_reopen_object(int object, int flags) {
    char path[link_size];
    return open(link_of(object, path), flags | O_CLOEXEC);
}

int fl_object_attributes(int object, struct fuse_attr *attributes) {
    struct stat status;
    if (fstatat(object, "", &status, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0) return -1;
    *attributes = (struct fuse_attr){
        .ino = status.st_ino,
        .size = (uint64_t)status.st_size,
        .blocks = (uint64_t)status.st_blocks,
        .atime = (uint64_t)status.st_atim.tv_sec,
        .mtime = (uint64_t)status.st_mtim.tv_sec,
        .ctime = (uint64_t)status.st_ctim.tv_sec,
        .atimensec = (uint32_t)status.st_atim.tv_nsec,
        .mtimensec = (uint32_t)status.st_mtim.tv_nsec,
        .ctimensec = (uint32_t)status.st_ctim.tv_nsec,
        .mode = status.st_mode,
        .nlink = (uint32_t)status.st_nlink,
        .uid = status.st_uid,
        .gid = status.st_gid,
        .rdev = (uint32_t)status.st_rdev,
        .blksize = (uint32_t)status.st_blksize,
    };
    return 0;
}

int fl_rename_object(int old_folder, const char *old_name, int new_folder, const char *new_name,
                     unsigned flags) {
    return renameat2(old_folder, old_name, new_folder, new_name, flags);
}

int fl_link_object(int object, int folder, const char *name) {
    char path[link_size];
    return linkat(AT_FDCWD, link_of(object, path), folder, name, AT_SYMLINK_FOLLOW);
}

int fl_allocate(int file, int mode, int64_t offset, int64_t length) {
    return fallocate(file, mode, offset, length);
}

int fl_object_mode(int object, unsigned mode) {
    char path[link_size];
    return chmod(link_of(object, path), mode);
}

int fl_object_size(int object, int64_t size) {
    char path[link_size];
    return truncate(link_of(object, path), size);
}

int fl_object_owner(int object, unsigned user, unsigned group) {
    return fchownat(object, "", user, group, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
}

int fl_object_times(int object, int64_t access, int64_t access_nanoseconds, int64_t change,
                    int64_t change_nanoseconds) {
    char path[link_size];
    struct timespec times[2] = {{access, access_nanoseconds}, {change, change_nanoseconds}};
    return utimensat(AT_FDCWD, link_of(object, path), times, 0);
}

int fl_object_space(int object, struct fuse_kstatfs *space) {
    struct statfs status;
    if (fstatfs(object, &status) < 0) return -1;
    *space = (struct fuse_kstatfs){
        .blocks = status.f_blocks,
        .bfree = status.f_bfree,
        .bavail = status.f_bavail,
        .files = status.f_files,
        .ffree = status.f_ffree,
        .bsize = (uint32_t)status.f_bsize,
        .namelen = (uint32_t)status.f_namelen,
        .frsize = (uint32_t)status.f_frsize,
    };
    return 0;
}
