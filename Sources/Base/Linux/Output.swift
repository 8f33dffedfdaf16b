// Text to the standard descriptors, for programs that talk to people.

import Glibc

/// Writes to descriptors that this process did not open.
package enum Output {
    /// Writes all of a text; gives up silently where the reader has gone.
    package static func write(_ text: String, to raw: Int32) {
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            let written = unsafe bytes.withUnsafeBytes { buffer -> Int in
                guard let base = buffer.baseAddress else { return -1 }
                return unsafe Glibc.write(raw, base + done, bytes.count - done)
            }
            if written < 0 {
                if Errno.last == .interrupted { continue }
                return
            }
            done += written
        }
    }
}
