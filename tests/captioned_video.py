"""A video with two languages of sound and of text, and with captions embedded in its pictures."""

import subprocess
from pathlib import Path

from frames import numbered_video

SECONDS = 12
RATE = 25
# The pitch of each language's sound, and its words, each shown for 2 s from its second on.
PITCHES = {"eng": 700, "fra": 1400}
WORDS = {
    "eng": {1: "On your marks", 5: "And they are off", 9: "A new record"},
    "fra": {1: "À vos marques", 5: "C'est parti", 9: "Un nouveau record"},
}
# The embedded captions, by the second in which they appear.
EMBEDDED = {2: "READY", 6: "GO", 10: "DONE"}

# CEA-608: commands of channel CC1 for captions that appear at once, and bytes without a meaning.
LOAD, ERASE_LOADED, LOWEST_ROW, SHOW, ERASE_SHOWN = 0x1420, 0x142E, 0x1470, 0x142F, 0x142C
PADDING = 0x0000


def captioned_video(folder: Path) -> Path:
    """Makes the video in a folder. Its frames carry their numbers, as those of `frames` do."""
    numbered = numbered_video(seconds=SECONDS)
    pictures = folder / "pictures.h264"
    annex_b = ["-map", "0:v", "-c", "copy", "-bsf:v", "h264_mp4toannexb,h264_metadata=aud=insert"]
    run("-i", numbered, *annex_b, "-f", "h264", pictures)
    pictures.write_bytes(embed_captions(pictures.read_bytes()))
    inputs = ["-r", str(RATE), "-i", pictures]
    for pitch in PITCHES.values():
        inputs += ["-f", "lavfi", "-i", f"sine=frequency={pitch}:sample_rate=48000:d={SECONDS}"]
    for language, words in WORDS.items():
        subtitles = folder / f"{language}.srt"
        subtitles.write_text("\n".join(map(subtitle, words.items())))
        inputs += ["-i", subtitles]
    tags = [
        part
        for at, language in enumerate(PITCHES)
        for part in (f"-metadata:s:a:{at}", f"language={language}")
    ]
    maps = [f"-map={input}" for input in range(1 + len(PITCHES) + len(WORDS))]
    maps = [part for option in maps for part in option.split("=")]
    video = folder / "captioned.mkv"
    run(*inputs, *maps, *tags, "-c:v", "copy", "-c:a", "aac", "-ac", "2", "-c:s", "srt", video)
    return video


def run(*arguments: str | Path):
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments], check=True)


def subtitle(entry: tuple[int, str]) -> str:
    second, words = entry
    return f"{second}\n00:00:{second:02},000 --> 00:00:{second + 2:02},000\n{words}\n"


def embed_captions(stream: bytes) -> bytes:
    """Adds the embedded captions to an H.264 stream with access unit delimiters, a pair a frame."""
    delimiter = b"\x00\x00\x00\x01\x09"
    head, *units = stream.split(delimiter)
    pairs = caption_pairs(len(units))
    # A delimiter has one byte more.
    parts = [
        delimiter + unit[:1] + sei(pair) + unit[1:] for unit, pair in zip(units, pairs, strict=True)
    ]
    return head + b"".join(parts)


def caption_pairs(frames: int) -> list[int]:
    """The two bytes of each frame. A caption is loaded before the second in which it appears."""
    pairs = [PADDING] * frames
    for second, words in EMBEDDED.items():
        letters = words + " " * (len(words) % 2)
        text = [
            ord(one) << 8 | ord(two) for one, two in zip(letters[::2], letters[1::2], strict=True)
        ]
        # A command is sent twice, so that it survives an error.
        loaded = [LOAD, LOAD, ERASE_LOADED, ERASE_LOADED, LOWEST_ROW, LOWEST_ROW, *text]
        at = second * RATE - len(loaded)
        pairs[at : at + len(loaded) + 2] = [*loaded, SHOW, SHOW]
        pairs[(second + 1) * RATE] = pairs[(second + 1) * RATE + 1] = ERASE_SHOWN
    return pairs


def sei(pair: int) -> bytes:
    """Supplemental information with one pair of the first field, as ATSC A/53 lays it out."""
    first, second = with_parity(pair >> 8), with_parity(pair & 0xFF)
    captions = bytes([0xC1, 0xFF, 0xFC, first, second, 0xFF])
    payload = b"\xb5\x00\x31GA94\x03" + captions
    return b"\x00\x00\x00\x01\x06\x04" + bytes([len(payload)]) + payload + b"\x80"


def with_parity(byte: int) -> int:
    """Sets the highest bit so that the number of bits is odd."""
    return byte if byte.bit_count() % 2 else byte | 0x80
