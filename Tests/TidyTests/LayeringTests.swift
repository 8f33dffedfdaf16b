// The architecture is the manifest's: every import is declared there, every declared use is real, and
// no arrow points the wrong way.

import Testing

struct LayeringTests {
    /// Modules that every target may use without a word in the manifest.
    private static let free: Set<String> = ["Synchronization", "Testing", "PackageDescription"]
    /// Libraries that the replicated tiers are built on; every other module of the stack is a tier.
    private static let tierLibraries: Set<String> = ["Raft", "Replication"]

    /// Programs of the stack's side; all others belong to the harness.
    private static let stackCommands: Set<String> = ["faultline-node", "faultline-sim"]

    /// What a file imports; `@testable`, access level and attributes do not matter.
    static func imports(_ file: SourceFile) -> Set<String> {
        Set(
            file.code.split(separator: "\n").compactMap { line in
                line.firstMatch(of: /^(?:@\w+\s+)*(?:package |internal |public )?import (\w+)/)
                    .map { String($0.1) }
            })
    }

    /// Imports that the manifest does not declare, as `path: module`.
    static func undeclared(_ files: [SourceFile], _ manifest: Manifest) -> [String] {
        files.flatMap { file -> [String] in
            guard let place = file.place, let target = manifest.target(place.module) else {
                return []
            }
            let allowed = target.uses.union(free)
            return imports(file).subtracting(allowed).sorted().map { "\(file.path): \($0)" }
        }
    }

    /// Uses of a manifest that point the wrong way.
    static func forbidden(_ manifest: Manifest) -> [String] {
        let stack = manifest.names("tier")
        let harness = manifest.names("harness")
        return manifest.targets.flatMap { target -> [String] in
            let wrong: Set<String>
            switch target.kind {
            case "base": wrong = stack.union(harness)
            case "tier": wrong = harness.union(stack.subtracting(tierLibraries))
            case "harness": wrong = stack
            case "command": wrong = stackCommands.contains(target.name) ? harness : stack
            default: wrong = []
            }
            return target.uses.intersection(wrong).sorted().map { "\(target.name) uses \($0)" }
        }
    }

    @Test func `every import is declared in the manifest`() throws {
        let files = try SourceTree.swift(under: "Sources") + SourceTree.swift(under: "Tests")
        let found = Self.undeclared(files, try Manifest.read()).filter { !Self.isLibc($0) }
        #expect(found == [])
    }

    /// `Base/Linux/x.swift: Glibc` is that module's very task; tests look at the host with it.
    private static func isLibc(_ line: String) -> Bool {
        (line.hasPrefix("Sources/Base/Linux/") || line.hasPrefix("Tests/"))
            && line.hasSuffix(": Glibc")
    }

    @Test func `every use that the manifest declares is real`() throws {
        let manifest = try Manifest.read()
        let files = try SourceTree.swift(under: "Sources")
        let imports = Dictionary(grouping: files) { $0.place?.module ?? "" }
            .mapValues { $0.reduce(into: Set<String>()) { $0.formUnion(Self.imports($1)) } }
        let idle = manifest.targets.filter { ["base", "tier", "harness"].contains($0.kind) }
            .flatMap { target in
                target.uses.subtracting(imports[target.name] ?? []).sorted()
                    .map { "\(target.name) uses \($0)" }
            }
        #expect(idle == [])
    }

    @Test func `Base knows nobody, and Stack and Harness do not know each other`() throws {
        let manifest = try Manifest.read()
        #expect(manifest.names("tier").contains("Store"))
        #expect(manifest.names("harness").contains("Conductor"))
        #expect(Self.forbidden(manifest) == [])
    }

    @Test func `each folder of Sources is a target of the manifest`() throws {
        let manifest = try Manifest.read()
        let folders = Set(
            try SourceTree.swift(under: "Sources").compactMap { $0.place?.module })
        #expect(folders.filter { manifest.target($0) == nil } == [])
    }

    @Test func `an import that is not declared, and an arrow that points back, are found`() {
        let manifest = Manifest(
            parsing: """
                targets: [
                        base("Wire", "Store"),
                        tier("Store", "Raft", "Cache", "Testbed"),
                        tier("Raft"), tier("Cache"),
                        harness(
                            "Testbed", "Cache"),
                        command("faultline", "Store"),
                        tests("Stack", "Store", "Wire"),
                ]
                """)
        #expect(
            Self.forbidden(manifest) == [
                "Wire uses Store", "Store uses Cache", "Store uses Testbed", "Testbed uses Cache",
                "faultline uses Store",
            ])
        #expect(manifest.target("StoreTests")?.uses == ["Store", "Wire"])
        let file = SourceFile(
            path: "Sources/Stack/Store/x.swift",
            text: "package import Raft\n@testable import Wire\nimport Testing\n// import Glibc\n")
        #expect(Self.undeclared([file], manifest) == ["Sources/Stack/Store/x.swift: Wire"])
    }
}
