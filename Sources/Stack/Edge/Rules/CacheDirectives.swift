// Cache-Control, of requests and responses (RFC 9111 section 5.2, RFC 5861 sections 3 and 4).
//
// Parsing never fails. Names are matched in any case, arguments are taken as tokens or quoted
// strings, and what is unknown is passed over. Of a directive that stands twice the first counts
// (section 4.2.1), and a freshness lifetime that cannot be read is none: the response is stale.

package struct CacheDirectives: Equatable, Sendable {
    package var noStore = false
    package var noCache = false
    /// Fields that `no-cache="..."` keeps from being reused without validation; small letters.
    package var noCacheFields: [String] = []
    package var isPrivate = false
    /// Fields that `private="..."` keeps from being stored; small letters.
    package var privateFields: [String] = []
    package var isPublic = false
    package var mustRevalidate = false
    package var proxyRevalidate = false
    package var mustUnderstand = false
    package var onlyIfCached = false
    package var maxAge: Int64?
    package var sharedMaxAge: Int64?
    package var minFresh: Int64?
    /// `.max` when any staleness will do.
    package var maxStale: Int64?
    package var staleWhileRevalidate: Int64?
    package var staleIfError: Int64?

    package init() {}

    /// Reads the lines of one message.
    package init(_ values: [String]) {
        for element in FieldList.elements(of: values) {
            guard let equals = element.utf8.firstIndex(of: UInt8(ascii: "=")) else {
                take(element.lowercased(), nil)
                continue
            }
            // No white space is allowed around the sign: the name still says what was meant, and
            // an argument that starts with a space is no number.
            let name = element[..<equals]
            let argument = element[element.utf8.index(after: equals)...]
            let isMisplaced = name.utf8.last == 0x20 || name.utf8.last == 0x09
            take(name.trimmingBlanks.lowercased(), isMisplaced ? " " : argument)
        }
    }

    /// True when a shared cache must not use the response without asking once it is stale.
    ///
    /// s-maxage brings the meaning of proxy-revalidate with it (section 5.2.2.10).
    package var forbidsStale: Bool {
        noCache || mustRevalidate || proxyRevalidate || sharedMaxAge != nil
    }

    private mutating func take(_ name: String, _ argument: Substring?) {
        switch name {
        case "no-store": noStore = true
        case "no-cache": Self.take(argument, all: &noCache, some: &noCacheFields)
        case "private": Self.take(argument, all: &isPrivate, some: &privateFields)
        case "public": isPublic = true
        case "must-revalidate": mustRevalidate = true
        case "proxy-revalidate": proxyRevalidate = true
        case "must-understand": mustUnderstand = true
        case "only-if-cached": onlyIfCached = true
        case "max-age": maxAge = maxAge ?? Self.seconds(argument) ?? 0
        case "s-maxage": sharedMaxAge = sharedMaxAge ?? Self.seconds(argument) ?? 0
        case "min-fresh": minFresh = minFresh ?? Self.seconds(argument)
        case "max-stale":
            maxStale = maxStale ?? (argument == nil ? .max : Self.seconds(argument))
        case "stale-while-revalidate":
            staleWhileRevalidate = staleWhileRevalidate ?? Self.seconds(argument)
        case "stale-if-error": staleIfError = staleIfError ?? Self.seconds(argument)
        default: break
        }
    }

    /// A directive that is about the whole response, or with an argument about some fields of it.
    private static func take(_ argument: Substring?, all: inout Bool, some: inout [String]) {
        guard let argument else {
            all = true
            return
        }
        let names = FieldList.elements(of: argument.unquoted ?? String(argument))
            .map { $0.lowercased() }
        if names.isEmpty { all = true }
        some += names
    }

    private static func seconds(_ argument: Substring?) -> Int64? {
        guard let argument else { return nil }
        return DeltaSeconds.parse(argument.unquoted ?? String(argument))
    }
}
