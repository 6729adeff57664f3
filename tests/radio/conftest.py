"""The fixtures of the tests in this folder."""

from .fixtures import radio, radio_process

__all__ = ["radio", "radio_process"]
