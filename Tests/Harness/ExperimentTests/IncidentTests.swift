// An incident carries its experiment and topology, and its errors still point at the right lines.

import Testing

@testable import Experiment

struct IncidentTests {
    private func incident() throws -> Incident {
        Incident(
            experiment: try Sample.load(Sample.experiment),
            recorded: "2026-11-24T10:00:00.000000Z", seed: 99, arrivals: "9f8e7d6c5b4a3f2e",
            events: [
                RecordedEvent(
                    step: "1", injected: .nanoseconds(1_000_020), healed: .seconds(8),
                    nodes: ["store-1-2"]),
                RecordedEvent(
                    step: "2", injected: .seconds(10), healed: nil, nodes: [],
                    links: [
                        DirectedLink(from: "app-1", to: "cache-1"),
                        DirectedLink(from: "client-1", to: "app-1"),
                    ]),
            ])
    }

    @Test func `an incident that is written is read back`() throws {
        let original = try incident()
        let read = try Sample.loadIncident(original.yaml)
        #expect(read.seed == 99)
        #expect(read.experiment.seed == 99)
        #expect(read.recorded == original.recorded)
        #expect(read.arrivals == original.arrivals)
        #expect(read.events == original.events)
        #expect(read.experiment.text == Sample.experiment)
        #expect(read.experiment.topology.text == Sample.topology)
        #expect(read.experiment.load == original.experiment.load)
        #expect(read.experiment.method.map(\.target) == original.experiment.method.map(\.target))
        #expect(read.yaml == original.yaml)
    }

    @Test(arguments: ["", "\n", "\n\n", "# last words"])
    func `the end of an embedded text is kept to the letter`(end: String) throws {
        var original = try incident()
        let text = try #require(Sample.experiment.split(separator: "\n\n").first)
        original.experiment.text = text + end
        #expect(try Sample.loadIncident(original.yaml).experiment.text == text + end)
    }

    @Test func `an embedded text may begin with spaces`() throws {
        var original = try incident()
        original.experiment.text = "   # indented\n" + Sample.experiment
        let read = try Sample.loadIncident(original.yaml)
        #expect(read.experiment.text == original.experiment.text)
        let line = try #require(
            original.yaml.split(separator: "\n", omittingEmptySubsequences: false)
                .firstIndex { $0.contains("fault: kill") })
        #expect(read.experiment.method[0].location.description == "i.yaml:\(line + 1):7")
    }

    @Test func `an error inside an embedded file points into the incident`() throws {
        let text = try edit(try incident().yaml, "fault: kill", "fault: kil")
        let error = try #require(throws: InvalidExperiment.self) {
            try Sample.loadIncident(text)
        }
        let line = try #require(
            text.split(separator: "\n", omittingEmptySubsequences: false)
                .firstIndex { $0.contains("fault: kil,") })
        #expect(
            error.description.hasPrefix(
                "i.yaml:\(line + 1):32: error: unknown fault \"kil\"; did you mean \"kill\"?"))
        #expect(error.diagnostics[0].sourceLine?.contains("fault: kil,") == true)
    }

    @Test(arguments: [
        ("seed: 99", "seed: x", "5:7: error: \"x\" is not a whole number from 0 to 2^64 - 1"),
        ("step: 1", "step: 7", "8:12: error: unknown step \"7\"; valid here: 1, 2"),
        (
            "injected: 10s", "injected: 10",
            "9:25: error: \"10\" has no unit; write 10ms, 10s or 10m"
        ),
        (
            "[store-1-2]", "[store-1-9]",
            "8:54: error: unknown node \"store-1-9\"; did you mean \"store-1-1\"?"
        ),
        (", nodes: [store-1-2]", "", "8:5: error: an event needs \"nodes\" or \"links\""),
        ("[client-1, app-1]", "[app-1]", "9:56: error: a link is written [from, to]"),
        (
            "kind: Incident", "kind: Experiment",
            "3:7: error: the kind is Experiment, where Incident is wanted"
        ),
    ])
    func `a slip in the record is refused`(
        part: String, replacement: String, expected: String
    ) throws {
        let yaml = try incident().yaml
        let head = try #require(yaml.firstRange(of: "experiment: |"))
        let text = try edit(String(yaml[..<head.lowerBound]), part, replacement)
        let found = try headlines { try Sample.loadIncident(text + yaml[head.lowerBound...]) }
        #expect(found == ["i.yaml:" + expected])
    }

    @Test func `an embedded file must be a literal block`() throws {
        let text = """
            apiVersion: faultline/v1
            kind: Incident
            recorded: now
            seed: 1
            arrivals: x
            events: []
            experiment: "kind: Experiment"
            topology: >
              kind: Topology
            """
        #expect(
            try headlines { try Sample.loadIncident(text) } == [
                "i.yaml:7:13: error: an embedded file must be a literal block: |",
                "i.yaml:8:11: error: an embedded file must be a literal block: |",
            ])
    }
}
