// A document as it lies in the cache: one line, then the document.
//
//     version kind milliseconds\n...
//
// `version` is `-` under leases. `kind` is `d` for a document and `a` for the knowledge that there is none.
// The milliseconds are what reading it took, which is how soon it is worth reading anew.

import Linux

struct DocumentEntry: Equatable {
    static let leased = "-"

    var version: String
    /// Nil: there is no such document.
    var document: [UInt8]?
    var cost: Duration

    var text: String {
        let kind = document == nil ? "a" : "d"
        let milliseconds = cost.nanoseconds / 1_000_000
        return "\(version) \(kind) \(milliseconds)\n"
            + String(decoding: document ?? [], as: UTF8.self)
    }

    init(version: String, document: [UInt8]?, cost: Duration) {
        (self.version, self.document, self.cost) = (version, document, cost)
    }

    /// Nil for what is not ours.
    init?(_ bytes: [UInt8]) {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let words = String(decoding: bytes[..<end], as: UTF8.self).split(
            separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3, let milliseconds = Int64(words[2]), milliseconds >= 0,
            words[1] == "d" || words[1] == "a"
        else { return nil }
        version = String(words[0])
        document = words[1] == "d" ? Array(bytes[(end + 1)...]) : nil
        cost = .milliseconds(milliseconds)
    }
}
