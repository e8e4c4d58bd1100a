import FoundationEssentials

/// A call as it arrived, its parameters not decoded yet.
package struct VarlinkCall: Sendable {
  private struct Header: Decodable {
    let method: String
    let more: Bool?
    let oneway: Bool?
  }

  private struct Body<Parameters: Decodable>: Decodable {
    let parameters: Parameters?
  }

  /// The interface's name, `org.podus.pup`.
  package let interface: String
  /// The method's name without its interface.
  package let method: String
  /// The client takes several replies.
  package let wantsMore: Bool
  /// The client takes no reply.
  package let isOneway: Bool
  package let peer: Peer
  private let bytes: [UInt8]

  /// The call in `bytes`, or `nil` if that is no Varlink call.
  package init?(_ bytes: [UInt8], from peer: Peer) {
    guard let header = try? JSONDecoder().decode(Header.self, from: Data(bytes)),
      let dot = header.method.lastIndex(of: ".")
    else { return nil }
    interface = String(header.method[..<dot])
    method = String(header.method[header.method.index(after: dot)...])
    wantsMore = header.more ?? false
    isOneway = header.oneway ?? false
    self.peer = peer
    self.bytes = bytes
  }

  /// The parameters as `Parameters`; absent ones count as an empty object.
  package func parameters<Parameters: Decodable>(
    _ type: Parameters.Type = Parameters.self
  ) throws(VarlinkError) -> Parameters {
    do {
      let body = try JSONDecoder().decode(Body<Parameters>.self, from: Data(bytes))
      if let parameters = body.parameters { return parameters }
      return try JSONDecoder().decode(Parameters.self, from: Data("{}".utf8))
    } catch let error as DecodingError {
      throw .invalidParameter(error.fieldName)
    } catch {
      throw .invalidParameter("parameters")
    }
  }
}

extension DecodingError {
  /// The field that was missing or of the wrong type.
  fileprivate var fieldName: String {
    let path: [any CodingKey] =
      switch self {
      case .keyNotFound(let key, let context): context.codingPath + [key]
      case .typeMismatch(_, let context), .valueNotFound(_, let context): context.codingPath
      case .dataCorrupted(let context): context.codingPath
      @unknown default: []
      }
    let names = path.map(\.stringValue).filter { $0 != "parameters" }
    return names.isEmpty ? "parameters" : names.joined(separator: ".")
  }
}

/// An error reply.
package struct VarlinkError: Error, Hashable, Sendable {
  /// The error's full name.
  package let name: String
  package let parameters: [String: String]

  package init(name: String, parameters: [String: String] = [:]) {
    self.name = name
    self.parameters = parameters
  }

  /// A failure of one of our services, as an error of `interface`.
  package init(_ failure: ServiceFailure, interface: String) {
    let name =
      switch failure.exit {
      case .malformed: "Malformed"
      case .noSuchProgram: "NoSuchProgram"
      case .cannot, .done: "Cannot"
      }
    self.init(
      name: "\(interface).\(name)",
      parameters: ["code": failure.code, "message": failure.message])
  }

  /// The error as the service failure that it carries, or `nil` if it is none of ours.
  package var serviceFailure: ServiceFailure? {
    let exit: ExitClass
    switch name.split(separator: ".").last {
    case "Cannot", "NotPermitted": exit = .cannot
    case "Malformed": exit = .malformed
    case "NoSuchProgram": exit = .noSuchProgram
    default: return nil
    }
    guard let code = parameters["code"], let message = parameters["message"] else { return nil }
    return ServiceFailure(exit, code: code, message: message)
  }

  package static func invalidParameter(_ field: String) -> VarlinkError {
    VarlinkError(
      name: "org.varlink.service.InvalidParameter", parameters: ["parameter": field])
  }

  package static func methodNotFound(_ method: String) -> VarlinkError {
    VarlinkError(name: "org.varlink.service.MethodNotFound", parameters: ["method": method])
  }

  package static func interfaceNotFound(_ interface: String) -> VarlinkError {
    VarlinkError(
      name: "org.varlink.service.InterfaceNotFound", parameters: ["interface": interface])
  }

  package static let permissionDenied = VarlinkError(name: "org.varlink.service.PermissionDenied")

  package static let expectedMore = VarlinkError(name: "org.varlink.service.ExpectedMore")
}

/// The JSON of a message, NUL included.
package enum VarlinkEncoding {
  private struct Call<Parameters: Encodable>: Encodable {
    let method: String
    let parameters: Parameters
    let more: Bool?
    let oneway: Bool?
  }

  private struct Reply<Parameters: Encodable>: Encodable {
    let parameters: Parameters?
    let continues: Bool?
    let error: String?
  }

  package static func call(
    _ method: String, _ parameters: some Encodable, more: Bool = false, oneway: Bool = false
  ) -> [UInt8] {
    message(
      Call(
        method: method, parameters: parameters, more: more ? true : nil,
        oneway: oneway ? true : nil))
  }

  package static func reply(_ parameters: some Encodable, continues: Bool) -> [UInt8] {
    message(Reply(parameters: parameters, continues: continues ? true : nil, error: nil))
  }

  package static func reply(_ error: VarlinkError) -> [UInt8] {
    message(Reply(parameters: error.parameters, continues: nil, error: error.name))
  }

  /// Our messages hold strings, whole numbers, finite seconds and lists only, which always encode.
  private static func message(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let data = try? encoder.encode(value) else { return Array("{}".utf8) + [0] }
    return Array(data) + [0]
  }
}

/// Parameters that are an empty object.
package struct NoParameters: Codable, Sendable {
  package init() {}
}

/// Runs `body`, with a failure of the service as an error of `interface`.
package func answering<Answer: ~Copyable>(
  as interface: String, _ body: () throws(ServiceFailure) -> Answer
) throws(VarlinkError) -> Answer {
  do throws(ServiceFailure) {
    return try body()
  } catch {
    throw VarlinkError(error, interface: interface)
  }
}
