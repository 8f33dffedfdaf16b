// One run of a program from its start to its end, looked at from outside: every line that it writes,
// with the time at which it was seen.

import Linux

/// A finished run.
struct ToolRun {
    struct Line {
        let text: String
        let seen: MonotonicTime
    }

    /// Just before the program was started.
    let started: MonotonicTime
    let lines: [Line]
    let status: ExitStatus

    /// Runs to the end of the program's output; past `limit` it is told to end, then killed.
    static func of(
        _ arguments: [String], listening: ToolProcess.Listening = .output, limit: Duration,
        each: (Line) -> Void = { _ in }
    ) throws(SyscallError) -> ToolRun {
        let started = MonotonicTime.now()
        let process = try ToolProcess(arguments, listening: listening)
        var lines: [Line] = []
        var rest: [UInt8] = []
        var deadline = started + limit
        var endings: [Signal] = [.kill, .interrupt]
        while let bytes = try process.read(deadline: deadline) {
            let seen = MonotonicTime.now()
            rest += bytes
            for text in takeLines(&rest) {
                let line = Line(text: text, seen: seen)
                lines.append(line)
                each(line)
            }
            if seen >= deadline {
                guard let ending = endings.popLast() else { break }
                try process.handle.signal(ending)
                deadline = seen + .seconds(10)
            }
        }
        return ToolRun(started: started, lines: lines, status: try process.handle.wait())
    }

    /// Whole lines off the front.
    private static func takeLines(_ bytes: inout [UInt8]) -> [String] {
        guard let end = bytes.lastIndex(of: 0x0A) else { return [] }
        let whole = bytes[...end]
        defer { bytes.removeSubrange(...end) }
        return whole.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    }
}
