// shutdown(2): ending one direction of a stream, so that the peer reads the last answer to its end
// before a close with unread bytes could reset the connection (RFC 9112 section 9.6).

import Glibc

extension Socket {
    /// Sends nothing more; what the kernel holds still goes out. A peer that is gone is no error.
    package static func shutdownSending(_ socket: borrowing FileDescriptor) {
        _ = Glibc.shutdown(socket.raw, Int32(SHUT_WR))
    }
}
