// The schema's half for topologies and incidents.

import Blueprint
import Wire

extension ExperimentSchema {
    static var topology: JSON {
        document(
            .topology,
            [
                ("name", ref("name")), ("description", text("what it is for")),
                ("entry", text("the tier that users talk to")),
                ("wan", ["oneOf": [ref("wan"), ["type": "array", "items": ref("wan")]]]),
                (
                    "tiers",
                    [
                        "type": "object", "minProperties": 1, "propertyNames": ref("name"),
                        "additionalProperties": ref("tier"),
                    ]
                ),
            ], required: ["name", "entry", "tiers"])
    }

    /// One schema a role, and one for other programs.
    static var tiers: [JSON] { TierKind.allCases.map(tier) + [program] }

    private static func tier(_ kind: TierKind) -> JSON {
        let settings = kind.specification.schema
        return object(
            [("role", ["const": .string(kind.rawValue)])]
                + size(of: kind) + places
                + [
                    ("port", ref("port")), ("budget", ref("budget")),
                    ("log", words(RequestLogging.self)),
                ]
                + settings.map { ($0.key, $0.1) },
            required: ["role"] + kind.specification.needed)
    }

    private static func size(of kind: TierKind) -> [(String, JSON)] {
        switch kind {
        case .store: shards
        case .queue: [("partitions", integer(from: 1)), ("replicas", integer(from: 1))]
        case .cache: [("count", integer(from: 1))] + shards
        case .balancer, .edge, .app, .worker, .geodns: [("count", integer(from: 1))]
        }
    }

    private static var places: [(String, JSON)] {
        [
            ("region", ref("name")),
            ("regions", ["type": "array", "minItems": 1, "items": ref("name")]),
        ]
    }

    private static var shards: [(String, JSON)] {
        [("shards", integer(from: 1)), ("replicas", integer(from: 1))]
    }

    private static var program: JSON {
        let template = text("a template; {{port}}, {{address.of.TIER}} and more are filled in")
        let templates: JSON = ["type": "object", "additionalProperties": template]
        return object(
            [
                ("exec", ["type": "array", "minItems": 1, "items": template]),
                ("serves", words(TierKind.self)), ("count", integer(from: 1)),
            ] + shards + places + [
                ("port", ref("port")), ("peer-port", ref("port")), ("environment", templates),
                ("files", templates), ("budget", ref("budget")), ("ready", ref("probe")),
                ("role-probe", ref("probe")),
            ], required: ["exec", "port"])
    }

    static var wan: JSON {
        let ends: JSON = ["type": "array", "minItems": 2, "maxItems": 2, "items": ref("name")]
        return object(
            [("between", ends), ("delay", ref("duration")), ("jitter", ref("duration"))],
            required: ["between", "delay"])
    }

    static var probe: JSON {
        let command: JSON = ["type": "array", "minItems": 1, "items": ["type": "string"]]
        return [
            "oneOf": [
                object([("tcp", ["const": true])], required: ["tcp"]),
                object(
                    [("http", ["type": "string", "pattern": "^/[^\\s]*$"])], required: ["http"]),
                object([("resp", command)], required: ["resp"]),
                object([("command", command)], required: ["command"]),
            ]
        ]
    }

    static var incident: JSON {
        document(
            .incident,
            [
                ("recorded", text("when the run began, RFC 3339")), ("seed", seed),
                ("arrivals", text("fingerprint of the planned arrivals")),
                ("events", ["type": "array", "items": ref("event")]),
                ("experiment-file", text("where the experiment was")),
                ("experiment", text("the whole text of the experiment")),
                ("topology-file", text("where the topology was")),
                ("topology", text("the whole text of the topology")),
            ],
            required: ["recorded", "seed", "arrivals", "events", "experiment", "topology"])
    }

    static var event: JSON {
        let names: JSON = ["type": "array", "items": ref("name")]
        return object(
            [
                ("step", ["type": ["string", "integer"]]), ("injected", ref("duration")),
                ("healed", ref("duration")), ("nodes", names),
                ("links", ["type": "array", "items": names]),
            ], required: ["step", "injected"])
    }
}
