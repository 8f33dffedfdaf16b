// What is wrong with a recorded history, and where.

package struct RecordedHistoryError: Error, Hashable, Sendable, CustomStringConvertible {
    package var line: Int
    package var column: Int
    package var problem: String

    package init(line: Int, column: Int = 1, _ problem: String) {
        self.line = line
        self.column = column
        self.problem = problem
    }

    package var description: String { "\(line):\(column): \(problem)" }
}
