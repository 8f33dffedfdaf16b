// An edge in a topology.

package import Blueprint
package import Linux
import Wire

package struct EdgeSpec: Sendable, Equatable {
    /// The tier that its content comes from.
    package var to: String
    /// Another edge tier that its misses go through.
    package var shield: String?
    /// In bytes.
    package var memory = 64 << 20
    /// In bytes.
    package var maxObject = 8 << 20
    package var servesStale = true
    package var staleWhileRevalidate: Duration = .zero
    package var staleIfError: Duration = .seconds(60)
    /// Below the client's timeout, so that what is stale can still be served in time.
    package var originTimeout: Duration = .milliseconds(1500)
    /// Nil keeps the edge's own default, here and below.
    package var purgeFrom: [IPv4Network]?
    package var purgeToken: String?
    package var accessLog: AccessLogForm?
    package var accessLogRate: Int?

    package init(to: String) { self.to = to }
}

extension EdgeSpec: TierSpecification {
    static var schema: [(key: String, JSON)] {
        [
            ("to", ExperimentSchema.reference), ("shield", ExperimentSchema.reference),
            ("memory", ExperimentSchema.ref("size")), ("max-object", ExperimentSchema.ref("size")),
            ("serve-stale", ["type": "boolean"]),
            ("stale-while-revalidate", ExperimentSchema.ref("duration")),
            ("stale-if-error", ExperimentSchema.ref("duration")),
            ("origin-timeout", ExperimentSchema.ref("duration")),
            ("purge-from", ["type": "array", "items": ["type": "string"]]),
            ("purge-token", ["type": "string", "pattern": "^[!-~]+$"]),
            ("access-log", ExperimentSchema.words(AccessLogForm.self)),
            ("access-log-rate", ExperimentSchema.ref("rate")),
        ]
    }

    static func read(_ fields: inout Fields, _ reader: inout TierReader) -> BuiltinTier? {
        let memory = fields.optional("memory", Checked.size(1 << 20...64 << 30))
        let maxObject = fields.optional("max-object", Checked.size(1...1 << 30))
        let servesStale = fields.optional("serve-stale", Checked.boolean)
        let whileRevalidate = fields.optional(
            "stale-while-revalidate", Checked.duration(.zero ... .seconds(86_400)))
        let ifError = fields.optional(
            "stale-if-error", Checked.duration(.zero ... .seconds(86_400)))
        let timeout = fields.optional(
            "origin-timeout", Checked.duration(.zero ... .seconds(86_400)))
        let log = reader.log
        let purgeFrom = fields.take("purge-from").map { Self.networks($0, log) }
        let purgeToken = fields.optional("purge-token", Self.token)
        let accessLog = fields.optional(
            "access-log", Checked.word("access-log", AccessLogForm.self))
        let accessLogRate = fields.optional("access-log-rate", BalancerKey.wholeRate)
        let shield = fields.has("shield") ? reader.reference(&fields, "shield", [.edge]) : nil
        guard let to = reader.reference(&fields, "to", [.balancer, .app]) else { return nil }
        var spec = EdgeSpec(to: to)
        spec.shield = shield
        spec.memory = memory ?? spec.memory
        spec.maxObject = maxObject ?? spec.maxObject
        spec.servesStale = servesStale ?? spec.servesStale
        spec.staleWhileRevalidate = whileRevalidate ?? spec.staleWhileRevalidate
        spec.staleIfError = ifError ?? spec.staleIfError
        spec.originTimeout = timeout ?? spec.originTimeout
        spec.purgeFrom = purgeFrom
        spec.purgeToken = purgeToken
        spec.accessLog = accessLog
        spec.accessLogRate = accessLogRate
        return .edge(spec)
    }

    private static func networks(_ node: YAMLNode, _ log: DiagnosticLog) -> [IPv4Network] {
        (node.items("\"purge-from\"", log) ?? []).compactMap {
            $0.scalar("a network", log, Checked.network)
        }
    }

    /// What can stand in a field: no space and no control character (RFC 6750 section 2.1).
    private static func token(_ text: String) throws(ValueError) -> String {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw ValueError("a token is visible characters without spaces")
        }
        return text
    }

    var references: [String] { [to] + (shield.map { [$0] } ?? []) }

    func settings(of tier: TierSpec, at place: NodePlace, in topology: Topology) -> TierSettings {
        var settings = EdgeSettings(origins: topology.addresses(named: to))
        settings.shields = shield.map(topology.addresses(named:)) ?? []
        settings.memoryLimit = memory
        settings.objectBytesMax = maxObject
        settings.servesStale = servesStale
        settings.staleWhileRevalidate = staleWhileRevalidate
        settings.staleIfError = staleIfError
        settings.originTimeout = originTimeout
        settings.purgeFrom = purgeFrom ?? settings.purgeFrom
        settings.purgeToken = purgeToken ?? settings.purgeToken
        settings.accessLog = accessLog ?? settings.accessLog
        settings.accessLogRate = accessLogRate ?? settings.accessLogRate
        return .edge(settings)
    }
}
