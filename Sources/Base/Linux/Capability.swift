// Linux capabilities through libcap: what this process may do, and giving most of it up.

import CCap
import CLinux
import Glibc

/// A capability of capabilities(7).
package struct Capability: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int32
    package init(rawValue: Int32) { self.rawValue = rawValue }

    package static let overrideFileAccess = Capability(rawValue: CAP_DAC_OVERRIDE)
    package static let kill = Capability(rawValue: CAP_KILL)
    package static let setCapabilities = Capability(rawValue: CAP_SETPCAP)
    package static let networkAdmin = Capability(rawValue: CAP_NET_ADMIN)
    package static let rawNetwork = Capability(rawValue: CAP_NET_RAW)
    package static let systemAdmin = Capability(rawValue: CAP_SYS_ADMIN)
    package static let resources = Capability(rawValue: CAP_SYS_RESOURCE)
    package static let scheduling = Capability(rawValue: CAP_SYS_NICE)

    /// The highest number that the running kernel knows.
    static var last: Int32 { cap_max_bits() - 1 }

    /// Whether the calling thread holds it in its effective set, so that the kernel honours it.
    package var isEffective: Bool {
        guard let held = unsafe cap_get_proc() else { return false }
        defer { unsafe cap_free(UnsafeMutableRawPointer(held)) }
        var flag = CAP_CLEAR
        return unsafe cap_get_flag(held, rawValue, CAP_EFFECTIVE, &flag) == 0 && flag == CAP_SET
    }

    /// Drops from the calling thread every capability but these; those not held stay not held.
    package static func keepOnly(_ kept: [Capability]) throws(SyscallError) {
        let held = kept.filter(\.isEffective).map(\.rawValue)
        let wanted = try CapabilitySet()
        if !held.isEmpty {
            for flag in [CAP_PERMITTED, CAP_EFFECTIVE] {
                try checked("cap_set_flag") {
                    unsafe cap_set_flag(wanted.pointer, flag, Int32(held.count), held, CAP_SET)
                }
            }
        }
        try checked("cap_set_proc") { unsafe cap_set_proc(wanted.pointer) }
    }
}

/// A libcap set, empty at first; handed to a child as the set to live with.
@safe struct CapabilitySet: ~Copyable {
    let pointer: cap_t

    init() throws(SyscallError) {
        guard let pointer = unsafe cap_init() else {
            throw SyscallError(stage: "cap_init", errno: .last)
        }
        unsafe self.pointer = pointer
    }

    deinit { unsafe cap_free(UnsafeMutableRawPointer(pointer)) }
}
