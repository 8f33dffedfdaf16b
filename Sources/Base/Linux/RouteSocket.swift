// One rtnetlink socket: sends messages and takes the kernel's acknowledgements. The kernel works
// a request off inside send(2), so the answers are there when it returns.

import CLinux
import Glibc

/// A NETLINK_ROUTE socket of the namespace that it was opened in.
package struct RouteSocket: ~Copyable, Sendable {
    private let descriptor: FileDescriptor
    private var sequence: UInt32 = 0

    /// Opens a socket in the calling thread's namespace.
    package init() throws(SyscallError) {
        let raw = try checked("socket(AF_NETLINK)") {
            socket(
                AF_NETLINK, Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue), NETLINK_ROUTE)
        }
        let opened = FileDescriptor(owning: raw)
        // Errors in words, without our own message repeated; dumps that reject what they ignore.
        for option in [NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK] {
            var on: Int32 = 1
            try checked("setsockopt(SOL_NETLINK, \(option))") {
                unsafe setsockopt(
                    raw, SOL_NETLINK, option, &on, socklen_t(MemoryLayout<Int32>.size))
            }
        }
        descriptor = opened
    }

    /// Sends requests in one datagram; throws the first refusal, with the kernel's own words.
    ///
    /// The kernel goes on after a refusal, so what follows it may have been carried out.
    package mutating func perform(_ requests: [RouteMessage]) throws(SyscallError) {
        _ = try exchange(requests)
    }

    package mutating func perform(_ request: RouteMessage) throws(SyscallError) {
        try perform([request])
    }

    /// Waits until packets can leave by a link whose both ends are up.
    ///
    /// An end that came up before its partner gets its queue only later, from the kernel's link
    /// watch worker; until then it drops everything in silence (dev_activate in sch_generic.c). The
    /// worker sets the operational state in the same step.
    package mutating func waitUntilUsable(
        link: Int32, deadline: MonotonicTime
    ) throws(SyscallError) {
        let up: UInt8 = 6
        while true {
            let answers = try exchange([.getLink(index: link)])
            let states = answers.compactMap {
                $0.attributes(after: 16)[LinkAttribute.operationalState]?.first
            }
            if states.contains(up) { return }
            if MonotonicTime.now() >= deadline {
                throw SyscallError(stage: "rtnetlink(link \(link) comes up)", errno: .timedOut)
            }
            PreciseWait.pause(.microseconds(50))
        }
    }

    /// Sends requests and takes all acknowledgements; returns what else came in answer.
    private mutating func exchange(_ requests: [RouteMessage]) throws(SyscallError)
        -> [NetlinkReply]
    {
        let first = sequence &+ 1
        var datagram: [UInt8] = []
        for request in requests {
            var message = request.message
            sequence &+= 1
            message.setSequence(sequence)
            datagram += message.bytes
        }
        try send(datagram, requests.first?.stage ?? "nothing")
        var open = requests.count
        var refusal: SyscallError?
        var answers: [NetlinkReply] = []
        while open > 0 {
            for reply in try receive() {
                let index = Int(reply.sequence &- first)
                guard requests.indices.contains(index) else { continue }
                guard reply.type == NetlinkReply.error else {
                    answers.append(reply)
                    continue
                }
                open -= 1
                refusal = refusal ?? Self.refusal(reply, requests[index].stage)
            }
        }
        if let refusal { throw refusal }
        return answers
    }

    /// All IPv4 policy rules that this program can express.
    package mutating func rules() throws(SyscallError) -> [PolicyRule] {
        try dump(.dumpRules).compactMap(PolicyRule.init)
    }

    private mutating func dump(_ request: RouteMessage) throws(SyscallError) -> [NetlinkReply] {
        var message = request.message
        sequence &+= 1
        message.setSequence(sequence)
        try send(message.bytes, request.stage)
        var found: [NetlinkReply] = []
        while true {
            for reply in try receive() where reply.sequence == sequence {
                if let refusal = Self.refusal(reply, request.stage) { throw refusal }
                if reply.type == NetlinkReply.done { return found }
                found.append(reply)
            }
        }
    }

    private static func refusal(_ reply: NetlinkReply, _ stage: String) -> SyscallError? {
        guard reply.type == NetlinkReply.error, reply.errorNumber != 0 else { return nil }
        let words = reply.explanation.map { ": \($0)" } ?? ""
        return SyscallError(
            stage: "rtnetlink(\(stage)\(words))", errno: Errno(rawValue: reply.errorNumber))
    }

    private func send(_ bytes: [UInt8], _ stage: String) throws(SyscallError) {
        let count = try checked("send(rtnetlink \(stage))") {
            unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(descriptor.raw, $0.baseAddress, $0.count, 0)
            }
        }
        assert(count == bytes.count, "a datagram goes out whole or not at all")
    }

    private func receive() throws(SyscallError) -> [NetlinkReply] {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        let count = try checked("recv(rtnetlink)") {
            unsafe buffer.withUnsafeMutableBytes {
                unsafe recv(descriptor.raw, $0.baseAddress, $0.count, 0)
            }
        }
        return NetlinkReply.parse(buffer.span.extracting(0..<count))
    }
}
