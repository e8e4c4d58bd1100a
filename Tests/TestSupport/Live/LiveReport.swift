import Foundation

/// The JSON of `ush update … --json`, read by the command contract and not by the tools' own types.
package struct LiveReport: Decodable, Sendable {
  package struct Waiting: Decodable, Sendable {
    package var procedure: String
    package var tid: Int
    package var frame: String
  }

  package var program: String
  /// `updated`, `already`, `waiting`, `refused` or `undone`.
  package var result: String
  package var from: Int
  package var to: Int
  package var changed: [String]
  package var warped: [String]
  package var updated: [String]
  package var waiting: [Waiting]
  package var resident: [String]
  package var ignored: [String]
  package var pauses_us: [Int]
  package struct Phase: Decodable, Sendable {
    package var name: String
    package var us: Int
  }
  package var preparation: [Phase]?
  package var reason: String?
}

/// The JSON of `ush status NAME --json`.
package struct LiveStatus: Decodable, Sendable {
  package struct Target: Decodable, Sendable {
    package var pid: Int32?
    package var exit: Int?
    package var log: String?
  }

  package struct Pup: Decodable, Sendable {
    package var pid: Int32?
  }

  package var program: String
  /// `loaded`, `running`, `updating`, `exited` or `lost`.
  package var state: String
  package var version: Int
  package var target: Target
  package var pup: Pup
}

/// Decodes the one JSON document that a command printed.
package func decode<Value: Decodable>(
  _ type: Value.Type = Value.self, from outcome: Command.Outcome
) throws(LiveFailure) -> Value {
  do {
    return try JSONDecoder().decode(type, from: Data(outcome.output.utf8))
  } catch {
    throw .unreadableReport(text: outcome.summary, reason: "\(error)")
  }
}
