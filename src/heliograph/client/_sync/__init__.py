"""The synchronous shell, one module for each concern.

Its twin is ``_async``, module for module; a test holds their signatures together.
"""
