// Folders of runs: never shared, and the last one is found under one name.

import Linux
import Testing

@testable import Conductor

struct RunFolderTests {
    private let noon = WallTime(nanoseconds: 1_764_072_000_000_000_000)

    @Test func `two runs in one second get two folders, and the later is the latest`()
        async throws
    {
        try await withFolder { root in
            let first = try RunFolder.create(under: root, experiment: "x", at: noon)
            let second = try RunFolder.create(under: root, experiment: "x", at: noon)
            let third = try RunFolder.create(under: root, experiment: "x", at: noon)
            #expect(Set([first.path, second.path, third.path]).count == 3)
            #expect(second.path == first.path + "-1")
            for folder in [first, second, third] {
                #expect(File.isDirectory(folder.logs))
                #expect(File.isDirectory(folder.nodes))
            }
            #expect(try File.resolved("\(root)/x/latest") == third.path)
        }
    }

    @Test func `a folder's path is absolute, so that nodes may live elsewhere`() async throws {
        try await withFolder { root in
            let folder = try RunFolder.create(under: root, experiment: "x", at: noon)
            #expect(folder.path.hasPrefix("/"))
            #expect(folder.verdict.hasPrefix(folder.path))
        }
    }

    @Test func `a root that cannot be written is refused`() {
        #expect(throws: SyscallError.self) {
            try RunFolder.create(under: "/proc/none", experiment: "x", at: noon)
        }
    }
}
