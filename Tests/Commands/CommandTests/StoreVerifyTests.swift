// `faultline-node store-verify` as an operator runs it, against replicas that run.

import Blueprint
import Glibc
import Linux
import Testing
import Wire

@Suite(.serialized, .timeLimit(.minutes(2)))
struct StoreVerifyTests {
    private static let name = "faultline-node"

    private func verify(_ arguments: String...) async throws -> (code: Int32, program: Program) {
        let program = try Program(["store-verify"] + arguments, name: Self.name)
        return (await program.wait(), program)
    }

    @Test func `replicas that agree are said to, with exit code 0`() async throws {
        let folder = try ScratchFolder()
        let replicas = (1...3).map { id in
            let ip = IPv4Address(127, 99, UInt8(CurrentProcess.id & 0xFF), UInt8(id))
            return ReplicaAddress(
                id: id,
                client: NamedAddress(
                    name: "store-1-\(id)", address: SocketAddress(ip: ip, port: 7000)),
                peer: SocketAddress(ip: ip, port: 7001))
        }
        let nodes = try replicas.map { replica in
            let blueprint = NodeBlueprint(
                name: replica.client.name, listen: replica.client.address,
                dataFolder: "\(folder.path)/\(replica.id)", seed: UInt64(replica.id),
                settings: .store(
                    StoreSettings(
                        shard: 0, shardCount: 1, replica: replica.id, replicas: replicas)))
            let file = try folder.write("\(replica.id).json", blueprint.json.text)
            return try Program(["store", "--blueprint=\(file)"], name: Self.name)
        }
        defer { for node in nodes { node.send(SIGKILL) } }
        let addresses = replicas.map { "\($0.client.address)" }.joined(separator: ",")
        let (code, program) = try await verify("--replicas=\(addresses)")
        #expect(code == 0, "\(program.errorText)")
        #expect(program.outputText.hasPrefix("all replicas have checksum "))
        for node in nodes { node.send(SIGTERM) }
        for node in nodes { #expect(await node.wait() == 0, "\(node.errorText)") }
    }

    @Test(arguments: [
        [], ["--replicas="], ["--replicas=10.0.0.1:7000"], ["--replicas=here,there"],
        ["--replicas=10.0.0.1:7000,10.0.0.2:7000", "more"],
    ])
    func `a command line that names no two replicas is refused`(arguments: [String]) async throws {
        let program = try Program(["store-verify"] + arguments, name: Self.name)
        #expect(await program.wait() == 3)
        #expect(program.errorText.hasPrefix("faultline-node: "))
    }
}
