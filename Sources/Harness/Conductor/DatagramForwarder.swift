// Datagrams from a port of the host to a node and back, for who asks the name server of a kept stack as
// every resolver does. A client's port stands for its question: answers that come within the patience
// go back to it.

package import Linux
package import Reactor
import Wire

@ReactorActor
package final class DatagramForwarder {
    /// Clients at once; the datagrams of further ones are lost, as any may be.
    private static let clientsMax = 256
    /// Time without an answer after which a client is forgotten.
    private static let patience = Duration.seconds(5)

    private let socket: DatagramSocket
    private let target: SocketAddress
    private let watch: DescriptorWatch
    private var batch = DatagramBatch()
    private var clients: [SocketAddress: DatagramExchange] = [:]

    package init(
        adopting descriptor: consuming FileDescriptor, to target: SocketAddress
    ) throws(SyscallError) {
        socket = DatagramSocket(adopting: descriptor)
        watch = try DescriptorWatch(socket.raw)
        self.target = target
    }

    isolated deinit { watch.stop() }

    /// Forwards until stopped.
    package func run() async {
        while await watch.readable() {
            while let count = try? batch.receive(from: socket), count > 0 {
                for index in 0..<count where batch.isWhole(index) {
                    let bytes = batch.withBytes(of: index) { [UInt8](copying: $0) }
                    forward(bytes, from: batch.source(of: index))
                }
            }
        }
    }

    package func stop() { watch.stop() }

    private func forward(_ bytes: [UInt8], from client: SocketAddress) {
        if let exchange = clients[client] {
            try? exchange.send(bytes)
            return
        }
        guard clients.count < Self.clientsMax,
            let exchange = try? DatagramExchange(with: target)
        else { return }
        clients[client] = exchange
        try? exchange.send(bytes)
        Task { @ReactorActor in await answer(client, from: exchange) }
    }

    private func answer(_ client: SocketAddress, from exchange: DatagramExchange) async {
        while let bytes = try? await exchange.receive(deadline: .now() + Self.patience) {
            _ = try? socket.send(bytes, to: client)
        }
        clients[client] = nil
    }
}
