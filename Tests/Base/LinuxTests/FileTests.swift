// Files by path: replacement is whole or not at all, removal stays inside, names come in order.

import Linux
import Testing

struct FileTests {
    @Test func `contents come back as they were written`() throws {
        try withFolder { folder in
            let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
            try File.save(bytes, to: folder + "/a")
            #expect(try File.contents(of: folder + "/a") == bytes)
            try File.save([1], to: folder + "/a")
            #expect(try File.contents(of: folder + "/a") == [1])
        }
    }

    @Test func `files of the kernel are read although they have no size`() throws {
        #expect(try File.text(of: "/proc/self/status").contains("Pid:"))
    }

    @Test func `whoever has the old file open keeps the old contents`() throws {
        try withFolder { folder in
            let path = folder + "/a"
            try File.replace(path, with: Array("old".utf8))
            let reader = try File.open(path, .readOnly)
            try File.replace(path, with: Array("new".utf8))
            #expect(try File.read(reader, at: 0, count: 10) == Array("old".utf8))
            #expect(try File.text(of: path) == "new")
            #expect(try File.list(folder) == ["a"])
        }
    }

    @Test func `a replacement that fails leaves the old contents`() throws {
        try withFolder { folder in
            try File.replace(folder + "/a", with: [1])
            try File.makeDirectories(folder + "/a.new")
            #expect(throws: SyscallError.self) { try File.replace(folder + "/a", with: [2]) }
            #expect(try File.contents(of: folder + "/a") == [1])
        }
    }

    @Test func `removing a tree stays inside it`() throws {
        try withFolder { folder in
            try File.makeDirectories(folder + "/tree/deep/er")
            try File.makeDirectories(folder + "/outside")
            try File.save([1], to: folder + "/outside/kept")
            try File.save([1], to: folder + "/tree/deep/file")
            try File.link(folder + "/outside", at: folder + "/tree/deep/link")
            try File.removeTree(folder + "/tree")
            #expect(try File.list(folder) == ["outside"])
            #expect(File.exists(folder + "/outside/kept"))
        }
    }

    @Test func `removing a link removes the link alone`() throws {
        try withFolder { folder in
            try File.makeDirectories(folder + "/target/inner")
            try File.link(folder + "/target", at: folder + "/link")
            try File.removeTree(folder + "/link")
            #expect(try File.list(folder) == ["target"])
            #expect(File.exists(folder + "/target/inner"))
        }
    }

    @Test func `a link takes the place of a link`() throws {
        try withFolder { folder in
            try File.save([1], to: folder + "/one")
            try File.save([2], to: folder + "/two")
            try File.link("one", at: folder + "/latest")
            try File.link("two", at: folder + "/latest")
            #expect(try File.contents(of: folder + "/latest") == [2])
            #expect(try File.list(folder) == ["latest", "one", "two"])
        }
    }

    @Test func `names are listed in order and without the dots`() throws {
        try withFolder { folder in
            for name in ["b", "a", "10", "9", ".hidden"] {
                try File.save([], to: folder + "/" + name)
            }
            #expect(try File.list(folder) == [".hidden", "10", "9", "a", "b"])
            #expect(throws: SyscallError.self) { try File.list(folder + "/none") }
        }
    }

    @Test func `folders are made with all that is missing above them`() throws {
        try withFolder { folder in
            try File.makeDirectories(folder + "/a/b/c")
            try File.makeDirectories(folder + "/a/b/c")
            #expect(File.isDirectory(folder + "/a/b/c"))
            #expect(try File.makeDirectory(folder + "/a") == false)
            #expect(try File.makeDirectory(folder + "/d"))
            try File.save([], to: folder + "/file")
            #expect(throws: SyscallError.self) { try File.makeDirectories(folder + "/file/x") }
        }
    }

    @Test func `a failure names its stage and its path`() {
        let error = #expect(throws: SyscallError.self) {
            try File.contents(of: "/nonexistent/file")
        }
        #expect(error?.errno == .noEntry)
        #expect(error?.stage == "open(/nonexistent/file)")
    }

    @Test func `writing at an offset and reading back beyond the end`() throws {
        try withFolder { folder in
            let file = try File.open(folder + "/a", [.readWrite, .create, .exclusive])
            try File.write(file, [7, 8].span, at: 3)
            #expect(try File.size(file) == 5)
            #expect(try File.read(file, at: 0, count: 100) == [0, 0, 0, 7, 8])
            try File.truncate(file, to: 4)
            #expect(try File.read(file, at: 3, count: 2) == [7])
        }
    }

    @Test(arguments: [("a", "."), ("/a", "/"), ("a/b", "a"), ("/a/b/c", "/a/b")])
    func `the folder of a path`(_ path: String, _ folder: String) {
        #expect(File.folder(of: path) == folder)
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        var random = SystemRandomNumberGenerator()
        let folder = "/tmp/faultline-files-" + String(random.next() as UInt64, radix: 16)
        try File.makeDirectories(folder)
        defer { try? File.removeTree(folder) }
        try body(folder)
    }
}
