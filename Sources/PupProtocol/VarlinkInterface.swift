/// An interface that a server offers.
package protocol VarlinkInterface: Sendable {
  /// The full name, `org.podus.pup`.
  var name: String { get }

  /// The interface's definition in Varlink's language.
  var definition: String { get }

  /// Carries out one call; its task is cancelled when the client vanishes.
  ///
  /// Replies go to `replies`; a thrown error is the last reply.
  func handle(_ call: VarlinkCall, _ replies: VarlinkReplies) async throws(VarlinkError)
}

/// The built-in interface `org.varlink.service` (https://varlink.org/Service).
struct ServiceInterface: VarlinkInterface {
  private struct Information: Encodable {
    let vendor = "PODUS"
    let product: String
    let version = ProductVersion.text
    let url = "https://varlink.org"
    let interfaces: [String]
  }

  private struct DescriptionRequest: Decodable { let interface: String }
  private struct Description: Encodable { let description: String }

  let product: String
  let others: [any VarlinkInterface]

  /// What a server of `product` offers: its interfaces, and the one that describes them.
  static func added(
    to interfaces: [any VarlinkInterface], product: String
  ) -> [any VarlinkInterface] {
    interfaces + [ServiceInterface(product: product, others: interfaces)]
  }

  var name: String { "org.varlink.service" }

  func handle(_ call: VarlinkCall, _ replies: VarlinkReplies) async throws(VarlinkError) {
    switch call.method {
    case "GetInfo":
      replies.send(Information(product: product, interfaces: [name] + others.map(\.name)))
    case "GetInterfaceDescription":
      let wanted = try call.parameters(DescriptionRequest.self).interface
      guard let found = ([self] + others).first(where: { $0.name == wanted }) else {
        throw .interfaceNotFound(wanted)
      }
      replies.send(Description(description: found.definition))
    default: throw .methodNotFound(call.method)
    }
  }

  var definition: String {
    """
    # Describes a Varlink service.
    interface org.varlink.service

    method GetInfo() -> (
      vendor: string,
      product: string,
      version: string,
      url: string,
      interfaces: []string
    )

    method GetInterfaceDescription(interface: string) -> (description: string)

    error InterfaceNotFound (interface: string)
    error MethodNotFound (method: string)
    error MethodNotImplemented (method: string)
    error InvalidParameter (parameter: string)
    error PermissionDenied ()
    error ExpectedMore ()

    """
  }
}
