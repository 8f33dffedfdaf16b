// Reading a request off a connection, for every server that speaks HTTP.

package import Linux
package import Reactor
package import Wire

extension Connection {
    /// The next request's head; nil when the peer has closed before it was whole.
    package func requestHead(
        limits: HTTPLimits, deadline: MonotonicTime
    ) async throws -> HTTPRequestHead? {
        while true {
            let head = try take { (bytes) throws(HTTPError) in
                try HTTPRequestHead.parse(bytes, limits: limits)
            }
            if let head { return head }
            guard try await receive(deadline: deadline) else { return nil }
        }
    }

    /// The whole content that a head announced; throws when the peer closes in the middle of it.
    package func requestContent(
        of head: HTTPRequestHead, limits: HTTPLimits, deadline: MonotonicTime
    ) async throws -> [UInt8] {
        var decoder = HTTPBodyDecoder(head.body, limits: limits)
        var content: [UInt8] = []
        while !decoder.isDone {
            let consumed = try inbound.withSpan { (bytes) throws(HTTPError) in
                try decoder.consume(bytes, into: &content).consumed
            }
            inbound.consume(consumed)
            if decoder.isDone { break }
            guard try await receive(deadline: deadline) else {
                try decoder.finish()
                break
            }
        }
        return content
    }
}
