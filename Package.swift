// swift-tools-version: 6.2
// The manifest reads as the architecture: Base <- Stack <- faultline-node, Base <- Harness <- faultline.
// Stack and Harness never import each other; they meet through processes, Wire and Blueprint.

import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

func module(_ group: String, _ name: String, _ uses: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: uses, path: "Sources/\(group)/\(name)", swiftSettings: strict)
}

func base(_ name: String, _ uses: Target.Dependency...) -> Target { module("Base", name, uses) }
func tier(_ name: String, _ uses: Target.Dependency...) -> Target { module("Stack", name, uses) }
func harness(_ name: String, _ uses: Target.Dependency...) -> Target {
    module("Harness", name, uses)
}

func library(_ name: String, debian package: String) -> Target {
    .systemLibrary(name: name, path: "Sources/Base/\(name)", providers: [.apt([package])])
}

func command(_ name: String, _ uses: Target.Dependency...) -> Target {
    .executableTarget(
        name: name, dependencies: uses, path: "Sources/Commands/\(name)", swiftSettings: strict)
}

func tests(_ group: String, _ name: String, _ uses: Target.Dependency...) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + uses,
        path: "Tests/\(group)/\(name)Tests", swiftSettings: strict)
}

let package = Package(
    name: "faultline",
    products: [
        .executable(name: "faultline", targets: ["faultline"]),
        .executable(name: "faultline-node", targets: ["faultline-node"]),
        .executable(name: "faultline-bench", targets: ["faultline-bench"]),
        .executable(name: "faultline-sim", targets: ["faultline-sim"]),
    ],
    targets: [
        .target(name: "CLinux", path: "Sources/Base/CLinux", cSettings: [.define("_GNU_SOURCE")]),
        library("CCap", debian: "libcap-dev"),
        library("CYAML", debian: "libyaml-dev"),
        library("CLMDB", debian: "liblmdb-dev"),
        library("CZlib", debian: "zlib1g-dev"),

        base("Linux", "CLinux", "CCap"),
        base("Collections"),
        base("Reactor", "Linux", "CLinux", "Collections"),
        base("Wire"),
        base("Endpoints", "Linux", "Reactor", "Wire", "Determinism", "Telemetry", "Blueprint"),
        base("Journal", "Linux", "Wire"),
        base("Determinism", "Collections"),
        base("Telemetry", "Linux", "CZlib"),
        base("Blueprint", "Linux", "Wire"),

        tier(
            "Balancer", "Linux", "Reactor", "Wire", "Endpoints", "Determinism",
            "Telemetry", "Blueprint"),
        tier("Edge", "Linux", "Reactor", "Wire", "Endpoints", "Telemetry", "Blueprint"),
        tier(
            "App", "Linux", "Reactor", "Wire", "Endpoints", "Journal", "Collections", "Determinism",
            "Telemetry", "Blueprint"),
        tier("Cache", "Linux", "Reactor", "Wire", "Endpoints", "Blueprint", "Telemetry"),
        tier(
            "GeoDNS", "Linux", "Reactor", "Wire", "Endpoints", "Determinism", "Telemetry",
            "Blueprint"),
        tier("Raft"),
        tier("RaftSimulator", "Raft", "Determinism"),
        tier(
            "Replication", "Raft", "Linux", "Reactor", "Wire", "Journal", "Determinism",
            "Telemetry"),
        tier(
            "Store", "Raft", "Replication", "Linux", "Reactor", "Wire", "Endpoints", "Journal",
            "CLMDB", "Telemetry", "Determinism", "Blueprint"),
        tier(
            "Queue", "Raft", "Replication", "Linux", "Reactor", "Wire", "Endpoints", "Collections",
            "Determinism", "Telemetry", "Blueprint"),

        harness("Experiment", "CYAML", "Linux", "Wire", "Blueprint"),
        harness("History", "Linux", "Wire"),
        harness(
            "Testbed", "Linux", "Reactor", "Wire", "Endpoints", "Collections", "Determinism",
            "Blueprint", "Experiment"),
        harness(
            "Load", "Linux", "Reactor", "Wire", "Endpoints", "Collections", "Determinism",
            "Telemetry", "Experiment", "History"),
        harness("Checkers", "Experiment", "History"),
        harness("Consistency", "Linux", "Wire"),
        harness(
            "Faults", "Linux", "Reactor", "Wire", "Endpoints", "Determinism", "Blueprint",
            "Experiment",
            "History", "Testbed"),
        harness("Report", "Linux", "Wire", "Experiment", "History", "Checkers"),
        harness(
            "Conductor", "Linux", "Reactor", "Wire", "Endpoints", "Determinism", "Telemetry",
            "Blueprint",
            "Experiment", "History", "Testbed", "Load", "Checkers", "Faults", "Report"),

        command(
            "faultline-node", "Linux", "Reactor", "Wire", "Endpoints", "Telemetry", "Blueprint",
            "Balancer", "Edge", "App", "Cache", "GeoDNS", "Store", "Queue"),
        command(
            "faultline", "Linux", "Reactor", "Wire", "Blueprint", "Experiment", "History",
            "Testbed", "Load", "Checkers", "Consistency", "Faults", "Report", "Conductor"),
        command(
            "faultline-bench", "Linux", "Reactor", "Wire", "Endpoints", "Telemetry", "Determinism",
            "Blueprint", "Experiment", "Testbed"),
        command("faultline-sim", "Linux", "Wire", "Raft", "RaftSimulator"),

        .testTarget(
            name: "CommandTests",
            dependencies: [
                "faultline", "faultline-node", "Blueprint", "Linux", "Reactor", "Wire", "Endpoints",
            ],
            path: "Tests/Commands/CommandTests", swiftSettings: strict),
        .testTarget(
            name: "BenchTests", dependencies: ["faultline-bench", "Wire", "Linux"],
            path: "Tests/Commands/BenchTests", swiftSettings: strict),
        .testTarget(
            name: "SimTests", dependencies: ["faultline-sim", "Linux", "Raft", "RaftSimulator"],
            path: "Tests/Commands/SimTests", swiftSettings: strict),
        tests("Base", "Collections", "Determinism"),
        tests("Base", "Linux"),
        tests("Base", "Reactor", "Linux", "Determinism"),
        tests("Base", "Wire"),
        tests(
            "Base", "Endpoints", "Linux", "Reactor", "Wire", "Blueprint", "Determinism", "Telemetry"
        ),
        tests("Base", "Journal", "Linux"),
        tests("Base", "Determinism"),
        tests("Base", "Telemetry", "Linux", "Determinism"),
        tests("Base", "Blueprint", "Linux", "Wire"),
        tests(
            "Stack", "Balancer", "Linux", "Reactor", "Wire", "Endpoints", "Determinism",
            "Blueprint"),
        tests("Stack", "Edge", "Linux", "Reactor", "Wire", "Endpoints", "Blueprint"),
        tests(
            "Stack", "App", "Linux", "Reactor", "Wire", "Endpoints", "Journal", "Telemetry",
            "Determinism", "Blueprint", "Cache"),
        tests("Stack", "Cache", "Linux", "Reactor", "Wire", "Endpoints", "Blueprint"),
        tests("Stack", "GeoDNS", "Linux", "Reactor", "Wire", "Endpoints", "Blueprint"),
        tests("Stack", "Raft"),
        tests("Stack", "RaftSimulator", "Raft", "Determinism"),
        tests(
            "Stack", "Replication", "Raft", "Linux", "Reactor", "Wire", "Journal", "Determinism",
            "Telemetry"),
        tests(
            "Stack", "Store", "Raft", "Replication", "Linux", "Reactor", "Wire", "Endpoints",
            "Journal", "Determinism", "Blueprint"),
        tests(
            "Stack", "Queue", "Raft", "Replication", "Linux", "Reactor", "Wire", "Endpoints",
            "Determinism", "Blueprint"),
        tests("Harness", "Experiment", "Linux", "Wire", "Blueprint"),
        tests("Harness", "History", "Linux"),
        tests(
            "Harness", "Testbed", "Linux", "Reactor", "Determinism", "Blueprint", "Experiment"),
        tests(
            "Harness", "Load", "Linux", "Reactor", "Wire", "Endpoints", "Determinism", "Telemetry",
            "Experiment", "History"),
        tests("Harness", "Checkers", "Experiment", "History"),
        tests("Harness", "Consistency", "Linux"),
        tests(
            "Harness", "Faults", "Linux", "Reactor", "Wire", "Endpoints", "Determinism",
            "Blueprint",
            "Experiment", "History", "Testbed"),
        tests("Harness", "Report", "Linux", "Wire", "Experiment", "History", "Checkers"),
        tests(
            "Harness", "Conductor", "Linux", "Reactor", "Determinism", "Experiment", "History",
            "Faults", "Checkers"),

        // Reads the sources themselves: layering, lengths, words.
        .testTarget(
            name: "TidyTests", dependencies: ["Linux"], path: "Tests/TidyTests",
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
