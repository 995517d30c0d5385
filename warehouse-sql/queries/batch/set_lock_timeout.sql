set local lock_timeout = {milliseconds}
