// A canary file: what a disk does to it, it does to every file that the fault is about. It lies in
// the node's data folder, is reached through the same mount, and each of its requests goes to the
// file system underneath, so what is measured is what the node meets.

import DiskFilter
import Experiment
import Linux
import Reactor

/// What became of some requests of one kind.
struct CanaryMeasurement: Sendable {
    let operation: DiskOperation
    /// How long those took that succeeded, ascending.
    var times: [Duration] = []
    var errors: [Errno] = []

    var count: Int { times.count + errors.count }
    var median: Duration? { times.isEmpty ? nil : times[times.count / 2] }
}

/// Files of a folder that only the harness uses; removed by `remove`.
struct DiskCanary: Sendable {
    private let folder: String
    private let name: String

    init(in folder: String, named name: String) {
        self.folder = folder
        self.name = name
    }

    private var path: String { "\(folder)/\(DiskOrder.canary)-\(name)" }
    private var other: String { path + "-other" }
    private static let contents = [UInt8](repeating: 0x43, count: 512)

    func create() throws(SyscallError) {
        try File.save(Self.contents, to: path)
    }

    func remove() throws(SyscallError) {
        for path in [path, other] where File.exists(path) { try File.remove(path) }
    }

    /// Makes requests of one kind until there are so many or the time is up; at least one.
    func measure(
        _ operation: DiskOperation, count: Int, within limit: Duration
    ) throws(SyscallError) -> CanaryMeasurement {
        var measurement = CanaryMeasurement(operation: operation)
        let deadline = MonotonicTime.now() + limit
        let file = try File.open(path, .readWrite)
        repeat {
            try prepare(operation)
            let started = MonotonicTime.now()
            do throws(SyscallError) {
                try perform(operation, file)
                measurement.times.append(.now() - started)
            } catch {
                measurement.errors.append(error.errno)
            }
        } while measurement.count < count && MonotonicTime.now() < deadline
        measurement.times.sort()
        return measurement
    }

    /// What has to be there, or not, before a request that is measured.
    private func prepare(_ operation: DiskOperation) throws(SyscallError) {
        switch operation {
        case .create: if File.exists(other) { try File.remove(other) }
        case .rename, .remove: if !File.exists(other) { try File.save([], to: other) }
        case .open, .read, .write, .fsync, .truncate: break
        }
    }

    private func perform(
        _ operation: DiskOperation, _ file: borrowing FileDescriptor
    ) throws(SyscallError) {
        switch operation {
        case .open: _ = try File.open(path, .readOnly)
        case .create: _ = try File.open(other, [.writeOnly, .create, .exclusive])
        case .read: _ = try File.read(file, at: 0, count: Self.contents.count)
        case .write: try File.write(file, Self.contents.span, at: 0)
        case .fsync: try File.sync(file)
        case .truncate: try File.truncate(file, to: Int64(Self.contents.count))
        case .rename: try File.rename(other, to: other + "-moved")
        case .remove: try File.remove(other)
        }
    }
}
