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

/// What an answer came to, as the access log tells it.
struct AnswerSummary {
    /// Where it came from.
    enum Source: String {
        case hit, stale, renewed, origin, own
    }

    var status = 0
    /// Of content.
    var bytes = 0
    var source = Source.own
}

/// The content that follows a head which was made of a stored response.
enum ObjectContent {
    /// So much of the stored bytes.
    case stored(Range<Int>)
    /// Parts of them with heads of their own.
    case made([UInt8])
}

/// A stored response, put into bytes for one request.
@ReactorActor
enum ObjectAnswer {
    /// Appends the head, and says which content is to follow.
    ///
    /// `appendStatus` writes the value of Cache-Status.
    static func append(
        _ object: StoredObject, to request: HTTPRequestHead, moment: Moment, isStale: Bool,
        keepAlive: Bool, into bytes: inout [UInt8], appendStatus: (inout [UInt8]) -> Void
    ) -> (status: Int, content: ObjectContent) {
        let answer = appendHead(of: object, to: request, moment, into: &bytes)
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
        return request.method == "HEAD" ? (answer.status, .stored(0..<0)) : answer
    }

    /// As far as the client's conditions and ranges leave anything of it.
    private static func appendHead(
        of object: StoredObject, to request: HTTPRequestHead, _ moment: Moment,
        into bytes: inout [UInt8]
    ) -> (status: Int, content: ObjectContent) {
        if Preconditions.isNotModified(request.headers, object.facts) {
            appendHead(304, StoredFields.ofNotModified(object.headers), .none, into: &bytes)
            return (304, .stored(0..<0))
        }
        let count = object.body.count
        switch range(of: object, for: request) {
        case .whole:
            bytes.append(contentsOf: object.prefix)
            return (object.status, .stored(0..<count))
        case .part(let range):
            var fields = object.headers
            fields["Content-Range"] = MultipartRanges.contentRange(range, of: count)
            appendHead(206, fields, .count(range.count), into: &bytes)
            return (206, .stored(range))
        case .parts(let ranges):
            let seed = UInt64(bitPattern: moment.milliseconds)
            let boundary = MultipartRanges.boundary(for: object.body, seed: seed)
            var fields = object.headers
            let content = MultipartRanges.encode(
                ranges, of: object.body, type: fields["content-type"], boundary: boundary)
            fields["Content-Type"] = "multipart/byteranges; boundary=\(boundary)"
            appendHead(206, fields, .count(content.count), into: &bytes)
            return (206, .made(content))
        case .unsatisfiable:
            let fields: HTTPHeaders = ["Content-Range": "bytes */\(count)"]
            appendHead(416, fields, .count(0), into: &bytes)
            return (416, .stored(0..<0))
        }
    }

    private static func range(
        of object: StoredObject, for request: HTTPRequestHead
    ) -> ByteRange {
        guard request.method == "GET", object.status == 200, let field = request.headers["range"],
            Preconditions.allowsRange(request.headers, object.facts)
        else { return .whole }
        return ByteRange(field, length: object.body.count)
    }

    /// A head without its empty line.
    private static func appendHead(
        _ status: Int, _ fields: HTTPHeaders, _ body: HTTPBodyLength, into bytes: inout [UInt8]
    ) {
        HTTPResponseHead(status: status, headers: fields, body: body).encode(into: &bytes)
        bytes.removeLast(2)
    }
}
