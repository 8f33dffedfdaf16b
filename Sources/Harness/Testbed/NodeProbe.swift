// Questions that the harness puts to a node by the node's own protocol: "are you ready?" and "do you
// lead?". They come from the router, which no partition cuts off, so that a fault between nodes
// never blinds the harness. A command is run beside the node's process, in its network.

import Endpoints
package import Experiment
package import Linux
package import Reactor
import Wire

/// Asks one node.
@ReactorActor
package struct NodeProbe {
    package let address: SocketAddress
    /// Where commands are run; without it no command passes.
    private let node: Node?

    package init(_ address: SocketAddress, at node: Node? = nil) {
        self.address = address
        self.node = node
    }

    /// True when the node answers as the probe wants it.
    package func passes(_ probe: Probe, within timeout: Duration) async -> Bool {
        let deadline = MonotonicTime.now() + timeout
        switch probe {
        case .tcp: return await accepts(deadline)
        case .http(let path): return await answers(path, deadline)
        case .resp(let words):
            guard let reply = await reply(to: words, deadline) else { return false }
            if case .error = reply { return false }
            return true
        case .command(let words): return await output(of: words, deadline) != nil
        }
    }

    /// Asks the node for its role and fills it in, with the term where the protocol tells one; a
    /// node that does not answer has none.
    package func describe(
        _ entry: RosterNode, _ probe: Probe, within timeout: Duration
    ) async -> RosterNode {
        var entry = entry
        let deadline = MonotonicTime.now() + timeout
        if case .resp(let words) = probe {
            guard case .array(let items)? = await reply(to: words, deadline) else { return entry }
            for case .array(let parts) in items {
                guard parts.count > 2, case .integer(let partition) = parts[0] else { continue }
                entry.partitions[Int(partition)] = standing(parts.dropFirst())
            }
            let own = standing(items[...])
            entry.role = own?.role
            entry.term = own?.term ?? 0
        } else {
            entry.role = await role(probe, deadline)
        }
        return entry
    }

    /// Of `[role, term, ...]`; nil for candidates and for what is no role.
    private func standing(_ items: ArraySlice<RESPValue>) -> RosterNode.Standing? {
        guard let word = items.first.flatMap(text), let role = NodeRole(answer: word) else {
            return nil
        }
        guard items.count > 1, case .integer(let term) = items[items.startIndex + 1] else {
            return RosterNode.Standing(role, term: 0)
        }
        return RosterNode.Standing(role, term: UInt64(clamping: term))
    }

    private func role(_ probe: Probe, _ deadline: MonotonicTime) async -> NodeRole? {
        switch probe {
        case .http(let path):
            guard let response = await response(path, deadline), response.status == 200,
                let word = response.json?["role"]?.string
            else { return nil }
            return NodeRole(answer: word)
        case .command(let words):
            let word = await output(of: words, deadline)?.split(whereSeparator: \.isWhitespace)
                .first
            return word.flatMap { NodeRole(answer: String($0)) }
        case .resp, .tcp: return nil
        }
    }

    private func output(of words: [String], _ deadline: MonotonicTime) async -> String? {
        await node?.output(of: words, deadline: deadline)
    }

    private func accepts(_ deadline: MonotonicTime) async -> Bool {
        guard let connection = try? await Connection.connect(to: address, deadline: deadline)
        else { return false }
        connection.close()
        return true
    }

    private func answers(_ path: String, _ deadline: MonotonicTime) async -> Bool {
        guard let response = await response(path, deadline) else { return false }
        return (200..<300).contains(response.status)
    }

    private func response(_ path: String, _ deadline: MonotonicTime) async -> HTTPResponse? {
        let client = HTTPClient(address)
        defer { client.close() }
        let request = HTTPRequest("GET", path, host: address.description)
        return try? await client.send(request, deadline: deadline)
    }

    private func reply(to words: [String], _ deadline: MonotonicTime) async -> RESPValue? {
        let client = RESPClient(address)
        defer { client.close() }
        return try? await client.call(words, deadline: deadline)
    }

    private func text(_ value: RESPValue) -> String? {
        switch value {
        case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
        case .simple(let text): text
        default: nil
        }
    }
}
