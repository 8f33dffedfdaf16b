// What the load generator's process is to do: the file that the harness writes and that
// `faultline load-agent --plan=FILE` reads.
//
//     {"seed": "7", "durationNanoseconds": 30000000000, "arrivals": "poisson", "rate": 2000.0,
//      "journeys": {"browse": 0.7, "post": 0.2, "checkout": 0.1}, "users": 20000,
//      "popularity": 1.0, "timeoutNanoseconds": 2000000000, "connections": 256,
//      "target": "10.77.1.1:8080", "host": "balancer-1", "history": "/run/history.jsonl",
//      "latencies": "/run/latency.hlog"}

package import Experiment
package import Linux
package import Wire

/// One load: what to send, where to, and where to write down what became of it.
package struct LoadPlan: Equatable, Sendable {
    /// The plan is a function of it and the profile.
    package var seed: UInt64
    /// Arrivals lie in 0..<duration after the epoch.
    package var duration: Duration
    package var profile: LoadProfile
    package var target: SocketAddress
    /// The Host field of every request.
    package var host: String
    /// Where history.jsonl goes; nil keeps none.
    package var history: String?
    /// Where the interval log of latencies goes; nil keeps none.
    package var latencies: String?
    /// Where the users' sessions are read from at the start, if the file is there, and left at the end:
    /// so users stay signed in from one load to the next. Nil: everybody signs in.
    package var sessions: String?
    /// Found by its name; then `target` is of no account.
    package var service: LoadService?

    package init(
        seed: UInt64, duration: Duration, profile: LoadProfile, target: SocketAddress, host: String,
        history: String? = nil, latencies: String? = nil, sessions: String? = nil,
        service: LoadService? = nil
    ) {
        self.sessions = sessions
        self.seed = seed
        self.duration = duration
        self.profile = profile
        self.target = target
        self.host = host
        self.history = history
        self.latencies = latencies
        self.service = service
    }

    package var arrivals: ArrivalPlan { ArrivalPlan(profile, duration: duration, seed: seed) }
}

/// Why a plan's file cannot be read.
package struct LoadPlanError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Problem: Equatable, Sendable {
        case missing
        /// What the member should have been.
        case notA(String)
        case unknownMember
    }

    package let member: String
    package let problem: Problem

    package init(member: String, problem: Problem) {
        self.member = member
        self.problem = problem
    }

    package var description: String {
        switch problem {
        case .missing: "load plan: \(member) is missing"
        case .notA(let kind): "load plan: \(member) is not \(kind)"
        case .unknownMember: "load plan: \(member) is no known member"
        }
    }
}

extension LoadPlan {
    package var json: JSON {
        var members: [(String, JSON)] = [
            ("seed", .string("\(seed)")),
            ("durationNanoseconds", .integer(duration.nanoseconds)),
            ("arrivals", .string(profile.arrivals.rawValue)),
            ("rate", .number(profile.rate)),
            (
                "journeys",
                .object(profile.journeys.map { ($0.journey.rawValue, .number($0.share)) })
            ),
            ("users", .integer(Int64(profile.users))),
            ("popularity", .number(profile.popularity)),
            ("timeoutNanoseconds", .integer(profile.timeout.nanoseconds)),
            ("connections", .integer(Int64(profile.connections))),
            ("target", .string("\(target)")),
            ("host", .string(host)),
        ]
        if !profile.spikes.isEmpty {
            members.append(("spikes", .array(profile.spikes.map(Self.json))))
        }
        if let history { members.append(("history", .string(history))) }
        if let latencies { members.append(("latencies", .string(latencies))) }
        if let sessions { members.append(("sessions", .string(sessions))) }
        if let service { members.append(("service", service.json)) }
        return .object(members)
    }

