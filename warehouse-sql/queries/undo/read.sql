-- The load that can be taken back: its run, whether it was full, the build before it, the epoch that its cut closed, and how
-- many partitions it had reserved.
select load_run_id, is_full, build, closed_epoch, reserved from undo.load for update
