def check(w, only): return []
