// One port for UDP and for TCP, as DNS wants it.

package import Linux

extension DatagramChannel {
    private static let triesMax = 16

    /// Binds an address for datagrams and listens on it for connections as well.
    ///
    /// Where the kernel chooses the port, it chooses one that is free for UDP; if somebody has it for TCP
    /// another one is tried.
    package static func openWithListener(
        _ address: SocketAddress, handler: @escaping Handler
    ) throws(SyscallError) -> (datagrams: DatagramChannel, listener: Listener) {
        var triesLeft = address.port == 0 ? triesMax : 1
        while true {
            triesLeft -= 1
            let datagrams = try DatagramChannel(address, handler: handler)
            do throws(SyscallError) {
                return (datagrams, try Listener(datagrams.address))
            } catch {
                datagrams.close()
                guard triesLeft > 0 else { throw error }
            }
        }
    }
}
