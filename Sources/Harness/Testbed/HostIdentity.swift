// The host that figures were taken on. A figure without its machine compares with nothing, so every
// report, calibration and benchmark carries these three facts.

import Linux

/// Kernel and processors of this host, as the kernel tells them.
package struct HostIdentity: Sendable {
    package let kernel: String
    /// Processors that are online, whatever share of them this process may use.
    package let cores: Int
    package let processor: String

    package static func read() -> HostIdentity {
        let release = (try? File.text(of: "/proc/sys/kernel/osrelease")) ?? ""
        let lines = ((try? File.text(of: "/proc/cpuinfo")) ?? "").split(whereSeparator: \.isNewline)
        let model = lines.first { $0.hasPrefix("model name") }
        let name = model?.split(separator: ":").last.map { String($0.drop { $0 == " " }) }
        return HostIdentity(
            kernel: release.isEmpty ? "unknown" : String(release.prefix { !$0.isNewline }),
            cores: lines.count { $0.hasPrefix("processor") }, processor: name ?? "unknown")
    }

    /// Processes that ran or waited for a processor in the last minute, by /proc/loadavg.
    package static var loadAverage: String {
        let text = (try? File.text(of: "/proc/loadavg")) ?? ""
        return text.split(separator: " ").first.map(String.init) ?? "unknown"
    }
}

extension HostIdentity: CustomStringConvertible {
    package var description: String {
        "\(cores) \(cores == 1 ? "core" : "cores"), \(processor), Linux \(kernel)"
    }
}
