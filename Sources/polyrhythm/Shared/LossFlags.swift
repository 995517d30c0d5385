/// What commands that read the log do about records that are gone.
enum LossFlags {
  static let accept = Flag(
    "--accept-loss", nil,
    "go on where the log has dropped records (retention) before they were read, and note them in "
      + "warehouse.lost_range")
}
