"""What may be recorded: events, the rules of admission, terms, the calendar. Imports nothing but msgspec."""
