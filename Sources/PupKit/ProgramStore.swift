import Foundation
import Journal
import Tracee
import Updating
import VersionSpace

/// What outlives the pup: the journal of one program and copies of the executables of its versions.
package final class ProgramStore: Sendable {
  let directory: String
  private let journal: JournalFile

  /// - Throws: `.journal` when the directory or the journal cannot be used.
  init(directory: String, program: String) throws(PupFailure) {
    self.directory = directory + "/programs/" + program
    do {
      try FileManager.default.createDirectory(
        atPath: self.directory, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    } catch {
      throw .journal("\(self.directory): \(error.localizedDescription)")
    }
    do throws(JournalFailure) {
      journal = try JournalFile(path: self.directory + "/journal.sqlite")
    } catch {
      throw .journal(error.sentence)
    }
  }

  /// Copies an executable to where `make` and `install` do not reach it, once per build.
  ///
  /// - Returns: the copy's path.
  func keep(_ path: String, build: BuildID) throws(PupFailure) -> String {
    let copy = copy(of: build)
    guard !FileManager.default.fileExists(atPath: copy) else { return copy }
    let partial = copy + ".\(getpid())"
    do {
      try? FileManager.default.removeItem(atPath: partial)
      let contents = try Data(contentsOf: URL(fileURLWithPath: path))
      try contents.write(to: URL(fileURLWithPath: partial))
      try FileManager.default.moveItem(atPath: partial, toPath: copy)
    } catch {
      throw .journal("\(copy): \(error.localizedDescription)")
    }
    return copy
  }

  func copy(of build: BuildID) -> String { directory + "/" + build.rawValue + ".image" }

  /// Removes copies of other builds than these.
  func forget(except builds: Set<BuildID>) {
    let kept = Set(builds.map { $0.rawValue + ".image" })
    let files = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    for file in files where file.hasSuffix(".image") && !kept.contains(file) {
      try? FileManager.default.removeItem(atPath: directory + "/" + file)
    }
  }

  /// A target that this pup has started or adopted.
  struct Target: Codable, Hashable, Sendable {
    var pid: Int32
    var startTime: UInt64
    var image: ImageIdentity
    var build: BuildID

    init(_ target: TargetProcess, build: BuildID) {
      pid = target.pid
      startTime = target.startTime
      image = target.image
      self.build = build
    }
  }

  func begin(_ target: Target, model: ProgramModel) throws(PupFailure) {
    try set(["target": text(target), "model": text(model), "history": nil])
  }

  func note(_ history: [VersionRecord]) throws(PupFailure) { try set(["history": text(history)]) }

  func history() throws(PupFailure) -> [VersionRecord] { try value("history") ?? [] }

  func target() throws(PupFailure) -> Target? { try value("target") }

  func model() throws(PupFailure) -> ProgramModel? { try value("model") }

  /// Begins an update: its plan is on record before a byte of it is written.
  func begin(_ plan: UpdatePlan) throws(PupFailure) -> Int {
    let encoded = text(plan)
    return try journaled { (journal) throws(JournalFailure) in
      try journal.shrink()
      return try journal.begin(plan: encoded)
    }
  }

  func note(_ id: Int, _ state: JournalFile.State) throws(PupFailure) {
    try journaled { (journal) throws(JournalFailure) in try journal.move(id, to: state) }
  }

  func note(_ id: Int, _ progress: UpdateProgress) throws(PupFailure) {
    let encoded = text(progress)
    try journaled { (journal) throws(JournalFailure) in
      try journal.move(id, to: .injected, progress: encoded)
    }
  }

  /// Ends an update; `model` is what the program is afterwards.
  func end(_ id: Int, isDone: Bool, note: String, model: ProgramModel?, build: BuildID?)
    throws(PupFailure)
  {
    if let model, var target = try target() {
      if let build { target.build = build }
      try set(["model": text(model), "target": text(target)])
    }
    try journaled { (journal) throws(JournalFailure) in
      try journal.move(id, to: isDone ? .done : .undone, note: note)
    }
  }

  /// An update that an earlier pup began and did not end.
  struct Left: Sendable {
    var id: Int
    var isInjected: Bool
    var plan: UpdatePlan
    var progress: UpdateProgress
  }

  func left() throws(PupFailure) -> Left? {
    let newest = try journaled { (journal) throws(JournalFailure) in try journal.newest() }
    guard let newest, newest.state == .preparing || newest.state == .injected else { return nil }
    guard let plan: UpdatePlan = decode(newest.plan) else {
      throw .journal("\(directory): update \(newest.id) cannot be read")
    }
    return Left(
      id: newest.id, isInjected: newest.state == .injected, plan: plan,
      progress: decode(newest.progress) ?? UpdateProgress())
  }

  private func set(_ facts: [String: String?]) throws(PupFailure) {
    try journaled { (journal) throws(JournalFailure) in try journal.set(facts) }
  }

  private func value<Value: Decodable>(_ name: String) throws(PupFailure) -> Value? {
    let found = try journaled { (journal) throws(JournalFailure) in try journal.fact(name) }
    return found.flatMap { decode($0) }
  }

  private func decode<Value: Decodable>(_ text: String) -> Value? {
    try? JSONDecoder().decode(Value.self, from: Data(text.utf8))
  }

  private func text(_ value: some Encodable) -> String {
    guard let data = try? JSONEncoder().encode(value) else {
      preconditionFailure("models have no values that JSON cannot hold")
    }
    return String(decoding: data, as: UTF8.self)
  }

  private func journaled<Value>(
    _ body: (JournalFile) throws(JournalFailure) -> Value
  ) throws(PupFailure) -> Value {
    do throws(JournalFailure) {
      return try body(journal)
    } catch {
      throw .journal(error.sentence)
    }
  }
}
