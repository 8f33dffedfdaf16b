// Why an app does not start.

package import Journal
package import Linux

package enum AppError: Error, Equatable, Sendable, CustomStringConvertible {
    case listen(SyscallError)
    /// A monolith's data cannot be read; it would serve half of it otherwise.
    case data(JournalError)

    package var description: String {
        switch self {
        case .listen(let error): "\(error)"
        case .data(let error): "\(error)"
        }
    }
}
