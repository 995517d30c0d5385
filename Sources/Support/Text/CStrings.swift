import Glibc

/// A null-terminated array of C strings, the form in which C interfaces take lists of arguments.
public struct CStrings {
  private let strings: [String]

  /// - Parameter strings: in order; one with a zero byte ends there for C.
  public init(_ strings: [String]) { self.strings = strings }

  /// Lends the array to `body`, for as long as `body` runs.
  public func withPointers<R>(_ body: (UnsafePointer<UnsafePointer<CChar>?>) -> R) -> R {
    withMutablePointers { pointers in
      pointers.withMemoryRebound(to: UnsafePointer<CChar>?.self, capacity: strings.count + 1) {
        body($0)
      }
    }
  }

  /// The same, for interfaces that do not say that they leave the strings as they are.
  public func withMutablePointers<R>(
    _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> R
  ) -> R {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
  }
}
