select epoch from speed.current_epoch
