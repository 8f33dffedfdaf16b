// Encoded requests, put together from pieces that are made once. At tens of thousands of requests a
// second, building a head from named fields each time would be most of the generator's work.

/// Writes requests to one host.
struct RequestHeads: Sendable {
    /// Everything between the target and the fields that vary.
    private let afterTarget: [UInt8]

    /// The host is a name without spaces, optionally with a port.
    init(host: String) {
        precondition(
            host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }, "a host is visible ASCII")
        afterTarget = Array(" HTTP/1.1\r\nHost: \(host)\r\n".utf8)
    }

    func get(_ target: String, session: [UInt8]? = nil) -> [UInt8] {
        var bytes = start("GET ", target)
        append(session: session, to: &bytes)
        bytes.append(contentsOf: "\r\n".utf8)
        return bytes
    }

    /// A POST of JSON; without content it says so, as HTTP wants it of a POST.
    func post(
        _ target: String, content: String?, session: [UInt8]? = nil, key: String? = nil
    ) -> [UInt8] {
        var bytes = start("POST ", target)
        append(session: session, to: &bytes)
        if let key {
            bytes.append(contentsOf: "Idempotency-Key: ".utf8)
            bytes.append(contentsOf: key.utf8)
            bytes.append(contentsOf: "\r\n".utf8)
        }
        if content != nil { bytes.append(contentsOf: "Content-Type: application/json\r\n".utf8) }
        bytes.append(contentsOf: "Content-Length: ".utf8)
        bytes.append(contentsOf: String(content?.utf8.count ?? 0).utf8)
        bytes.append(contentsOf: "\r\n\r\n".utf8)
        if let content { bytes.append(contentsOf: content.utf8) }
        return bytes
    }

    private func start(_ method: StaticString, _ target: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        bytes.append(contentsOf: method.description.utf8)
        bytes.append(contentsOf: target.utf8)
        bytes.append(contentsOf: afterTarget)
        return bytes
    }

    private func append(session: [UInt8]?, to bytes: inout [UInt8]) {
        guard let session else { return }
        bytes.append(contentsOf: "Session: ".utf8)
        bytes.append(contentsOf: session)
        bytes.append(contentsOf: "\r\n".utf8)
    }
}
