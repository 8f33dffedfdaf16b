// What the harness and a disk filter say to each other, through a file that the filter has at the
// root of what it serves. So there is no port to reserve and no descriptor to pass: an order is in
// force when the write returns, and what was read is what the filter then knew.
//
//     {"add": "step 2", "fault": {...}}      a rule, replacing the one of that name
//     {"drop": "step 2"}                     no longer

package import Experiment
package import Wire

package enum DiskOrder: Equatable, Sendable {
    case add(name: String, DiskFault)
    case drop(name: String)

    /// The file's name; it is in no listing of the folder.
    package static let file = ".faultline-disk"
    /// What the names of files begin with that stand for all files that a rule is about.
    package static let canary = ".faultline-canary"
}

/// What a filter was told that it cannot make sense of.
package struct DiskOrderError: Error, Equatable {
    package let description: String
}

extension DiskOrder {
    package var json: JSON {
        switch self {
        case .add(let name, let fault): ["add": .string(name), "fault": fault.json]
        case .drop(let name): ["drop": .string(name)]
        }
    }

    package init(_ json: JSON) throws(DiskOrderError) {
        if let name = json["add"]?.string, let fault = json["fault"] {
            self = .add(name: name, try DiskFault(fault))
        } else if let name = json["drop"]?.string {
            self = .drop(name: name)
        } else {
            throw DiskOrderError(description: "no order: \(json.text)")
        }
    }
}

/// What a filter tells of itself.
package struct DiskStatus: Equatable, Sendable {
    /// The rules in force, by name, and how many requests each has met.
    package var rules: [(name: String, met: Int)]
    /// Requests since the start.
    package var requests: Int

    package init(rules: [(name: String, met: Int)], requests: Int) {
        self.rules = rules
        self.requests = requests
    }

    package static func == (left: DiskStatus, right: DiskStatus) -> Bool {
        left.json.text == right.json.text
    }

    package var json: JSON {
        [
            "requests": .integer(Int64(requests)),
            "rules": .array(
                rules.map { ["name": .string($0.name), "met": .integer(Int64($0.met))] }),
        ]
    }

    package init?(_ json: JSON) {
        guard let requests = json["requests"]?.int64, let rules = json["rules"]?.array else {
            return nil
        }
        self.requests = Int(requests)
        self.rules = rules.compactMap { rule in
            guard let name = rule["name"]?.string, let met = rule["met"]?.int64 else { return nil }
            return (name, Int(met))
        }
    }
}
