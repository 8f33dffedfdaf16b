// Where on this host control groups for nodes can be made, found out by making one. Version 1 has a
// hierarchy for each controller, version 2 one for all, and some hosts govern the processor by one and
// memory by the other; so each controller is looked for by itself.
//
// Below the harness's own group first, so that whatever holds the harness holds the nodes too. A folder
// `faultline` at the top of a version 1 hierarchy is taken where somebody with the right to it has made
// one for us. Version 2 lets a group have either processes or groups with limits, so there it is the
// nearest group above that already hands both controllers on.

import Experiment
import Linux

/// The folders in which the groups of a run are made.
struct BudgetHost: Sendable {
    struct Place: Hashable, Sendable {
        let version: ControlHierarchy.Version
        let folder: String
    }

    let cpu: Place
    let memory: Place

    /// Each folder once.
    var places: [Place] { cpu == memory ? [cpu] : [cpu, memory] }

    /// Why there is no place for budgets, and what makes one.
    struct Lack: Error, Equatable, CustomStringConvertible {
        let detail: String
        let mend: String
        var description: String { detail }
    }

    static func find() throws(Lack) -> BudgetHost {
        let hierarchies = ControlGroups.hierarchies()
        return BudgetHost(
            cpu: try place("cpu", hierarchies), memory: try place("memory", hierarchies))
    }

    private static func place(
        _ controller: String, _ hierarchies: [ControlHierarchy]
    ) throws(Lack) -> Place {
        let candidates = hierarchies.flatMap { Self.candidates(controller, $0) }
        if candidates.isEmpty {
            throw Lack(
                detail: "no control group governs \(controller)",
                mend: hierarchies.isEmpty
                    ? "sudo mount -t cgroup2 none /sys/fs/cgroup"
                    : "boot with cgroup_enable=\(controller)")
        }
        if let place = candidates.first(where: allows) { return place }
        throw Lack(
            detail: "no right to make a group in \(candidates[0].folder)",
            mend: mend(hierarchies, candidates[0]))
    }

    /// Folders that might do, the best first.
    static func candidates(_ controller: String, _ hierarchy: ControlHierarchy) -> [Place] {
        switch hierarchy.version {
        case .one:
            guard hierarchy.controllers.contains(controller) else { return [] }
            let folders = [hierarchy.own, "\(hierarchy.mount)/faultline"]
            return folders.filter(File.isDirectory).map { Place(version: .one, folder: $0) }
        case .two:
            return chain(hierarchy).filter { folder in
                handsOn(controller, folder)
                    || (folder == hierarchy.mount && governs(controller, folder))
            }.map { Place(version: .two, folder: $0) }
        }
    }

    /// The own group and those above it, up to the mount.
    private static func chain(_ hierarchy: ControlHierarchy) -> [String] {
        var chain = [hierarchy.own]
        while let last = chain.last, last.count > hierarchy.mount.count {
            chain.append(File.folder(of: last))
        }
        return chain
    }

    private static func handsOn(_ controller: String, _ folder: String) -> Bool {
        words(of: "\(folder)/cgroup.subtree_control").contains(controller)
    }

    private static func governs(_ controller: String, _ folder: String) -> Bool {
        words(of: "\(folder)/cgroup.controllers").contains(controller)
    }

    private static func words(of path: String) -> [String] {
        ((try? File.text(of: path)) ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// Makes a group and removes it again; in version 2 its controllers must be there as well.
    private static func allows(_ place: Place) -> Bool {
        let path = "\(place.folder)/faultline-try-\(MonotonicTime.now().nanoseconds)"
        do throws(SyscallError) {
            if place.version == .two { try handOnBoth(place.folder) }
            guard try ControlGroups.make(path) else { return false }
            try ControlGroups.remove(path)
            return true
        } catch {
            return false
        }
    }

    /// Only the topmost group may both have processes and hand controllers on, cgroups(7).
    private static func handOnBoth(_ folder: String) throws(SyscallError) {
        if handsOn("cpu", folder), handsOn("memory", folder) { return }
        try ControlGroups.set("\(folder)/cgroup.subtree_control", to: "+cpu +memory")
    }

    private static func mend(_ hierarchies: [ControlHierarchy], _ place: Place) -> String {
        if CurrentProcess.effectiveUser == 0 {
            return "run the container with --privileged, so that \(place.folder) can be written"
        }
        if place.version == .two { return "run it as root: sudo faultline ..." }
        let folders =
            hierarchies
            .filter { !$0.controllers.isDisjoint(with: ["cpu", "memory"]) }
            .map { "\($0.mount)/faultline" }
        return "sudo install -d -o $USER \(folders.joined(separator: " "))"
    }
}

extension HostCheck {
    /// Whether nodes can be held to budgets: only some topologies need it, so `doctor` notes it.
    package static func budgets() -> HostFinding {
        do throws(BudgetHost.Lack) {
            let host = try BudgetHost.find()
            let places = host.places.map { "\($0.folder) (version \($0.version.rawValue))" }
            return HostFinding(
                name: "budgets by cgroup", isMet: true, isNeeded: false,
                detail: places.joined(separator: ", "), mend: "")
        } catch {
            return HostFinding(
                name: "budgets by cgroup", isMet: false, isNeeded: false, detail: error.detail,
                mend: error.mend)
        }
    }
}
