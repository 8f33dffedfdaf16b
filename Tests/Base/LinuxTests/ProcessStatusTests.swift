// What the kernel says of a process is read right, whatever the process is called.

import Testing

@testable import Linux

struct ProcessStatusTests {
    @Test func `a name with blanks and brackets does not shift the fields`() {
        let line = "42 (a) R (b) T 1 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 9876 100 1"
        #expect(
            ProcessStatus(stat: line) == ProcessStatus(state: .stopped, startTicks: 9876))
    }

    @Test(arguments: ["", "42 (x) T", "42 x T 1", "42 (x) ? 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9"])
    func `what is no stat line is refused`(line: String) {
        #expect(ProcessStatus(stat: line) == nil)
    }

    @Test func `this process runs or sleeps`() throws {
        let status = try #require(ProcessStatus(pid: CurrentProcess.id))
        #expect([.running, .sleeping].contains(status.state))
        #expect(status.startTicks > 0)
    }

    @Test func `there is no process of a negative number`() {
        #expect(ProcessStatus(pid: -5) == nil)
    }
}
