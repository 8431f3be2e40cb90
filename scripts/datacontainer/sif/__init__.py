"""SIF: written directly, and signed."""