    package init(json: JSON) throws(LoadPlanError) {
        var fields = PlanFields(json)
        let host = try fields.required("host", "a name", \.string)
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw LoadPlanError(member: "host", problem: .notA("a name without spaces"))
        }
        let rate = try fields.required("rate", "a rate above 0") {
            $0.double.flatMap { $0 > 0 ? $0 : nil }
        }
        var profile = LoadProfile(
            rate: rate,
            journeys: try fields.required("journeys", "shares by journey", Self.journeys))
        profile.arrivals = try fields.required("arrivals", "even or poisson") {
            $0.string.flatMap(ArrivalProcess.init)
        }
        profile.users = try fields.required("users", "a number from 1", Self.count)
        profile.popularity = try fields.required("popularity", "an exponent from 0") {
            $0.double.flatMap { $0 >= 0 ? $0 : nil }
        }
        profile.timeout = try fields.required("timeoutNanoseconds", "a time", Self.time)
        profile.connections = try fields.required("connections", "a number from 1", Self.count)
        profile.spikes = try fields.optional("spikes", "a list of spikes", Self.spikes) ?? []
        self.init(
            seed: try fields.required("seed", "a whole number of 64 bits") {
                $0.string.flatMap { UInt64($0) }
            },
            duration: try fields.required("durationNanoseconds", "a time", Self.time),
            profile: profile,
            target: try fields.required("target", "an address such as 10.1.0.1:80") {
                $0.string.flatMap { SocketAddress($0) }
            },
            host: host, history: try fields.optional("history", "a path", \.string),
            latencies: try fields.optional("latencies", "a path", \.string),
            sessions: try fields.optional("sessions", "a path", \.string),
            service: try fields.optional("service", "a service", LoadService.init(json:)))
        try fields.finish()
    }

    private static func journeys(_ json: JSON) -> [JourneyShare]? {
        guard let members = json.object, !members.isEmpty else { return nil }
        let shares = members.compactMap { name, value -> JourneyShare? in
            guard let journey = Journey(rawValue: name), let share = value.double, share > 0 else {
                return nil
            }
            return JourneyShare(journey: journey, share: share)
        }
        return shares.count == members.count ? shares : nil
    }

    private static func json(_ spike: LoadSpike) -> JSON {
        [
            "atNanoseconds": .integer(spike.at.nanoseconds),
            "forNanoseconds": .integer(spike.length.nanoseconds),
            "factor": .number(spike.factor),
        ]
    }

    /// In order, as the reader of experiments holds them to be.
    private static func spikes(_ json: JSON) -> [LoadSpike]? {
        guard let elements = json.array else { return nil }
        var spikes: [LoadSpike] = []
        for element in elements {
            guard let at = element["atNanoseconds"]?.int64, at >= 0,
                let length = element["forNanoseconds"]?.int64, length > 0,
                let factor = element["factor"]?.double, factor > 0,
                spikes.last.map({ $0.end <= .nanoseconds(at) }) ?? true
            else { return nil }
            spikes.append(
                LoadSpike(at: .nanoseconds(at), length: .nanoseconds(length), factor: factor))
        }
        return spikes
    }

    private static func count(_ json: JSON) -> Int? { json.int.flatMap { $0 >= 1 ? $0 : nil } }

    private static func time(_ json: JSON) -> Duration? {
        json.int64.flatMap { $0 >= 1 ? .nanoseconds($0) : nil }
    }
}

/// The members of the file, each taken once; what is left over at the end is an error.
private struct PlanFields {
    private var members: [(String, JSON)]

    init(_ json: JSON) { members = json.object ?? [] }

    mutating func optional<Value>(
        _ name: String, _ kind: String, _ read: (JSON) -> Value?
    ) throws(LoadPlanError) -> Value? {
        guard let place = members.firstIndex(where: { $0.0 == name }) else { return nil }
        guard let value = read(members.remove(at: place).1) else {
            throw LoadPlanError(member: name, problem: .notA(kind))
        }
        return value
    }

    mutating func required<Value>(
        _ name: String, _ kind: String, _ read: (JSON) -> Value?
    ) throws(LoadPlanError) -> Value {
        guard let value = try optional(name, kind, read) else {
            throw LoadPlanError(member: name, problem: .missing)
        }
        return value
    }

    func finish() throws(LoadPlanError) {
        guard let first = members.first else { return }
        throw LoadPlanError(member: first.0, problem: .unknownMember)
    }
}
