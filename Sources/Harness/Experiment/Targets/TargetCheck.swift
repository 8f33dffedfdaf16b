// Whether a selection can match anything in a topology. An empty selection is an error before the
// run, never a fault that quietly hit nobody.

struct TargetCheck {
    let topology: Topology
    let log: DiagnosticLog

    /// True when some node can match; reports why not.
    func check(_ selection: NodeSelection, at node: YAMLNode) -> Bool {
        let scope = selection.scope
        let place = node.location(atUTF8Offset: offset(of: scope, in: node))
        if scope.isRegion {
            return checkRegion(scope, at: place)
                && checkAmount(selection, available: topology.count(inRegion: scope.name), node)
        }
        if let tier = topology.tier(named: scope.name) {
            return checkShard(scope, tier, at: place) && checkPartition(scope, tier, at: place)
                && checkRole(scope, tier, at: place)
                && checkAmount(selection, available: tier.count(matching: scope), node)
        }
        guard let tier = topology.tier(ofNode: scope.name) else {
            reportUnknown(scope.name, at: place)
            return false
        }
        guard scope.shard == nil, scope.partition == nil, scope.role == nil else {
            log.error(
                "\(scope.name) is one node of tier \(tier.name), it has no shards or followers",
                at: place)
            return false
        }
        if selection.amount != .all, selection.amount != .count(1) {
            log.error(
                "\(scope.name) is one node; an amount is taken from a tier or shard",
                at: node.location)
            return false
        }
        return true
    }

    private func reportUnknown(_ name: String, at place: SourceLocation) {
        let tiers = topology.tiers.map(\.name)
        let nodes = topology.tiers.flatMap(\.nodeNames)
        // `app-9` of three apps is near to `app-1` by letters, but what is wrong is the number.
        if let tier = topology.tiers.first(where: { name.hasPrefix($0.name + "-") }),
            name.dropFirst(tier.name.count + 1).allSatisfy({ $0.isASCIIDigit || $0 == "-" })
        {
            let names = tier.nodeNames
            log.error(
                "no node \"\(name)\" in topology \(topology.name); tier \(tier.name) has "
                    + "\(names.count == 1 ? names[0] : "\(names[0]) to \(names[names.count - 1])")",
                at: place)
            return
        }
        let nearest = NearestWord.find(name, among: tiers + nodes)
        let list = nearest == nil ? "; it has \(tiers.joined(separator: ", "))" : ""
        log.error(
            "no tier or node \"\(name)\" in topology \(topology.name)\(list)", at: place,
            suggestion: nearest)
    }

    private func checkShard(
        _ scope: NodeSelection.Scope, _ tier: TierSpec, at place: SourceLocation
    ) -> Bool {
        guard let shard = scope.shard else { return true }
        guard case .shards(let count, _) = tier.shape else {
            log.error("tier \(tier.name) has no shards", at: place)
            return false
        }
        guard shard <= count else {
            let range = count == 1 ? "shard-1 alone" : "shard-1 to shard-\(count)"
            log.error("tier \(tier.name) has no shard-\(shard), but \(range)", at: place)
            return false
        }
        return true
    }

    private func checkPartition(
        _ scope: NodeSelection.Scope, _ tier: TierSpec, at place: SourceLocation
    ) -> Bool {
        guard let count = tier.shape.partitionCount else {
            if scope.partition == nil { return true }
            log.error("tier \(tier.name) has no partitions", at: place)
            return false
        }
        guard let partition = scope.partition else {
            if scope.role == nil { return true }
            log.error(
                "each partition of tier \(tier.name) has a leader of its own; name one", at: place,
                suggestion: "\(tier.name).partition-1.\(scope.role?.word ?? "")")
            return false
        }
        guard partition <= count else {
            let range = count == 1 ? "partition-1 alone" : "partition-1 to partition-\(count)"
            log.error("tier \(tier.name) has no partition-\(partition), but \(range)", at: place)
            return false
        }
        return true
    }

    private func checkRole(
        _ scope: NodeSelection.Scope, _ tier: TierSpec, at place: SourceLocation
    ) -> Bool {
        guard let role = scope.role else { return true }
        guard tier.roleProbe != nil else {
            log.error(
                "tier \(tier.name) has no \(role.word), for it has no role probe", at: place)
            return false
        }
        if role == .follower, tier.groupSize == 1 {
            log.error("tier \(tier.name) has no followers: its nodes stand alone", at: place)
            return false
        }
        return true
    }

    private func checkRegion(_ scope: NodeSelection.Scope, at place: SourceLocation) -> Bool {
        let regions = topology.regions
        if regions.contains(scope.name) { return true }
        if regions.isEmpty {
            log.error("topology \(topology.name) has no regions", at: place)
        } else {
            log.unknown("region", scope.name, among: regions, at: place)
        }
        return false
    }

    private func checkAmount(
        _ selection: NodeSelection, available: Int, _ node: YAMLNode
    ) -> Bool {
        let place = node.location
        switch selection.amount {
        case .all, .share, .majority: return true
        case .count(let count) where count > available:
            log.error(
                "\(count) of \(selection.scope) cannot be, for there are \(available)", at: place)
            return false
        case .minority where available < 3:
            log.error(
                "\(selection.scope) has no minority, for it has \(available) nodes", at: place)
            return false
        case .count, .minority: return true
        }
    }

    /// Where the path begins within the text of the target.
    private func offset(of scope: NodeSelection.Scope, in node: YAMLNode) -> Int {
        guard let text = node.text, let range = text.ranges(of: scope.description).last else {
            return 0
        }
        return text.utf8.distance(from: text.startIndex, to: range.lowerBound)
    }
}

extension TierSpec {
    /// The names of its nodes: `app-2`, and `store-1-3` for the third replica of the first shard.
    package var nodeNames: [String] {
        switch shape {
        case .count(let count), .partitions(_, let count):
            (1...count).map { "\(name)-\($0)" }
        case .shards(let shards, let replicas):
            (1...shards).flatMap { shard in (1...replicas).map { "\(name)-\(shard)-\($0)" } }
        }
    }

    /// The nodes among which one leads: a shard, or the whole tier.
    var groupSize: Int {
        switch shape {
        case .count(let count): count
        case .shards(_, let replicas), .partitions(_, let replicas): replicas
        }
    }

    /// How many nodes a scope of this tier matches while all is well.
    func count(matching scope: NodeSelection.Scope) -> Int {
        let groups = scope.shard == nil ? count / groupSize : 1
        switch scope.role {
        case .leader: return groups
        case .follower: return groups * (groupSize - 1)
        case nil: return groups * groupSize
        }
    }
}

extension Topology {
    /// Nodes of all tiers in one region.
    func count(inRegion region: String) -> Int {
        tiers.reduce(0) { sum, tier in
            sum + tier.places.count { tier.region(at: $0) == region }
        }
    }

    /// The tier that a node's name belongs to.
    package func tier(ofNode name: String) -> TierSpec? {
        tiers.first { $0.nodeNames.contains(name) }
    }
}
