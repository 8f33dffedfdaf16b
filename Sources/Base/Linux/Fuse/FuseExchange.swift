// One request of the kernel and its answer, in two buffers that are used again and again: a thread
// that serves a file system has one exchange. The layouts are those of linux/fuse.h.
//
//     request:  | fuse_in_header (40) | argument struct | names or data |
//     answer:   | fuse_out_header (16) | result struct or data |

package import CLinux
import Glibc

/// The buffers of one serving thread.
@safe
package final class FuseExchange {
    /// The most that the kernel is told to send in one write, and asks for in one read.
    package static let transferMax = 1 << 20

    private static let inputSize = transferMax + 4096
    private static let headSize = MemoryLayout<fuse_in_header>.size
    private static let answerHeadSize = MemoryLayout<fuse_out_header>.size

    private let device: Int32
    private let input: UnsafeMutableRawPointer
    private let output: UnsafeMutableRawPointer
    private var received = 0
    private var filled = 0
    package private(set) var header = fuse_in_header()

    /// The device stays the caller's.
    package init(_ device: borrowing FileDescriptor) {
        self.device = device.raw
        unsafe input = .allocate(byteCount: Self.inputSize, alignment: 4096)
        unsafe output = .allocate(
            byteCount: Self.answerHeadSize + Self.transferMax, alignment: 4096)
    }

    deinit {
        unsafe input.deallocate()
        unsafe output.deallocate()
    }

    /// read(2) of the next request; false once the file system is unmounted (ENODEV).
    package func receive() throws(SyscallError) -> Bool {
        while true {
            do {
                received = try checked("read(fuse)") {
                    unsafe read(device, input, Self.inputSize)
                }
            } catch {
                // ENOENT: the request was taken back before it was read.
                if error.errno == .noEntry || error.errno == .again { continue }
                if error.errno.rawValue == ENODEV { return false }
                throw error
            }
            guard received >= Self.headSize else {
                throw SyscallError(stage: "read(fuse)", errno: .invalid)
            }
            header = unsafe input.load(as: fuse_in_header.self)
            filled = 0
            return true
        }
    }

    // MARK: The request

    /// The argument struct; `offset` counts from the end of the header.
    package func argument<Value: BitwiseCopyable>(
        _ type: Value.Type, at offset: Int = 0
    ) throws(SyscallError) -> Value {
        let start = Self.headSize + offset
        guard start + MemoryLayout<Value>.size <= received else { throw Self.malformed }
        return unsafe input.loadUnaligned(fromByteOffset: start, as: type)
    }

    /// The name that begins at `offset` and ends in a zero, and where the next one begins.
    package func name(at offset: Int = 0) throws(SyscallError) -> (text: String, end: Int) {
        let start = Self.headSize + offset
        let bytes = unsafe UnsafeRawBufferPointer(start: input, count: received)
        guard start < received, let end = unsafe bytes[start...].firstIndex(of: 0) else {
            throw Self.malformed
        }
        let text = unsafe String(decoding: bytes[start..<end], as: UTF8.self)
        return (text, end + 1 - Self.headSize)
    }

    /// A copy of the data behind an argument.
    package func data(from offset: Int, count: Int) throws(SyscallError) -> [UInt8] {
        let start = Self.headSize + offset
        guard count >= 0, start + count <= received else { throw Self.malformed }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: input + start, count: count))
    }

    /// pwrite(2) of the data behind an argument; how much the file took.
    package func writeData(
        from offset: Int, count: Int, to file: Int32, at position: Int64
    ) throws(SyscallError) -> Int {
        let start = Self.headSize + offset
        guard count >= 0, start + count <= received else { throw Self.malformed }
        return try checked("pwrite") {
            unsafe pwrite(file, input + start, count, Int(position))
        }
    }

    private static let malformed = SyscallError(stage: "fuse request", errno: .invalid)

    // MARK: The answer

    /// Appends a result struct.
    package func append<Value: BitwiseCopyable>(_ value: Value) {
        let end = Self.answerHeadSize + filled
        precondition(filled + MemoryLayout<Value>.size <= Self.transferMax, "an answer has room")
        unsafe output.storeBytes(of: value, toByteOffset: end, as: Value.self)
        filled += MemoryLayout<Value>.size
    }

    package func append(_ bytes: some Collection<UInt8>) {
        precondition(filled + bytes.count <= Self.transferMax, "an answer has room")
        for byte in bytes {
            unsafe output.storeBytes(
                of: byte, toByteOffset: Self.answerHeadSize + filled, as: UInt8.self)
            filled += 1
        }
    }

    /// pread(2) straight into the answer; how much the file had.
    @discardableResult
    package func appendData(
        of file: Int32, at position: Int64, count: Int
    ) throws(SyscallError) -> Int {
        let room = min(count, Self.transferMax - filled)
        let got = try checked("pread") {
            unsafe pread(file, output + Self.answerHeadSize + filled, room, Int(position))
        }
        filled += got
        return got
    }

    /// Sends what was appended; with an error, that alone.
    package func answer(_ error: Errno? = nil) throws(SyscallError) {
        let size = Self.answerHeadSize + (error == nil ? filled : 0)
        let head = fuse_out_header(
            len: UInt32(size), error: -(error?.rawValue ?? 0), unique: header.unique)
        unsafe output.storeBytes(of: head, as: fuse_out_header.self)
        filled = 0
        do {
            try checked("write(fuse)") { unsafe write(device, output, size) }
        } catch {
            // The asker was killed meanwhile, or the file system is gone.
            if error.errno == .noEntry || error.errno.rawValue == ENODEV { return }
            throw error
        }
    }

    /// Tells the kernel to forget all pages and attributes that it keeps of an object
    /// (FUSE_NOTIFY_INVAL_INODE); harmless where it keeps none.
    package func forgetPages(of node: UInt64) throws(SyscallError) {
        filled = 0
        append(fuse_notify_inval_inode_out(ino: node, off: 0, len: 0))
        try notify(FUSE_NOTIFY_INVAL_INODE)
    }

    /// Tells the kernel to look a name up again (FUSE_NOTIFY_INVAL_ENTRY).
    package func forgetName(_ name: String, in folder: UInt64) throws(SyscallError) {
        filled = 0
        append(
            fuse_notify_inval_entry_out(
                parent: folder, namelen: UInt32(name.utf8.count), flags: 0))
        append(Array(name.utf8) + [0])
        try notify(FUSE_NOTIFY_INVAL_ENTRY)
    }

    private func notify(_ code: fuse_notify_code) throws(SyscallError) {
        let size = Self.answerHeadSize + filled
        let head = fuse_out_header(len: UInt32(size), error: Int32(code.rawValue), unique: 0)
        unsafe output.storeBytes(of: head, as: fuse_out_header.self)
        filled = 0
        do {
            try checked("write(fuse notice)") { unsafe write(device, output, size) }
        } catch {
            if error.errno == .noEntry { return }
            throw error
        }
    }
}
