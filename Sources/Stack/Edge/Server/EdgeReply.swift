// What a client gets, before it is put into bytes.

import Endpoints
import Reactor
import Wire

enum EdgeReply {
    /// A short answer of the edge's own.
    case message(HTTPResponse)
    /// A stored response, as far as the client's conditions and range leave anything of it.
    case object(StoredObject, CacheStatus)
    /// What the origin is sending.
    case stream(HTTPResponseHead, BodyReader)
}

/// A stored response, put into bytes for one request.
@ReactorActor
enum ObjectAnswer {
    /// Appends the head, and says which part of the content is to follow.
    ///
    /// `appendStatus` writes the value of Cache-Status.
    static func append(
        _ object: StoredObject, to request: HTTPRequestHead, moment: Moment, isStale: Bool,
        keepAlive: Bool, into bytes: inout [UInt8], appendStatus: (inout [UInt8]) -> Void
    ) -> Range<Int> {
        let part = part(of: object, for: request)
        switch part {
        case .all:
            bytes.append(contentsOf: object.prefix)
        case .notModified:
            appendHead(304, StoredFields.ofNotModified(object.headers), .none, into: &bytes)
        case .range(let range):
            var fields = object.headers
            fields["Content-Range"] =
                "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(object.body.count)"
            appendHead(206, fields, .count(range.count), into: &bytes)
        case .unsatisfiable:
            let fields: HTTPHeaders = ["Content-Range": "bytes */\(object.body.count)"]
            appendHead(416, fields, .count(0), into: &bytes)
        }
        bytes.append(text: "Age: ")
        bytes.append(decimal: object.facts.age(at: moment) / 1000)
        bytes.append(text: "\r\nCache-Status: ")
        appendStatus(&bytes)
        bytes.appendLineEnd()
        // Obsolete since RFC 9111, and all that an older client understands of Cache-Status.
        if isStale { bytes.append(text: "Warning: 110 - \"Response is Stale\"\r\n") }
        if !keepAlive {
            bytes.append(text: "Connection: close\r\n")
        } else if request.version == .http10 {
            bytes.append(text: "Connection: keep-alive\r\n")
        }
        bytes.appendLineEnd()
        return request.method == "HEAD" ? 0..<0 : part.range(of: object)
    }

    private enum Part {
        case all
        case notModified
        case range(Range<Int>)
        case unsatisfiable

        @ReactorActor
        func range(of object: StoredObject) -> Range<Int> {
            switch self {
            case .all: 0..<object.body.count
            case .range(let range): range
            case .notModified, .unsatisfiable: 0..<0
            }
        }
    }

    private static func part(of object: StoredObject, for request: HTTPRequestHead) -> Part {
        if Preconditions.isNotModified(request.headers, object.facts) { return .notModified }
        guard request.method == "GET", object.status == 200, let range = request.headers["range"],
            Preconditions.allowsRange(request.headers, object.facts)
        else { return .all }
        switch ByteRange(range, length: object.body.count) {
        case .whole: return .all
        case .part(let range): return .range(range)
        case .unsatisfiable: return .unsatisfiable
        }
    }

    /// A head without its empty line.
    private static func appendHead(
        _ status: Int, _ fields: HTTPHeaders, _ body: HTTPBodyLength, into bytes: inout [UInt8]
    ) {
        HTTPResponseHead(status: status, headers: fields, body: body).encode(into: &bytes)
        bytes.removeLast(2)
    }
}
