// What the harness orders, through the file that is there for it.

import Linux
import Wire

extension FilterServer {
    /// EINVAL tells the writer that an order was not understood.
    func obey(_ text: [UInt8]) throws(SyscallError) {
        do {
            switch try DiskOrder(try JSON.parse(text.span)) {
            case .add(let name, let fault): try rules.add(fault, named: name)
            case .drop(let name): rules.drop(name)
            }
        } catch {
            Output.write("disk-filter: order refused: \(error)\n", to: 2)
            throw SyscallError(stage: "order", errno: .invalid)
        }
    }
}
