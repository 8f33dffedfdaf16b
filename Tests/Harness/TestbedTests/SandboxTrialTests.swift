// A host that refuses a sandbox is told what mends it.

import Linux
import Testing

@testable import Testbed

struct SandboxTrialTests {
    private let refused = SyscallError(stage: "child: clone", errno: .notPermitted)

    private func finding(_ name: String, isMet: Bool, isNeeded: Bool = true) -> HostFinding {
        HostFinding(
            name: name, isMet: isMet, isNeeded: isNeeded, detail: "", mend: "mend \(name)")
    }

    @Test func `what the host lacks and needs is what mends a refusal`() {
        let findings = [
            finding("fine", isMet: true), finding("extra", isMet: false, isNeeded: false),
            finding("clone", isMet: false),
        ]
        #expect(Sandbox.remedy(for: refused, given: findings) == "mend clone")
        #expect(Sandbox.remedy(for: refused, given: []).contains("as root"))
    }

    @Test func `a limit that is used up is raised`() {
        let error = SyscallError(stage: "child: clone", errno: .noSpace)
        #expect(Sandbox.remedy(for: error, given: []).contains("max_user_namespaces"))
    }

    @Test func `a hidden proc is the container's affair`() {
        let error = SyscallError(stage: "child: mount(proc /proc)", errno: .notPermitted)
        #expect(
            Sandbox.remedy(for: error, given: []).contains("systempaths=unconfined"))
    }

    @Test func `lines of the inner process become checks`() throws {
        let text = """
            noise
            tried\tvirtual links\trtnetlink(x): refused\tsudo modprobe veth
            tried\tpolicy routing\t\t
            """
        let checks = InnerTrial.parse(text, .exited(0))
        let links = try #require(checks.first { $0.name == "virtual links" })
        #expect(!links.isMet)
        #expect(links.detail == "rtnetlink(x): refused")
        #expect(links.mend == "sudo modprobe veth")
        #expect(try #require(checks.first { $0.name == "policy routing" }).isMet)
    }

    @Test func `a check that did not finish is not met`() {
        let checks = InnerTrial.parse("", .killed(.kill))
        #expect(!checks.isEmpty)
        #expect(checks.allSatisfy { !$0.isMet && !$0.mend.isEmpty })
    }

    @Test func `an inner death is the harness's own failure`() {
        #expect(Sandbox.exitCode(for: .exited(2)) == 2)
        #expect(Sandbox.exitCode(for: .killed(.kill)) == 5)
    }
}
