// Static files, and what caches on the way may do with the app's answers.
//
// A file's content follows from its name, so that every app of a tier serves the same bytes under the
// same entity tag, and no disk is asked. Its freshness is short and its use in an outage long: caches
// come back often enough that an outage shows, and have something to bridge it with.

import Determinism
import Endpoints
import Wire

extension AppServer {
    private static let cacheControl = "public, max-age=2, stale-if-error=600"
    /// A fixed day, since the content of a name never changes.
    private static let lastModified = "Thu, 01 Jan 2026 00:00:00 GMT"
    private static let nameBytesMax = 128

    /// `HEAD` gets what the server makes of the same answer.
    func staticFile(_ name: String, _ request: HTTPRequest) -> HTTPResponse {
        guard name.utf8.count <= Self.nameBytesMax else {
            return HTTPResponse(404, error: "no such file")
        }
        var file = SeededRandom(seed: 0).fork("static/\(name)")
        let tag = "\"\(String(file.next(), radix: 16))\""
        let fields: HTTPHeaders = [
            "Cache-Control": Self.cacheControl, "ETag": tag, "Last-Modified": Self.lastModified,
        ]
        if request.head.headers["if-none-match"] == tag {
            return HTTPResponse(head: .init(status: 304, headers: fields))
        }
        var response = HTTPResponse(
            head: .init(status: 200, headers: fields), content: Self.content(&file))
        response.head.headers["Content-Type"] = "application/octet-stream"
        return response
    }

    /// Between 1 and 16 KiB, as stylesheets, scripts and small pictures are.
    private static func content(_ file: inout SeededRandom) -> [UInt8] {
        let count = file.integer(in: 1024..<16_384)
        var content: [UInt8] = []
        content.reserveCapacity(count + 8)
        while content.count < count {
            let word = file.next()
            for shift in stride(from: UInt64(0), to: 64, by: 8) {
                content.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        content.removeLast(content.count - count)
        return content
    }

    /// Whatever says nothing else is somebody's own, and no shared cache may keep it.
    static func forbidSharing(_ response: inout HTTPResponse) {
        if response.head.headers["cache-control"] == nil {
            response.head.headers["Cache-Control"] = "private, no-store"
        }
    }
}
