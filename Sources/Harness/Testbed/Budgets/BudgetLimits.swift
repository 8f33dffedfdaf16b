// The files of a control group in both versions: which limits a budget comes to, and what the kernel says
// of a group afterwards. Pure but for the reading and writing at the end.
//
//                      version 1                              version 2
//     processor        cpu.cfs_period_us, cpu.cfs_quota_us    cpu.max: "quota period"
//     weight           cpu.shares                             cpu.weight
//     memory           memory.limit_in_bytes                  memory.max
//     swap             memory.memsw.limit_in_bytes            memory.swap.max
//     held back        cpu.stat: throttled_time, ns           cpu.stat: throttled_usec
//     killed           memory.oom_control: oom_kill           memory.events: oom_kill

import Linux

/// One file of a group and what is written to it.
struct GroupFile: Equatable, Sendable {
    let name: String
    let value: String
    /// Whether a kernel may lack it; then the limit is still a limit.
    var isOptional = false
}

enum BudgetLimits {
    /// Microseconds in which a quota is given out anew. Short, so that a node that has used its share up
    /// waits milliseconds and not a tenth of a second, as the kernel's default has it; a share too small
    /// for the least quota of 1 ms gets the default.
    static func period(for share: Double) -> Int { share * 20_000 >= 1000 ? 20_000 : 100_000 }

    static func cpu(_ share: Double, _ version: ControlHierarchy.Version) -> [GroupFile] {
        let period = period(for: share)
        let quota = max(1000, Int((share * Double(period)).rounded()))
        switch version {
        case .one:
            return [
                GroupFile(name: "cpu.cfs_period_us", value: "\(period)"),
                GroupFile(name: "cpu.cfs_quota_us", value: "\(quota)"),
            ]
        case .two: return [GroupFile(name: "cpu.max", value: "\(quota) \(period)")]
        }
    }

    /// As much as so many processes of ordinary weight, up to the kernel's most.
    static func weight(_ count: Int, _ version: ControlHierarchy.Version) -> [GroupFile] {
        switch version {
        case .one: [GroupFile(name: "cpu.shares", value: "\(min(count * 1024, 262_144))")]
        case .two: [GroupFile(name: "cpu.weight", value: "\(min(count * 100, 10_000))")]
        }
    }

    /// Without swap: a node that pages would be slow for a reason that no budget names.
    static func memory(_ bytes: Int, _ version: ControlHierarchy.Version) -> [GroupFile] {
        switch version {
        case .one:
            [
                GroupFile(name: "memory.limit_in_bytes", value: "\(bytes)"),
                GroupFile(
                    name: "memory.memsw.limit_in_bytes", value: "\(bytes)", isOptional: true),
            ]
        case .two:
            [
                GroupFile(name: "memory.max", value: "\(bytes)"),
                GroupFile(name: "memory.swap.max", value: "0", isOptional: true),
            ]
        }
    }

    /// Writes the files and reads them back: a limit that did not take is none.
    static func apply(_ files: [GroupFile], to folder: String) throws(SyscallError) {
        for file in files {
            let path = "\(folder)/\(file.name)"
            if file.isOptional, !File.exists(path) { continue }
            try ControlGroups.set(path, to: file.value)
            let text = try File.text(of: path)
            guard text.split(whereSeparator: \.isNewline).first.map(String.init) == file.value
            else { throw SyscallError(stage: "write(\(path))", errno: .invalid) }
        }
    }

    /// The number behind a name in a file of `name value` lines; nil where there is none.
    static func value(_ name: String, in text: String) -> Int64? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == name { return Int64(words[1]) }
        }
        return nil
    }
}

/// What the kernel says of a budgeted node since its group was made.
package struct BudgetUsage: Equatable, Sendable {
    /// Periods in which the node wanted to run, and those in which it was held back.
    package var periods: Int64 = 0
    package var throttledPeriods: Int64 = 0
    package var throttled: Duration = .zero
    /// Bytes that the group is charged with now, page cache included.
    package var memory: Int64?
    /// Processes that were killed for want of memory.
    package var kills: Int64 = 0

    /// Reads cpu.stat of either version.
    init(cpuStat text: String) {
        periods = BudgetLimits.value("nr_periods", in: text) ?? 0
        throttledPeriods = BudgetLimits.value("nr_throttled", in: text) ?? 0
        if let nanoseconds = BudgetLimits.value("throttled_time", in: text) {
            throttled = .nanoseconds(nanoseconds)
        } else {
            throttled = .microseconds(BudgetLimits.value("throttled_usec", in: text) ?? 0)
        }
    }
}
