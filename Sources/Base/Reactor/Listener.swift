// A listening socket on the loop.

package import Linux

/// Accepts connections one at a time.
@ReactorActor
package final class Listener {
    /// The bound address, with the port that the kernel chose where 0 was asked for.
    package let address: SocketAddress

    private var socket: FileDescriptor?
    private var token: WatchToken?
    private let gate = Turnstile()

    /// Listens on an address of this host.
    package convenience init(
        _ address: SocketAddress, sharedPort: Bool = false
    ) throws(SyscallError) {
        try self.init(adopting: Socket.listening(on: address, sharedPort: sharedPort))
    }

    /// Takes over a socket that listens already, perhaps in another network namespace.
    package init(adopting socket: consuming FileDescriptor) throws(SyscallError) {
        address = try Socket.localAddress(of: socket)
        let raw = socket.raw
        self.socket = consume socket
        token = try Reactor.main.watch(raw, .input) { [weak self] _ in self?.gate.wakeAll() }
    }

    isolated deinit { close() }

    /// The next connection; throws `closed` once the listener is.
    ///
    /// Out of descriptors is not fatal: the connection stays in the kernel's queue and is tried
    /// again a little later.
    package func accept() async throws(TransportError) -> Connection {
        while true {
            do {
                if let accepted = try acceptOnce() {
                    let peer = try Socket.peerAddress(of: accepted)
                    return try Connection(accepted, peer: peer)
                }
                _ = await gate.wait()
            } catch let error as TransportError {
                throw error
            } catch let error as SyscallError {
                guard [.processDescriptors, .systemDescriptors].contains(error.errno) else {
                    if error.stage == "getpeername" { continue }
                    throw TransportError(error)
                }
                _ = await gate.wait(deadline: .now() + .milliseconds(10))
            } catch {
                preconditionFailure("only these two are thrown")
            }
        }
    }

    /// The next connection, whatever becomes of those before it; nil once the listener is closed.
    ///
    /// A peer that is gone before its socket is set up must not end the server, so only closing
    /// ends this; the pause keeps an error that stays from spinning.
    package func acceptNext() async -> Connection? {
        while true {
            do {
                return try await accept()
            } catch {
                if token == nil { return nil }
                await Reactor.sleep(for: .milliseconds(1))
            }
        }
    }

    /// The next connection as a stream that is driven by callbacks; nil once the listener is closed.
    package func nextStream() async -> DuplexStream? {
        while token != nil {
            do {
                if let accepted = try acceptOnce() {
                    let peer = try Socket.peerAddress(of: accepted)
                    return try DuplexStream(accepted, peer: peer)
                }
                _ = await gate.wait()
            } catch {
                // A peer that is gone already, or no descriptor left: neither may end the server.
                await Reactor.sleep(for: .milliseconds(1))
            }
        }
        return nil
    }

    /// Stops listening; connections already accepted live on.
    package func close() {
        guard let token else { return }
        Reactor.main.unwatch(token)
        self.token = nil
        socket = nil
        gate.wakeAll()
    }

    private func acceptOnce() throws -> FileDescriptor? {
        switch socket {
        case .some(let socket): return try Socket.accept(socket)
        case .none: throw TransportError.closed
        }
    }
}
