// Many datagrams a system call: recvmmsg(2) takes what waits, sendmmsg(2) sends the answers. At a
// hundred thousand small datagrams a second the calls are most of the work, so this is what a
// datagram server's rate depends on.

import CLinux
import Glibc

/// Room for a batch of datagrams and for one answer to each.
///
/// Safe although it holds pointers: they lead into memory that lives as long as the batch, and every
/// access is checked against the counts.
@safe
package struct DatagramBatch: ~Copyable {
    package static let countMax = 64
    /// Larger datagrams are cut by the kernel and show as `isWhole == false`.
    package static let bytesMax = 2048

    private let memory: UnsafeMutableRawBufferPointer
    private let received: UnsafeMutableBufferPointer<fl_datagram>
    private let answers: UnsafeMutableBufferPointer<fl_datagram>
    /// Datagrams of the last receive: 0 <= count <= countMax.
    package private(set) var count = 0
    /// Answers queued since: 0 <= answerCount <= count.
    package private(set) var answerCount = 0

    package init() {
        unsafe memory = .allocate(byteCount: 2 * Self.countMax * Self.bytesMax, alignment: 64)
        unsafe received = .allocate(capacity: Self.countMax)
        unsafe answers = .allocate(capacity: Self.countMax)
        for index in 0..<Self.countMax {
            let (first, second) = (index * Self.bytesMax, (Self.countMax + index) * Self.bytesMax)
            unsafe received.initializeElement(at: index, to: Self.room(memory, first))
            unsafe answers.initializeElement(at: index, to: Self.room(memory, second))
        }
    }

    deinit {
        unsafe received.deallocate()
        unsafe answers.deallocate()
        unsafe memory.deallocate()
    }

    private static func room(
        _ memory: UnsafeMutableRawBufferPointer, _ offset: Int
    ) -> fl_datagram {
        unsafe fl_datagram(
            bytes: memory.baseAddress.map { unsafe $0 + offset }, room: UInt32(bytesMax), count: 0,
            address: 0, port: 0, is_cut: 0)
    }

    /// recvmmsg(2): takes what waits, without waiting itself; returns the count.
    package mutating func receive(from socket: borrowing DatagramSocket) throws(SyscallError) -> Int
    {
        answerCount = 0
        count = 0
        let raw = socket.raw
        let progress = try attempted("recvmmsg") {
            Int(unsafe fl_receive_datagrams(raw, received.baseAddress, Int32(Self.countMax)))
        }
        if case .moved(let datagrams) = progress { count = datagrams }
        return count
    }

    package func source(of index: Int) -> SocketAddress {
        precondition(index < count, "only what was received has a source")
        let datagram = unsafe received[index]
        return unsafe SocketAddress(
            ip: IPv4Address(rawValue: UInt32(bigEndian: datagram.address)),
            port: UInt16(bigEndian: datagram.port))
    }

    /// False when the datagram was larger than a batch has room for.
    package func isWhole(_ index: Int) -> Bool {
        precondition(index < count, "only what was received can be whole")
        return unsafe received[index].is_cut == 0
    }

    /// Lends one datagram's bytes.
    package func withBytes<Result>(of index: Int, _ body: (Span<UInt8>) -> Result) -> Result {
        precondition(index < count, "only what was received can be read")
        let start = index * Self.bytesMax
        let bytes = unsafe UnsafeRawBufferPointer(
            rebasing: memory[start..<start + Int(received[index].count)])
        return body(unsafe bytes.bindMemory(to: UInt8.self).span)
    }

    /// Queues one answer to the sender of a datagram; at most one each, of at most `bytesMax`.
    package mutating func answer(_ index: Int, with bytes: Span<UInt8>) {
        precondition(index < count && answerCount < count, "one answer a datagram")
        precondition(bytes.count <= Self.bytesMax, "an answer fits its room")
        let start = (Self.countMax + answerCount) * Self.bytesMax
        unsafe bytes.withUnsafeBytes {
            unsafe UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + $0.count])
                .copyMemory(from: $0)
        }
        unsafe answers[answerCount].count = UInt32(bytes.count)
        unsafe answers[answerCount].address = received[index].address
        unsafe answers[answerCount].port = received[index].port
        answerCount += 1
    }

    /// sendmmsg(2) of the queued answers; returns how many the kernel took.
    ///
    /// One that it refuses, as for an address without a route, is skipped; when it has no room the
    /// rest is dropped, which is what a datagram may always expect.
    package mutating func sendAnswers(by socket: borrowing DatagramSocket) -> Int {
        defer { answerCount = 0 }
        let raw = socket.raw
        var (next, sent) = (0, 0)
        while next < answerCount {
            let left = Int32(answerCount - next)
            do throws(SyscallError) {
                let progress = try attempted("sendmmsg") {
                    Int(
                        unsafe fl_send_datagrams(
                            raw, answers.baseAddress.map { unsafe $0 + next }, left))
                }
                guard case .moved(let count) = progress else { return sent }
                sent += count
                next += max(1, count)
            } catch {
                next += 1
            }
        }
        return sent
    }
}
