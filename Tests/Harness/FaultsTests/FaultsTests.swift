// Runs the suites that need a sandbox: this test program starts itself inside one and runs there
// what is named `InSandbox`. On a host that allows none the reason is printed instead.

import Linux
import Testbed
import Testing

extension Tag {
    @Tag static var privileged: Self
    @Tag static var multiprocess: Self
}

@Suite(.tags(.privileged, .multiprocess), .timeLimit(.minutes(3)))
struct FaultsTests {
    @Test(.enabled(if: Host.lacks.isEmpty, Host.reason))
    func `every fault acts, and every proof can fail`() throws {
        let log = try MemoryFile.create("faults")
        let inner = try Sandbox.start(
            arguments: [
                CommandLine.arguments[0], "--testing-library", "swift-testing", "--no-parallel",
                "--filter", "FaultsTests.*InSandbox",
            ], output: log.raw)
        let status = try inner.wait()
        let text = try MemoryFile.text(of: log)
        #expect(status == .exited(0), Comment(rawValue: text))
        #expect(text.contains("passed after"), "an empty run is not a pass")
    }
}

/// What this host would need for a sandbox.
enum Host {
    static let lacks = HostCheck.all().filter { $0.isNeeded && !$0.isMet }
    static let hasRedis = ProgramSearch.find("redis-server") != nil

    static var reason: Comment {
        Comment(
            rawValue: lacks.map { "\($0.name): \($0.detail); \($0.mend)" }.joined(separator: ", "))
    }
}
