// What the balancer's access log says of a request: one line, as JSON or in the combined format.

import Endpoints
import Linux
import Wire

/// What the log says of a request's head; copied only where there is a log.
struct AccessLine {
    var method: String
    var target: String
    var referer = "-"
    var agent = "-"

    init(_ bytes: Span<UInt8>, _ map: HTTPHeadMap) {
        method = String(repairing: bytes.extracting(map.method))
        target = String(repairing: bytes.extracting(map.target))
        for field in map.fields where field.kind == .other {
            let name = bytes.extracting(field.name)
            if name.equalsIgnoringCase("referer") {
                referer = String(repairing: bytes.extracting(field.value))
            } else if name.equalsIgnoringCase("user-agent") {
                agent = String(repairing: bytes.extracting(field.value))
            }
        }
    }
}

/// What the log says of a request that is over.
struct AccessEntry {
    var line: AccessLine
    var client: ClientAddress
    var id: String
    var status: Int
    var bytes: Int
    var duration: Duration
    /// Empty for an answer of our own.
    var backend: String
    var tries: Int

    func json(at time: WallTime) -> String {
        let json: JSON = [
            "time": .string(time.rfc3339), "client": .string("\(client)"), "id": .string(id),
            "method": .string(line.method), "target": .string(line.target),
            "status": .integer(Int64(status)), "bytes": .integer(Int64(bytes)),
            "microseconds": .integer(duration.nanoseconds / 1000),
            "backend": backend.isEmpty ? .null : .string(backend),
            "tries": .integer(Int64(tries)),
        ]
        return json.text + "\n"
    }

    func combined(at time: WallTime) -> String {
        CombinedLogFormat.line(
            client: "\(client.ip)", time: time, request: "\(line.method) \(line.target)",
            status: status, bytes: bytes, referer: line.referer, agent: line.agent)
    }
}

extension AccessEntry: AccessLogEntry {}
