// The command line of faultline-sim, as typed values.

import Raft
import RaftSimulator

/// A command line that asks for nothing that can be done.
struct SimUsage: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

struct SimOptions {
    enum Task: Equatable {
        /// Run seeds until one breaks a promise.
        case search
        /// Run one seed, and tell what happens in it.
        case replay(UInt64)
        /// Look for each planted bug.
        case bugs
        case help
    }

    private(set) var task = Task.search
    private(set) var seeds = 100
    private(set) var first: UInt64 = 1
    private(set) var duration = SimulatedTime.seconds(20)
    private(set) var bug: PlantedBug?
    private(set) var isJSON = false
    private(set) var shrinks = true
    /// Where the seed in work is noted, for the process that watches this one; nobody else's flag.
    private(set) var note: String?

    /// Values follow their flag, after a blank or an equals sign.
    init(_ arguments: ArraySlice<String>) throws(SimUsage) {
        var rest = arguments.flatMap { argument -> [Substring] in
            argument.hasPrefix("--")
                ? argument.split(separator: "=", maxSplits: 1) : [argument[...]]
        }[...]
        var seen: Set<Substring> = []
        while let flag = rest.popFirst() {
            guard seen.insert(flag).inserted else { throw SimUsage("\(flag) is given twice") }
            if try takeSwitch(flag) { continue }
            guard let value = rest.popFirst() else { throw SimUsage("\(flag) needs a value") }
            try take(flag, String(value))
        }
        guard task != .bugs || bug == nil else {
            throw SimUsage("--bugs looks for all of them, and --bug for one")
        }
    }

    private mutating func takeSwitch(_ flag: Substring) throws(SimUsage) -> Bool {
        switch flag {
        case "--json": isJSON = true
        case "--no-shrink": shrinks = false
        case "--help", "help": task = .help
        case "--bugs": try choose(.bugs)
        case "--seeds", "--from", "--duration", "--bug", "--replay", "--note":
            return false
        default: throw SimUsage("unknown flag \(flag)")
        }
        return true
    }

    private mutating func take(_ flag: Substring, _ value: String) throws(SimUsage) {
        switch flag {
        case "--seeds":
            guard let count = Int(value), count > 0 else {
                throw SimUsage("--seeds is a positive number, not \(value)")
            }
            seeds = count
        case "--from": first = try Self.seed(value, of: flag)
        case "--replay": try choose(.replay(try Self.seed(value, of: flag)))
        case "--note": note = value
        case "--duration": duration = try Self.duration(value)
        default:
            guard let named = PlantedBug(rawValue: value) else {
                let known = PlantedBug.allCases.map(\.rawValue).joined(separator: ", ")
                throw SimUsage("no bug is called \(value); there are \(known)")
            }
            bug = named
        }
    }

    private mutating func choose(_ chosen: Task) throws(SimUsage) {
        guard task == .search || task == .help else {
            throw SimUsage("--replay and --bugs exclude each other")
        }
        task = chosen
    }

    private static func seed(_ value: String, of flag: Substring) throws(SimUsage) -> UInt64 {
        guard let seed = UInt64(value) else {
            throw SimUsage("\(flag) is the number of a seed, not \(value)")
        }
        return seed
    }

    /// `500ms`, `20s` or `5m`, of simulated time.
    private static func duration(_ value: String) throws(SimUsage) -> SimulatedTime {
        let units = [("ms", 1), ("s", 1000), ("m", 60_000)]
        for (unit, factor) in units where value.hasSuffix(unit) {
            guard let count = Int(value.dropLast(unit.count)), count > 0, count <= 1_000_000 else {
                continue
            }
            return .milliseconds(count * factor)
        }
        throw SimUsage("--duration is a time such as 500ms, 20s or 5m, not \(value)")
    }
}
