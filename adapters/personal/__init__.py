"""Personal texts: sealed before they are stored, shown to whoever has the keys, forgotten with them."""
