// Of which single requests a node tells in its log, each line with the request's id, so that one request can
// be followed through all tiers.

package enum RequestLogging: String, CaseIterable, Sendable {
    /// Those that failed, were refused, or took long.
    case trouble
    /// Every one, up to a rate: for looking at a request that went well.
    case all
}
