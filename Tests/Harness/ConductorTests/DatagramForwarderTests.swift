// Datagrams that go to a node by way of a port of the host.

import Linux
import Reactor
import Testing

@testable import Conductor

@Suite(.serialized)
@ReactorActor
struct DatagramForwarderTests {
    @Test func `each client gets the answers to its own questions`() async throws {
        let server = try DatagramChannel(SocketAddress(ip: .loopback, port: 0)) { batch in
            for index in 0..<batch.count {
                let answer = batch.withBytes(of: index) { bytes in
                    [0x21] + bytes.indices.map { bytes[$0] }
                }
                batch.answer(index, with: answer.span)
            }
        }
        defer { server.close() }
        let outside = try DatagramSocket(SocketAddress(ip: .loopback, port: 0))
        let address = try outside.localAddress()
        let forwarder = try DatagramForwarder(
            adopting: FileDescriptor(owning: outside.release()), to: server.address)
        let running = Task { @ReactorActor in await forwarder.run() }
        let clients = try (0..<3).map { _ in try DatagramExchange(with: address) }
        for round in UInt8(0)..<2 {
            for (number, client) in clients.enumerated() {
                try client.send([round, UInt8(number)])
            }
            for (number, client) in clients.enumerated() {
                let answer = try await client.receive(deadline: .now() + .seconds(10))
                #expect(answer == [0x21, round, UInt8(number)])
            }
        }
        forwarder.stop()
        await running.value
    }
}
