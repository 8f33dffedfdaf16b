// The parameters of disk faults, which are keys of their step.

import Wire

enum DiskParameters {
    static var delay: Parameter<Duration> {
        .duration("delay", .microseconds(1) ... .seconds(10), "added to every request").required
    }
    static var jitter: Parameter<Duration> {
        .duration("jitter", .zero ... .seconds(10), "how far a delay strays")
    }
    static var shape: Parameter<DiskDelayShape> { .word("distribution", DiskDelayShape.self) }
    static var errno: Parameter<DiskErrno> { .word("errno", DiskErrno.self) }
    static var ratio: Parameter<Double> { .share("ratio", "share of requests; default all") }
    static var operations: Parameter<String> {
        .text(
            "operations",
            ["type": "array", "minItems": 1, "items": ExperimentSchema.words(DiskOperation.self)])
    }
    static var path: Parameter<PathPattern> {
        Parameter(
            key: "path", isRequired: false,
            schema: ExperimentSchema.text(
                "a glob within the data folder, as log/* or **/state.mdb")
        ) { text throws(ValueError) in
            guard let pattern = PathPattern(text) else {
                throw ValueError("\"\(text)\" is not a path within the data folder, as log/*")
            }
            return pattern
        }
    }
}

extension DiskFaultWord {
    /// The keys that a step with this fault may have beside those of every step.
    var parameters: [any StepKey] {
        switch self {
        case .latency:
            [
                DiskParameters.delay, DiskParameters.jitter, DiskParameters.shape,
                DiskParameters.operations, DiskParameters.path,
            ]
        case .error:
            [
                DiskParameters.errno, DiskParameters.ratio, DiskParameters.operations,
                DiskParameters.path,
            ]
        }
    }
}
