"""Entries out of files and into them: recording, what was refused, restoring. It judges no entry."""
