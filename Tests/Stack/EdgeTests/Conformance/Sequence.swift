// Requests for one URI, one after the other, through a real edge on real sockets: what the client
// sends, what the origin would answer, and what must come of it. A case is a name and its steps.
//
//     Sequence("HEAD keeps what it does not say", [
//         .get(answer: ["Cache-Control: max-age=2", "Only: 1"], wait: 3),
//         .head(.fetched, has: ["Only: 1"]),
//     ])

import Blueprint
import Endpoints
import Linux
import Reactor
import Testing
import Wire

@testable import Edge

/// One request, and the answer that the origin has for it.
struct Step {
    var method = "GET"
    /// Field lines of the request.
    var asks: [String] = []
    var sends = ""
    /// What the origin would answer, if it is asked.
    var status = 200
    var answer: [String] = []
    var body = "content"
    /// The origin's interim answers, each a status and its field lines.
    var interims: [(status: Int, lines: [String])] = []
    /// The origin closes the connection instead of answering.
    var breaksOff = false
    /// Where the answer must come from; nil where that does not matter.
    var from: Second?
    var expects: Int?
    /// The content that the client must get; nil: that of any step, whole.
    var text: String?
    /// Field lines that the client's answer must have.
    var has: [String] = []
    var lacks: [String] = []
    /// Field lines that the origin must see in the request.
    var sees: [String] = []
    /// Seconds that pass behind it.
    var wait: Double = 0

    static func get(
        _ from: Second? = nil, asks: [String] = [], status: Int = 200, answer: [String] = [],
        body: String = "content", expects: Int? = nil, text: String? = nil, has: [String] = [],
        lacks: [String] = [], sees: [String] = [], wait: Double = 0
    ) -> Step {
        Step(
            asks: asks, status: status, answer: answer, body: body, from: from, expects: expects,
            text: text, has: has, lacks: lacks, sees: sees, wait: wait)
    }

    static func head(
        _ from: Second? = nil, status: Int = 200, answer: [String] = [], has: [String] = [],
        wait: Double = 0
    ) -> Step {
        Step(method: "HEAD", status: status, answer: answer, from: from, has: has, wait: wait)
    }

    static func send(
        _ method: String, status: Int = 200, answer: [String] = [], wait: Double = 0
    ) -> Step {
        Step(method: method, sends: "abc", status: status, answer: answer, wait: wait)
    }

    /// The origin closes the connection without an answer.
    static func outage(
        _ from: Second? = nil, expects: Int? = nil, has: [String] = [], lacks: [String] = []
    ) -> Step {
        Step(breaksOff: true, from: from, expects: expects, has: has, lacks: lacks)
    }

    /// The origin answers in several heads before the last.
    static func interim(_ interims: [(Int, [String])], answer: [String]) -> Step {
        Step(answer: answer, interims: interims.map { (status: $0.0, lines: $0.1) })
    }
}

struct Sequence: CustomTestStringConvertible {
    let name: String
    let steps: [Step]
    var testDescription: String { name }

    init(_ name: String, _ steps: [Step]) {
        self.name = name
        self.steps = steps
    }

    @ReactorActor
    func run() async throws {
        let origin = try SequenceOrigin()
        let fixture = try EdgeFixture(behind: [
            NamedAddress(name: "origin", address: origin.address)
        ]) {
            $0.staleIfError = .seconds(60)
            $0.errorPause = .zero
        }
        defer {
            fixture.stop()
            origin.stop()
        }
        for (index, step) in steps.enumerated() {
            origin.expect(step, fixture.fields(step.answer), date: fixture.clock.date())
            let outcome = try await SequenceClient.send(step, fixture)
            try step.check(outcome, origin, fixture, "\(name), step \(index + 1)")
            fixture.clock.pass(step.wait)
        }
    }
}

extension Step {
    @ReactorActor
    fileprivate func check(
        _ outcome: SequenceClient.Outcome, _ origin: SequenceOrigin, _ fixture: EdgeFixture,
        _ place: String
    ) throws {
        let (head, text) = (outcome.head, outcome.text)
        let isOwn = origin.seen != nil && !breaksOff
        #expect(head.status == expects ?? (isOwn && status != 304 ? status : 200), "\(place)")
        if let from { #expect(origin.reached == from, "\(place)") }
        if let wanted = self.text { #expect(text == wanted, "\(place)") }
        for (name, value) in fixture.fields(has).all {
            #expect(head.headers.values(of: name).joined(separator: ", ") == value, "\(place)")
        }
        for name in lacks { #expect(head.headers[name] == nil, "\(place): \(name)") }
        for (name, value) in fixture.fields(sees).all {
            let seen = try #require(origin.seen, "\(place): the origin was not asked")
            #expect(seen.headers[name] == value, "\(place)")
        }
        let isAsked = origin.seen != nil && !interims.isEmpty
        #expect(outcome.interims.map(\.status) == (isAsked ? interims.map(\.status) : []))
        for (got, sent) in zip(outcome.interims, interims) {
            for (name, value) in fixture.fields(sent.lines).all {
                #expect(got.headers[name] == value, "\(place)")
            }
        }
    }
}
