"""The short form; FUZZ_SEED=n repeats a run, and `python -m tests.fuzz` goes on for longer."""

from __future__ import annotations

import os
from random import Random, randrange

import pytest

from coach.config import Config
from coach.model import HostTime, Packet
from sensors.codecs import DECODERS, decode

from .corpus import CORPUS, START_S
from .harness import SESSION_PAYLOADS, BrokenError, Fuzzer
from .mutations import MUTATIONS, spoiled

SEED = int(os.environ.get("FUZZ_SEED", randrange(2**32)))
PAYLOADS = 3000
FOLD_EVERY = 4


def test_every_codec_has_a_corpus() -> None:
    assert set(CORPUS) == set(DECODERS), "give tests/fuzz/corpus.py valid payloads of every codec"


@pytest.mark.parametrize(("codec", "payload"), [(codec, one) for codec in CORPUS for one in CORPUS[codec]])
def test_the_corpus_is_valid(codec: str, payload: bytes) -> None:
    decode(Packet(at=HostTime(START_S), sensor="fuzz", codec=codec, payload=payload))


@pytest.mark.parametrize("codec", DECODERS)
def test_anything_gives_a_reading_or_a_packet_error_and_the_fold_takes_it(codec: str, config: Config) -> None:
    fuzzer = Fuzzer(codec, config, seed=SEED, fold_every=FOLD_EVERY)
    for _ in fuzzer.run(PAYLOADS):
        pass
    assert fuzzer.tally.payloads >= PAYLOADS
    assert 0 < fuzzer.tally.readings < fuzzer.tally.payloads
    assert fuzzer.tally.folded >= PAYLOADS / FOLD_EVERY / 2


def test_the_same_seed_gives_the_same_payloads() -> None:
    def some(seed: int) -> list[bytes]:
        rng = Random(seed)
        return [spoiled(rng, CORPUS["pmd"]) for _ in range(100)]

    assert some(1) == some(1) != some(2)


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_nothing_is_too_short_to_be_spoiled(mutation) -> None:
    for seed in range(50):
        assert isinstance(mutation(Random(seed), b"", [b""]), bytes)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda packet: packet.payload[1000], "IndexError"),
        (lambda _: None, "None is no reading"),
    ],
)
def test_a_decoder_that_breaks_is_found_with_its_payload_and_seed(
    answer, says: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fuzz.harness.decode", answer)
    with pytest.raises(BrokenError, match=f"(?s){says}.*payload .*--codec battery --seed 7 --session 0"):
        next(Fuzzer("battery", config, seed=7).run(SESSION_PAYLOADS))
