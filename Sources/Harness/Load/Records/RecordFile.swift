// A file that lines are added to on the loop and that is written off the loop: a disk that stalls,
// which a disk fault may well make it do, must not stall the load.

import Linux
import Reactor

/// An append-only file with its unwritten bytes.
@ReactorActor
final class RecordFile {
    var bytes: [UInt8] = []
    /// The first failure; nothing is written after it, since a file with a gap would lie.
    private(set) var failure: SyscallError?
    private let file: SharedFile

    /// Starts a new file, replacing one that is there.
    init(path: String) throws(SyscallError) {
        file = SharedFile(try File.open(path, [.writeOnly, .create, .truncate]))
    }

    /// Hands all bytes to the kernel; callers take turns.
    func flush() async {
        let chunk = bytes
        bytes = []
        if chunk.isEmpty || failure != nil { return }
        bytes.reserveCapacity(chunk.count)
        let file = file
        failure = await offload { file.write(chunk) }
    }
}

/// A descriptor that another thread writes to while its owner waits.
private final class SharedFile: Sendable {
    private let descriptor: FileDescriptor

    init(_ descriptor: consuming FileDescriptor) { self.descriptor = descriptor }

    func write(_ bytes: [UInt8]) -> SyscallError? {
        do {
            try File.write(descriptor, bytes.span)
            return nil
        } catch {
            return error
        }
    }
}
