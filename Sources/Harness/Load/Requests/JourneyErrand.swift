// The journeys of an experiment, as the app serves them. Every user signs in before the first
// request and keeps the session; when the system has forgotten the session, the user signs in once
// more and asks again, as a person would. Both belong to the request and count in its latency.

import Endpoints
import Experiment
import History
import Reactor
import Wire

@ReactorActor
final class JourneyErrand: Errand {
    private let plan: ArrivalPlan
    private let heads: RequestHeads
    /// Session tokens by user, as bytes that are fit for a field.
    private var sessions: [Int: [UInt8]] = [:]
    /// Sign-ins that were answered with a token.
    private(set) var signIns = 0
    /// Those among them that took the place of a session which the system had forgotten.
    private(set) var sessionsRenewed = 0

    init(_ plan: ArrivalPlan, host: String) {
        self.plan = plan
        heads = RequestHeads(host: host)
    }

    func operation(for request: PlannedRequest) -> Operation {
        let form = JourneyForm(request.journey)
        return Operation(
            index: request.index, journey: request.journey.rawValue,
            request: .init(method: form.method, target: form.target(request)), user: request.user,
            effect: form.effect, key: form.effect == .read ? nil : plan.key(of: request),
            intended: request.intended)
    }

    func perform(_ request: PlannedRequest, on lane: Lane) async -> Conclusion {
        let form = JourneyForm(request.journey)
        do {
            guard form.needsSession else {
                return Conclusion(try await ask(request, form, nil, lane), to: form.effect)
            }
            let session = try await session(of: request.user, form, lane)
            let response = try await ask(request, form, session, lane)
            guard response.status == 401 else { return Conclusion(response, to: form.effect) }
            let renewed = try await renew(session, of: request.user, form, lane)
            let second = try await ask(request, form, renewed, lane)
            return Conclusion(second, to: form.effect)
        } catch {
            return error.conclusion
        }
    }

    private func ask(
        _ request: PlannedRequest, _ form: JourneyForm, _ session: [UInt8]?, _ lane: Lane
    ) async throws(Unfinished) -> HTTPResponse {
        let target = form.target(request)
        let bytes: [UInt8]
        if form.effect == .read {
            bytes = heads.get(target, session: session)
        } else {
            let key = plan.key(of: request)
            bytes = heads.post(target, content: form.content(key), session: session, key: key)
        }
        do {
            return try await lane.exchange(bytes)
        } catch {
            throw Unfinished(Conclusion(error, to: form.effect))
        }
    }

    // MARK: Sessions

    private func session(
        of user: Int, _ form: JourneyForm, _ lane: Lane
    ) async throws(Unfinished) -> [UInt8] {
        if let session = sessions[user] { return session }
        return try await signIn(user, form, lane)
    }

    /// Another request of the user may have renewed the session meanwhile; that one is taken then.
    private func renew(
        _ stale: [UInt8], of user: Int, _ form: JourneyForm, _ lane: Lane
    ) async throws(Unfinished) -> [UInt8] {
        if let session = sessions[user], session != stale { return session }
        sessions[user] = nil
        let session = try await signIn(user, form, lane)
        sessionsRenewed += 1
        return session
    }

    /// Whatever goes wrong here, the request itself was not sent.
    private func signIn(
        _ user: Int, _ form: JourneyForm, _ lane: Lane
    ) async throws(Unfinished) -> [UInt8] {
        let response: HTTPResponse
        do {
            response = try await lane.exchange(
                heads.post("/signin", content: "{\"user\":\(user)}"))
        } catch {
            throw Unfinished(signInFailure(error, form.effect))
        }
        guard (200..<300).contains(response.status) else {
            throw Unfinished(Conclusion(response, to: .read))
        }
        guard let token = response.json?["token"]?.string, JourneyErrand.isLegal(token) else {
            throw Unfinished(Conclusion(.failed(.malformed)))
        }
        signIns += 1
        let session = Array(token.utf8)
        sessions[user] = session
        return session
    }

    private func signInFailure(
        _ error: ClientError, _ effect: Operation.Effect
    ) -> Conclusion {
        switch error {
        case .unanswered(.timedOut): Conclusion(.unreachable(.timedOut), to: effect)
        case .unreachable: Conclusion(error, to: effect)
        case .unanswered, .malformed: Conclusion(error, to: .read)
        }
    }

    private static func isLegal(_ token: String) -> Bool {
        !token.isEmpty && token.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
    }
}

/// A request that ended before its answer.
private struct Unfinished: Error {
    let conclusion: Conclusion

    init(_ conclusion: Conclusion) { self.conclusion = conclusion }
}
