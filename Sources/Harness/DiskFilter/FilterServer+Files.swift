// Requests about what is in files and folders, and about their attributes.

import CLinux
import Experiment
import Linux
import Wire

extension FilterServer {
    /// False for a request of another kind.
    func performFiles(_ exchange: FuseExchange) throws(SyscallError) -> Bool {
        switch fuse_opcode(rawValue: exchange.header.opcode) {
        case FUSE_READ: try read(exchange)
        case FUSE_WRITE: try write(exchange)
        case FUSE_FSYNC: try sync(exchange)
        case FUSE_FSYNCDIR: try syncFolder(exchange)
        case FUSE_OPEN: try open(exchange)
        case FUSE_RELEASE, FUSE_RELEASEDIR:
            handles.drop(try exchange.argument(fuse_release_in.self).fh)
        case FUSE_OPENDIR: try openFolder(exchange)
        case FUSE_READDIR: try list(exchange)
        case FUSE_GETATTR:
            exchange.append(try attributes(of: exchange.header.nodeid))
        case FUSE_SETATTR: try setAttributes(exchange)
        case FUSE_STATFS:
            let space = try objects[ObjectTable.root].object.space()
            exchange.append(fuse_statfs_out(st: space))
        case FUSE_READLINK: exchange.append(try known(exchange).object.target())
        case FUSE_FALLOCATE: try allocate(exchange)
        default: return false
        }
        return true
    }

    func known(_ exchange: FuseExchange) throws(SyscallError) -> KnownObject {
        try objects[exchange.header.nodeid]
    }

    private func read(_ exchange: FuseExchange) throws(SyscallError) {
        let read = try exchange.argument(fuse_read_in.self)
        if case .orders(let text)? = handles[read.fh] {
            let start = min(text.count, Int(clamping: read.offset))
            exchange.append(text[start...].prefix(Int(read.size)))
            return
        }
        let file = try handles.file(read.fh)
        try rules.meet(.read) { objects.path(of: file.number) }
        try exchange.appendData(
            of: file.descriptor.raw, at: Int64(clamping: read.offset), count: Int(read.size))
    }

    private func write(_ exchange: FuseExchange) throws(SyscallError) {
        let write = try exchange.argument(fuse_write_in.self)
        let start = MemoryLayout<fuse_write_in>.size
        let count = Int(write.size)
        if case .orders? = handles[write.fh] {
            try obey(try exchange.data(from: start, count: count))
            exchange.append(fuse_write_out(size: write.size, padding: 0))
            return
        }
        let file = try handles.file(write.fh)
        try rules.meet(.write) { objects.path(of: file.number) }
        let taken = try exchange.writeData(
            from: start, count: count, to: file.descriptor.raw, at: Int64(clamping: write.offset))
        exchange.append(fuse_write_out(size: UInt32(taken), padding: 0))
    }

    private func sync(_ exchange: FuseExchange) throws(SyscallError) {
        let sync = try exchange.argument(fuse_fsync_in.self)
        if case .orders? = handles[sync.fh] { return }
        let file = try handles.file(sync.fh)
        try rules.meet(.fsync) { objects.path(of: file.number) }
        if sync.fsync_flags & UInt32(FUSE_FSYNC_FDATASYNC) != 0 {
            try File.dataSync(file.descriptor)
        } else {
            try File.sync(file.descriptor)
        }
    }

    private func syncFolder(_ exchange: FuseExchange) throws(SyscallError) {
        let folder = try known(exchange)
        try rules.meet(.fsync) { objects.path(of: folder.number) }
        try File.sync(try folder.object.open([.readOnly, .directory]))
    }

    private func allocate(_ exchange: FuseExchange) throws(SyscallError) {
        let allocate = try exchange.argument(fuse_fallocate_in.self)
        let file = try handles.file(allocate.fh)
        try rules.meet(.write) { objects.path(of: file.number) }
        try File.allocate(
            file.descriptor, mode: allocate.mode, offset: allocate.offset, length: allocate.length)
    }

    // MARK: Opening

    private func open(_ exchange: FuseExchange) throws(SyscallError) {
        let number = exchange.header.nodeid
        if number == ObjectTable.orders {
            let handle = handles.keep(.orders(Array(rules.status.json.text.utf8)))
            exchange.append(
                fuse_open_out(fh: handle, open_flags: UInt32(FOPEN_DIRECT_IO), padding: 0))
            return
        }
        let open = try exchange.argument(fuse_open_in.self)
        try rules.meet(.open) { objects.path(of: number) }
        let file = try objects[number].object.open(OpenOptions(passedOn: open.flags))
        exchange.append(opened(file, of: number))
    }

