// The resources of the app, one function each.

import Endpoints
import Linux
import Reactor
import Wire

extension AppServer {
    func profile(_ user: Int, _ deadline: MonotonicTime) async throws -> HTTPResponse {
        let result = try await documents.document("{u\(user)}:profile") {
            () async throws(DependencyError) in
            let stored = try await store.get("{u\(user)}:profile", deadline: deadline)
            return stored.map { Self.profile(user, String(decoding: $0, as: UTF8.self)) }
        }
        // Most never wrote one: that too is remembered.
        return answer(result, otherwise: Self.profile(user, "user \(user)"))
    }

    private static func profile(_ user: Int, _ name: String) -> JSON {
        ["user": .integer(Int64(user)), "name": .string(name)]
    }

    func feed(_ user: Int, _ deadline: MonotonicTime) async throws -> HTTPResponse {
        let result = try await documents.document("{u\(user)}:feed") {
            () async throws(DependencyError) in
            let prefix = "{u\(user)}:post:"
            let rows = try await store.range(prefix, limit: 10, deadline: deadline)
            let posts = rows.map { row -> JSON in
                let id = String(decoding: row.key, as: UTF8.self).dropFirst(prefix.count)
                return [
                    "id": .string(String(id)),
                    "text": .string(String(decoding: row.value, as: UTF8.self)),
                ]
            }
            return ["user": .integer(Int64(user)), "posts": .array(posts)]
        }
        return answer(result, otherwise: .null)
    }

    func addPost(
        _ user: Int, _ request: HTTPRequest, _ deadline: MonotonicTime
    ) async throws -> HTTPResponse {
        guard let id = identifier(request) else { return Self.missingKey }
        guard let text = (try? JSON.parse(request.content.span))?["text"]?.string else {
            return HTTPResponse(400, error: "expected {\"text\": string}")
        }
        let member = try await store.set("{u\(user)}:post:\(id)", text, deadline: deadline)
        await documents.invalidate("{u\(user)}:feed")
        return acknowledged(201, by: member, ["id": .string(id)])
    }

    func post(
        _ user: Int, _ id: String, _ deadline: MonotonicTime
    ) async throws -> HTTPResponse {
        guard Self.isIdentifier(id),
            let text = try await store.get("{u\(user)}:post:\(id)", deadline: deadline)
        else {
            return HTTPResponse(404, error: "no such post")
        }
        return HTTPResponse(
            200, json: ["id": .string(id), "text": .string(String(decoding: text, as: UTF8.self))])
    }

    /// Queues the order and says so at once; the note in the cache only serves whoever asks for the
    /// order before a worker has done it.
    func checkOut(
        _ user: Int, _ request: HTTPRequest, _ deadline: MonotonicTime
    ) async throws -> HTTPResponse {
        guard let id = identifier(request) else { return Self.missingKey }
        let order: JSON = ["user": .integer(Int64(user)), "order": .string(id)]
        let member = try await queue.publish(
            "orders", key: "{u\(user)}", order.text, deadline: deadline)
        try? await cache.set("order:\(user):\(id)", "queued", lifetime: .seconds(600))
        return acknowledged(
            202, by: member, ["order": .string(id), "state": .string("queued")])
    }

    func order(
        _ user: Int, _ id: String, _ deadline: MonotonicTime
    ) async throws -> HTTPResponse {
        guard Self.isIdentifier(id) else { return HTTPResponse(404, error: "no such order") }
        let rows = try await store.range(
            "{u\(user)}:ledger:\(id):", limit: 100, deadline: deadline)
        if !rows.isEmpty { return orderState(id, "done", effects: rows.count) }
        do {
            if try await cache.get("order:\(user):\(id)") == nil {
                return HTTPResponse(404, error: "no such order")
            }
            return orderState(id, "queued", effects: 0)
        } catch {
            return HTTPResponse(503, error: "not done, and no note of it can be looked up")
        }
    }

    private func orderState(_ id: String, _ state: String, effects: Int) -> HTTPResponse {
        HTTPResponse(
            200,
            json: [
                "order": .string(id), "state": .string(state), "effects": .integer(Int64(effects)),
            ])
    }

    private func answer(
        _ result: (document: [UInt8]?, hit: Bool), otherwise absent: JSON
    ) -> HTTPResponse {
        let content = result.document ?? Array(absent.text.utf8)
        var response = HTTPResponse(head: .init(status: 200), content: content)
        response.head.headers["Content-Type"] = "application/json"
        response.head.headers["Cache"] = result.hit ? "hit" : "miss"
        return response
    }

    private func acknowledged(_ status: Int, by member: String, _ json: JSON) -> HTTPResponse {
        HTTPResponse(status, headers: ["Acknowledged-By": member], json: json)
    }

    /// The client's name for what it writes.
    private func identifier(_ request: HTTPRequest) -> String? {
        guard let key = request.head.headers["idempotency-key"] else { return nil }
        return Self.isIdentifier(key) ? key : nil
    }

    /// Restricted, since it becomes part of a key.
    private static func isIdentifier(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
                    || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x2E || byte == 0x5F
            }
    }

    private static var missingKey: HTTPResponse {
        HTTPResponse(400, error: "Idempotency-Key of 1 to 128 letters, digits, '-', '.' or '_'")
    }
}
