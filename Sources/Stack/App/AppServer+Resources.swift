// The resources of the app, one function each.

import Endpoints
import Linux
import Reactor
import Wire

extension AppServer {
    func profile(_ user: Int, _ deadline: MonotonicTime) async throws -> HTTPResponse {
        // Most never wrote one: that too is remembered.
        try await document("{u\(user)}:profile", otherwise: Self.profile(user, "user \(user)")) {
            () async throws(DependencyError) in
            let stored = try await parts.reads.get("{u\(user)}:profile", deadline: deadline)
            return stored.map { Self.profile(user, String(decoding: $0, as: UTF8.self)) }
        }
    }

    private static func profile(_ user: Int, _ name: String) -> JSON {
        ["user": .integer(Int64(user)), "name": .string(name)]
    }

    func feed(_ user: Int, _ deadline: MonotonicTime) async throws -> HTTPResponse {
        try await document("{u\(user)}:feed") { () async throws(DependencyError) in
            let prefix = "{u\(user)}:post:"
            let rows = try await parts.reads.range(prefix, limit: 10, deadline: deadline)
            let posts = rows.map { row -> JSON in
                let id = String(decoding: row.key, as: UTF8.self).dropFirst(prefix.count)
                return [
                    "id": .string(String(id)),
                    "text": .string(String(decoding: row.value, as: UTF8.self)),
                ]
            }
            return ["user": .integer(Int64(user)), "posts": .array(posts)]
        }
    }

    func addPost(
        _ user: Int, _ request: HTTPRequest, _ deadline: MonotonicTime
    ) async throws -> HTTPResponse {
        guard let id = identifier(request) else { return Self.missingKey }
        guard let text = (try? JSON.parse(request.content.span))?["text"]?.string else {
            return HTTPResponse(400, error: "expected {\"text\": string}")
        }
        let member = try await parts.store.set(
            "{u\(user)}:post:\(id)", text, deadline: deadline)
        await parts.documents?.invalidate("{u\(user)}:feed")
        return acknowledged(201, by: member, ["id": .string(id)])
    }

    func post(
        _ user: Int, _ id: String, _ deadline: MonotonicTime
    ) async throws -> HTTPResponse {
        guard Self.isIdentifier(id),
            let text = try await parts.store.get("{u\(user)}:post:\(id)", deadline: deadline)
        else {
            return HTTPResponse(404, error: "no such post")
        }
        return HTTPResponse(
            200, json: ["id": .string(id), "text": .string(String(decoding: text, as: UTF8.self))])
    }

    func checkOut(
        _ user: Int, _ request: HTTPRequest, _ deadline: MonotonicTime
    ) async throws -> HTTPResponse {
        guard let id = identifier(request) else { return Self.missingKey }
        let placed = try await parts.orders.place(
            ShopOrder(user: user, id: id), deadline: deadline)
        return acknowledged(
            placed.state == .done ? 201 : 202, by: placed.acknowledgedBy,
            ["order": .string(id), "state": .string(placed.state.rawValue)])
    }

    func order(
        _ user: Int, _ id: String, _ deadline: MonotonicTime
    ) async throws -> HTTPResponse {
        guard Self.isIdentifier(id) else { return HTTPResponse(404, error: "no such order") }
        let order = ShopOrder(user: user, id: id)
        // Asked first: an order that is done in between is then seen as done.
        let pending = await parts.orders.pending(order, deadline: deadline)
        let rows = try await parts.store.range(
            order.ledgerPrefix, limit: 100, deadline: deadline)
        if !rows.isEmpty { return orderState(id, "done", effects: rows.count) }
        switch pending {
        case .queued: return orderState(id, "queued", effects: 0)
        case .unknown: return HTTPResponse(404, error: "no such order")
        case .unreadable(let reason): return HTTPResponse(503, error: reason)
        }
    }

    private func orderState(_ id: String, _ state: String, effects: Int) -> HTTPResponse {
        HTTPResponse(
            200,
            json: [
                "order": .string(id), "state": .string(state), "effects": .integer(Int64(effects)),
            ])
    }

    /// From the cache where there is one; `absent` is what is said where there is no document.
    private func document(
        _ key: String, otherwise absent: JSON = .null,
        load: () async throws(DependencyError) -> JSON?
    ) async throws -> HTTPResponse {
        guard let documents = parts.documents else {
            return HTTPResponse(200, json: try await load() ?? absent)
        }
        let result: (document: [UInt8]?, hit: Bool)
        do {
            result = try await documents.document(key) { () async throws(DependencyError) in
                let loaded = try await load()
                parts.staleCopies?.keep(key, (loaded ?? absent).text)
                return loaded
            }
        } catch {
            guard let copy = await parts.staleCopies?.copy(of: key) else { throw error }
            return Self.stale(copy)
        }
        let content = result.document ?? Array(absent.text.utf8)
        var response = HTTPResponse(head: .init(status: 200), content: content)
        response.head.headers["Content-Type"] = "application/json"
        response.head.headers["Cache"] = result.hit ? "hit" : "miss"
        return response
    }

    private static func stale(_ copy: StaleCopies.Copy) -> HTTPResponse {
        var response = HTTPResponse(head: .init(status: 200), content: copy.document)
        response.head.headers["Content-Type"] = "application/json"
        response.head.headers["Served-Stale"] = "true"
        response.head.headers["Age"] = "\(copy.age.nanoseconds / 1_000_000_000)"
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
