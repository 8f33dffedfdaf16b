// Bad input: file, line, column, the nearest valid word, exit code 3, nothing started.

import Linux
import Testing

@Suite(.timeLimit(.minutes(2)))
struct BadInputTests {
    private static let good = """
        apiVersion: faultline/v1
        kind: Experiment
        name: probe
        topology: TOPOLOGY
        seed: 1
        load: {arrivals: even, rate: 50/s, journeys: {browse: 100%}, users: 10}
        phases: {warmup: 1s, baseline: 2s, recovery: 2s, tail: 2s}
        method:
          - {at: 0s, for: 1s, fault: pause, target: one of app}
        objectives:
          - availability >= 99% in baseline

        """

    private struct Mistake: CustomTestStringConvertible {
        let wrong: (String, String)
        let place: String
        let says: String
        var testDescription: String { "\(wrong.0) -> \(wrong.1)" }
    }

    private static let mistakes = [
        Mistake(wrong: ("seed: 1", "sead: 1"), place: ":5:1:", says: "did you mean \"seed\""),
        Mistake(wrong: ("warmup: 1s", "warmup: 1"), place: ":7:18:", says: "unit"),
        Mistake(wrong: ("fault: pause", "fault: paus"), place: ":9:30:", says: "pause"),
        Mistake(wrong: ("one of app", "one of apps"), place: ":9:", says: "app"),
        Mistake(wrong: ("TOPOLOGY", "absent.yaml"), place: ":4:11:", says: "absent.yaml"),
        Mistake(wrong: ("availability", "availabilty"), place: ":11:", says: "availability"),
    ]

    @Test(arguments: mistakes.indices)
    func `a mistake is named with its place and nothing is started`(index: Int) async throws {
        let mistake = Self.mistakes[index]
        let folder = try ScratchFolder()
        var text = Self.good.replacing(mistake.wrong.0, with: mistake.wrong.1)
        text = text.replacing(
            "TOPOLOGY", with: "\(Program.repository)/fixtures/topologies/web-stack.yaml")
        let file = try folder.write("probe.yaml", text)
        let result = try await Program.run("run", "--runs=\(folder.path)/runs", file)
        #expect(result.code == 3)
        #expect(result.errors.contains("probe.yaml\(mistake.place)"), "\(result.errors)")
        #expect(result.errors.contains(mistake.says), "\(result.errors)")
        #expect(!File.exists("\(folder.path)/runs"))
    }

    @Test func `every shipped file is valid`() async throws {
        let root = Program.repository + "/experiments"
        let files = try (File.list(root) + File.list(root + "/must-fail").map { "must-fail/" + $0 })
            .filter { $0.hasSuffix(".yaml") }.map { "\(root)/\($0)" }
        try #require(files.count >= 9)
        let program = try Program(["validate"] + files)
        #expect(await program.wait() == 0, "\(program.errorText)")
    }

    @Test(arguments: [
        ["rn"],  // no such command
        ["run"],  // no file
        ["run", "--jsn", "x.yaml"],  // no such flag
        ["run", "--json", "--json", "x.yaml"],  // given twice
        ["load", "--url=http://127.0.0.1:1/"],  // flags missing
        ["stack", "down", "x.yaml"],  // no such verb
    ])
    func `a command line that says nothing doable is exit code 3`(arguments: [String]) async throws
    {
        let program = try Program(arguments)
        #expect(await program.wait() == 3)
        #expect(program.errorText.hasPrefix("faultline: "))
    }

    @Test(arguments: [
        "run", "replay", "ladder", "stack", "load", "validate", "schema", "plan", "doctor",
    ])
    func `every command has help with an example`(command: String) async throws {
        let result = try await Program.run(command, "--help")
        #expect(result.code == 0)
        #expect(result.output.contains("example: faultline \(command)"))
    }
}
