// The journeys of an experiment, as the app serves them. Every user signs in before the first
// request and keeps the session; when the system has forgotten the session, the user signs in once
// more and asks again, as a person would. Both belong to the request and count in its latency.

import Endpoints
import Experiment
import History
import Linux
import Reactor
import Wire

@ReactorActor
final class JourneyErrand: Errand {
    private let plan: ArrivalPlan
    private let heads: RequestHeads
    /// By user.
    private(set) var sessions: [Int: Session]
    /// Sign-ins that were answered with a token.
    private(set) var signIns = 0
    /// Those among them that took the place of a session which the system had forgotten.
    private(set) var sessionsRenewed = 0

    /// `sessions` are those that users already have.
    init(_ plan: ArrivalPlan, host: String, sessions: [Int: Session] = [:]) {
        self.sessions = sessions
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
        var isLost = false
        var conclusion: Conclusion
        do {
            guard form.needsSession else {
                return Conclusion(try await ask(request, form, nil, lane), to: form.effect)
            }
            let session = try await session(of: request.user, form, lane)
            var response = try await ask(request, form, session, lane)
            if response.status == 401 {
                isLost = session.isLive(at: .now())
                let renewed = try await renew(session, of: request.user, form, lane)
                response = try await ask(request, form, renewed, lane)
                if response.status == 401 { isLost = isLost || renewed.isLive(at: .now()) }
            }
            conclusion = Conclusion(response, to: form.effect)
        } catch {
            conclusion = error.conclusion
        }
        conclusion.lostSession = isLost
        return conclusion
    }

    private func ask(
        _ request: PlannedRequest, _ form: JourneyForm, _ session: Session?, _ lane: Lane
    ) async throws(Unfinished) -> HTTPResponse {
        let target = form.target(request)
        let bytes: [UInt8]
        if form.effect == .read {
            bytes = heads.get(target, session: session?.token)
        } else {
            let key = plan.key(of: request)
            bytes = heads.post(
                target, content: form.content(key), session: session?.token, key: key)
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
    ) async throws(Unfinished) -> Session {
        if let session = sessions[user] { return session }
        return try await signIn(user, form, lane)
    }

    /// Another request of the user may have renewed the session meanwhile; that one is taken then.
    private func renew(
        _ stale: Session, of user: Int, _ form: JourneyForm, _ lane: Lane
    ) async throws(Unfinished) -> Session {
        if let session = sessions[user], session.token != stale.token { return session }
        sessions[user] = nil
        let session = try await signIn(user, form, lane)
        sessionsRenewed += 1
        return session
    }

    /// Whatever goes wrong here, the request itself was not sent.
    private func signIn(
        _ user: Int, _ form: JourneyForm, _ lane: Lane
    ) async throws(Unfinished) -> Session {
        let asked = MonotonicTime.now()
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
        let granted = response.json
        guard let token = granted?["token"]?.string, Session.isLegal(token) else {
            throw Unfinished(Conclusion(.failed(.malformed)))
        }
        signIns += 1
        let end = granted?["lifetime"]?.int.map { asked + .seconds($0) }
        let session = Session(token: Array(token.utf8), end: end ?? .distantFuture)
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

}

/// A request that ended before its answer.
private struct Unfinished: Error {
    let conclusion: Conclusion

    init(_ conclusion: Conclusion) { self.conclusion = conclusion }
}
