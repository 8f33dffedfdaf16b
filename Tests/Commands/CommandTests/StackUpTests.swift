// A stack that is kept up answers on the host's loopback and ends in order on Ctrl-C.

import Glibc
import Linux
import Testing

@Suite(.serialized, .enabled(if: canRun, "needs a sandbox: see `faultline doctor`"))
struct StackUpTests {
    @Test(.timeLimit(.minutes(2)))
    func `a kept stack is forwarded to loopback and ends in order`() async throws {
        let file = "\(Program.repository)/fixtures/topologies/web-stack.yaml"
        let program = try Program(["stack", "up", file])
        try #require(await program.says("is up"), "\(program.errorText)")
        #expect(await program.says("balancer-1 at 127.0.0.1:", within: .zero))
        #expect(await program.says("cache-1 at 127.0.0.1:", within: .zero))
        program.send(SIGINT)
        #expect(await program.wait() == 0, "\(program.errorText)")
    }
}
