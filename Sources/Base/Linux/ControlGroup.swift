// Control groups as cgroups(7) has them: which hierarchies are mounted, where a process is in each, and
// the folders that groups are. Both versions, since hosts have either and some have both.

import Glibc

/// One mounted hierarchy, and the calling process's place in it.
package struct ControlHierarchy: Hashable, Sendable {
    package enum Version: Int, Sendable { case one = 1, two = 2 }

    package let version: Version
    /// What a hierarchy of version 1 governs; empty for version 2, whose folders say it themselves.
    package let controllers: Set<String>
    /// Where it is mounted.
    package let mount: String
    /// The folder of the group that the process is in.
    package let own: String
}

package enum ControlGroups {
    /// The hierarchies of the calling process; empty where there are none.
    package static func hierarchies() -> [ControlHierarchy] {
        guard let mounts = try? File.text(of: "/proc/self/mountinfo"),
            let membership = try? File.text(of: "/proc/self/cgroup")
        else { return [] }
        return hierarchies(mounts: mounts, membership: membership)
    }

    /// Reads the two files: mountinfo of proc(5) and the membership of cgroups(7).
    ///
    /// A line of the latter is `number:controllers:path`, the controllers being empty in version 2.
    static func hierarchies(mounts: String, membership: String) -> [ControlHierarchy] {
        let lines = membership.split(separator: "\n").compactMap { line -> (Set<String>, String)? in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return nil }
            return (Set(parts[1].split(separator: ",").map(String.init)), String(parts[2]))
        }
        var seen: Set<Set<String>> = []
        return mounts.split(separator: "\n").compactMap { line in
            guard let mount = GroupMount(line),
                let place = lines.first(where: { mount.matches($0.0) }),
                seen.insert(place.0).inserted
            else { return nil }
            return ControlHierarchy(
                version: mount.version, controllers: place.0, mount: mount.point,
                own: mount.folder(of: place.1))
        }
    }

    /// mkdir(2) of one group; false when the name is taken.
    package static func make(_ path: String) throws(SyscallError) -> Bool {
        try File.makeDirectory(path)
    }

    /// rmdir(2) of a group and of those in it; the files of a group are the kernel's and go with it.
    package static func remove(_ path: String) throws(SyscallError) {
        for name in try File.list(path) where File.isDirectory("\(path)/\(name)") {
            try remove("\(path)/\(name)")
        }
        try checked("rmdir(\(path))") { unsafe rmdir(path) }
    }

    /// Writes one of a group's files.
    package static func set(_ file: String, to value: String) throws(SyscallError) {
        try File.write(value, to: file)
    }
}

/// A line of mountinfo that is about control groups.
private struct GroupMount {
    let version: ControlHierarchy.Version
    let root: String
    let point: String
    private let options: Set<String>

    init?(_ line: Substring) {
        let fields = line.split(separator: " ")
        guard let dash = fields.firstIndex(of: "-"), dash > 4, fields.count > dash + 3 else {
            return nil
        }
        switch fields[dash + 1] {
        case "cgroup": version = .one
        case "cgroup2": version = .two
        default: return nil
        }
        (root, point) = (String(fields[3]), String(fields[4]))
        options = Set(fields[dash + 3].split(separator: ",").map(String.init))
    }

    func matches(_ controllers: Set<String>) -> Bool {
        switch version {
        case .two: controllers.isEmpty
        case .one: !controllers.isEmpty && controllers.isSubset(of: options)
        }
    }

    /// A container sees a part of the hierarchy, and may be above it: then its mount is its place.
    func folder(of path: String) -> String {
        guard path.hasPrefix(root), !path.contains("/..") else { return point }
        let rest = root == "/" ? path[...] : path.dropFirst(root.count)
        return rest == "/" || rest.isEmpty ? point : point + rest
    }
}

/// The cgroup.procs files of some groups, open for a child to join.
struct OpenGroups: ~Copyable {
    let raw: [Int32]

    init(_ folders: [String]) throws(SyscallError) {
        var raw: [Int32] = []
        do throws(SyscallError) {
            for folder in folders {
                raw.append(try File.open("\(folder)/cgroup.procs", .writeOnly).release())
            }
        } catch {
            for descriptor in raw { _ = Glibc.close(descriptor) }
            throw error
        }
        self.raw = raw
    }

    deinit { for descriptor in raw { _ = Glibc.close(descriptor) } }

    /// Keeps them open up to this call.
    consuming func close() {}
}
