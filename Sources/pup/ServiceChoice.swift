import PupKit
import PupProtocol

/// The service that the pup offers: the engine's.
func makeService(
  name: String, state: StateDirectory, isDebugging: Bool
) throws(ServiceFailure) -> any ProgramService {
  try Program(name: name, state: state.path, isDebugging: isDebugging)
}
