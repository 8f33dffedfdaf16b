// `faultline-node store-verify --replicas=ADDRESS,ADDRESS,...` compares the replicas of a shard that runs,
// while it serves. Exit codes: 0 all the same, 1 one differs and is named, 2 not all could be asked,
// 3 usage.

import Blueprint
import Linux
import Reactor
import Store

struct StoreVerify {
    let replicas: [NamedAddress]

    /// Nil for another command.
    static func parse(_ arguments: [String]) throws(NodeUsageError) -> StoreVerify? {
        guard arguments.dropFirst().first == "store-verify" else { return nil }
        let flag = "--replicas="
        guard arguments.count == 3, arguments[2].hasPrefix(flag) else {
            throw NodeUsageError(
                description: "usage: faultline-node store-verify --replicas=ADDRESS,ADDRESS,...")
        }
        var replicas: [NamedAddress] = []
        for text in arguments[2].dropFirst(flag.count).split(separator: ",") {
            guard let address = SocketAddress(String(text)) else {
                throw NodeUsageError(description: "\(text) is no address such as 10.0.0.1:7000")
            }
            replicas.append(NamedAddress(name: String(text), address: address))
        }
        guard replicas.count > 1 else {
            throw NodeUsageError(description: "it takes two replicas to compare")
        }
        return StoreVerify(replicas: replicas)
    }

    @ReactorActor
    func run() async -> Int32 {
        let verdict = await ShardVerifier(replicas).verify(deadline: .now() + .seconds(60))
        Output.write("\(verdict)\n", to: 1)
        switch verdict {
        case .same: return 0
        case .differs, .noMajority: return 1
        case .unknown: return 2
        }
    }
}