    /// The kernel keeps the pages of a file from one opening to the next. It keeps none of a canary,
    /// whose every read and write is to come here.
    func opened(_ file: consuming FileDescriptor, of number: UInt64) -> fuse_open_out {
        let isCanary = objects.name(of: number).hasPrefix(DiskOrder.canary)
        let flags = isCanary ? FOPEN_DIRECT_IO : FOPEN_KEEP_CACHE
        let handle = handles.keep(.file(OpenFile(file, of: number)))
        return fuse_open_out(fh: handle, open_flags: UInt32(flags), padding: 0)
    }

    private func openFolder(_ exchange: FuseExchange) throws(SyscallError) {
        let names = try known(exchange).object.names()
        exchange.append(fuse_open_out(fh: handles.keep(.folder(names)), open_flags: 0, padding: 0))
    }

    /// The place in the listing is the number of names that were told.
    private func list(_ exchange: FuseExchange) throws(SyscallError) {
        let read = try exchange.argument(fuse_read_in.self)
        guard case .folder(let names)? = handles[read.fh] else {
            throw SyscallError(stage: "fuse listing", errno: .invalid)
        }
        let room = min(Int(read.size), FuseExchange.transferMax)
        let headSize = MemoryLayout<fuse_dirent>.size
        var filled = 0
        for index in min(names.count, Int(clamping: read.offset))..<names.count {
            let name = Array(names[index].utf8)
            let padded = (headSize + name.count + 7) & ~7
            guard filled + padded <= room else { return }
            // The kernel asks for what it wants to know of an entry by its name.
            exchange.append(DirectoryEntryHead(place: UInt64(index + 1), length: name.count))
            exchange.append(name + Array(repeating: 0, count: padded - headSize - name.count))
            filled += padded
        }
    }

    // MARK: Attributes

    func attributes(of number: UInt64) throws(SyscallError) -> fuse_attr_out {
        let attributes =
            number == ObjectTable.orders
            ? Self.orderFile : try objects[number].object.attributes()
        return fuse_attr_out(
            attr_valid: Self.validSeconds, attr_valid_nsec: 0, dummy: 0, attr: attributes)
    }

    /// What the kernel was told stays so until it is told otherwise.
    static let validSeconds: UInt64 = 3600

    static var orderFile: fuse_attr {
        var attributes = fuse_attr()
        attributes.ino = ObjectTable.orders
        attributes.mode = 0o100600
        attributes.nlink = 1
        attributes.uid = CurrentProcess.effectiveUser
        attributes.gid = CurrentProcess.effectiveGroup
        attributes.blksize = 4096
        return attributes
    }

    private func setAttributes(_ exchange: FuseExchange) throws(SyscallError) {
        let number = exchange.header.nodeid
        let change = try exchange.argument(fuse_setattr_in.self)
        if number != ObjectTable.orders { try set(change, of: try objects[number]) }
        exchange.append(try attributes(of: number))
    }

    private func set(
        _ change: fuse_setattr_in, of known: KnownObject
    ) throws(SyscallError) {
        func has(_ bit: Int32) -> Bool { change.valid & UInt32(bit) != 0 }
        if has(FATTR_SIZE) {
            try rules.meet(.truncate) { objects.path(of: known.number) }
            if has(FATTR_FH) {
                let file = try handles.file(change.fh)
                try File.truncate(file.descriptor, to: Int64(clamping: change.size))
            } else {
                try known.object.setSize(Int64(clamping: change.size))
            }
        }
        if has(FATTR_MODE) { try known.object.setMode(change.mode & 0o7777) }
        if has(FATTR_UID) || has(FATTR_GID) {
            try known.object.setOwner(
                has(FATTR_UID) ? change.uid : .max, has(FATTR_GID) ? change.gid : .max)
        }
        if has(FATTR_ATIME) || has(FATTR_MTIME) {
            try known.object.setTimes(
                access: !has(FATTR_ATIME)
                    ? .keep
                    : has(FATTR_ATIME_NOW)
                        ? .now : .to(seconds: change.atime, nanoseconds: change.atimensec),
                change: !has(FATTR_MTIME)
                    ? .keep
                    : has(FATTR_MTIME_NOW)
                        ? .now : .to(seconds: change.mtime, nanoseconds: change.mtimensec))
        }
    }
}

/// `fuse_dirent` without its flexible array, which Swift cannot build: the inode is unknown, and so
/// is the type.
private struct DirectoryEntryHead: BitwiseCopyable {
    /// FUSE_UNKNOWN_INO.
    let inode: UInt64 = 0xffff_ffff
    let place: UInt64
    let length: UInt32
    let type: UInt32 = 0

    init(place: UInt64, length: Int) {
        self.place = place
        self.length = UInt32(length)
    }
}

extension OpenOptions {
    /// The flags of a program that opens a file, as they are right underneath: the kernel has made
    /// appending a matter of offsets, and direct reading one of its own pages.
    init(passedOn flags: UInt32) {
        let access: Int32 = 0o3
        let synced: Int32 = 0o4010000
        self.init(rawValue: Int32(bitPattern: flags) & (access | synced))
    }
}
