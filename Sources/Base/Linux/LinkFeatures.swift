// Link settings that rtnetlink does not carry.

import CLinux
import Glibc

/// Settings of a link that rtnetlink does not carry.
package enum LinkFeatures {
    /// Turns transmit checksum offload off, and with it segmentation offload, which needs it.
    ///
    /// The kernel then finishes checksums and cuts large segments before the link, so that whoever
    /// reads its far end sees the frames that a wire would carry.
    package static func finishPackets(on link: String) throws(SyscallError) {
        let raw = try checked("socket(ethtool)") {
            socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        }
        let control = FileDescriptor(owning: raw)
        let setTransmitChecksum: UInt32 = 0x17
        try checked("ioctl(SIOCETHTOOL, \(link) tx off)") {
            unsafe fl_ethtool_set(control.raw, link, setTransmitChecksum, 0)
        }
    }
}
