// A file without a name, for a child's output that is read once the child is gone.

import CLinux
import Glibc

package enum MemoryFile {
    /// memfd_create(2), closed on exec.
    package static func create(_ name: String) throws(SyscallError) -> FileDescriptor {
        FileDescriptor(owning: try checked("memfd_create(\(name))") { unsafe fl_memory_file(name) })
    }

    /// Everything that was written to it.
    package static func text(
        of file: borrowing FileDescriptor
    ) throws(SyscallError) -> String {
        let size = try File.size(file)
        return String(decoding: try File.read(file, at: 0, count: Int(size)), as: UTF8.self)
    }
}
