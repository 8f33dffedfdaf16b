// Whole HTTP messages, head and content together: what clients send and servers answer.

package import Wire

/// A request with all of its content.
package struct HTTPRequest: Sendable {
    package var head: HTTPRequestHead
    package var content: [UInt8]

    package init(head: HTTPRequestHead, content: [UInt8] = []) {
        self.head = head
        self.content = content
    }

    /// A request without content, or with JSON.
    package init(
        _ method: String, _ target: String, host: String, headers: HTTPHeaders = [:],
        json: JSON? = nil
    ) {
        head = HTTPRequestHead(method: method, target: target, host: host, headers: headers)
        content = []
        guard let json else { return }
        head.headers["Content-Type"] = "application/json"
        json.encode(into: &content)
    }

    /// True when sending it twice has the effect of once: by its method, or because it carries an
    /// Idempotency-Key that the application remembers.
    package var isIdempotent: Bool {
        head.isIdempotent || head.headers["idempotency-key"] != nil
    }

    func encode(into bytes: inout [UInt8]) {
        if content.isEmpty, head.isIdempotent {
            // The content was gathered, so however it was framed when it came, none follows.
            var head = head
            head.body = .none
            head.encode(into: &bytes)
        } else {
            head.encode(into: &bytes, content: content)
        }
    }
}

/// A response with all of its content.
package struct HTTPResponse: Sendable {
    package var head: HTTPResponseHead
    package var content: [UInt8]

    package init(head: HTTPResponseHead, content: [UInt8] = []) {
        self.head = head
        self.content = content
    }

    /// A response with JSON.
    package init(_ status: Int, headers: HTTPHeaders = [:], json: JSON) {
        head = HTTPResponseHead(status: status, headers: headers)
        head.headers["Content-Type"] = "application/json"
        content = []
        json.encode(into: &content)
    }

    /// A response that says in one word what went wrong.
    package init(_ status: Int, error: String) {
        self.init(status, json: ["error": .string(error)])
    }

    package var status: Int { head.status }

    /// The content as JSON; nil when it is none.
    package var json: JSON? { try? JSON.parse(content.span) }
}
