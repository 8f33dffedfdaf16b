// epoll(7): readiness of many descriptors at the price of the ready ones.

import CLinux
import Glibc

/// What a descriptor is ready for.
package struct Readiness: OptionSet, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let input = Readiness(rawValue: EPOLLIN.rawValue)
    package static let output = Readiness(rawValue: EPOLLOUT.rawValue)
    package static let peerClosed = Readiness(rawValue: EPOLLRDHUP.rawValue)
    package static let error = Readiness(rawValue: EPOLLERR.rawValue)
    package static let hangUp = Readiness(rawValue: EPOLLHUP.rawValue)
    /// Report changes of readiness only, EPOLLET.
    package static let edge = Readiness(rawValue: EPOLLET.rawValue)
}

/// What a stream asks of every event. Plain bits: a set made of a literal for the question would be made
/// anew, by code that knows no type, for each.
extension Readiness {
    /// A receive may bring bytes, the end, or an error.
    package var mayReceive: Bool {
        let bits = EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLERR.rawValue | EPOLLHUP.rawValue
        return rawValue & bits != 0
    }

    /// A send may find room, or an error.
    package var maySend: Bool {
        rawValue & (EPOLLOUT.rawValue | EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
    }

    /// The peer sends nothing more.
    package var isPeerDone: Bool {
        rawValue & (EPOLLRDHUP.rawValue | EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
    }

    /// The kernel has an error for the socket.
    package var isError: Bool { rawValue & EPOLLERR.rawValue != 0 }
}

/// One epoll instance and the room for the events of one turn.
///
/// Safe although `epoll_event` holds a union: only its u64 member is ever written or read.
@safe
package struct Epoll: ~Copyable {
    private let descriptor: FileDescriptor
    private var events: [epoll_event]

    package init(eventsMax: Int = 512) throws(SyscallError) {
        descriptor = FileDescriptor(
            owning: try checked("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) })
        unsafe events = Array(repeating: epoll_event(), count: eventsMax)
    }

    /// epoll_ctl(2) with EPOLL_CTL_ADD; `token` comes back with every event.
    package func add(_ raw: Int32, for interest: Readiness, token: UInt64) throws(SyscallError) {
        var event = unsafe epoll_event(
            events: interest.rawValue, data: epoll_data_t(u64: token))
        let epoll = descriptor.raw
        try checked("epoll_ctl(add)") { unsafe epoll_ctl(epoll, EPOLL_CTL_ADD, raw, &event) }
    }

    /// epoll_ctl(2) with EPOLL_CTL_DEL.
    package func remove(_ raw: Int32) throws(SyscallError) {
        let epoll = descriptor.raw
        try checked("epoll_ctl(del)") { epoll_ctl(epoll, EPOLL_CTL_DEL, raw, nil) }
    }

    /// What one registered descriptor is ready for.
    package struct Event {
        package let token: UInt64
        package let ready: Readiness
    }

    /// An event of the last wait; 0 <= index < its count.
    package func event(at index: Int) -> Event {
        unsafe Event(
            token: events[index].data.u64, ready: Readiness(rawValue: events[index].events))
    }

    /// epoll_pwait2(2): waits at most `timeout` (nil: for ever); returns the number of events.
    package mutating func wait(timeout: Duration?) throws(SyscallError) -> Int {
        let epoll = descriptor.raw
        let limit = unsafe Int32(events.count)
        guard let timeout else {
            return Int(
                try checked("epoll_wait") { unsafe epoll_wait(epoll, &events, limit, -1) })
        }
        let nanoseconds = max(0, timeout.nanoseconds)
        var time = timespec(
            tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        return Int(
            try checked("epoll_pwait2") {
                unsafe epoll_pwait2(epoll, &events, limit, &time, nil)
            })
    }
}
