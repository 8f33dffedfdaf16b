// How a journey looks as a request, and what the system promises when it answers one.

package import Experiment
import History

/// The request of one journey.
struct JourneyForm: Sendable {
    private let journey: Journey

    /// Static files of the site.
    private static let filesMax = 64

    init(_ journey: Journey) { self.journey = journey }

    var effect: Operation.Effect {
        switch journey {
        case .browse, .profile, .static: .read
        case .post: .post
        case .checkout: .order
        }
    }

    /// Whether it asks as a user who has signed in.
    var needsSession: Bool { journey != .static }

    var method: String { effect == .read ? "GET" : "POST" }

    func target(_ request: PlannedRequest) -> String {
        switch journey {
        case .browse: "/users/\(request.subject)/feed"
        case .profile: "/users/\(request.user)/profile"
        case .post: "/users/\(request.user)/posts"
        case .checkout: "/users/\(request.user)/checkout"
        case .static: "/static/asset-\(request.subject % Self.filesMax)"
        }
    }

    /// The content as JSON, which needs no escapes because a key has none.
    func content(_ key: String) -> String? {
        journey == .post ? "{\"text\":\"\(Journey.postText(of: key))\"}" : nil
    }
}

extension Journey {
    /// The text that a post of this key carries: no other post has it, so that whoever reads the post
    /// back can tell it from every other.
    package static func postText(of key: String) -> String { "post \(key)" }
}
