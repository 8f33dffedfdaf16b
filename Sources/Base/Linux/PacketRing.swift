// Whole Ethernet frames in and out of one link, by an AF_PACKET socket. Arriving frames come
// through a ring that the kernel shares (TPACKET_V2 of packet_mmap): no system call a frame, no
// limit by SO_RCVBUF (which an ordinary user may not raise), and the kernel's own time of arrival.
//
//     slot (2048 bytes): | tpacket2_hdr | sockaddr_ll | padding | frame at tp_mac, tp_snaplen long |
//
// Version 2 and not 3: version 3 hands over whole blocks, up to a millisecond late.

import CLinux
import Glibc

/// Ring and socket on one link.
///
/// Unchecked: the mapping has one owner, since the value cannot be copied, so handing it to another
/// thread leaves nothing behind.
@safe
package struct PacketRing: ~Copyable, @unchecked Sendable {
    private let descriptor: FileDescriptor
    private let base: UnsafeMutableRawPointer
    private var next = 0

    static let slotSize = 2048
    static let slotCount = 4096
    private static var byteCount: Int { slotSize * slotCount }

    package var raw: Int32 { descriptor.raw }

    /// Opens a ring for IPv4 frames on a link of the calling thread's namespace.
    package init(link: Int32) throws(SyscallError) {
        // Protocol 0: nothing arrives before the ring is there and the socket is bound.
        let raw = try checked("socket(AF_PACKET)") {
            socket(AF_PACKET, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
        let opened = FileDescriptor(owning: raw)
        try Self.set(raw, PACKET_VERSION, Int32(TPACKET_V2.rawValue), "PACKET_VERSION")
        try Self.set(raw, PACKET_IGNORE_OUTGOING, Int32(1), "PACKET_IGNORE_OUTGOING")
        try Self.set(raw, PACKET_QDISC_BYPASS, Int32(1), "PACKET_QDISC_BYPASS")
        let blockSize = 64 * Self.slotSize
        let request = tpacket_req(
            tp_block_size: UInt32(blockSize), tp_block_nr: UInt32(Self.byteCount / blockSize),
            tp_frame_size: UInt32(Self.slotSize), tp_frame_nr: UInt32(Self.slotCount))
        try Self.set(raw, PACKET_RX_RING, request, "PACKET_RX_RING")
        try Self.bind(raw, link: link)
        let base = unsafe mmap(
            nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, raw, 0)
        guard let base = unsafe base, unsafe base != MAP_FAILED else {
            throw SyscallError(stage: "mmap(packet ring)", errno: .last)
        }
        unsafe self.base = base
        descriptor = opened
    }

    deinit { unsafe munmap(base, Self.byteCount) }

    /// Hands out the frames that have arrived, at most `max`; each span is valid in its call only.
    ///
    /// `age` is how long the frame has lain in the ring, by the kernel's stamp.
    @discardableResult
    package mutating func receive(
        max: Int, _ body: (_ frame: Span<UInt8>, _ age: Duration) -> Void
    ) -> Int {
        var clock = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &clock)
        var count = 0
        while count < max {
            let slot = unsafe base + next * Self.slotSize
            let status = unsafe slot.assumingMemoryBound(to: UInt32.self)
            guard unsafe fl_load_acquire(status) & UInt32(TP_STATUS_USER) != 0 else { break }
            let header = unsafe slot.load(as: tpacket2_hdr.self)
            let age = Self.age(of: header, at: clock)
            let frame = unsafe UnsafeRawBufferPointer(
                start: slot + Int(header.tp_mac), count: Int(header.tp_snaplen))
            unsafe body(frame.bindMemory(to: UInt8.self).span, age)
            unsafe fl_store_release(status, UInt32(TP_STATUS_KERNEL))
            next = (next + 1) % Self.slotCount
            count += 1
        }
        return count
    }

    /// Whether a frame is there that `receive` has not handed out.
    package var hasFrames: Bool {
        let slot = unsafe base + next * Self.slotSize
        let status = unsafe fl_load_acquire(slot.assumingMemoryBound(to: UInt32.self))
        return status & UInt32(TP_STATUS_USER) != 0
    }

    /// Sends one frame out of the link; false when the kernel has no room for it.
    package func send(_ frame: Span<UInt8>) -> Bool {
        unsafe frame.withUnsafeBytes {
            unsafe Glibc.send(descriptor.raw, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT)) > 0
        }
    }

    /// Frames that found the ring full since the last call, by PACKET_STATISTICS.
    package func takeOverflow() -> Int {
        var statistics = tpacket_stats()
        var size = socklen_t(MemoryLayout<tpacket_stats>.size)
        let status = unsafe getsockopt(
            descriptor.raw, SOL_PACKET, PACKET_STATISTICS, &statistics, &size)
        return status == 0 ? Int(statistics.tp_drops) : 0
    }

    /// The stamp is on the wall clock; clamped, since that one may be set in between.
    private static func age(of header: tpacket2_hdr, at clock: timespec) -> Duration {
        let seconds = Int64(clock.tv_sec) - Int64(header.tp_sec)
        let nanoseconds = seconds * 1_000_000_000 + Int64(clock.tv_nsec) - Int64(header.tp_nsec)
        return .nanoseconds(min(Swift.max(nanoseconds, 0), 10_000_000))
    }

    private static func bind(_ raw: Int32, link: Int32) throws(SyscallError) {
        var address = sockaddr_ll()
        address.sll_family = UInt16(AF_PACKET)
        address.sll_protocol = UInt16(ETH_P_IP).bigEndian
        address.sll_ifindex = link
        try checked("bind(AF_PACKET, link \(link))") {
            unsafe withUnsafePointer(to: &address) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.bind(raw, $0, socklen_t(MemoryLayout<sockaddr_ll>.size))
                }
            }
        }
    }

    private static func set<Value: BitwiseCopyable>(
        _ raw: Int32, _ option: Int32, _ value: Value, _ name: String
    ) throws(SyscallError) {
        var value = value
        try checked("setsockopt(\(name))") {
            unsafe setsockopt(raw, SOL_PACKET, option, &value, socklen_t(MemoryLayout<Value>.size))
        }
    }
}
