// What a planned request does once it has a connection. The generator knows when and how many; this
// protocol is all it knows of what.

import Experiment
import History
import Reactor

/// The doing of requests: the journeys of an experiment, or one URL over and over.
@ReactorActor
protocol Errand: AnyObject {
    /// The record of a request as it is before anything happened.
    func operation(for request: PlannedRequest) -> Operation

    /// Does it, on a lane that is ready for it. More than one exchange is fine.
    func perform(_ request: PlannedRequest, on lane: Lane) async -> Conclusion
}
