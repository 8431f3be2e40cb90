"""Rerun: decides which stages run again, and why."""
