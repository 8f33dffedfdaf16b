// The command line of a node and the blueprint that it names.

import Blueprint
import Linux
import Wire

/// What is wrong with the command line or the blueprint.
struct NodeUsageError: Error, CustomStringConvertible {
    let description: String
}

struct NodeArguments {
    let tier: TierKind
    let blueprintPath: String

    static func parse(_ arguments: [String]) throws(NodeUsageError) -> NodeArguments {
        let usage = "usage: faultline-node TIER --blueprint=FILE"
        guard arguments.count == 3, let path = arguments[2].value(ofFlag: "--blueprint") else {
            throw NodeUsageError(description: usage)
        }
        guard let tier = TierKind(rawValue: arguments[1]) else {
            let known = TierKind.allCases.map(\.rawValue).joined(separator: ", ")
            throw NodeUsageError(
                description: "unknown tier \"\(arguments[1])\"; known: \(known)")
        }
        return NodeArguments(tier: tier, blueprintPath: path)
    }

    func read() throws -> NodeBlueprint {
        let blueprint = try NodeBlueprint(
            json: JSON.parse(File.contents(of: blueprintPath)))
        guard blueprint.settings.tier == tier else {
            throw NodeUsageError(
                description: "\(blueprintPath) describes a \(blueprint.settings.tier.rawValue)")
        }
        return blueprint
    }
}

extension String {
    /// `VALUE` of `--flag=VALUE`; nil for another flag or an empty value.
    fileprivate func value(ofFlag flag: String) -> String? {
        guard hasPrefix(flag + "="), utf8.count > flag.utf8.count + 1 else { return nil }
        return String(dropFirst(flag.count + 1))
    }
}
