// Every file that the repository ships loads, and the loader finds files as users name them.

import Linux
import Testing

@testable import Experiment

private let root = {
    // Tests/Harness/ExperimentTests/<this file>
    FilePath.folder(of: FilePath.folder(of: FilePath.folder(of: FilePath.folder(of: #filePath))))
}()

private func files(_ folder: String) throws -> [String] {
    try File.list("\(root)/\(folder)").filter { $0.hasSuffix(".yaml") }
        .map { "\(root)/\(folder)/\($0)" }
}

struct ShippedFilesTests {
    @Test(arguments: [("experiments", 17), ("experiments/must-fail", 3)])
    func `every shipped experiment loads`(folder: String, least: Int) throws {
        let paths = try files(folder)
        #expect(paths.count >= least)
        for path in paths {
            let plan = try ExperimentLoader.load(path: path)
            #expect(path.hasSuffix("/\(plan.name).yaml"), "named after its file")
            #expect(plan.length >= .seconds(10), "\(plan.name)")
            #expect(plan.length <= .seconds(27), "\(plan.name) is too long for CI")
            #expect(plan.description != nil)
        }
    }

    @Test func `every shipped topology loads and can be planned`() throws {
        let paths = try files("fixtures/topologies")
        #expect(paths.count >= 4)
        for path in paths {
            let topology = try ExperimentLoader.topology(path: path)
            #expect(path.hasSuffix("/\(topology.name).yaml"), "named after its file")
            #expect(topology.plan(folder: "/n", seed: 1).count >= 9)
        }
    }

    @Test func `the two cache flushes differ in their cache alone`() throws {
        let ours = try ExperimentLoader.load(path: "\(root)/experiments/cache-flush.yaml")
        let redis = try ExperimentLoader.load(path: "\(root)/experiments/cache-flush-redis.yaml")
        #expect(ours.method.map(\.fault) == redis.method.map(\.fault))
        #expect(ours.method.map(\.target) == redis.method.map(\.target))
        #expect(ours.objectives.map(\.objective) == redis.objectives.map(\.objective))
        #expect(ours.load == redis.load)
        #expect(ours.topology != redis.topology)
    }

    @Test func `a document says itself what it is`() throws {
        let experiment = try ExperimentLoader.document(path: "\(root)/experiments/app-kill.yaml")
        let topology = try ExperimentLoader.document(
            path: "\(root)/fixtures/topologies/web-stack.yaml")
        #expect(experiment.name == "app-kill")
        #expect(topology.name == "web-stack")
        guard case .experiment = experiment, case .topology = topology else {
            Issue.record("the kinds are mixed up")
            return
        }
    }
}

struct ExperimentLoaderTests {
    @Test func `an absent file is said to be absent`() throws {
        #expect(
            try headlines { try ExperimentLoader.load(path: "/no/such.yaml") }.first?
                .hasPrefix("/no/such.yaml: error: cannot be read: ") == true)
    }

    @Test func `an absent topology is told where it was named, with its neighbour`() throws {
        let path = "\(root)/experiments/app-kill.yaml"
        let text = try File.text(of: path)
        let broken = try edit(text, "topologies/web-stack.yaml", "topologies/web-stak.yaml")
        let folder = "/tmp/faultline-loader-\(UInt64.random(in: 0 ... .max))"
        try File.makeDirectories("\(folder)/experiments")
        defer { try? File.removeTree(folder) }
        try File.makeDirectories("\(folder)/fixtures/topologies")
        try File.save(
            Array("kind: Topology\n".utf8), to: "\(folder)/fixtures/topologies/web-stack.yaml")
        try File.save(Array(broken.utf8), to: "\(folder)/experiments/x.yaml")
        #expect(
            try headlines { try ExperimentLoader.load(path: "\(folder)/experiments/x.yaml") } == [
                "\(folder)/experiments/x.yaml:6:11: error: no topology file "
                    + "\(folder)/fixtures/topologies/web-stak.yaml; did you mean "
                    + "\"../fixtures/topologies/web-stack.yaml\"?"
            ])
        try File.save(Array(text.utf8), to: "\(folder)/experiments/x.yaml")
        #expect(
            try headlines { try ExperimentLoader.load(path: "\(folder)/experiments/x.yaml") } == [
                "\(folder)/fixtures/topologies/web-stack.yaml:1:1: error: the file needs the key "
                    + "\"apiVersion\""
            ]
                + ["name", "entry", "tiers"].map {
                    "\(folder)/fixtures/topologies/web-stack.yaml:1:1: error: a topology "
                        + "needs the key "
                        + "\"\($0)\""
                })
    }

    @Test(arguments: [
        ("experiments", "../fixtures/t.yaml", "fixtures/t.yaml"),
        ("", "t.yaml", "t.yaml"),
        ("a/b", "./t.yaml", "a/b/t.yaml"),
        ("a", "../../t.yaml", "../t.yaml"),
        ("/a/b", "../t.yaml", "/a/t.yaml"),
        ("..", "../t.yaml", "../../t.yaml"),
        ("a", "/t.yaml", "/t.yaml"),
    ])
    func `paths are joined and folded`(folder: String, path: String, expected: String) {
        #expect(FilePath.join(folder, path) == expected)
    }
}
