"""Anything at all for the decoders, and what they make of it for the fold.

A decoder answers every payload with a `Reading` or a `PacketError`, of no more samples than the payload has bytes; and
whatever readings it gives, the fold takes, with device stamps that stand still, run back or jump, at any rate.
`corpus` has valid payloads of every codec, `mutations` spoils them, `harness` decodes and folds; pytest runs a short
form, `python -m tests.fuzz --help` a long one.
"""
