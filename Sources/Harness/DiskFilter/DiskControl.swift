// The harness's side of a disk filter: orders and questions, through the order file. Each is a system
// call or two that the filter answers at once, whatever rules are in force.

package import Linux
import Wire

package struct DiskControl: Sendable {
    /// The data folder, which the filter is mounted over.
    package let folder: String

    package init(_ folder: String) { self.folder = folder }

    private var file: String { "\(folder)/\(DiskOrder.file)" }

    /// In force when it returns.
    package func order(_ order: DiskOrder) throws(SyscallError) {
        let file = try File.open(file, .writeOnly)
        try File.write(file, Array(order.json.text.utf8).span)
    }

    /// What the filter knows now; nil for an answer that is none.
    package func status() throws(SyscallError) -> DiskStatus? {
        let text = try File.contents(of: file)
        guard let json = try? JSON.parse(text.span) else { return nil }
        return DiskStatus(json)
    }

    /// Whether a filter answers.
    package var isServed: Bool { File.exists(file) }
}
