// Real programs of the host, started and listened to.

import Linux
import Testing

struct ToolProcessTests {
    /// All that a program says within ten seconds, and how it ended.
    private func run(
        _ arguments: [String], listening: ToolProcess.Listening
    ) throws -> (text: String, status: Linux.ExitStatus) {
        let process = try ToolProcess(arguments, listening: listening)
        let deadline = MonotonicTime.now() + .seconds(10)
        var bytes: [UInt8] = []
        while let more = try process.read(deadline: deadline) {
            bytes += more
            if .now() >= deadline { try process.handle.signal(.kill) }
        }
        return (String(decoding: bytes, as: UTF8.self), try process.handle.wait())
    }

    @Test func `the output is read to its end`() throws {
        let result = try run(["/bin/sh", "-c", "echo one; echo two; exit 3"], listening: .output)
        #expect(result.text == "one\ntwo\n")
        #expect(result.status == .exited(3))
    }

    @Test func `only the output that was asked for is read`() throws {
        let result = try run(
            ["/bin/sh", "-c", "echo said >&2; exec 1>/dev/null; echo not said"], listening: .errors)
        #expect(result.text == "said\n")
    }

    @Test func `a silent program gives nothing until the deadline`() throws {
        let process = try ToolProcess(["/bin/sleep", "60"], listening: .output)
        let bytes = try process.read(deadline: .now() + .milliseconds(20))
        #expect(bytes == [])
        try process.handle.signal(.kill)
        #expect(try process.read(deadline: .now() + .seconds(10)) == nil)
        #expect(try process.handle.wait() == .killed(.kill))
    }

    @Test func `a program that is not there is an error that names it`() {
        #expect(throws: SyscallError.self) {
            _ = try ToolProcess(["/nowhere/nothing"], listening: .output).handle.pid
        }
    }
}
