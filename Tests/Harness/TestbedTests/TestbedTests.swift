// Runs the suites that need a sandbox: this test program starts itself inside one, by the same
// road as `faultline`, and runs there what is named `Sandboxed`. The outer test program stays in
// its own namespaces.

import Linux
import Testing

@testable import Testbed

@Suite(.tags(.privileged, .multiprocess), .timeLimit(.minutes(2)))
struct TestbedTests {
    @Test func `every test of a sandbox passes in a sandbox`() throws {
        let path = "/tmp/faultline-sandboxed-\(CurrentProcess.id).log"
        let log = try File.open(path, [.readWrite, .create, .truncate])
        let inner = try Sandbox.start(
            arguments: [
                CommandLine.arguments[0], "--testing-library", "swift-testing", "--no-parallel",
                "--filter", "Sandboxed",
            ], output: log.raw)
        let status = try inner.wait()
        let text = try File.text(of: path)
        try File.remove(path)
        #expect(status == .exited(0), Comment(rawValue: text))
        #expect(text.contains("passed after"), "an empty run is not a pass")
    }
}
