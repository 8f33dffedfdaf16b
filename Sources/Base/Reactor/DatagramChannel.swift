// A UDP socket on the loop that hands over what arrived batch by batch and sends the answers back:
// the server's side. A client with one question at a time has `DatagramExchange`.

package import Linux

/// Serves datagrams on one address.
@ReactorActor
package final class DatagramChannel {
    /// Looks at every datagram of the batch and queues answers in it.
    package typealias Handler = @ReactorActor (inout DatagramBatch) -> Void

    /// Batches in a row, after which the rest of the loop has its turn.
    private static let batchesMax = 16
    /// Datagrams that may wait in the kernel, in bytes; room for some thousand queries.
    private static let receiveBuffer = 4 << 20

    /// The bound address, with the port that the kernel chose where 0 was asked for.
    package let address: SocketAddress

    private var socket: DatagramSocket?
    private var token: WatchToken?
    private var batch = DatagramBatch()
    private let handler: Handler
    /// Answers that the kernel had no room for.
    package private(set) var dropped = 0

    /// Binds at once; datagrams are handed over from the next turn of the loop on.
    package init(_ address: SocketAddress, handler: @escaping Handler) throws(SyscallError) {
        let socket = try DatagramSocket(address, receiveBuffer: Self.receiveBuffer)
        self.address = try socket.localAddress()
        self.handler = handler
        let raw = socket.raw
        self.socket = consume socket
        token = try Reactor.main.watch(raw, .input) { [weak self] _ in self?.drain() }
    }

    isolated deinit { close() }

    /// Stops at once; what waits is dropped.
    package func close() {
        guard let token else { return }
        Reactor.main.unwatch(token)
        self.token = nil
        socket = nil
    }

    /// Takes batches until one is not full, which leaves the socket empty: the next datagram then
    /// brings an edge of its own.
    private func drain() {
        for _ in 0..<Self.batchesMax {
            guard serveOne() == DatagramBatch.countMax else { return }
        }
        Task { @ReactorActor in
            await Reactor.sleep(for: .zero)
            drain()
        }
    }

    /// Serves one batch; returns how many datagrams it had.
    private func serveOne() -> Int {
        let count = receive()
        guard count > 0 else { return 0 }
        handler(&batch)
        let answers = batch.answerCount
        dropped += answers - send()
        return count
    }

    /// A refused receive concerns one datagram and is gone with it; the next edge goes on.
    private func receive() -> Int {
        switch socket {
        case .some(let socket): return (try? batch.receive(from: socket)) ?? 0
        case .none: return 0
        }
    }

    private func send() -> Int {
        switch socket {
        case .some(let socket): return batch.sendAnswers(by: socket)
        case .none: return 0
        }
    }
}
