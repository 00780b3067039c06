"""The face against its rivals: convolutions, images, reading files, and memory while a file grows."""

from __future__ import annotations

from benchmarks import face_convolution, face_images, face_memory, face_reading

CASES = [*face_convolution.CASES, *face_images.CASES, *face_reading.CASES, *face_memory.CASES]
