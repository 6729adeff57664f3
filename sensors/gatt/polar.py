"""Frames of Polar Measurement Data (PMD): acceleration of the H10, of the Verity Sense and of the OH1.

Data come as notifications, in frames that stamp only their last sample. The stamp is the device's own 64-bit count of
nanoseconds, nominally since 2000; it starts anew when the battery is changed and is never wall time.

An H10 sends raw samples, 36 a frame at 200 Hz. A Verity Sense sends delta frames (`sensors.gatt.polar_deltas`) of about
58 samples at 52 Hz: of mG, or with older firmware of units that the strap named when the stream was started. Decoders
keep no state, so the driver puts this factor before each frame, and such packets have a codec of their own.

Source: Polar's "online_measurement.pdf" v1.0 and the SDK (polarofficial/polar-ble-sdk, AccData).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from coach.errors import PacketError
from coach.model import DeviceTime, FloatArray, Frame, Packet
from sensors.gatt import polar_deltas
from sensors.gatt.fields import ATTRIBUTE_MAX_BYTES, U8, U64, Fields, check_range
from sensors.gatt.polar_control import ACC, F32, MEASUREMENT_MASK

HEAD_BYTES = 10
LIMIT_G = 64.0
"""Four times the widest full scale of any strap: deltas that sum up to more are of a broken frame."""


class FrameType(IntEnum):
    """How the samples of a frame are written."""

    RAW_8 = 0x00
    RAW_16 = 0x01
    RAW_24 = 0x02
    DELTA_OF_FACTOR = 0x80
    DELTA = 0x81


_RAW_BYTES: dict[int, int] = {FrameType.RAW_8: 1, FrameType.RAW_16: 2, FrameType.RAW_24: 3}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AccFrame:
    """One notification of acceleration.

    Parameters
    ----------
    last_ns : the device's stamp of the last sample.
    values : shape (n, 3), int64: mG, or in a frame of type 0x80 multiples of the factor of its stream, in g.
    """

    last_ns: int
    values: NDArray[np.int64]
    type: FrameType = FrameType.RAW_16

    def __post_init__(self) -> None:
        check_range("stamp (ns)", self.last_ns, 0, 0xFFFF_FFFF_FFFF_FFFF)
        if self.values.ndim != 2 or self.values.shape[1] != 3 or self.values.dtype != np.int64:
            raise ValueError("samples are rows of three int64")
        width = _RAW_BYTES.get(self.type)
        most = polar_deltas.SAMPLES_MAX if width is None else (ATTRIBUTE_MAX_BYTES - HEAD_BYTES) // (3 * width)
        check_range("number of samples", len(self.values), 1, most)
        _check_bits(8 * (width or 3), self.values)
        if width is None:
            _check_bits(16, self.values[0])

    @classmethod
    def from_bytes(cls, payload: bytes) -> Self:
        """Read a frame.

        Raises
        ------
        PacketError
            When it is not acceleration of a known type, holds no sample or too many, or ends within one.
        """
        fields = Fields("PMD frame", payload)
        measurement = fields.take(U8, "measurement") & MEASUREMENT_MASK
        last_ns = fields.take(U64, "time stamp")
        type_ = fields.take(U8, "frame type")
        if measurement != ACC:
            raise PacketError(f"PMD frame of measurement {measurement}, not of acceleration", payload)
        try:
            return cls(last_ns=last_ns, values=_values(type_, fields.rest()), type=FrameType(type_))
        except ValueError as error:
            raise PacketError(f"PMD frame of type 0x{type_:02x}: {error}", payload) from None

    def to_bytes(self) -> bytes:
        """Write the frame as a strap sends it.

        Raises
        ------
        ValueError
            When its deltas take more room than a notification has.
        """
        width = _RAW_BYTES.get(self.type)
        if width is None:
            body = polar_deltas.pack(self.values)
        else:
            body = self.values.astype("<i4").reshape(-1).view(np.uint8).reshape(-1, 4)[:, :width].tobytes()
        check_range("length of the frame (bytes)", HEAD_BYTES + len(body), 0, ATTRIBUTE_MAX_BYTES)
        return U8.pack(ACC) + U64.pack(self.last_ns) + U8.pack(self.type) + body


def _check_bits(bits: int, values: NDArray[np.int64]) -> None:
    limit = 2 ** (bits - 1)
    if values.min() < -limit or values.max() >= limit:
        raise ValueError(f"a sample has more than {bits} bits")


def _values(type_: int, body: bytes) -> NDArray[np.int64]:
    """Read the samples of a frame."""
    if type_ in (FrameType.DELTA, FrameType.DELTA_OF_FACTOR):
        return polar_deltas.unpack(body)
    if type_ not in _RAW_BYTES:
        raise ValueError("nobody knows this type")
    width = _RAW_BYTES[type_]
    if len(body) % (3 * width):
        raise ValueError(f"samples come in rows of {3 * width} bytes")
    words = np.zeros((len(body) // width, 4), np.uint8)
    words[:, 4 - width :] = np.frombuffer(body, np.uint8).reshape(-1, width)
    return (words.view("<i4").reshape(-1, 3) >> 8 * (4 - width)).astype(np.int64)


def decode(packet: Packet) -> Frame:
    """Decode a packet of codec `pmd`: a frame as it was sent.

    Raises
    ------
    PacketError
        When it is not a frame of acceleration, or one that needs a factor.
    """
    frame = AccFrame.from_bytes(packet.payload)
    if frame.type is FrameType.DELTA_OF_FACTOR:
        raise PacketError("PMD frame of type 0x80, of a stream that named no factor", packet.payload)
    return _reading(packet, frame, frame.values / 1000.0)


def decode_scaled(packet: Packet) -> Frame:
    """Decode a packet of codec `pmd-scaled`: the factor of the stream as float32, then a frame as it was sent.

    A factor makes g of the values of type 0x80, and is applied to the mG of type 0x81; raw samples do not have it.

    Raises
    ------
    PacketError
        When there is no such factor, or what follows is not a frame of acceleration.
    """
    if len(packet.payload) < F32.size:
        raise PacketError("PMD frame without its factor", packet.payload)
    (factor,) = F32.unpack_from(packet.payload)
    if not 0 < factor < math.inf:
        raise PacketError(f"PMD frame with a factor of {factor}", packet.payload)
    frame = AccFrame.from_bytes(packet.payload[F32.size :])
    match frame.type:
        case FrameType.DELTA_OF_FACTOR:
            return _reading(packet, frame, frame.values * factor)
        case FrameType.DELTA:
            return _reading(packet, frame, frame.values * factor / 1000.0)
        case _:
            return _reading(packet, frame, frame.values / 1000.0)


def _reading(packet: Packet, frame: AccFrame, acc_g: FloatArray) -> Frame:
    if np.abs(acc_g).max() > LIMIT_G:
        raise PacketError(f"PMD frame with more than {LIMIT_G:g} g", packet.payload)
    return Frame(at=packet.at, last_s=DeviceTime(frame.last_ns / 1e9), acc_g=acc_g)
