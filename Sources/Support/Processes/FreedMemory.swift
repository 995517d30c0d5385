import CPlatform

/// Memory that has been freed and that the C library keeps for what comes next.
public enum FreedMemory {
  /// Gives pages that nothing is on back to the system, as glibc does by itself at the end of the heap alone (malloc_trim(3)). Takes
  /// milliseconds, during which allocations wait.
  public static func giveBack() { _ = malloc_trim(0) }
}
