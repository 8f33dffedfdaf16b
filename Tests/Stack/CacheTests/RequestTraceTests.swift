// Commands that come with the id of a request: they do what they would do alone, and are told of.

import Testing

@testable import Cache

struct RequestTraceTests {
    private final class Lines {
        var all: [String] = []
    }

    private func session(every: Bool) -> (EngineSession, Lines) {
        var session = EngineSession()
        let lines = Lines()
        session.engine.requestTrace = RequestTrace(isEvery: every) { id, name, hasFailed in
            lines.all.append("\(id) \(name)\(hasFailed ? " failed" : "")")
        }
        return (session, lines)
    }

    @Test func `a command with an id does what it does without`() throws {
        var (session, lines) = session(every: true)
        #expect(try session.send("WITH r-1 100 SET k v") == "+OK")
        #expect(try session.send("GET k") == "$1 v")
        #expect(try session.send("with r-2 100 get k") == "$1 v")
        #expect(lines.all == ["r-1 set", "r-2 get"])
    }

    @Test func `of those that go well nothing is said unless asked for`() throws {
        var (session, lines) = session(every: false)
        _ = try session.send("WITH r-1 100 SET k v")
        #expect(lines.all == [])
        #expect(try session.send("WITH r-2 100 INCR k").hasPrefix("-ERR value is not an integer"))
        #expect(lines.all == ["r-2 incr failed"])
    }

    @Test func `in a transaction the command waits for EXEC as any other`() throws {
        var (session, _) = session(every: true)
        #expect(try session.send("MULTI") == "+OK")
        #expect(try session.send("WITH r-1 100 SET k v") == "+QUEUED")
        #expect(try session.send("EXEC") == "*1 +OK")
        #expect(try session.send("GET k") == "$1 v")
    }

    @Test(arguments: [
        "WITH", "WITH r-1", "WITH r-1 100", "WITH r-1 soon GET k", "WITH r-1 -1 GET k",
        "WITH r-1 5 WITH r-2 5 GET k",  // nesting is as deep as a line is long
        "WITH r-1 0 GET k",  // nobody waits any more
    ])
    func `a prefix that makes no sense is refused with one reply`(line: String) throws {
        var (session, lines) = session(every: true)
        _ = try session.send("SET k v")
        let reply = try session.send(line)
        #expect(reply.hasPrefix("-ERR") || reply.hasPrefix("-OVERLOADED"), "\(reply)")
        #expect(!reply.contains("$1"))
        #expect(lines.all == [])
    }

    @Test func `an id too long to log is refused`() throws {
        var (session, _) = session(every: true)
        let id = String(repeating: "x", count: 129)
        #expect(try session.send("WITH \(id) 100 GET k").hasPrefix("-ERR expected WITH"))
    }
}
