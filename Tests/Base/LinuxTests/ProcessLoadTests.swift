// The counters of a process are read right, and this process has some.

import Testing

@testable import Linux

struct ProcessLoadTests {
    @Test func `schedstat has time on a core and time waited`() throws {
        let times = try #require(ProcessLoad.times("2500 300 7\n"))
        #expect(times.ran == .nanoseconds(2500))
        #expect(times.waited == .nanoseconds(300))
        #expect(ProcessLoad.times("0 0\n") == nil)
        #expect(ProcessLoad.times("") == nil)
    }

    @Test func `written bytes are those that reach a disk`() {
        #expect(
            ProcessLoad.written("wchar: 12\nwrite_bytes: 4096\ncancelled_write_bytes: 1\n") == 4096)
        #expect(ProcessLoad.written("wchar: 12\n") == nil)
    }

    @Test func `the host's wait for disks is the total of some`() {
        let text = """
            some avg10=0.15 avg60=0.21 avg300=0.57 total=408
            full avg10=0.00 avg60=0.03 avg300=0.34 total=84
            """
        #expect(HostPressure.total(text) == .microseconds(408))
        #expect(HostPressure.total("") == nil)
    }

    @Test func `this process has run and has memory`() throws {
        let load = try #require(ProcessLoad(pid: CurrentProcess.id))
        #expect(load.ran > .zero)
        #expect(load.residentBytes > 1 << 20)
        #expect(ProcessLoad(pid: -5) == nil)
    }
}
