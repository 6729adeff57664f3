"""The long form: `python -m tests.fuzz --count 1000000`; ends with 1 at the first payload that breaks something."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from random import randrange

from coach.config import Config, load
from sensors.codecs import DECODERS

from .harness import SESSION_PAYLOADS, BrokenError, Fuzzer

TELL_S = 5.0
FOLD_EVERY = 20


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=SESSION_PAYLOADS, help="payloads of each codec (one session)")
    parser.add_argument("--codec", action="append", choices=list(DECODERS), help="this codec only; may be repeated")
    parser.add_argument("--seed", type=int, default=None, help="the seed of an earlier run")
    parser.add_argument("--session", type=int, default=0, help="begin with this session")
    parser.add_argument(
        "--fold-every", type=int, default=FOLD_EVERY, help="fold every so many-th session (%(default)s)"
    )
    return parser.parse_args()


def tell(text: str, *, end: str = "\n") -> None:
    """Print a line, for people."""
    print(text, end=end, flush=True)  # noqa: T201


def fuzz(codec: str, config: Config, options: argparse.Namespace, seed: int) -> int:
    """Fuzz a codec; tell how far it is every few seconds."""
    told_s = time.monotonic()
    fuzzer = Fuzzer(codec, config, seed=seed, fold_every=options.fold_every)
    for tally in fuzzer.run(options.count, first_session=options.session):
        if time.monotonic() - told_s > TELL_S:
            told_s = time.monotonic()
            tell(f"  {codec}: {tally.payloads} of {options.count}")
    tell(f"{codec}: {fuzzer.tally}")
    return fuzzer.tally.payloads


def main() -> int:
    """Fuzz all codecs that were asked for."""
    options = arguments()
    seed = randrange(2**32) if options.seed is None else options.seed
    config = load(environ={"XDG_CONFIG_HOME": str(Path(__file__).parent)}).config
    tell(f"seed {seed}")
    start_s = time.monotonic()
    codecs = options.codec or list(DECODERS)
    try:
        payloads = sum(fuzz(codec, config, options, seed) for codec in codecs)
    except BrokenError as broken:
        tell(f"broken: {broken}")
        return 1
    tell(f"seed {seed}: {payloads} payloads of {len(codecs)} codecs in {time.monotonic() - start_s:.0f} s, none broke")
    return 0


if __name__ == "__main__":
    sys.exit(main())
