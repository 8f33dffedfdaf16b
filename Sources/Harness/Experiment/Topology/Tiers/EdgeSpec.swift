// An edge in a topology.

import Blueprint
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
        return .edge(spec)
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
        return .edge(settings)
    }
}
