import CompilerDriver
import Foundation

do throws(DriverFailure) {
  try Driver(
    Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment
  ).run()
} catch {
  if let sentence = error.sentence {
    FileHandle.standardError.write(Data("pupcc: \(sentence)\n".utf8))
  }
  exit(error.exitStatus)
}
