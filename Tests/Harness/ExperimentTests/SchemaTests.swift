// The schema and the loader must agree on the keys. The loader tells its valid keys when it meets
// one that is near to none, so each mapping is given such a key and the answer held to the schema.

import Testing
import Wire

@testable import Experiment

struct SchemaTests {
    private let definitions = ExperimentSchema.jsonSchema["$defs"]

    /// The keys that the loader lists for the one strange key in a text.
    private func loaderKeys<Value>(_ load: () throws -> Value) throws -> Set<String> {
        let found = try headlines(load)
        let line = try #require(found.first { $0.contains("unknown key \"qqqqqqqqqqqq\"") })
        let list = try #require(line.split(separator: " takes ").last)
        return Set(list.split(separator: ", ").map(String.init))
    }

    private func keys(_ schema: JSON?) throws -> Set<String> {
        Set(try #require(schema?["properties"]?.object).map(\.0))
    }

    private func definition(_ name: String) -> JSON? { definitions?[name] }

    /// The alternative of a `oneOf` whose property is fixed to a word.
    private func alternative(_ name: String, _ key: String, _ word: String) -> JSON? {
        definition(name)?["oneOf"]?.array?
            .first { $0["properties"]?[key]?["const"] == .string(word) }
    }

    @Test(arguments: [
        ("experiment", "seed: 7", "seed: 7\nqqqqqqqqqqqq: 1"),
        ("load", "users: 500", "users: 500\n  qqqqqqqqqqqq: 1"),
        ("phases", "warmup: 3s", "qqqqqqqqqqqq: 1"),
    ])
    func `the keys of an experiment agree`(
        name: String, part: String, replacement: String
    ) throws {
        let text = try edit(Sample.experiment, part, replacement)
        #expect(try keys(definition(name)) == loaderKeys { try Sample.load(text) })
    }

    @Test func `the keys of the recovery criterion agree`() throws {
        let text = try edit(Sample.experiment, "seed: 7", "recovered: {qqqqqqqqqqqq: 1}")
        #expect(try keys(definition("recovered")) == loaderKeys { try Sample.load(text) })
    }

    @Test(arguments: FaultWord.allCases)
    func `the keys of a step agree`(fault: FaultWord) throws {
        let text = try edit(
            Sample.experiment, "fault: kill, target",
            "fault: \(fault.rawValue), qqqqqqqqqqqq: 1, target")
        let loader = try loaderKeys { try Sample.load(text) }
        #expect(try keys(alternative("step", "fault", fault.rawValue)) == loader)
    }

    @Test(arguments: ["balancer", "app", "store", "queue", "worker"])
    func `the keys of a tier agree`(role: String) throws {
        let text = try edit(Sample.topology, "role: \(role)", "qqqqqqqqqqqq: 1, role: \(role)")
        let loader = try loaderKeys { try Sample.loadTopology(text) }
        #expect(try keys(alternative("tier", "role", role)) == loader)
    }

    @Test func `the keys of other programs and of a topology agree`() throws {
        let tier = try edit(Sample.topology, "port: 6379", "port: 6379\n    qqqqqqqqqqqq: 1")
        let program = definition("tier")?["oneOf"]?.array?.last
        // A program that serves a cache has no shards; one that serves none may.
        let loader = try loaderKeys { try Sample.loadTopology(tier) }
        #expect(try keys(program).subtracting(["shards", "replicas"]) == loader)
        let top = try edit(Sample.topology, "name: stack", "name: stack\nqqqqqqqqqqqq: 1")
        #expect(try keys(definition("topology")) == loaderKeys { try Sample.loadTopology(top) })
    }

    @Test func `every reference in the schema leads somewhere`() throws {
        let names = Set(try #require(definitions?.object).map(\.0))
        var references: Set<String> = []
        func walk(_ json: JSON) {
            if let reference = json["$ref"]?.string {
                references.insert(String(reference.dropFirst("#/$defs/".count)))
            }
            json.array?.forEach(walk)
            json.object?.forEach { walk($0.1) }
        }
        walk(ExperimentSchema.jsonSchema)
        #expect(references == names)
    }
}
