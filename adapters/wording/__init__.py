"""What people read, in their language: values, entries, charges and differences in words, for the terminal and the dossier."""
