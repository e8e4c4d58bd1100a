import ByteCoding

/// Who made a prepared object, from what, and when; travels in `.note.pup_object`.
package struct ObjectStamp: Hashable, Sendable {
  /// `pupcc` and its version.
  package var producer: String
  /// The source file as it was named, and the directory of the compilation.
  package var path: String
  package var directory: String
  /// As `__DATE__` and `__TIME__` spell them.
  package var date: String
  package var time: String

  package init(producer: String, path: String, directory: String, date: String, time: String) {
    self.producer = producer
    self.path = path
    self.directory = directory
    self.date = date
    self.time = time
  }

  /// An ELF note with the owner `pup` and type 1 (gABI "Note Section").
  package var note: [UInt8] {
    var description = ByteWriter()
    for field in [producer, path, directory, date, time] { description.appendCString(field) }
    var writer = ByteWriter()
    writer.append(UInt32(4))
    writer.append(UInt32(description.bytes.count))
    writer.append(UInt32(1))
    writer.appendCString("pup")
    writer.append(contentsOf: description.bytes)
    writer.align(to: 4)
    return writer.bytes
  }

  package init(note: [UInt8]) throws(EmbeddingFailure) {
    do throws(ParseFailure) {
      var reader = ByteReader(note.span)
      try reader.skip(16)
      producer = try reader.readCString()
      path = try reader.readCString()
      directory = try reader.readCString()
      date = try reader.readCString()
      time = try reader.readCString()
    } catch {
      throw .malformed(PreparedName.objectNote)
    }
  }
}

/// A section that `pupcc` writes does not have the form that it writes.
package enum EmbeddingFailure: Error, Hashable, Sendable {
  case malformed(String)
}
