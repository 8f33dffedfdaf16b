// Groups that a killed run left: nobody holds their lock any more. A folder that is being used is locked,
// so a sweep never takes a living run's.

import Linux

package enum LeftoverGroups {
    private static let prefix = "faultline-"
    /// Bounds of a walk through a hierarchy; a host has some hundred groups.
    private static let depthMax = 8
    private static let foldersMax = 20_000

    /// Removes what is left in the places where this process would make groups itself.
    ///
    /// Returns the folders that it removed.
    @discardableResult
    package static func sweep() -> [String] {
        guard let host = try? BudgetHost.find() else { return [] }
        return host.places.flatMap { sweep($0.folder) }
    }

    /// Looks through all hierarchies: a run from another session left its groups elsewhere.
    package static func sweepHost() -> [String] {
        var count = 0
        return ControlGroups.hierarchies().flatMap { hierarchy -> [String] in
            guard hierarchy.version == .two || !hierarchy.controllers.isDisjoint(with: governed)
            else { return [] }
            return walk(hierarchy.mount, depth: 0, &count)
        }
    }

    private static let governed: Set<String> = ["cpu", "memory"]

    private static func walk(_ folder: String, depth: Int, _ count: inout Int) -> [String] {
        guard depth < depthMax, count < foldersMax else { return [] }
        count += 1
        var removed = sweep(folder)
        for name in (try? File.list(folder)) ?? [] where !name.hasPrefix(prefix) {
            let path = "\(folder)/\(name)"
            if File.isDirectory(path) { removed += walk(path, depth: depth + 1, &count) }
        }
        return removed
    }

    /// Removes what is left in one folder.
    static func sweep(_ folder: String) -> [String] {
        let names = ((try? File.list(folder)) ?? []).filter { $0.hasPrefix(prefix) }
        return names.map { "\(folder)/\($0)" }.filter(removeIfLeft)
    }

    private static func removeIfLeft(_ path: String) -> Bool {
        do throws(SyscallError) {
            let lock = try File.open(path, [.readOnly, .directory])
            guard try File.tryLock(lock) else { return false }
            try ControlGroups.remove(path)
            return true
        } catch {
            return false
        }
    }
}
