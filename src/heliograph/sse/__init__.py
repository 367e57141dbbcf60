"""The sse room."""
