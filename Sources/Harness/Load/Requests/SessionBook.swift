// The sessions of the load's users. Kept in a file they outlive a load, so that a row of loads against one
// stack is not mostly people who sign in: real users sign in once and then stay for hundreds of requests.
//
//     [[17, "0f3c...", 81234567890], ...]      user, token, end on CLOCK_MONOTONIC in nanoseconds

import Linux
import Wire

/// What the system granted at a sign-in.
struct Session: Equatable {
    /// Bytes that are fit for a field.
    let token: [UInt8]
    /// Counted from before the sign-in, so never later than the system means it.
    let end: MonotonicTime

    func isLive(at now: MonotonicTime) -> Bool { now < end }

    static func isLegal(_ token: String) -> Bool {
        !token.isEmpty && token.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
    }
}

enum SessionBook {
    /// Those that are still live; empty where there is no such file, or none of ours: then users sign in.
    static func read(_ path: String, at now: MonotonicTime = .now()) -> [Int: Session] {
        guard let bytes = try? File.contents(of: path), let rows = try? JSON.parse(bytes).array
        else { return [:] }
        return rows.reduce(into: [:]) { sessions, row in
            guard let user = row[0]?.int, let token = row[1]?.string, Session.isLegal(token),
                let end = row[2]?.int64, end > now.nanoseconds
            else { return }
            sessions[user] = Session(
                token: Array(token.utf8), end: MonotonicTime(nanoseconds: end))
        }
    }

    static func save(_ sessions: [Int: Session], to path: String) throws(SyscallError) {
        let rows = sessions.sorted { $0.key < $1.key }.map { user, session -> JSON in
            [
                .integer(Int64(user)), .string(String(decoding: session.token, as: UTF8.self)),
                .integer(session.end.nanoseconds),
            ]
        }
        try File.save(Array(JSON.array(rows).text.utf8), to: path)
    }
}
