// A file system that passes every request on to a folder underneath, unless a rule says otherwise.
//
//     node ──system call──> kernel ──/dev/fuse──> filter ──system call──> the folder
//
// It lives in a process of its own without any privilege: the harness mounts it and hands over the
// connection to the kernel as standard input. Its end, however it comes, fails every request that
// is under way, so that nobody waits for ever.
//
// The kernel keeps pages, names and attributes, since nobody else changes the folder underneath.
// Writes are passed on at once (no writeback cache), so that what a program was told is written has
// been through the rules. Files may be mapped: LMDB reads through a shared mapping and writes with
// pwrite, and both are the kernel's pages.

import CLinux
package import Linux
import Synchronization

package final class FilterServer: Sendable {
    let objects: ObjectTable
    let handles = HandleTable()
    let rules: RuleBook
    private let device: FileDescriptor
    /// Threads that wait for a request, and all.
    private let idle = Atomic(0)
    private let threads = Atomic(1)

    /// A thread sleeps while its request is held up, and one more starts when all sleep.
    static let threadsMax = 64

    /// Serves the folder at a path.
    package init(
        _ device: consuming FileDescriptor, folder: String, seed: UInt64
    ) throws(SyscallError) {
        self.device = device
        objects = try ObjectTable(root: FileObject(path: folder))
        rules = RuleBook(seed: seed)
    }

    /// Serves on this thread and others; returns, on one of them, when the file system is unmounted.
    package func run() throws(SyscallError) {
        FuseMount.keepFileModes()
        try serve()
    }

    private func serve() throws(SyscallError) {
        let exchange = FuseExchange(device)
        while true {
            idle.add(1, ordering: .relaxed)
            guard try exchange.receive() else { return }
            let left = idle.subtract(1, ordering: .relaxed).newValue
            if left == 0 { startThread() }
            try answer(exchange)
        }
    }

    /// One that cannot be started is not missed until all others sleep.
    private func startThread() {
        guard threads.add(1, ordering: .relaxed).newValue <= Self.threadsMax else {
            threads.subtract(1, ordering: .relaxed)
            return
        }
        do {
            try Thread.start("disk-filter") { [self] in
                do throws(SyscallError) {
                    try serve()
                    CurrentProcess.exit(0)
                } catch {
                    Output.write("disk-filter: \(error)\n", to: 2)
                    CurrentProcess.exit(1)
                }
            }
        } catch {
            threads.subtract(1, ordering: .relaxed)
        }
    }

    private func answer(_ exchange: FuseExchange) throws(SyscallError) {
        let isAnswered: Bool
        do throws(SyscallError) {
            isAnswered = try perform(exchange)
        } catch {
            return try exchange.answer(error.errno)
        }
        if !isAnswered { try exchange.answer() }
    }

    /// Carries a request out; true when it wants no answer or has had it.
    private func perform(_ exchange: FuseExchange) throws(SyscallError) -> Bool {
        switch fuse_opcode(rawValue: exchange.header.opcode) {
        case FUSE_INIT: try shakeHands(exchange)
        case FUSE_FORGET:
            let forget = try exchange.argument(fuse_forget_in.self)
            objects.forget(exchange.header.nodeid, lookups: forget.nlookup)
            return true
        case FUSE_BATCH_FORGET:
            try forgetMany(exchange)
            return true
        // A request that is held up goes on: programs do not expect EINTR from a disk.
        case FUSE_INTERRUPT: return true
        case FUSE_DESTROY: break
        default:
            if try performFiles(exchange) { return false }
            if try performNames(exchange) { return false }
            // The kernel remembers, and does by itself what it can.
            throw SyscallError(stage: "fuse opcode", errno: .notImplemented)
        }
        return false
    }

    private func forgetMany(_ exchange: FuseExchange) throws(SyscallError) {
        let count = Int(try exchange.argument(fuse_batch_forget_in.self).count)
        let size = MemoryLayout<fuse_forget_one>.size
        for index in 0..<count {
            let one = try exchange.argument(fuse_forget_one.self, at: 8 + index * size)
            objects.forget(one.nodeid, lookups: one.nlookup)
        }
    }

    private func shakeHands(_ exchange: FuseExchange) throws(SyscallError) {
        let offered = try exchange.argument(UInt32.self, at: 12)
        let wanted =
            FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_PARALLEL_DIROPS | FUSE_MAX_PAGES
            | FUSE_CACHE_SYMLINKS
        var reply = fuse_init_out()
        reply.major = UInt32(FUSE_KERNEL_VERSION)
        reply.minor = UInt32(FUSE_KERNEL_MINOR_VERSION)
        reply.max_readahead = try exchange.argument(UInt32.self, at: 8)
        reply.flags = UInt32(wanted) & offered
        reply.max_background = 64
        reply.congestion_threshold = 48
        reply.max_write = UInt32(FuseExchange.transferMax)
        reply.time_gran = 1
        reply.max_pages = UInt16(FuseExchange.transferMax / 4096)
        exchange.append(reply)
    }
}
