"""Terms as files: read, checked, and complained of by the line."""
