// What a command is refused with. The texts are Redis' own, since clients, redis-cli and people's scripts
// match on them.

enum CommandError: Error, Equatable, Sendable {
    case unknownCommand(name: String, arguments: [String])
    case unknownSubcommand(String, of: CacheCommand)
    case wrongArity(CacheCommand)
    case syntax
    case notAnInteger
    case overflow
    case decrementOverflow
    case invalidExpire(CacheCommand)
    case incompatibleExpireOptions
    case incompatibleOrderOptions
    case unsupportedOption(String)
    case outOfMemory
    case valueTooLarge
    case databaseOutOfRange
    case protocolVersionNotANumber
    case unsupportedProtocol
    case clientName
    case unknownParameter(String)
    case invalidParameter(String)

    init(_ refusal: WriteRefusal) {
        switch refusal {
        case .outOfMemory: self = .outOfMemory
        case .notAnInteger: self = .notAnInteger
        case .overflow: self = .overflow
        }
    }

    /// The line after the minus sign.
    var line: String {
        switch self {
        case .outOfMemory: "OOM command not allowed when used memory > 'maxmemory'."
        case .unsupportedProtocol: "NOPROTO unsupported protocol version"
        default: "ERR \(detail)"
        }
    }

    private var detail: String {
        switch self {
        case .unknownCommand(let name, let arguments):
            "unknown command '\(name)', with args beginning with: "
                + arguments.map { "'\($0)' " }.joined()
        case .unknownSubcommand(let name, let command):
            "unknown subcommand '\(name)'. Try \(command.name.uppercased()) HELP."
        case .wrongArity(let command): "wrong number of arguments for '\(command.name)' command"
        case .syntax: "syntax error"
        case .notAnInteger: "value is not an integer or out of range"
        case .overflow: "increment or decrement would overflow"
        case .decrementOverflow: "decrement would overflow"
        case .invalidExpire(let command): "invalid expire time in '\(command.name)' command"
        case .incompatibleExpireOptions:
            "NX and XX, GT or LT options at the same time are not compatible"
        case .incompatibleOrderOptions: "GT and LT options at the same time are not compatible"
        case .unsupportedOption(let option): "Unsupported option \(option)"
        case .valueTooLarge: "string exceeds maximum allowed size (proto-max-bulk-len)"
        case .databaseOutOfRange: "DB index is out of range"
        case .protocolVersionNotANumber: "Protocol version is not an integer or out of range"
        case .clientName: "Client names cannot contain spaces, newlines or special characters."
        case .unknownParameter(let name):
            "Unknown option or number of arguments for CONFIG SET - '\(name)'"
        case .invalidParameter(let name):
            "CONFIG SET failed (possibly related to argument '\(name)') - argument must be a memory value"
        case .outOfMemory, .unsupportedProtocol: ""
        }
    }
}
