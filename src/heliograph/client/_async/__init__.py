"""The asynchronous shell, one module for each concern.

Its twin is ``_sync``, module for module; a test holds their signatures together.
"""
