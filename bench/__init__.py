"""Measurements: `python -m bench [NAME ...]` prints each figure beside a yardstick of the same run and its target.

Machines are noisy, so every measurement is taken several times and the best is shown, and beside it what the same
machine, in the same minute, needs for something everybody knows.
"""
