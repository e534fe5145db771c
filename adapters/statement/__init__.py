"""Statements: what a client gets each month, gathered from the reports, told in Spanish or English, and set as PDF, HTML or
XLSX."""
