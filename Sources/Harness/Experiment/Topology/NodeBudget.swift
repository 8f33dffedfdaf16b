// What one node of a tier may use of the host. With equal budgets a small host shows the shape of a
// curve honestly: a tier of three nodes has three times the room of one, as three machines would.

import Linux
import Wire

package struct NodeBudget: Hashable, Sendable {
    /// Share of one core, 0.01 to 64; nil: no limit.
    package var cpu: Double?
    /// Bytes, at least 16 MiB and whole pages; nil: no limit.
    package var memory: Int?

    package init(cpu: Double? = nil, memory: Int? = nil) {
        self.cpu = cpu
        self.memory = memory
    }

    /// As `50% of a core, 256 MiB`.
    package var text: String {
        let parts = [
            cpu.map { "\(NodeBudget.percent($0)) of a core" }, memory.map { "\($0 >> 20) MiB" },
        ]
        return parts.compactMap { $0 }.joined(separator: ", ")
    }

    private static func percent(_ share: Double) -> String {
        let tenths = Int((share * 1000).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)%" : "\(tenths / 10).\(tenths % 10)%"
    }
}

extension NodeBudget {
    static let memoryMin = 16 << 20
    private static let page = 4096

    /// The keys of `budget` in a tier; nil, and reported, when one is wrong.
    static func read(_ node: YAMLNode, _ log: DiagnosticLog) -> NodeBudget? {
        guard var fields = Fields(node, "\"budget\"", log) else { return nil }
        let budget = NodeBudget(
            cpu: fields.optional("cpu", cores), memory: fields.optional("memory", memory))
        fields.finish()
        if budget == NodeBudget(), !fields.has("cpu"), !fields.has("memory") {
            log.error("\"budget\" limits nothing; give cpu or memory", at: node.location)
        }
        return budget
    }

    static var schema: JSON {
        ExperimentSchema.object(
            [
                (
                    "cpu",
                    [
                        "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?%$",
                        "description": "of one core, as 50%",
                    ]
                ), ("memory", ExperimentSchema.ref("size")),
            ], required: [])
    }

    /// A share of one core, which may be more than one.
    private static func cores(_ text: String) throws(ValueError) -> Double {
        guard text.hasSuffix("%"), let percent = Quantity.decimal(text.dropLast()) else {
            throw ValueError("\"\(text)\" is not a share of one core such as 50%")
        }
        guard (1...6400).contains(percent) else {
            throw ValueError("\(text) is not between 1% and 6400% of one core")
        }
        return percent / 100
    }

    private static func memory(_ text: String) throws(ValueError) -> Int {
        let bytes = try Checked.size(memoryMin...(1 << 40))(text)
        return bytes / page * page
    }
}

extension NodeBudget {
    /// Reads `cpu:50%,memory:256MiB` from a command line; nil for anything else.
    package init?(parsing text: String) {
        var budget = NodeBudget()
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: ":", maxSplits: 1)
            guard pair.count == 2 else { return nil }
            switch pair[0] {
            case "cpu" where budget.cpu == nil: budget.cpu = try? Self.cores(String(pair[1]))
            case "memory" where budget.memory == nil:
                budget.memory = try? Self.memory(String(pair[1]))
            default: return nil
            }
        }
        let wanted = text.split(separator: ",").count
        guard [budget.cpu == nil, budget.memory == nil].count(where: { !$0 }) == wanted else {
            return nil
        }
        self = budget
    }
}

extension Topology {
    /// Whether any node is held to a budget.
    package var hasBudgets: Bool { tiers.contains { $0.budget != nil } }

    /// The same tiers, those without a budget of their own held to this one.
    package func held(to budget: NodeBudget) -> Topology {
        var topology = self
        for index in topology.tiers.indices where topology.tiers[index].budget == nil {
            topology.tiers[index].budget = budget
        }
        return topology
    }
}
