"""One module per side of the stream benchmark; each runs in a process of its own."""
