// Requests about names in folders: looking up, making, moving and removing.

import CLinux
import Experiment
import Linux

extension FilterServer {
    /// False for a request of another kind.
    func performNames(_ exchange: FuseExchange) throws(SyscallError) -> Bool {
        switch fuse_opcode(rawValue: exchange.header.opcode) {
        case FUSE_LOOKUP: try lookUp(exchange)
        case FUSE_CREATE: try create(exchange)
        case FUSE_MKNOD: try makeNode(exchange)
        case FUSE_MKDIR: try makeFolder(exchange)
        case FUSE_SYMLINK: try makeLink(exchange)
        case FUSE_LINK: try addName(exchange)
        case FUSE_UNLINK: try remove(exchange, isFolder: false)
        case FUSE_RMDIR: try remove(exchange, isFolder: true)
        case FUSE_RENAME: try rename(exchange, argumentSize: 8, flags: 0)
        case FUSE_RENAME2:
            let flags = try exchange.argument(fuse_rename2_in.self).flags
            try rename(exchange, argumentSize: 16, flags: flags)
        default: return false
        }
        return true
    }

    private func lookUp(_ exchange: FuseExchange) throws(SyscallError) {
        let name = try exchange.name().text
        if name == DiskOrder.file, exchange.header.nodeid == ObjectTable.root {
            return exchange.append(entry(ObjectTable.orders, Self.orderFile))
        }
        exchange.append(try found(name, in: known(exchange)))
    }

    /// What is under a name, told to the kernel.
    private func found(
        _ name: String, in folder: KnownObject
    ) throws(SyscallError) -> fuse_entry_out {
        let object = try folder.object.child(name)
        let attributes = try object.attributes()
        let known = objects.learn(
            object, inode: attributes.ino, name: name, in: folder.number)
        return entry(known.number, attributes)
    }

    private func entry(_ number: UInt64, _ attributes: fuse_attr) -> fuse_entry_out {
        fuse_entry_out(
            nodeid: number, generation: 0, entry_valid: Self.validSeconds,
            attr_valid: Self.validSeconds, entry_valid_nsec: 0, attr_valid_nsec: 0,
            attr: attributes)
    }

    // MARK: Making

    private func create(_ exchange: FuseExchange) throws(SyscallError) {
        let create = try exchange.argument(fuse_create_in.self)
        let name = try exchange.name(at: MemoryLayout<fuse_create_in>.size).text
        let folder = try known(exchange)
        try mayCreate(name, in: folder)
        // Exclusive, or a file that is there meanwhile is opened, as open(2) would.
        let exclusive = OpenOptions.exclusive.rawValue & Int32(bitPattern: create.flags)
        let options = OpenOptions(
            rawValue: OpenOptions(passedOn: create.flags).rawValue | exclusive)
        let file = try folder.object.create(name, options, mode: create.mode & 0o7777)
        let entry = try found(name, in: folder)
        exchange.append(entry)
        exchange.append(opened(file, of: entry.nodeid))
    }

    private func makeNode(_ exchange: FuseExchange) throws(SyscallError) {
        let make = try exchange.argument(fuse_mknod_in.self)
        let name = try exchange.name(at: MemoryLayout<fuse_mknod_in>.size).text
        let folder = try known(exchange)
        try mayCreate(name, in: folder)
        try folder.object.makeNode(name, mode: make.mode, device: make.rdev)
        exchange.append(try found(name, in: folder))
    }

    private func makeFolder(_ exchange: FuseExchange) throws(SyscallError) {
        let make = try exchange.argument(fuse_mkdir_in.self)
        let name = try exchange.name(at: MemoryLayout<fuse_mkdir_in>.size).text
        let folder = try known(exchange)
        try mayCreate(name, in: folder)
        try folder.object.makeFolder(name, mode: make.mode & 0o7777)
        exchange.append(try found(name, in: folder))
    }

    private func makeLink(_ exchange: FuseExchange) throws(SyscallError) {
        let name = try exchange.name()
        let target = try exchange.name(at: name.end).text
        let folder = try known(exchange)
        try mayCreate(name.text, in: folder)
        try folder.object.makeLink(name.text, to: target)
        exchange.append(try found(name.text, in: folder))
    }

    private func addName(_ exchange: FuseExchange) throws(SyscallError) {
        let number = try exchange.argument(fuse_link_in.self).oldnodeid
        let name = try exchange.name(at: MemoryLayout<fuse_link_in>.size).text
        let folder = try known(exchange)
        try mayCreate(name, in: folder)
        try folder.object.addName(name, for: try objects[number].object.raw)
        exchange.append(try found(name, in: folder))
    }

    private func mayCreate(_ name: String, in folder: KnownObject) throws(SyscallError) {
        if name == DiskOrder.file, folder.number == ObjectTable.root {
            throw SyscallError(stage: "create(\(name))", errno: .exists)
        }
        try rules.meet(.create) { objects.path(of: name, in: folder.number) }
    }

    // MARK: Moving and removing

    private func remove(_ exchange: FuseExchange, isFolder: Bool) throws(SyscallError) {
        let name = try exchange.name().text
        let folder = try known(exchange)
        try rules.meet(.remove) { objects.path(of: name, in: folder.number) }
        let lost = try lastName(name, in: folder)
        try folder.object.remove(name, isFolder: isFolder)
        if let lost { objects.loseName(inode: lost) }
    }

    private func rename(
        _ exchange: FuseExchange, argumentSize: Int, flags: UInt32
    ) throws(SyscallError) {
        let number = try exchange.argument(UInt64.self)
        let old = try exchange.name(at: argumentSize)
        let new = try exchange.name(at: old.end).text
        let (from, to) = (try known(exchange), try objects[number])
        try rules.meet(.rename) { objects.path(of: old.text, in: from.number) }
        let moved = try from.object.child(old.text).attributes().ino
        let lost: UInt64?
        do throws(SyscallError) {
            lost = try lastName(new, in: to)
        } catch {
            guard error.errno == .noEntry else { throw error }
            lost = nil
        }
        try from.object.rename(old.text, into: to.object.raw, as: new, flags: flags)
        // With RENAME_EXCHANGE (2) both go on living under each other's name.
        if flags & 2 != 0 {
            let other = try from.object.child(old.text).attributes().ino
            objects.rename(inode: other, to: old.text, in: from.number)
        } else if let lost, lost != moved {
            objects.loseName(inode: lost)
        }
        objects.rename(inode: moved, to: new, in: to.number)
    }

    /// The inode of what would have no name left without this one.
    private func lastName(
        _ name: String, in folder: KnownObject
    ) throws(SyscallError) -> UInt64? {
        let attributes = try folder.object.child(name).attributes()
        let isFolder = attributes.mode & 0o170000 == 0o040000
        return isFolder || attributes.nlink <= 1 ? attributes.ino : nil
    }
}
