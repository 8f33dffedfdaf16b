// Streams history.jsonl to its file in bounded memory: lines gather in one buffer, which goes out
// whenever it is full and whenever the owner has a quiet moment. No fsync: the file is for reading
// after a run, and a machine that loses power has no run to judge.

package import Linux

/// Appends operations to a file; call `finish` at the end, or the last lines stay in memory.
package struct HistoryWriter: ~Copyable {
    /// Bytes after which the buffer is written out: large enough that a write(2) is rare.
    private static let bufferMax = 256 * 1024

    private let file: FileDescriptor
    private var buffer: [UInt8] = []

    /// Starts a new file, replacing one that is there.
    package init(path: String) throws(SyscallError) {
        file = try File.open(path, [.writeOnly, .create, .truncate])
        buffer.reserveCapacity(HistoryWriter.bufferMax + 4096)
    }

    package mutating func invoked(_ operation: borrowing Operation) throws(SyscallError) {
        operation.appendInvocation(to: &buffer)
        if buffer.count >= HistoryWriter.bufferMax { try flush() }
    }

    package mutating func completed(_ operation: borrowing Operation) throws(SyscallError) {
        operation.appendCompletion(to: &buffer)
        if buffer.count >= HistoryWriter.bufferMax { try flush() }
    }

    /// Hands everything to the kernel.
    package mutating func flush() throws(SyscallError) {
        guard !buffer.isEmpty else { return }
        try File.write(file, buffer.span)
        buffer.removeAll(keepingCapacity: true)
    }

    package consuming func finish() throws(SyscallError) {
        try flush()
    }
}
