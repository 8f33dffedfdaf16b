// What the kernel says about a process: the proof that a pause, a kill or a restart took place.

/// Fields of /proc/<pid>/stat and /proc/<pid>/status, as proc(5) numbers them.
package struct ProcessStatus: Equatable, Sendable {
    /// The kernel's letter of field 3: R running, S sleeping, D disk, T stopped, Z ended, X gone.
    package enum State: Character, Sendable {
        case running = "R"
        case sleeping = "S"
        case waitingForDisk = "D"
        case stopped = "T"
        case traced = "t"
        case zombie = "Z"
        case dead = "X"
        case idle = "I"
    }

    package let state: State
    /// Field 22: clock ticks after boot; together with the pid it names one process for ever.
    package let startTicks: UInt64

    init(state: State, startTicks: UInt64) {
        self.state = state
        self.startTicks = startTicks
    }

    /// Reads /proc/<pid>/stat; nil when there is no such process.
    package init?(pid: Int32) {
        guard let text = try? File.text(of: "/proc/\(pid)/stat") else { return nil }
        self.init(stat: text)
    }

    /// Parses one line; the command's name may hold blanks and brackets, so fields count from
    /// the last closing bracket.
    package init?(stat line: String) {
        guard let bracket = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: bracket)...].split(separator: " ")
        guard fields.count > 19, let letter = fields[0].first, fields[0].count == 1,
            let state = State(rawValue: letter), let ticks = UInt64(fields[19])
        else { return nil }
        self.state = state
        startTicks = ticks
    }
}
