"""Measurements with their floors; `python -m bench` runs them. Nothing here is a test."""
