// What a balancer is told of its clients' connections: what they may send, how slowly, by which
// protocol their addresses arrive, and what is written down of their requests.

import Linux
import Wire

/// Whether the first bytes of a connection say whom it stands for (HAProxy's PROXY protocol).
package enum ProxyProtocol: String, CaseIterable, Sendable {
    case off, v1, v2
}

/// The form of the access log.
package enum AccessLogForm: String, CaseIterable, Sendable {
    case off, json, combined
}

package struct IntakeSettings: Equatable, Sendable {
    /// Client connections held at once; past it new ones are refused, never queued without end.
    package var connectionsMax = 4096
    /// From the first byte of a request to the end of its head.
    package var headerTimeout: Duration = .seconds(10)
    /// How long a kept connection may lie idle.
    package var idleTimeout: Duration = .seconds(75)
    /// Bytes a second below which the sending of a body, or the taking of an answer, ends; 0: none.
    package var bodyRateMin = 256
    /// Bytes of a head; past it 431.
    package var headBytesMax = 16 * 1024
    /// Bytes of a request's content; past it 413.
    package var bodyBytesMax = 16 * 1024 * 1024
    /// True: every client connection starts with a PROXY header of version 1 or 2, or is closed.
    package var expectsProxy = false
    /// What every connection to a backend starts with.
    package var sendsProxy = ProxyProtocol.off
    package var accessLog = AccessLogForm.off
    /// Lines a second; further requests are counted and not written.
    package var accessLogRate = 1000

    package init() {}
}

extension IntakeSettings {
    init(_ members: Members) throws(BlueprintError) {
        try members.allow([
            "connectionsMax", "headerTimeoutNanoseconds", "idleTimeoutNanoseconds", "bodyRateMin",
            "headBytesMax", "bodyBytesMax", "expectsProxy", "sendsProxy", "accessLog",
            "accessLogRate",
        ])
        self.init()
        try members.read("connectionsMax", into: &connectionsMax, from: 1)
        try members.read("headerTimeout", into: &headerTimeout)
        try members.read("idleTimeout", into: &idleTimeout)
        try members.read("bodyRateMin", into: &bodyRateMin, from: 0)
        try members.read("headBytesMax", into: &headBytesMax, from: 256)
        try members.read("bodyBytesMax", into: &bodyBytesMax, from: 0)
        try members.read("expectsProxy", into: &expectsProxy)
        try members.read("sendsProxy", into: &sendsProxy)
        try members.read("accessLog", into: &accessLog)
        try members.read("accessLogRate", into: &accessLogRate, from: 1)
        // A receive takes 64 KiB at once, so a head is refused before it can exceed one.
        guard headBytesMax <= 64 * 1024 else {
            throw BlueprintError(
                member: members.member("headBytesMax"), problem: .outOfRange(Int64(headBytesMax)))
        }
    }

    var json: JSON {
        [
            "connectionsMax": connectionsMax.json, "headerTimeoutNanoseconds": headerTimeout.json,
            "idleTimeoutNanoseconds": idleTimeout.json, "bodyRateMin": bodyRateMin.json,
            "headBytesMax": headBytesMax.json, "bodyBytesMax": bodyBytesMax.json,
            "expectsProxy": .bool(expectsProxy), "sendsProxy": .string(sendsProxy.rawValue),
            "accessLog": .string(accessLog.rawValue), "accessLogRate": accessLogRate.json,
        ]
    }
}
