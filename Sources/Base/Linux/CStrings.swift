// Argument and environment vectors in the form that execve(2) takes.

import Glibc

/// Lends a null-terminated array of C strings for the length of one call.
func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers = unsafe strings.map { unsafe strdup($0) } + [nil]
    defer { unsafe pointers.forEach { unsafe free($0) } }
    return unsafe pointers.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("an array of no element") }
        return unsafe body(UnsafePointer(base))
    }
}

extension CurrentProcess {
    /// All `NAME=value` lines of the environment.
    package static var environment: [String] {
        var lines: [String] = []
        var next = unsafe environ
        while let line = unsafe next.pointee {
            unsafe lines.append(String(cString: line))
            unsafe next += 1
        }
        return lines
    }
}
