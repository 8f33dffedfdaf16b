// Request ids for a store that remembers one last reply a client (Ongaro's thesis, section 6.3): a
// client has one request under way at a time and numbers them upwards. A process with many requests
// under way is therefore many clients: each request takes a lane of its own and gives it back.

package import Reactor

/// One client in the store's eyes.
package struct RequestLane: Sendable {
    fileprivate let client: String
    fileprivate var sequence = 0

    /// The words that make a command's effect happen once, however often it is sent.
    package var words: [String] { ["ID", client, String(sequence)] }
}

/// The lanes of one process.
@ReactorActor
package final class RequestLanes {
    private let prefix: String
    private var idle: [RequestLane] = []
    private var count = 0

    /// `prefix` is unique to this start of the process: the store outlives it.
    package init(prefix: String) { self.prefix = prefix }

    /// A lane with a number that it has not used yet.
    package func take() -> RequestLane {
        var lane = idle.popLast() ?? fresh()
        lane.sequence += 1
        return lane
    }

    /// Hands a lane back when its request has ended, whatever came of it.
    package func give(back lane: RequestLane) { idle.append(lane) }

    private func fresh() -> RequestLane {
        count += 1
        return RequestLane(client: "\(prefix)-\(count)")
    }
}
