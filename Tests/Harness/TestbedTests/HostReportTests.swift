import Linux
import Testing

@testable import Testbed

struct HostReportTests {
    private let refused = SyscallError(stage: "child: clone", errno: .notPermitted)

    @Test(arguments: [
        (HostSettings(userNamespacesMax: 0), "user.max_user_namespaces"),
        (HostSettings(userNamespacesMax: 9, allowsUnprivileged: 0), "unprivileged_userns_clone=1"),
        (HostSettings(restrictedByAppArmor: 1), "apparmor_restrict_unprivileged_userns=0"),
        (HostSettings(), "as root"),
    ])
    func `each setting has its own remedy`(settings: HostSettings, word: String) {
        #expect(Sandbox.remedy(for: refused, settings: settings).contains(word))
    }

    @Test func `a hidden proc is the container's affair`() {
        let error = SyscallError(stage: "child: mount(proc /proc)", errno: .notPermitted)
        #expect(
            Sandbox.remedy(for: error, settings: HostSettings()).contains("systempaths=unconfined"))
    }

    @Test func `lines of the inner process become checks`() throws {
        let text = """
            noise
            check\tvirtual links\trtnetlink(x): refused\tsudo modprobe veth
            check\tpolicy routing\t\t
            """
        let checks = InnerChecks.parse(text, .exited(0))
        let links = try #require(checks.first { $0.name == "virtual links" })
        #expect(links.problem == "rtnetlink(x): refused")
        #expect(links.remedy == "sudo modprobe veth")
        #expect(try #require(checks.first { $0.name == "policy routing" }).isMet)
    }

    @Test func `a check that did not finish is not met`() {
        let checks = InnerChecks.parse("", .killed(.kill))
        #expect(!checks.isEmpty)
        #expect(checks.allSatisfy { !$0.isMet && $0.remedy != nil })
    }

    @Test func `an inner death is the harness's own failure`() {
        #expect(Sandbox.exitCode(for: .exited(2)) == 2)
        #expect(Sandbox.exitCode(for: .killed(.kill)) == 5)
    }
}
