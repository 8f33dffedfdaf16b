// The objects that the kernel knows, by the numbers under which it knows them. An object is held by
// a descriptor, so that it stays itself whatever its name becomes; its last known name is kept for
// rules that are about paths.

import CLinux
import Linux
import Synchronization

/// A file, folder or link that the kernel knows.
final class KnownObject: Sendable {
    let number: UInt64
    /// Of the file system underneath.
    let inode: UInt64
    let object: FileObject

    init(number: UInt64, inode: UInt64, object: consuming FileObject) {
        self.number = number
        self.inode = inode
        self.object = object
    }
}

final class ObjectTable: Sendable {
    static let root = UInt64(FUSE_ROOT_ID)
    /// The order file, which is in no folder underneath.
    static let orders: UInt64 = 2

    private struct Entry {
        let object: KnownObject
        var folder: UInt64
        var name: String
        /// How often the kernel was told of it, less how often it forgot.
        var lookups: UInt64
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        /// Only objects that still have a name: an inode's number may be given to another file then.
        var numbers: [UInt64: UInt64] = [:]
        var next: UInt64 = ObjectTable.orders + 1
    }

    private let state: Mutex<State>

    init(root object: consuming FileObject) throws(SyscallError) {
        let inode = try object.attributes().ino
        let root = KnownObject(number: Self.root, inode: inode, object: object)
        var first = State()
        first.entries[Self.root] = Entry(object: root, folder: 0, name: "", lookups: 1)
        first.numbers[inode] = Self.root
        state = Mutex(first)
    }

    /// An object by its number; the kernel asks only for what it was told of.
    subscript(number: UInt64) -> KnownObject {
        get throws(SyscallError) {
            guard let entry = state.withLock({ $0.entries[number] }) else {
                throw SyscallError(stage: "fuse node \(number)", errno: .noEntry)
            }
            return entry.object
        }
    }

    /// The known object for what was found under a name, and one more lookup of it.
    func learn(
        _ object: consuming FileObject, inode: UInt64, name: String, in folder: UInt64
    ) -> KnownObject {
        // A closure cannot consume what it captures; the box is emptied at most once.
        var found: FileObject? = consume object
        return state.withLock { state in
            if let number = state.numbers[inode], let known = state.entries[number] {
                state.entries[number]?.lookups += 1
                state.entries[number]?.folder = folder
                state.entries[number]?.name = name
                return known.object
            }
            guard let object = found.take() else { preconditionFailure("an object is kept once") }
            let known = KnownObject(number: state.next, inode: inode, object: object)
            state.entries[state.next] = Entry(
                object: known, folder: folder, name: name, lookups: 1)
            state.numbers[inode] = state.next
            state.next += 1
            return known
        }
    }

    func forget(_ number: UInt64, lookups: UInt64) {
        state.withLock { state in
            guard number > Self.orders, var entry = state.entries[number] else { return }
            entry.lookups -= min(lookups, entry.lookups)
            state.entries[number] = entry.lookups == 0 ? nil : entry
            let inode = entry.object.inode
            if entry.lookups == 0, state.numbers[inode] == number { state.numbers[inode] = nil }
        }
    }

    /// An object has another name now.
    func rename(inode: UInt64, to name: String, in folder: UInt64) {
        state.withLock { state in
            guard let number = state.numbers[inode] else { return }
            state.entries[number]?.folder = folder
            state.entries[number]?.name = name
        }
    }

    /// An object has lost its last name; it lives on while the kernel holds it.
    func loseName(inode: UInt64) {
        state.withLock { $0.numbers[inode] = nil }
    }

    /// The path within the data folder, without a slash at either end.
    func path(of number: UInt64) -> String {
        state.withLock { state in
            var parts: [String] = []
            var next = number
            // A folder is never within itself; the limit is for a table that is damaged.
            while next != Self.root, let entry = state.entries[next], parts.count < 1000 {
                parts.append(entry.name)
                next = entry.folder
            }
            return parts.reversed().joined(separator: "/")
        }
    }

    func path(of name: String, in folder: UInt64) -> String {
        let parent = path(of: folder)
        return parent.isEmpty ? name : "\(parent)/\(name)"
    }

    func name(of number: UInt64) -> String {
        state.withLock { $0.entries[number]?.name ?? "" }
    }
}
