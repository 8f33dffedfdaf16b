// Sessions that outlive a load.

import Linux
import Testing

@testable import Load

struct SessionBookTests {
    private static func path(_ name: String) -> String {
        "/tmp/faultline-sessions-\(CurrentProcess.id)-\(name).json"
    }

    @Test func `live sessions come back as they were, and ended ones do not`() throws {
        let path = Self.path("live")
        defer { try? File.remove(path) }
        let now = MonotonicTime.now()
        let live = Session(token: Array("17.ab".utf8), end: now + .seconds(60))
        let endless = Session(token: Array("x".utf8), end: .distantFuture)
        let ended = Session(token: Array("y".utf8), end: now)
        try SessionBook.save([17: live, 3: endless, 4: ended], to: path)
        #expect(SessionBook.read(path, at: now) == [17: live, 3: endless])
    }

    @Test(arguments: ["", "nonsense", "{}", "[[1]]", "[[1, \"a b\", 99]]", "[1, 2]"])
    func `a file of something else signs nobody in`(text: String) throws {
        let path = Self.path("broken-\(text.utf8.count)")
        defer { try? File.remove(path) }
        try File.save(Array(text.utf8), to: path)
        #expect(SessionBook.read(path, at: MonotonicTime(nanoseconds: 1)).isEmpty)
        #expect(SessionBook.read(path + ".absent").isEmpty)
    }
}
