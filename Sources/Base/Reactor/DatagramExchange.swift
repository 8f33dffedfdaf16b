// One question to one peer by UDP, and the datagrams that come back for it.

package import Linux

/// A UDP socket on the loop that is connected to one peer.
@ReactorActor
package final class DatagramExchange {
    private let socket: DatagramSocket
    private let watch: DescriptorWatch

    /// Binds to a port of the kernel's choice, which nobody off the path can guess (RFC 5452), and
    /// to the kernel's choice of address unless one is given.
    package init(
        with peer: SocketAddress, from source: IPv4Address? = nil
    ) throws(TransportError) {
        do {
            socket = try DatagramSocket(SocketAddress(ip: source ?? .any, port: 0))
            try socket.connect(to: peer)
            watch = try DescriptorWatch(socket.raw)
        } catch {
            throw TransportError(error)
        }
    }

    /// The watch must end before the descriptor that it looks at is closed.
    isolated deinit { watch.stop() }

    /// A datagram for which the kernel has no room is lost, as any may be.
    package func send(_ bytes: [UInt8]) throws(TransportError) {
        do {
            try socket.send(bytes)
        } catch {
            throw TransportError(error)
        }
    }

    /// The next datagram; throws `timedOut` at the deadline and `refused` when the peer's host says
    /// that nobody listens there.
    package func receive(deadline: MonotonicTime) async throws(TransportError) -> [UInt8] {
        while true {
            do {
                if let bytes = try socket.receive(deadline: MonotonicTime(nanoseconds: 0)) {
                    return bytes
                }
            } catch {
                throw TransportError(error)
            }
            guard await watch.readable(deadline: deadline) else { throw .timedOut }
        }
    }
}
