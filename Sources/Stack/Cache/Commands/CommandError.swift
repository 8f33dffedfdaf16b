// What a command is refused with. The texts are Redis' own, since clients, redis-cli and people's scripts
// match on them.

enum CommandError: Error, Equatable, Sendable {
    case unknownCommand(name: String, arguments: [String])
    case unknownSubcommand(String, of: CacheCommand)
    case wrongArity(CacheCommand)
    case wrongType
    case noSuchKey
    case sameObject
    case syntax
    case notAnInteger
    case hashNotAnInteger
    case notAFloat
    case boundNotAFloat
    case scoreNotANumber
    case notPositive
    case indexOutOfRange
    case offsetOutOfRange
    case overflow
    case decrementOverflow
    case invalidCursor
    case invalidExpire(CacheCommand)
    case incompatibleExpireOptions
    case incompatibleOrderOptions
    case unsupportedOption(String)
    case incompatibleAddOptions
    case incompatibleAddOrder
    case incrementOfMany
    case limitWithoutScore
    case idleTimeUnderLFU
    case frequencyWithoutLFU
    case outOfMemory
    case valueTooLarge
    case databaseOutOfRange
    case protocolVersionNotANumber
    case unsupportedProtocol
    case clientName
    case unknownParameter(String)
    case invalidParameter(String, wants: String)
    case nestedTransaction
    case withoutTransaction(CacheCommand)
    case watchInTransaction
    case notInTransaction(CacheCommand)
    case brokenTransaction
    case subscribed(CacheCommand)
    case tooManySubscriptions
    case readOnly
    case noQuorum
    case withoutGroup

    init(_ refusal: WriteRefusal) {
        switch refusal {
        case .outOfMemory: self = .outOfMemory
        case .notAnInteger: self = .notAnInteger
        case .overflow: self = .overflow
        case .wrongType: self = .wrongType
        }
    }

    /// The line after the minus sign.
    var line: String {
        switch self {
        case .outOfMemory: "OOM command not allowed when used memory > 'maxmemory'."
        case .unsupportedProtocol: "NOPROTO unsupported protocol version"
        case .wrongType: "WRONGTYPE Operation against a key holding the wrong kind of value"
        case .brokenTransaction: "EXECABORT Transaction discarded because of previous errors."
        case .readOnly: "READONLY You can't write against a read only replica."
        case .noQuorum: "NOREPLICAS Not enough good replicas to write."
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
        case .unsupportedOption(let option): "Unsupported option \(option)"
        case .unknownParameter(let name):
            "Unknown option or number of arguments for CONFIG SET - '\(name)'"
        case .invalidParameter(let name, let wants):
            "CONFIG SET failed (possibly related to argument '\(name)') - argument must be \(wants)"
        default: numberDetail ?? stateDetail
        }
    }

    /// Of arguments that are no such number.
    private var numberDetail: String? {
        switch self {
        case .notAnInteger: "value is not an integer or out of range"
        case .hashNotAnInteger: "hash value is not an integer"
        case .notAFloat: "value is not a valid float"
        case .boundNotAFloat: "min or max is not a float"
        case .scoreNotANumber: "resulting score is not a number (NaN)"
        case .notPositive: "value is out of range, must be positive"
        case .indexOutOfRange: "index out of range"
        case .offsetOutOfRange: "offset is out of range"
        case .overflow: "increment or decrement would overflow"
        case .decrementOverflow: "decrement would overflow"
        case .invalidCursor: "invalid cursor"
        case .invalidExpire(let command): "invalid expire time in '\(command.name)' command"
        case .databaseOutOfRange: "DB index is out of range"
        case .protocolVersionNotANumber: "Protocol version is not an integer or out of range"
        default: nil
        }
    }

    private var stateDetail: String {
        switch self {
        case .noSuchKey: "no such key"
        case .sameObject: "source and destination objects are the same"
        case .incompatibleExpireOptions:
            "NX and XX, GT or LT options at the same time are not compatible"
        case .incompatibleOrderOptions: "GT and LT options at the same time are not compatible"
        case .incompatibleAddOptions: "XX and NX options at the same time are not compatible"
        case .incompatibleAddOrder:
            "GT, LT, and/or NX options at the same time are not compatible"
        case .incrementOfMany: "INCR option supports a single increment-element pair"
        case .limitWithoutScore:
            "syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"
        case .idleTimeUnderLFU:
            "An LFU maxmemory policy is selected, idle time not tracked. Please note that when "
                + "switching between policies at runtime LRU and LFU data will take some time to "
                + "adjust."
        case .frequencyWithoutLFU:
            "An LFU maxmemory policy is not selected, access frequency not tracked. Please note "
                + "that when switching between policies at runtime LRU and LFU data will take some "
                + "time to adjust."
        case .valueTooLarge: "string exceeds maximum allowed size (proto-max-bulk-len)"
        case .clientName: "Client names cannot contain spaces, newlines or special characters."
        case .nestedTransaction: "MULTI calls can not be nested"
        case .withoutTransaction(let command): "\(command.name.uppercased()) without MULTI"
        case .watchInTransaction: "WATCH inside MULTI is not allowed"
        case .notInTransaction(let command):
            "\(command.name.uppercased()) is not allowed in transactions"
        case .subscribed(let command):
            "Can't execute '\(command.name)': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT "
                + "/ RESET are allowed in this context"
        case .withoutGroup: "this cache is not one of a group"
        case .tooManySubscriptions: "too many subscriptions of one client"
        default: "syntax error"
        }
    }
}
