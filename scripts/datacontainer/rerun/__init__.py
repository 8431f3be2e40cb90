"""Rerun: decides which stages run again."""
