import CEditLine
import Glibc

/// Reads lines that a person edits on the terminal, with history, search and completion (libedit).
///
/// Meanwhile it watches other descriptors, and prints above the line what they bring. One thread
/// uses it, and one exists at a time.
@safe package final class LineEditor {
  /// How a line ended.
  package enum Line: Hashable, Sendable {
    case text(String)
    /// Ctrl-C: nothing was meant.
    case givenUp
    /// Ctrl-D on an empty line, or the terminal is gone.
    case end
  }

  /// What it means that a watched descriptor is readable.
  package enum Happening: Hashable, Sendable {
    /// Lines to be shown above the one that is edited.
    case lines([String])
    case resized
    case givenUp
    case end
  }

  /// The descriptors to be watched while a line is edited.
  package var watched: [Int32] = []
  /// Called when one of them is readable; has to make it unreadable.
  package var onReadable: (Int32) -> Happening = { _ in .lines([]) }
  /// Called for Tab with the line up to the cursor.
  package var completion: (String) -> Completion = { _ in Completion() }

  private var editor: OpaquePointer?
  private var prompt = ""
  private var ending: Line?

  /// An editor for standard input and output; `nil` where those are no terminal that can be used.
  package init?(program: String) {
    guard isatty(0) == 1, isatty(1) == 1 else { return nil }
    Self.chooseCharacters()
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe editor = cs_editor_open(
      program, context,
      { context, character in
        guard let context = unsafe context, let character = unsafe character else { return -1 }
        return unsafe LineEditor.of(context).read(character)
      },
      { context in
        guard let context = unsafe context else { return 0 }
        return unsafe LineEditor.of(context).complete() ? 1 : 0
      })
    guard unsafe editor != nil else { return nil }
  }

  deinit { if let editor = unsafe editor { unsafe cs_editor_close(editor) } }

  private static func of(_ context: UnsafeMutableRawPointer) -> LineEditor {
    unsafe Unmanaged<LineEditor>.fromOpaque(context).takeUnretainedValue()
  }

  /// The user's locale for what characters are, or UTF-8 where that knows only ASCII.
  private static func chooseCharacters() {
    let isChosen = unsafe setlocale(LC_CTYPE, "") != nil
    let codeset = unsafe String(cString: nl_langinfo(Int32(CODESET)))
    if !isChosen || codeset != "UTF-8" { unsafe _ = setlocale(LC_CTYPE, "C.UTF-8") }
  }

  /// Lets the person edit one line.
  package func line(prompt: String) -> Line {
    guard let editor = unsafe editor else { return .end }
    self.prompt = prompt
    ending = nil
    unsafe cs_editor_set_prompt(editor, prompt)
    var count: Int32 = 0
    let text = unsafe cs_editor_line(editor, &count)
    if let ending { return ending }
    guard let text = unsafe text, count > 0 else { return .end }
    let line = unsafe String(cString: text)
    return .text(line.hasSuffix("\n") ? String(line.dropLast()) : line)
  }

  /// Puts a line among those that the arrow keys bring back.
  package func remember(_ line: String) {
    guard let editor = unsafe editor, !line.isEmpty else { return }
    unsafe cs_editor_remember(editor, line)
  }

  // MARK: - What libedit calls

  /// The next character, once there is one: `CS_READ_CHARACTER` and so on.
  private func read(_ character: UnsafeMutablePointer<wchar_t>) -> Int32 {
    var scalar: [UInt8] = []
    while true {
      guard waitForInput() else { return -1 }
      var byte: UInt8 = 0
      let count = unsafe Glibc.read(0, &byte, 1)
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      guard count == 1 else {
        ending = .end
        return 0
      }
      scalar.append(byte)
      if let decoded = String(validating: scalar, as: UTF8.self)?.unicodeScalars.first {
        unsafe character.pointee = wchar_t(bitPattern: decoded.value)
        return 1
      }
      // What is no UTF-8 is dropped, byte by byte.
      if scalar.count >= 4 || byte < 0x80 { scalar = [] }
    }
  }

  /// Waits for a key; false if the line ends without one.
  private func waitForInput() -> Bool {
    while true {
      var polled = ([0] + watched).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      guard unsafe poll(&polled, nfds_t(polled.count), -1) > 0 else { continue }
      for found in polled.dropFirst() where found.revents != 0 {
        guard goesOn(after: onReadable(found.fd)) else { return false }
      }
      if polled[0].revents != 0 { return true }
    }
  }

  private func goesOn(after happening: Happening) -> Bool {
    guard let editor = unsafe editor else { return false }
    switch happening {
    case .lines(let lines): show(lines)
    case .resized:
      unsafe cs_editor_resize(editor)
      clearLine()
      unsafe cs_editor_refresh(editor)
    case .givenUp:
      write("\u{1b}[J^C\n")
      ending = .givenUp
    case .end: ending = .end
    }
    return ending == nil
  }

  private func complete() -> Bool {
    guard let editor = unsafe editor else { return false }
    let before = edited.before
    let found = completion(before)
    let typed = String(before.suffix(found.typed.count))
    let common = found.commonPrefix
    if common.unicodeScalars.count > typed.unicodeScalars.count || found.texts.count == 1 {
      unsafe cs_editor_delete(editor, Int32(typed.unicodeScalars.count))
      unsafe cs_editor_insert(editor, common + (found.isFinal ? " " : ""))
      return true
    }
    guard found.texts.count > 1 else { return false }
    show(Columns.lines(found.shown, width: Columns.width(of: 1)))
    return true
  }

  // MARK: - The screen

  private var edited: (before: String, all: String) {
    guard let editor = unsafe editor else { return ("", "") }
    var count = 0
    var cursor = 0
    guard let text = unsafe cs_editor_text(editor, &count, &cursor) else { return ("", "") }
    let bytes = unsafe UnsafeBufferPointer(start: text, count: count).map {
      UInt8(bitPattern: $0)
    }
    return (
      String(decoding: bytes[..<cursor], as: UTF8.self), String(decoding: bytes, as: UTF8.self)
    )
  }

  /// Prints lines where the edited one is, and that again below them.
  private func show(_ lines: [String]) {
    guard let editor = unsafe editor, !lines.isEmpty else { return }
    clearLine()
    write(lines.map { $0 + "\n" }.joined())
    unsafe cs_editor_refresh(editor)
  }

  /// Removes prompt and line from the screen; the cursor is then where they began.
  private func clearLine() {
    let rows = Columns.width(of: prompt + edited.before) / max(1, Columns.width(of: 1))
    write("\r" + (rows > 0 ? "\u{1b}[\(rows)A" : "") + "\u{1b}[J")
  }

  private func write(_ text: String) {
    var bytes = Array(text.replacing("\n", with: "\r\n").utf8)[...]
    while !bytes.isEmpty {
      let count = unsafe bytes.withUnsafeBytes { all in
        unsafe Glibc.write(1, all.baseAddress, all.count)
      }
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}
