// Whoever is killed, and whenever: no process, no namespace, no link and no mount of a run outlives
// it. Fifty runs of the whole stack, each ended by SIGKILL at a moment that a seed chooses.

import Glibc
import Linux
import Testing

@Suite(.serialized, .enabled(if: canRun, "needs a sandbox: see `faultline doctor`"))
struct KilledRunTests {
    private static let experiment = """
        apiVersion: faultline/v1
        kind: Experiment
        name: killed
        topology: TOPOLOGY
        seed: 1
        load: {arrivals: poisson, rate: 50/s, journeys: {browse: 60%, post: 40%}, users: 10}
        phases: {warmup: 1s, baseline: 2s, recovery: 2s, tail: 2s}
        method:
          - {at: 0s, for: 1s, fault: partition, target: {isolate: store.shard-1.leader}}
          - {at: 0s, for: 1s, fault: latency, delay: 5ms, target: {between: [app, cache]}}
        objectives:
          - availability >= 1% in baseline

        """

    @Test(.timeLimit(.minutes(10)))
    func `fifty runs killed at random moments leave nothing behind`() async throws {
        let folder = try ScratchFolder()
        let file = try Self.file(in: folder)
        let before = HostTraces.now(naming: folder.path)
        let namespacesBefore = HostTraces.namespaces()
        var state: UInt64 = 20_26
        for round in 1...50 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let program = try Program(["run", "--quiet", "--runs=\(folder.path)/runs", file])
            try await Task.sleep(for: .microseconds(Int(state >> 33) % 1_500_000))
            // Every other time the process inside dies first, not the one that the user started.
            let victim = round.isMultiple(of: 2) ? Self.child(of: program.pid) : nil
            kill(victim ?? program.pid, SIGKILL)
            let code = await program.wait()
            if victim != nil { #expect(code == 5) }
            let gone = await eventually { HostTraces.now(naming: folder.path) == before }
            #expect(gone, "round \(round) left \(HostTraces.now(naming: folder.path))")
        }
        #expect(await eventually { HostTraces.namespaces().isSubset(of: namespacesBefore) })
    }

    @Test(.timeLimit(.minutes(2)), arguments: [(SIGINT, 130), (SIGTERM, 143)] as [(Int32, Int32)])
    func `an interrupted run heals, cleans up and says so`(signal: Int32, code: Int32) async throws
    {
        let folder = try ScratchFolder()
        let file = try Self.file(in: folder)
        let before = HostTraces.now(naming: folder.path)
        let program = try Program(["run", "--runs=\(folder.path)/runs", file])
        try #require(await program.says("fault partition"), "\(program.errorText)")
        program.send(signal)
        program.send(signal)  // A second one must not break the unwinding.
        #expect(await program.wait() == code)
        #expect(await program.says("heal partition", within: .zero), "\(program.errorText)")
        #expect(await eventually { HostTraces.now(naming: folder.path) == before })
    }

    private static func file(in folder: ScratchFolder) throws -> String {
        try folder.write(
            "killed.yaml",
            experiment.replacing(
                "TOPOLOGY", with: "\(Program.repository)/fixtures/topologies/web-stack.yaml"))
    }

    private static func child(of parent: Int32) -> Int32? {
        let text = try? File.text(of: "/proc/\(parent)/task/\(parent)/children")
        return text?.split(separator: " ").first.flatMap { Int32($0) }
    }
}

/// Whether this host lets a sandbox be made at all.
let canRun: Bool = {
    guard let program = try? Program(["doctor"]) else { return false }
    var status: Int32 = 0
    return unsafe waitpid(program.pid, &status, 0) == program.pid && status == 0
}()
