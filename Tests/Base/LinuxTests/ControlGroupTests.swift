// Where a process is among the control groups, read from the kernel's two files.

import Testing

@testable import Linux

struct ControlGroupTests {
    @Test func `hierarchies of version 1 are matched by controllers`() {
        let found = ControlGroups.hierarchies(
            mounts: """
                31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
                32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct
                35 31 0:32 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory
                41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
                """,
            membership: "4:memory:/a/b\n3:cpu,cpuacct:/\n0::/c\n")
        #expect(
            found.map(\.own) == [
                "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/memory/a/b", "/sys/fs/cgroup/unified/c",
            ])
        #expect(found.map(\.version) == [.one, .one, .two])
        #expect(found[0].controllers == ["cpu", "cpuacct"])
    }

    @Test(arguments: [
        ("/", "/user.slice/x", "/sys/fs/cgroup/user.slice/x"),
        ("/docker/17", "/docker/17", "/sys/fs/cgroup"),  // a container that sees its own part
        ("/docker/17", "/docker/17/a", "/sys/fs/cgroup/a"),
        ("/", "/../..", "/sys/fs/cgroup"),  // above what its namespace shows
        ("/docker/17", "/elsewhere", "/sys/fs/cgroup"),
    ])
    func `the own folder is found below the mount`(root: String, path: String, folder: String) {
        let found = ControlGroups.hierarchies(
            mounts: "25 1 0:22 \(root) /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
            membership: "0::\(path)")
        #expect(found.map(\.own) == [folder])
    }

    @Test func `without control groups there is none`() {
        #expect(
            ControlGroups.hierarchies(mounts: "25 1 0:22 / / rw - ext4 x rw", membership: "")
                .isEmpty)
        #expect(
            ControlGroups.hierarchies(
                mounts: "25 1 0:22 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw", membership: "4:cpu:/"
            ).isEmpty)
    }
}
