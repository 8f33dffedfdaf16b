// Where a benchmark keeps its files while it runs: a folder of its own under .faultline, on the disk
// that real runs use, since a store in memory would be measured without its disk.

import Linux

/// Removed when the benchmark has ended well; kept with its logs when it has not.
struct BenchFolder {
    let path: String

    static func with<Result>(_ body: (BenchFolder) throws -> Result) throws -> Result {
        let folder = try BenchFolder()
        let result = try body(folder)
        try File.removeTree(folder.path)
        return result
    }

    init() throws {
        try File.makeDirectories(".faultline/bench")
        let root = try File.resolved(".faultline/bench")
        // The number tells apart what begins in the same second.
        path = "\(root)/\(WallTime.now().compact)-\(MonotonicTime.now().nanoseconds % 1_000_000)"
        try File.makeDirectories(path)
    }

    /// Writes a file and returns its path.
    func write(_ name: String, _ text: String) throws -> String {
        let file = "\(path)/\(name)"
        try File.save(Array(text.utf8), to: file)
        return file
    }
}
