"""Dossiers: gathered from a ledger, told in Spanish or English, drawn, and set as HTML, as PDF or as a zip with the proof."""
