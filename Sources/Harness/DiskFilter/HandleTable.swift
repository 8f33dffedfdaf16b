// What is open: files, listings of folders, and the order file. The kernel names each by the number
// that it got when it opened it.

import Linux
import Synchronization

/// A file that is open underneath.
final class OpenFile: Sendable {
    let descriptor: FileDescriptor
    /// The object's number.
    let number: UInt64

    init(_ descriptor: consuming FileDescriptor, of number: UInt64) {
        self.descriptor = descriptor
        self.number = number
    }
}

enum Handle: Sendable {
    case file(OpenFile)
    /// The names as they were when the folder was opened: a listing never jumps.
    case folder([String])
    /// What the order file said when it was opened.
    case orders([UInt8])
}

final class HandleTable: Sendable {
    private struct State {
        var handles: [UInt64: Handle] = [:]
        var next: UInt64 = 1
    }

    private let state = Mutex(State())

    func keep(_ handle: Handle) -> UInt64 {
        state.withLock { state in
            let number = state.next
            state.next += 1
            state.handles[number] = handle
            return number
        }
    }

    subscript(number: UInt64) -> Handle? { state.withLock { $0.handles[number] } }

    func file(_ number: UInt64) throws(SyscallError) -> OpenFile {
        guard case .file(let file)? = self[number] else {
            throw SyscallError(stage: "fuse handle \(number)", errno: .invalid)
        }
        return file
    }

    /// Closes what is open as soon as nobody works with it any more.
    func drop(_ number: UInt64) {
        // Closed outside the lock, since a close may take long.
        let dropped = state.withLock { $0.handles.removeValue(forKey: number) }
        _ = consume dropped
    }
}
