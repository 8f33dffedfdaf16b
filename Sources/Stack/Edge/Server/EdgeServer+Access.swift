// The access log: one line a request, with the id that crosses all tiers.

import Endpoints
import Linux
import Reactor
import Wire

/// What the log says of one request; made only where there is a log.
struct AccessNote {
    let client: SocketAddress
    let id: String
    let method: String
    let target: String
    let referer: String
    let agent: String
    let start: MonotonicTime
}

struct AccessEntry: AccessLogEntry {
    let note: AccessNote
    let answer: AnswerSummary
    let duration: Duration

    func json(at time: WallTime) -> String {
        let json: JSON = [
            "time": .string(time.rfc3339), "client": .string("\(note.client)"),
            "id": .string(note.id), "method": .string(note.method),
            "target": .string(note.target), "status": .integer(Int64(answer.status)),
            "bytes": .integer(Int64(answer.bytes)),
            "microseconds": .integer(duration.nanoseconds / 1000),
            "cache": .string(answer.source.rawValue),
        ]
        return json.text + "\n"
    }

    func combined(at time: WallTime) -> String {
        CombinedLogFormat.line(
            client: "\(note.client.ip)", time: time, request: "\(note.method) \(note.target)",
            status: answer.status, bytes: answer.bytes, referer: note.referer, agent: note.agent)
    }
}

extension EdgeServer {
    /// Nil where there is no log. A request without an id gets its own here, so that the line and
    /// the tiers behind speak of the same one.
    func beginNote(of head: inout HTTPRequestHead, from client: SocketAddress) -> AccessNote? {
        guard accessLog.isOn else { return nil }
        let id = head.headers[EdgeRequest.idField] ?? nextRequestID()
        head.headers[EdgeRequest.idField] = id
        return AccessNote(
            client: client, id: id, method: head.method, target: head.target,
            referer: head.headers["referer"] ?? "-", agent: head.headers["user-agent"] ?? "-",
            start: .now())
    }

    func finish(_ note: AccessNote, _ answer: AnswerSummary) {
        let now = MonotonicTime.now()
        accessLog.note(
            AccessEntry(note: note, answer: answer, duration: now - note.start), at: now)
    }
}
