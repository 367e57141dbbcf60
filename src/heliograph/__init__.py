"""Heliograph: the Responses API for Python."""
