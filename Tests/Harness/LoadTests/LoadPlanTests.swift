// The plan's file: what one process writes, the other reads back, and nothing is guessed.

import Experiment
import Linux
import Load
import Testing
import Wire

struct LoadPlanTests {
    private static func plan() throws -> LoadPlan {
        LoadPlan(
            seed: .max, duration: .seconds(30), profile: Samples.profile,
            target: try #require(SocketAddress("10.1.2.3:8080")), host: "balancer-1",
            history: "/run/history.jsonl", latencies: "/run/latency.hlog",
            sessions: "/run/sessions.json")
    }

    @Test func `a plan reads back as it was written`() throws {
        let plan = try Self.plan()
        let read = try LoadPlan(json: JSON.parse(Array(plan.json.text.utf8).span))
        #expect(read == plan)
        #expect(read.arrivals.fingerprint(first: 100) == plan.arrivals.fingerprint(first: 100))
    }

    @Test func `the two files are optional`() throws {
        var plan = try Self.plan()
        plan.history = nil
        plan.latencies = nil
        #expect(try LoadPlan(json: plan.json) == plan)
    }

    @Test func `a service is found by its name`() throws {
        var plan = try Self.plan()
        plan.service = LoadService(
            name: "www.faultline.test", servers: [try #require(SocketAddress("10.1.0.1:5353"))],
            port: 8080, sources: [IPv4Address(10, 254, 1, 1)])
        #expect(try LoadPlan(json: JSON.parse(Array(plan.json.text.utf8).span)) == plan)
    }

    @Test(
        arguments: [
            ("service", ["name": "x"], .notA("a service")),
            ("seed", .string("-1"), .notA("a whole number of 64 bits")),
            ("rate", 0, .notA("a rate above 0")),
            ("durationNanoseconds", 0, .notA("a time")),
            ("arrivals", "uniform", .notA("even or poisson")),
            ("journeys", ["stroll": 1.0], .notA("shares by journey")),
            ("users", 0, .notA("a number from 1")),
            ("connections", 0, .notA("a number from 1")),
            ("target", "balancer:80", .notA("an address such as 10.1.0.1:80")),
            ("host", "a b", .notA("a name without spaces")),
            ("patience", 1, .unknownMember),
        ] as [(String, JSON, LoadPlanError.Problem)])
    func `a wrong member is named`(name: String, value: JSON, problem: LoadPlanError.Problem) throws
    {
        var members = try #require(try Self.plan().json.object)
        members.removeAll { $0.0 == name }
        members.append((name, value))
        let error = #expect(throws: LoadPlanError.self) {
            _ = try LoadPlan(json: .object(members))
        }
        #expect(error == LoadPlanError(member: name, problem: problem))
    }

    @Test func `a missing member is named`() throws {
        var members = try #require(try Self.plan().json.object)
        members.removeAll { $0.0 == "target" }
        let error = #expect(throws: LoadPlanError.self) {
            _ = try LoadPlan(json: .object(members))
        }
        #expect(error == LoadPlanError(member: "target", problem: .missing))
    }
}
