update speed.current_epoch set epoch = $1
